"""Rows 1, 5 and 7: workers killed, frozen, and asked to end."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from drivers.killing import Freezer, Killer
from drivers.strikes.fault import Fault, NowAndThen

if TYPE_CHECKING:
    from drivers.chaos import Chaos

MOST_SECONDS_TO_STOP = 30.0


class KilledChildren(NowAndThen):
    """Row 1: kill -9 of a random worker child every half second."""

    wanted = 30

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._killer = Killer(chaos.supervisor, chaos.house.worker_names, every=0, seed=chaos.seed)

    def strike(self) -> bool:
        before = self._killer.count
        self._killer()
        return self._killer.count > before


class FrozenChildren(Fault):
    """Row 5: SIGSTOP of a worker child, longer than a lease at times: at random, and on one worker between mark and send."""

    wanted = 20
    longest = 11.0
    at_mark = "effects.after_mark:3:freeze"

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        killer = Killer(chaos.supervisor, chaos.house.worker_names, every=0, seed=chaos.seed)
        self._freezer = Freezer(killer, every=1.0, longest=self.longest, seed=chaos.seed)
        self._restart({"HUB_CRASH": self.at_mark})

    @property
    def count(self) -> int:
        return self._freezer.count

    def poke(self) -> None:
        self._freezer(more=self.count < self.wanted)

    def end(self) -> None:
        self._freezer.thaw_all()
        self._restart({})

    def measured(self) -> str:
        return f"between_mark_and_send={self._freezer.found} longest_freeze={self._freezer.longest_freeze:.1f}s"

    def _restart(self, environment: dict[str, str]) -> None:
        """Start the last worker again: it freezes itself at every so many-th mark, or does so no more."""
        supervisor, program = self.chaos.supervisor, self.chaos.house.workers(restart=True)[-1]
        supervisor.stop(program.name)
        supervisor.start(replace(program, environment={**program.environment, **environment}))


class GracefulStops(NowAndThen):
    """Row 7: SIGTERM to all workers at once, then they are started again. Each ends in 30 s and leaves nothing unsure."""

    wanted = 20
    every = 2.0

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._stops: list[float] = []
        self._at_work = 0
        self._left = 0

    def strike(self) -> bool:
        house, supervisor = self.chaos.house, self.chaos.supervisor
        self._at_work = max(self._at_work, self._under_way("sending"))
        began = time.monotonic()
        supervisor.stop_together(house.worker_names)
        self._stops.append(time.monotonic() - began)
        self._left += self._under_way("unsure")
        for program in house.workers(restart=True):
            supervisor.start(program)
        return True

    def measured(self) -> str:
        middle = sorted(self._stops)[len(self._stops) // 2]
        return f"longest_stop={max(self._stops):.1f}s median_stop={middle:.1f}s most_in_flight={self._at_work} left_unsure={self._left}"

    def broken(self) -> list[str]:
        slow = [f"a stop took {seconds:.1f} s" for seconds in self._stops if seconds > MOST_SECONDS_TO_STOP]
        return [*([f"graceful stops left {self._left} effects unsure"] if self._left else []), *slow[:3]]

    def _under_way(self, state: str) -> int:
        query = "SELECT count(*) AS n FROM hub_effect WHERE state = %(state)s AND tenant_id = ANY(%(tenants)s)"
        return int(self.chaos.watcher.rows(query, {"state": state, "tenants": self.chaos.tenant_ids})[0]["n"])
