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
    """Row 7: SIGTERM to all workers while effects are in flight; then they start again. Each ends in 30 s and leaves nothing unsure."""

    wanted = 20
    every = 0.1

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._stops: list[float] = []
        self._in_flight: list[int] = []
        self._left = 0
        self._read_from: dict[str, int] = {}
        """Where in its log a worker began that has not said yet that it is ready."""
        self._not_before = 0.0
        """Workers get some seconds for their work, else the same effects would be given back again and again."""

    def strike(self) -> bool:
        house, supervisor = self.chaos.house, self.chaos.supervisor
        if self._read_from:
            if all(self._is_ready(name) for name in house.worker_names):
                self._not_before = time.monotonic() + self.dice.uniform(1.0, 4.0)
            return False
        sending = self._sending() if time.monotonic() >= self._not_before else 0
        if not sending:
            return False
        before, began = self._unsure(), time.monotonic()
        supervisor.stop_together(house.worker_names)
        self._stops.append(time.monotonic() - began)
        self._in_flight.append(sending)
        self._left += len(self._unsure() - before)
        for program in house.workers(restart=True):
            self._read_from[program.name] = supervisor.log_of(program.name).stat().st_size
            supervisor.start(program)
        return True

    def measured(self) -> str:
        stops, flights = sorted(self._stops), sorted(self._in_flight)
        if not stops:
            return ""
        return (
            f"longest_stop={stops[-1]:.1f}s median_stop={stops[len(stops) // 2]:.1f}s "
            f"in_flight={sum(flights)} (most {flights[-1]}) left_unsure={self._left}"
        )

    def broken(self) -> list[str]:
        slow = [f"a stop took {seconds:.1f} s" for seconds in self._stops if seconds > MOST_SECONDS_TO_STOP]
        return [*([f"graceful stops left {self._left} effects unsure"] if self._left else []), *slow[:3]]

    def _is_ready(self, name: str) -> bool:
        """Return whether a worker has come up since it was last stopped: before, there is nothing that it could leave."""
        if name not in self._read_from:
            return True
        with self.chaos.supervisor.log_of(name).open("rb") as log:
            log.seek(self._read_from[name])
            ready = b" ready." in log.read()
        if ready:
            del self._read_from[name]
        return ready

    def _sending(self) -> int:
        query = "SELECT count(*) AS n FROM hub_effect WHERE state = 'sending' AND tenant_id = ANY(%(tenants)s)"
        return int(self.chaos.watcher.rows(query, {"tenants": self.chaos.tenant_ids})[0]["n"])

    def _unsure(self) -> set[int]:
        query = "SELECT id FROM hub_effect WHERE state = 'unsure' AND tenant_id = ANY(%(tenants)s)"
        return {row["id"] for row in self.chaos.watcher.rows(query, {"tenants": self.chaos.tenant_ids})}
