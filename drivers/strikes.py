"""The faults themselves: what each does to processes, database, broker, mall or warehouse, and how often it did."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

from drivers.killing import Freezer, Killer
from drivers.place import admin_url

if TYPE_CHECKING:
    from drivers.chaos import Chaos

SILENCE = 1.0
MOST_STRIKES = {1: 30, 5: 20, 7: 20, 9: 20, 15: 5}


class Fault:
    """One row's fault. `poke` is called between looks, `at` when a stop of the day is reached, `end` when the day is over."""

    def __init__(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self.dice = Random(chaos.seed)
        self.note = ""
        self._problems: list[str] = []

    @property
    def count(self) -> int:
        """How often it struck."""
        return 0

    def poke(self) -> None:
        """Strike, if it is time to."""

    def at(self, hour: int, minute: int) -> None:
        """Notice that the clock has come to a stop of the day."""

    def end(self) -> None:
        """Strike no more."""

    def problems(self) -> list[str]:
        """What the row asks for besides the judge's invariants, and was not kept."""
        return self._problems


class _NowAndThen(Fault):
    """Strikes every so many seconds, an equal share of its strikes at each stop, so that every step of the way is hit."""

    every = 0.5
    most = 30
    stops = 7

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._due = 0.0
        self._allowed = 0.0
        self._struck = 0

    @property
    def count(self) -> int:
        return self._struck

    def at(self, hour: int, minute: int) -> None:
        self._allowed += self.most / self.stops

    def poke(self) -> None:
        if self._struck < self._allowed and time.monotonic() >= self._due:
            if self.strike():
                self._struck += 1
            self._due = time.monotonic() + self.every

    def strike(self) -> bool:
        """Strike once; say whether there was anything to hit."""
        raise NotImplementedError


class KilledChildren(_NowAndThen):
    """Row 1: kill -9 of a random worker child every half second."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._killer = Killer(chaos.supervisor, chaos.house.worker_names, every=0, seed=chaos.seed)

    def strike(self) -> bool:
        before = self._killer.count
        self._killer()
        return self._killer.count > before


class FrozenChildren(Fault):
    """Row 5: SIGSTOP of a random worker child, longer than a lease at times."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        killer = Killer(chaos.supervisor, chaos.house.worker_names, every=0, seed=chaos.seed)
        self._freezer = Freezer(killer, every=1.0, longest=11.0, seed=chaos.seed)

    @property
    def count(self) -> int:
        return self._freezer.count

    def poke(self) -> None:
        if self.count < MOST_STRIKES[5]:
            self._freezer()
        else:
            self._freezer.thaw()

    def end(self) -> None:
        self._freezer.thaw()


class GracefulStops(_NowAndThen):
    """Row 7: SIGTERM to all workers at once, then they are started again. Each ends in 30 s and leaves nothing unsure."""

    every = 2.0
    most = 20

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._longest = 0.0

    def strike(self) -> bool:
        house, supervisor = self.chaos.house, self.chaos.supervisor
        began = time.monotonic()
        supervisor.stop_together(house.worker_names)
        self._longest = max(self._longest, time.monotonic() - began)
        left = self.chaos.watcher.rows("SELECT count(*) AS n FROM hub_effect WHERE state = 'unsure'")[0]["n"]
        if left:
            self._problems.append(f"a graceful stop left {left} effects unsure")
        for program in house.programs(restart=True):
            if program.name in house.worker_names:
                supervisor.start(program)
        self.note = f"longest_stop={self._longest:.1f}s"
        return True

    def problems(self) -> list[str]:
        slow = [f"a stop took {self._longest:.1f} s"] if self._longest > 30 else []
        return [*self._problems[:3], *slow]


class EndedSessions(_NowAndThen):
    """Row 9: pg_terminate_backend of a random session of the product."""

    most = 20

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._admin = psycopg.connect(admin_url(), autocommit=True)

    def strike(self) -> bool:
        query = """SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename = 'hub_app'
            AND (application_name = 'web' OR application_name LIKE 'worker%%')"""
        pids = [row[0] for row in self._admin.execute(query, [self.chaos.place.database]).fetchall()]
        if not pids:
            return False
        self._admin.execute("SELECT pg_terminate_backend(%s)", [self.dice.choice(pids)])
        return True

    def end(self) -> None:
        self._admin.close()

    def problems(self) -> list[str]:
        """The pages answer again."""
        time.sleep(1)
        address = f"{self.chaos.house.address}/healthz"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  (on the loopback)
                return [] if answer.status == 200 else [f"{address} answers {answer.status}"]
        except OSError as error:
            return [f"{address}: {error}"]


class FlushedBroker(_NowAndThen):
    """Row 15: FLUSHALL with doorbells in it."""

    most = 5
    every = 1.0

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._since: float | None = None
        self._longest = 0.0

    def strike(self) -> bool:
        tell_broker(os.environ["REDIS_URL"], "FLUSHALL")
        self._since = time.monotonic()
        return True

    def at(self, hour: int, minute: int) -> None:
        super().at(hour, minute)
        self._measure()

    def end(self) -> None:
        self._measure()

    def _measure(self) -> None:
        """The stop before is over: everything that was due when the broker was flushed has been done."""
        if self._since is not None:
            self._longest = max(self._longest, time.monotonic() - self._since)
            self._since = None
        self.note = f"longest_delay={self._longest:.0f}s"

    def problems(self) -> list[str]:
        return [f"work went on only after {self._longest:.0f} s"] if self._longest > 120 else []


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
        self._since: float | None = None
        self._longest = 0.0

    @property
    def count(self) -> int:
        return self.chaos.bells.struck

    def at(self, hour: int, minute: int) -> None:
        self._measure()
        if (hour, minute) in ((9, 56), (19, 16)):
            self.chaos.bells.mode = "drop"
            self._since = time.monotonic()

    def end(self) -> None:
        self._measure()

    def _measure(self) -> None:
        self.chaos.bells.mode = "pass"
        if self._since is not None:
            self._longest = max(self._longest, time.monotonic() - self._since)
            self._since = None
        self.note = f"longest_delay={self._longest:.0f}s"

    def problems(self) -> list[str]:
        return [f"everything was done only after {self._longest:.0f} s"] if self._longest > 150 else []


class SilentMall(Fault):
    """Row 23: one call in ten is carried out and never answered."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._before = sum(chaos.outside.mall.get("faults")["fired"].values())
        plan = [{"kind": "timeout_after", "rate": 0.1, "seconds": SILENCE}]
        chaos.outside.mall.post("faults", {"seed": chaos.seed, "faults": plan})

    @property
    def count(self) -> int:
        return int(sum(self.chaos.outside.mall.get("faults")["fired"].values())) - self._before

    def end(self) -> None:
        self.chaos.outside.mall.post("faults", {"faults": []})


class TooManyRequests(Fault):
    """Row 27: four calls in five are refused with 429 for a while, with and without Retry-After; then the mall is well again."""

    seconds = 25.0

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._before = sum(chaos.outside.mall.get("faults")["fired"].values())
        self._until: float | None = None
        self._ended: float | None = None

    @property
    def count(self) -> int:
        return int(sum(self.chaos.outside.mall.get("faults")["fired"].values())) - self._before

    def at(self, hour: int, minute: int) -> None:
        if self._ended is not None:
            self.note = f"drained_after={time.monotonic() - self._ended:.0f}s"
            self._ended = None
        if (hour, minute) in ((9, 56), (19, 16)):
            plan = [{"kind": "status_429", "rate": 0.4, "retry_after": 2}, {"kind": "status_429", "rate": 0.66}]
            self.chaos.outside.mall.post("faults", {"seed": self.chaos.seed, "faults": plan})
            self._until = time.monotonic() + self.seconds

    def poke(self) -> None:
        if self._until is not None and time.monotonic() > self._until:
            self.end()

    def end(self) -> None:
        if self._until is not None:
            self.chaos.outside.mall.post("faults", {"faults": []})
            self._until, self._ended = None, time.monotonic()


class SilentWarehouse(Fault):
    """Row 40: a warehouse that would ship a repeated reference again, and stays silent after accepting half of the calls."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._before = sum(chaos.outside.warehouse.get("state")["faults"]["fired"].values())
        plan = [
            {"kind": "timeout_after", "function": "request", "rate": 0.5, "seconds": SILENCE},
            {"kind": "late_apply", "function": "request", "rate": 0.2, "seconds": 5.0, "silence_seconds": SILENCE},
        ]
        chaos.outside.warehouse.post("faults", {"seed": chaos.seed, "faults": plan})

    @property
    def count(self) -> int:
        return int(sum(self.chaos.outside.warehouse.get("state")["faults"]["fired"].values())) - self._before

    def end(self) -> None:
        self.chaos.outside.warehouse.post("faults", {"faults": []})


# Row 34.

POISONS: list[dict[str, Any]] = [
    {"orderProgress": "三百"},
    {"requestPrice": "たくさん"},
    {"PackageModelList": None},
    {"orderDatetime": "きのう"},
    {"remarks": "長" * 60_000},
    {"remarks": "改行\u0000のかわりに零"},
    {"OrdererModel": {"familyName": "🦊🍣", "firstName": "\u202e逆さ"}},
    {"PackageModelList": [{"ItemModelList": [{"units": -1}]}]},
    {"SettlementModel": {"settlementMethodCode": 999, "settlementMethod": "未知の支払い"}},
]
"""What a mall should never send and one day does."""


def place_poison(chaos: Chaos, n: int) -> list[str]:
    """Have clean orders placed, and among them poison: one in a hundred, at least one of each."""
    clean = chaos.place_clean(n)
    given = [
        {"kind": "card", "override": POISONS[index % len(POISONS)], "label": "poison", "expected_end": "listed"}
        for index in range(max(n // 100, len(POISONS)))
    ]
    begin = chaos.clock.now()
    told = [
        chaos.outside.mall.post(
            "orders", {"shop": chaos.accounts[0], "orders": [{**one, "placed_at": begin.isoformat()}]}
        )
        for one in given
    ]
    chaos.poison = [order["number"] for answer in told for order in answer["orders"]]
    return clean


class Poison(Fault):
    """Row 34: each poison order is listed or taken in, and no other order notices."""

    @property
    def count(self) -> int:
        return len(self.chaos.poison)

    def problems(self) -> list[str]:
        here = self.chaos.watcher.orders()
        listed = {row["number"] for row in self.chaos.watcher.rows("SELECT number FROM orders_rejectedpayload")}
        self.note = f"listed={len(listed & set(self.chaos.poison))}"
        gone = [number for number in self.chaos.poison if number not in listed and number not in here]
        return [f"{len(gone)} poison orders are neither here nor listed"] if gone else []


def tell_broker(redis_url: str, *words: str) -> None:
    """Send the broker a command in its own words."""
    parts = urlsplit(redis_url)
    with socket.create_connection((parts.hostname or "", parts.port or 6379), timeout=5) as line:
        line.sendall(f"AUTH {parts.password}\r\n{' '.join(words)}\r\n".encode())
        said = b""
        while said.count(b"\r\n") < 2 and (piece := line.recv(256)):
            said += piece
