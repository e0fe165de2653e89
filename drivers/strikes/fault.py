"""What every fault has: when it may strike, how often it did, and what its row asks for besides the judge's invariants."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.chaos import Chaos


class Fault:
    """One row's fault. `poke` is called between looks, `at` when a stop of the day is reached, `end` when the day is over."""

    wanted = 0
    """How often it must strike; 0 where the orders decide."""

    def __init__(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self.dice = Random(chaos.seed)

    @property
    def count(self) -> int:
        """How often it struck."""
        return 0

    def poke(self) -> None:
        """Strike, if it is time to."""

    def at(self, hour: int, minute: int) -> None:
        """Notice that the clock has come to a stop of the day: what was due at the one before is done."""

    def end(self) -> None:
        """Strike no more."""

    def measured(self) -> str:
        """Return what the row has measured, for its line. Called once, when everything has drained."""
        return ""

    def broken(self) -> list[str]:
        """Return what of the row's own bar was not kept. Called after `measured`."""
        return []

    def problems(self) -> list[str]:
        """Return what the row asks for and did not get."""
        few = [f"struck {self.count} times, {self.wanted} were asked for"] if self.count < self.wanted else []
        return [*few, *self.broken()]


class NowAndThen(Fault):
    """Strikes every so many seconds, an equal share of its strikes at each stop, so that every step of the way is hit."""

    every = 0.5
    stops = 5
    """Over so many stops of the day (it has seven) the strikes are shared; what finds nothing to hit strikes at a later one."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._due = 0.0
        self._allowed = 0.0
        self._struck = 0

    @property
    def count(self) -> int:
        return self._struck

    def at(self, hour: int, minute: int) -> None:
        self._allowed = min(float(self.wanted), self._allowed + self.wanted / self.stops)

    def poke(self) -> None:
        if self._struck < round(self._allowed) and time.monotonic() >= self._due:
            if self.strike():
                self._struck += 1
            self._due = time.monotonic() + self.every

    def strike(self) -> bool:
        """Strike once; say whether there was anything to hit."""
        raise NotImplementedError
