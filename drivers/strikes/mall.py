"""Rows 23 and 27: a mall that acts and stays silent, and one that is asked too often."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from drivers.faults import SILENCE
from drivers.strikes.fault import Fault

if TYPE_CHECKING:
    from drivers.chaos import Chaos

WRITES = {"confirm": "confirmOrder", "report": "updateOrderShipping", "cancel": "cancelOrder"}
"""A breaker's function → what is called at the mall when it is tried."""


class MallFault(Fault):
    """Strikes calls at the mall; what became of them is read from its ledger."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._began = chaos.true_now()

    @property
    def count(self) -> int:
        return sum("fault" in line for line in self.calls())

    def end(self) -> None:
        self.chaos.outside.mall.post("faults", {"faults": []})

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls of this row's shops since it began."""
        return [
            line
            for line in self.chaos.ledgers().mall_lines
            if line["kind"] == "request"
            and line["shop"] in self.chaos.accounts
            and arrived(line) >= self._began
        ]  # fmt: skip


class SilentMall(MallFault):
    """Row 23: one call in ten is carried out and never answered."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        plan = [{"kind": "timeout_after", "rate": 0.1, "seconds": SILENCE}]
        chaos.outside.mall.post("faults", {"seed": chaos.seed, "faults": plan})

    def measured(self) -> str:
        calls = self.calls()
        silent = [line["function"] for line in calls if "fault" in line]
        writes = sum(function in WRITES.values() for function in silent)
        return f"calls={len(calls)} silent={len(silent) / max(1, len(calls)):.0%} silent_writes={writes}"


@dataclass(kw_only=True)
class Opened:
    """One time that a breaker was open: seen first, until when it said so, and when it was seen closed again."""

    seen: datetime
    until: datetime
    closed: datetime | None = None


class TooManyRequests(MallFault):
    """Row 27: four calls in five are refused with 429 for a while, with and without Retry-After; then the mall is well again.

    Breakers and the throttle follow true time: ten minutes of business time are enough for the throttle alone,
    ten minutes of true time, at size n, for breakers to open and to be tried again.
    """

    seconds_by_size = {"c": 200.0, "n": 600.0}
    most_to_drain = 600.0

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self.seconds = self.seconds_by_size[chaos.size]
        self._until: float | None = None
        self._ended: float | None = None
        self._drained: list[float] = []
        self._storms: list[tuple[datetime, datetime]] = []
        self._opened: dict[tuple[str, str], list[Opened]] = defaultdict(list)

    def at(self, hour: int, minute: int) -> None:
        self._over()
        if (hour, minute) in ((9, 56), (19, 16)):
            plan = [{"kind": "status_429", "rate": 0.4, "retry_after": 2}, {"kind": "status_429", "rate": 0.66}]
            self.chaos.outside.mall.post("faults", {"seed": self.chaos.seed, "faults": plan})
            self._until = time.monotonic() + self.seconds
            self._storms.append((self.chaos.true_now(), self.chaos.true_now() + timedelta(seconds=self.seconds)))

    def poke(self) -> None:
        self._look()
        if self._until is not None and time.monotonic() > self._until:
            self._calm()

    def end(self) -> None:
        self._calm()
        self._over()

    def measured(self) -> str:
        stormy = [line for line in self.calls() if any(a <= arrived(line) < b for a, b in self._storms)]
        each = {shop: sum(line["shop"] == shop for line in stormy) for shop in self.chaos.accounts}
        minutes = sum((b - a).total_seconds() for a, b in self._storms) / 60 or 1
        probes = self._probes()
        return (
            f"storms={len(self._storms)}x{self.seconds:.0f}s calls_a_minute={max(each.values()) / minutes:.1f} "
            f"breakers_opened={sum(map(len, self._opened.values()))} calls_while_open={self._while_open()} "
            f"most_probes_a_minute={max(probes, default=0)} drained_after={max(self._drained, default=0):.0f}s"
        )

    def broken(self) -> list[str]:
        wrong = [f"drained only after {seconds:.0f} s" for seconds in self._drained if seconds > self.most_to_drain]
        if (through := self._while_open()) > 0:
            wrong.append(f"{through} calls went through an open breaker")
        if (most := max(self._probes(), default=0)) > 1:
            wrong.append(f"{most} probes within a minute")
        return wrong

    def _calm(self) -> None:
        if self._until is not None:
            super().end()
            self._until, self._ended = None, time.monotonic()

    def _over(self) -> None:
        if self._ended is not None:
            self._drained.append(time.monotonic() - self._ended)
            self._ended = None

    def _look(self) -> None:
        """Write down which breakers are open, and which have closed."""
        query = """SELECT s.account, b.function, b.open_until, clock_timestamp() AS now FROM hub_breaker b
            JOIN orders_shop s ON s.tenant_id = b.tenant_id AND b.lane = 'shop:' || s.id
            WHERE b.open_until IS NOT NULL AND b.tenant_id = ANY(%(tenants)s)"""
        rows = self.chaos.watcher.rows(query, {"tenants": self.chaos.tenant_ids})
        for row in rows:
            known = self._opened[row["account"], row["function"]]
            if not known or known[-1].until != row["open_until"]:
                known.append(Opened(seen=row["now"], until=row["open_until"]))
        here = {(row["account"], row["function"]) for row in rows}
        for key, times in self._opened.items():
            if key not in here and times[-1].closed is None:
                times[-1].closed = self.chaos.true_now()

    def _while_open(self) -> int:
        """Count calls of a function while its breaker was open; one under way when it opened may arrive within a second."""
        return sum(
            one.seen + timedelta(seconds=1) < moment < one.until
            for key, times in self._opened.items()
            for one in times
            for moment, _ in self._tried(*key)
        )

    def _probes(self) -> list[int]:
        """Return for each probe how many there were within the minute from it: calls after a breaker's time that did not close it."""
        found = []
        for key, times in self._opened.items():
            probes: list[datetime] = []
            for one in times:
                after = [(moment, status) for moment, status in self._tried(*key) if moment >= one.until]
                for moment, status in after:
                    if (one.closed and moment > one.closed) or any(o.seen <= moment < o.until for o in times):
                        break
                    probes.append(moment)
                    if status == 200:
                        break
            probes = sorted(set(probes))
            found += [sum(p <= q < p + timedelta(minutes=1) for q in probes) for p in probes]
        return found

    def _tried(self, account: str, function: str) -> list[tuple[datetime, int]]:
        return [
            (arrived(line), line["status"])
            for line in self.calls()
            if line["shop"] == account and line["function"] == WRITES.get(function)
        ]


def arrived(line: dict[str, Any]) -> datetime:
    """Return when a call arrived at the mall, in true time."""
    return datetime.fromisoformat(line["arrived_at"])
