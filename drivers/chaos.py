"""The faults of the reliability page that are small enough for every change: one world, one row after another, judged each.

Each row gets two fresh tenants with two shops each; those of the row before are suspended. Its orders go from the mall to the
warehouse and back to the mall while the fault strikes; then the fault ends, everything drains, and the judge looks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automation.judge import Judgement
from automation.judge.ledgers import Ledgers
from drivers.bells import BellProxy
from drivers.clockwork import JAPAN
from drivers.furnish import Furnished, Furnisher
from drivers.place import inside
from drivers.rows import ROWS, Row
from drivers.run import Run, ring
from drivers.strikes import Fault
from hub.clock import true_now
from hub.models import Tenant

START = datetime(2026, 11, 24, 8, 50, tzinfo=JAPAN)
SIZES = {"c": 300, "n": 5_000}
KINDS = ["card", "cod", "multi_line", "points", "drop_off", "mixed_tax", "apple_pay", "same_buyer"]
"""Clean orders: each must come to its end by itself."""
POLL_SECONDS = 720
DRAIN_SECONDS = 600.0
SETTINGS = {"LEASE_SECONDS": "8", "QUIET_MALL_SECONDS": "12", "QUIET_WAREHOUSE_SECONDS": "12"}
"""Leases shorter than the longest freeze, quiet times longer: the real order of things, in small."""


@dataclass(kw_only=True)
class Chaos(Run):
    """One run of chaos, in which the rows follow each other from day to day."""

    orders: int
    size: str
    bells: BellProxy
    tenants: list[Furnished] = field(default_factory=list)
    day: int = 0
    poison: list[str] = field(default_factory=list)
    """Orders of row 34 that nobody can understand."""
    longest_wait: float = 0.0
    """True seconds that the longest stop of the row's day took until nothing was due."""
    struck: int = 0
    """Faults of all rows so far."""

    def play(self, row: Row) -> bool:
        """Play one row, print its line, and say whether it holds."""
        began = time.monotonic()
        self.begin_day()
        self.furnish(row)
        numbers = row.place(self, self.orders)
        fault = row.fault(self)
        self.disturb = fault.poke
        self.through_the_day(row, fault)
        self.disturb = lambda: None
        fault.end()
        self.drain()
        judgement = self.judge(self.tenant_ids)
        measured = fault.measured()
        problems = [*fault.problems(), *self.unfinished(numbers)]
        self.struck += fault.count
        words = (
            f"{measured} wait={self.longest_wait:.0f}s seed={self.seed} seconds={time.monotonic() - began:.0f}".strip()
        )
        self.print_row(row, len(numbers), fault.count, judgement, problems, words)
        return judgement.holds and not problems

    def begin_day(self) -> None:
        """Suspend the tenants of the row before, so that rows do not meet, and go to the next morning."""
        Tenant.objects.filter(pk__in=self.tenant_ids).update(suspended_at=self.clock.now())
        self.longest_wait = 0.0
        self.clock.jump(START + timedelta(days=self.day))
        self.day += 1

    def furnish(self, row: Row) -> None:
        furnisher = Furnisher(self.place, self.outside, poll_seconds=POLL_SECONDS, dedupe=row.dedupe)
        self.tenants = [
            furnisher.tenant(
                f"{name} {row.number}", shops=2, owner=f"{row.number}-{name}@shop.example", now=self.clock.now()
            )
            for name in ("a", "b")
        ]
        furnisher.keep_canaries()

    @property
    def tenant_ids(self) -> list[int]:
        """The tenants of this row."""
        return [tenant.tenant_id for tenant in self.tenants]

    @property
    def accounts(self) -> list[str]:
        """The shops of this row, by the mall's numbers."""
        return [account for tenant in self.tenants for account in tenant.accounts]

    def true_now(self) -> datetime:
        """Return the true time, by the clock of the database and of the simulators' ledgers."""
        return true_now()

    def ledgers(self) -> Ledgers:
        """Read what the world outside has written down so far."""
        return Ledgers(folder=self.place.ledgers)

    def place_clean(self, n: int, *, minutes: int = 20) -> list[str]:
        """Have n clean orders placed over some minutes from 09:00, shared between the shops."""
        begin = START + timedelta(days=self.day - 1, minutes=10)
        numbers: list[str] = []
        for index, account in enumerate(self.accounts):
            count = n // len(self.accounts) + (index < n % len(self.accounts))
            wish = {"shop": account, "n": count, "kinds": KINDS, "from": begin.isoformat()}
            told = self.outside.mall.post("orders", {**wish, "until": (begin + timedelta(minutes=minutes)).isoformat()})
            numbers += [order["number"] for order in told["orders"]]
        return numbers

    def through_the_day(self, row: Row, fault: Fault) -> None:
        """Let the orders become ready, be requested, leave the warehouse at 17:00 to 18:30, and be reported in the evening."""
        for hour, minute in (*row.stops, (19, 16), (19, 40)):
            self.clock.jump(self.moment(hour, minute))
            ring()
            fault.at(hour, minute)
            began = time.monotonic()
            self.wait_idle(row.patience)
            self.longest_wait = max(self.longest_wait, time.monotonic() - began)

    def moment(self, hour: int, minute: int) -> datetime:
        """Return a time of this row's day."""
        return (START + timedelta(days=self.day - 1)).replace(hour=hour, minute=minute)

    def drain(self) -> None:
        """Wait until nothing is under way; then let a last reading of the orders be made, and let that too come to its end."""
        self.wait_drained()
        for _ in range(2):
            self.step(most=timedelta(minutes=30))
            self.wait_drained()

    def wait_drained(self) -> None:
        """Wait until nothing is under way, at most some true minutes."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while not self.wait_idle(60) and time.monotonic() < deadline:
            pass

    def unfinished(self, numbers: Sequence[str]) -> list[str]:
        """Return what did not come to its end: clean orders that are not shipped."""
        orders = self.watcher.orders()
        left = [number for number in numbers if orders.get(number, {}).get("phase") not in ("shipped", "done")]
        return [f"{len(left)} did not come to their end, the first is {left[0]}"] if left else []

    def print_row(
        self, row: Row, n: int, struck: int, judgement: Judgement, problems: Sequence[str], measured: str
    ) -> None:
        """Print the row's line with what it measured, and what was found if it does not hold."""
        sums = judgement.sums
        others = "".join(f" {name}={sums[name]}" for name in ("unreported", "wrong", "mails_twice") if sums[name])
        self.say(
            f"row {row.number} N={n} F={struck} lost={sums['lost']} twice={sums['twice']}{others} {measured}  ({row.what})"
        )
        for verdict in (verdict for verdict in judgement.verdicts if not verdict.holds):
            self.say(f"  {verdict.line()}")
        for problem in problems:
            self.say(f"  FAIL  {problem}")
        for effect in self.watcher.open_effects(self.tenant_ids) if problems or not judgement.holds else []:
            self.say(f"  effects: {effect['n']} {effect['kind']} {effect['state']} {effect['reason']}")


def run(*, rows: Sequence[int], size: str, seed: int, say: Callable[[str], None], orders: int | None = None) -> bool:
    """Play the rows in their order; return whether all hold."""
    with inside("chaos", **SETTINGS) as place:
        bells = BellProxy(os.environ["REDIS_URL"], seed=seed)
        chaos = Chaos(
            place=place, seed=seed, start=START, say=say, orders=orders or SIZES[size], size=size, bells=bells
        )
        ok = True
        with suppress(KeyboardInterrupt), chaos.running(workers=2, restart=True, redis_url=bells.url):
            say(
                f"chaos: rows {','.join(map(str, rows))}, {chaos.orders} orders each, seed {seed}; logs in {place.folder}"
            )
            for number in rows:
                ok = chaos.play(ROWS[number]) and ok
            bound = f"at most one in {chaos.struck // 3} faults (95 %)" if ok and chaos.struck >= 3 else "no bound"
            say(
                f"chaos: {len(rows)} rows, F={chaos.struck} in all, seed {seed}: {'all hold, ' + bound if ok else 'not all hold'}"
            )
        bells.close()
        return ok
