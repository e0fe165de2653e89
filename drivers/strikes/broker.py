"""Rows 15, 18 and 19: a broker that forgets, repeats and swallows doorbells."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from drivers.strikes.fault import Fault, NowAndThen
from hub import stages

if TYPE_CHECKING:
    from drivers.chaos import Chaos

BELLS = 1_000
MOST_SECONDS = {15: 120, 19: 90}
"""How long it may take until everything is done, by row."""


class _Delay:
    """The longest true time from a fault of the broker until everything that was due had been done."""

    def __init__(self) -> None:
        self._since: float | None = None
        self.longest = 0.0

    def begin(self) -> None:
        self._since = time.monotonic()

    def over(self) -> None:
        if self._since is not None:
            self.longest = max(self.longest, time.monotonic() - self._since)
            self._since = None


class FlushedBroker(NowAndThen):
    """Row 15: FLUSHALL with a thousand doorbells in it."""

    wanted = 5
    every = 1.0

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._delay = _Delay()
        self._lost: list[int] = []

    def strike(self) -> bool:
        stages.publish([("judge", self.dice.choice(self.chaos.tenant_ids), stages.TENANT_WIDE) for _ in range(BELLS)])
        queues = list(settings.STAGES)
        self._lost.append(sum(int(tell_broker(os.environ["REDIS_URL"], "LLEN", queue)) for queue in queues))
        tell_broker(os.environ["REDIS_URL"], "FLUSHALL")
        self._delay.begin()
        return True

    def at(self, hour: int, minute: int) -> None:
        self._delay.over()
        super().at(hour, minute)

    def end(self) -> None:
        self._delay.over()

    def measured(self) -> str:
        return f"bells_lost={sum(self._lost)} longest_delay={self._delay.longest:.0f}s"

    def broken(self) -> list[str]:
        most, took = MOST_SECONDS[15], self._delay.longest
        return [f"everything was done only after {took:.0f} s, {most} are allowed"] if took > most else []


class TripledBells(Fault):
    """Row 18: every doorbell is delivered three times, some of them before older ones."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        chaos.bells.struck = 0
        chaos.bells.mode = "thrice"

    @property
    def count(self) -> int:
        return self.chaos.bells.struck

    def end(self) -> None:
        self.chaos.bells.mode = "pass"


class DroppedBells(Fault):
    """Row 19: no doorbell arrives while orders become ready, and again while they are reported; the workers look for themselves."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        chaos.bells.struck = 0
        self._delay = _Delay()

    @property
    def count(self) -> int:
        return self.chaos.bells.struck

    def at(self, hour: int, minute: int) -> None:
        self._hear_again()
        if (hour, minute) in ((9, 56), (19, 16)):
            self.chaos.bells.mode = "drop"
            self._delay.begin()

    def end(self) -> None:
        self._hear_again()

    def measured(self) -> str:
        return f"longest_delay={self._delay.longest:.0f}s"

    def broken(self) -> list[str]:
        most, took = MOST_SECONDS[19], self._delay.longest
        return [f"everything was done only after {took:.0f} s, {most} are allowed"] if took > most else []

    def _hear_again(self) -> None:
        self.chaos.bells.mode = "pass"
        self._delay.over()


def tell_broker(redis_url: str, *words: str) -> str:
    """Send the broker a command in its own words; return its answer without the mark of its kind."""
    parts = urlsplit(redis_url)
    number = parts.path.lstrip("/") or "0"
    lines = (f"AUTH {parts.password}", f"SELECT {number}", " ".join(words))
    with socket.create_connection((parts.hostname or "", parts.port or 6379), timeout=5) as line:
        line.sendall("".join(f"{text}\r\n" for text in lines).encode())
        said = b""
        while said.count(b"\r\n") < len(lines) and (piece := line.recv(256)):
            said += piece
    return said.decode().split("\r\n")[len(lines) - 1][1:]
