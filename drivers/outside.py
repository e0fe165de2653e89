"""The world outside as processes: the simulated mall, warehouse and mail sink, and what a driver may tell them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from drivers.place import Place
from hub.embedded.state import PROJECT
from hub.embedded.supervisor import Program, Supervisor, python


class Refused(RuntimeError):
    """A simulator refused a control call; the message is its reason."""


class Simulator:
    """The control calls of one simulator, on the loopback."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.base = f"http://127.0.0.1:{port}/_control"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def post(self, path: str, data: Any) -> Any:
        """Tell it something."""
        return self._call(urllib.request.Request(f"{self.base}/{path}", data=json.dumps(data).encode(), method="POST"))  # noqa: S310

    def get(self, path: str) -> Any:
        """Ask it something."""
        return self._call(urllib.request.Request(f"{self.base}/{path}"))  # noqa: S310

    def _call(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise Refused(f"{self.name}: {error.read().decode(errors='replace')[:500]}") from None


class Outside:
    """All three. Starting them does not set their clocks; `Clockwork` does."""

    def __init__(self, place: Place, *, seed: int) -> None:
        self.place = place
        self.seed = seed
        self.mall = Simulator("mall", place.mall_port)
        self.warehouse = Simulator("warehouse", place.warehouse_port)
        self.mail = Simulator("mail", place.mail_control_port)

    @property
    def all(self) -> tuple[Simulator, ...]:
        return (self.mall, self.warehouse, self.mail)

    def start(self, supervisor: Supervisor, *, keep: Path | None = None) -> None:
        """Start the three processes side by side and wait until all answer. With a folder to `keep` in they go on where they ended."""
        place, seed = self.place, str(self.seed)
        mall = ["--port", str(place.mall_port), "--ledger", str(place.ledgers / "mall.jsonl"), "--seed", seed]
        rsl = ["--port", str(place.warehouse_port), "--ledger", str(place.ledgers / "rsl.jsonl"), "--seed", seed]
        if keep is not None:
            mall += ["--state", str(keep / "mall.state")]
            rsl += ["--state", str(keep / "rsl.state")]
        mail = [
            "--port", str(place.smtp_port), "--control-port", str(place.mail_control_port),
            "--ledger", str(place.ledgers / "mail.jsonl"), "--seed", seed,
        ]  # fmt: skip
        for name, words in (("rakuten", mall), ("rsl", rsl), ("mail", mail)):
            program = Program(name=name, command=python("-m", f"simulators.{name}", *words), folder=PROJECT)
            supervisor.start(program)
        for name, simulator, path in (
            ("rakuten", self.mall, "clock"),
            ("rsl", self.warehouse, "state"),
            ("mail", self.mail, "state"),
        ):
            supervisor.wait_ready(name, url=f"{simulator.base}/{path}")
