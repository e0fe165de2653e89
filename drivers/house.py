"""The product's own processes for a run: web, workers and beat, as production starts them."""

from __future__ import annotations

from dataclasses import replace

from drivers.place import Place
from hub.embedded import programs
from hub.embedded.supervisor import Program, Supervisor


class House:
    """Web, workers and beat under a supervisor; chaos ends and freezes them by name."""

    def __init__(
        self, place: Place, supervisor: Supervisor, *, workers: int = 1, children: int = 2, redis_url: str | None = None
    ) -> None:
        self.place = place
        self.supervisor = supervisor
        self.worker_names = [f"worker{number}" for number in range(1, workers + 1)]
        self._children = children
        self._redis_url = redis_url

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.place.web_port}"

    def start(self, *, restart: bool = False) -> None:
        """Start everything and wait for the web; with `restart` what ends by itself is started again."""
        for program in self.programs(restart=restart):
            self.supervisor.start(program)
        self.supervisor.wait_ready("web", url=f"{self.address}/healthz")

    def programs(self, *, restart: bool = False) -> list[Program]:
        """Return the programs, in the order in which they start."""
        web = programs.web(port=self.place.web_port, workers=1, restart=restart)
        beat = programs.beat(state=self.place.folder, restart=restart)
        return [self._with_bells(web), *self.workers(restart=restart), self._with_bells(beat)]

    def workers(self, *, restart: bool = False) -> list[Program]:
        """Return the workers alone."""
        made = [programs.worker(name, processes=self._children, restart=restart) for name in self.worker_names]
        return [self._with_bells(program) for program in made]

    def _with_bells(self, program: Program) -> Program:
        """Return the program, told of the broker of this house."""
        if self._redis_url is None:
            return program
        return replace(program, environment={**program.environment, "REDIS_URL": self._redis_url})
