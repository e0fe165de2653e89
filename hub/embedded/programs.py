"""The processes of the product: web, worker and beat, as commands for the supervisor. Demo, journey, chaos and serve start these."""

from pathlib import Path

from hub.embedded.state import PROJECT
from hub.embedded.supervisor import Program, python

CELERY = ("-m", "celery", "-A", "hub.conf.celery")


def web(*, port: int, host: str = "127.0.0.1", workers: int = 2, threads: int = 4, restart: bool = False) -> Program:
    """Return the web server. It is ready when `http://host:port/healthz` answers."""
    switches = [f"--bind={host}:{port}", f"--workers={workers}", f"--threads={threads}", "--worker-class=gthread"]
    limits = [
        "--timeout=60",
        "--graceful-timeout=25",
        "--keep-alive=5",
        "--max-requests=20000",
        "--max-requests-jitter=2000",
        "--limit-request-line=8190",
    ]
    command = python("-m", "gunicorn", "hub.conf.wsgi", *switches, *limits, "--log-level=warning")
    return Program(name="web", command=command, folder=PROJECT, restart=restart)


def worker(name: str = "worker", *, processes: int = 2, restart: bool = False) -> Program:
    """Return a worker. On SIGTERM it hands back what it has not finished within `CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT`."""
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")  # workers need not know of each other
    command = python(
        *CELERY, "worker", f"--hostname={name}@%h", f"--concurrency={processes}", "--loglevel=INFO", *alone
    )
    remap = {"REMAP_SIGTERM": "SIGQUIT"}
    return Program(name=name, command=command, environment=remap, folder=PROJECT, restart=restart, stop_seconds=35)


def beat(*, state: Path, restart: bool = False) -> Program:
    """Return the clock that rings the tick."""
    command = python(*CELERY, "beat", f"--schedule={state / 'beat-schedule'}", "--pidfile=", "--loglevel=WARNING")
    return Program(name="beat", command=command, folder=PROJECT, restart=restart)
