"""`manage.py serve`: the processes of production on one machine: web, workers and beat. Restarts what ends by itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.embedded import environment, programs
from hub.embedded.state import State, port_is_free
from hub.embedded.supervisor import NotReady, ProgramEnded, Supervisor


class Command(BaseCommand):
    help = "Run web, worker and beat against DATABASE_URL and REDIS_URL until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-processes", type=int, default=2)
        parser.add_argument("--workers", type=int, default=1, help="worker processes of Celery, each with two children")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        reachable = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  (asked for by the one who starts it)
        if not port_is_free(port):
            raise CommandError(f"port {port} is taken; name another one with --port (make serve PORT=...)")
        state = State.at().folder
        try:
            with Supervisor(state / "logs", say=self.stdout.write) as supervisor:
                web = programs.web(port=port, host=host, workers=options["web_processes"], restart=True)
                supervisor.start(web, ready=f"http://{reachable}:{port}/healthz")
                for number in range(1, options["workers"] + 1):
                    supervisor.start(programs.worker(f"worker{number}", restart=True))
                supervisor.start(programs.beat(state=state, restart=True))
                self.stdout.write(f"serving on http://{host}:{port}; logs in {state / 'logs'}; Ctrl-C stops everything")
                supervisor.watch()
        except (NotReady, ProgramEnded) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("stopped")
        finally:
            environment.leave()
