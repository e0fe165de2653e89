"""The product's own processes for a run: web, workers and beat, as production starts them."""

from __future__ import annotations

from django.urls import Resolver404, resolve

from drivers.place import Place
from hub.embedded import programs
from hub.embedded.supervisor import Supervisor


class House:
    """Web, workers and beat under a supervisor; chaos ends and freezes them by name."""

    def __init__(self, place: Place, supervisor: Supervisor, *, workers: int = 1, children: int = 2) -> None:
        self.place = place
        self.supervisor = supervisor
        self.worker_names = [f"worker{number}" for number in range(1, workers + 1)]
        self._children = children

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.place.web_port}"

    def start(self, *, restart: bool = False, web: bool = True) -> None:
        """Start everything; with `restart` what ends by itself is started again."""
        web = web and has_web()
        if web:
            self.supervisor.start(programs.web(port=self.place.web_port, workers=1, restart=restart))
        for name in self.worker_names:
            self.supervisor.start(programs.worker(name, processes=self._children, restart=restart))
        self.supervisor.start(programs.beat(state=self.place.folder, restart=restart))
        if web:
            self.supervisor.wait_ready("web", url=f"{self.address}/healthz")


def has_web() -> bool:
    """Say whether this product serves pages yet."""
    try:
        resolve("/healthz")
    except Resolver404:
        return False
    return True
