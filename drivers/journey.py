"""The main job to its end: orders placed at the simulated mall come back to it shipped, and nothing is lost, doubled or unsaid.

Real processes over real HTTP, without a browser. Business time runs at three times true time, and jumps when nothing is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from time import monotonic
from typing import Any

from automation.judge.ledgers import Ledgers
from drivers import faults
from drivers.clockwork import JAPAN
from drivers.ends import End, ends, table
from drivers.furnish import Furnished, Furnisher
from drivers.killing import Killer
from drivers.place import inside
from drivers.run import Run

START = datetime(2026, 11, 24, 9, 0, tzinfo=JAPAN)
"""A Tuesday, 09:00 in Japan."""
POLL_SECONDS = {"none": 720, "some": 600, "many": 300}
GATHER = {
    "none": timedelta(minutes=12, seconds=40),
    "some": timedelta(minutes=11),
    "many": timedelta(minutes=5, seconds=30),
}
"""How often the shops are read, in business time, and how long one may wait for others to be read with it: where readings fail,
time to try twice more is left within the 15 minutes. (A shop of the product is read every minute unless it says otherwise.)"""
MOST_GAP = timedelta(minutes=15)
BORDERS = ((0, 5, 30), (0, 30, 0), (9, 0, 0), (15, 30, 0), (19, 0, 0), (20, 0, 0))
"""Times of day that are stopped at and reported: the night's count and its reading, morning, cut-off, results and their report."""
LAST = START + timedelta(days=3, hours=16)
WISH_DAYS = [2, 2]
"""Buyers wish their delivery for the day after tomorrow, so that the warehouse ships within the run."""
KILL_EVERY_SECONDS = 20.0
KILL_AT_NIGHT_SECONDS = 60.0
"""At night only shops are read: each kill costs the run a lease, and strikes nothing else."""
NIGHT = (time(0, 30), time(9, 0))
HURRY_SECONDS = 4.0
LATE_KINDS = ["card", "cod", "next_day", "multi_line", "mixed_tax", "points", "drop_off", "apple_pay"]
"""Kinds of the last wave, around the warehouse's cut-off: those that are paid at once."""


_TAKEN_IN = "SELECT number, taken_in_at FROM orders_order"


@dataclass(kw_only=True)
class Journey(Run):
    """One journey: furnish, place, let time pass, and say how every order ended."""

    orders: int
    shops: int
    faults: str
    tenants: list[Furnished] = field(default_factory=list)
    struck: dict[str, dict[str, int]] = field(default_factory=dict)
    killer: Killer | None = None

    def furnish(self) -> None:
        """Make two tenants (one for a single shop) and share the shops between them."""
        furnisher = Furnisher(self.place, self.outside, poll_seconds=POLL_SECONDS[self.faults])
        tenants = min(2, self.shops)
        for number in range(tenants):
            shops = self.shops // tenants + (number < self.shops % tenants)
            name = ("みどり商店", "青空マーケット")[number]
            made = furnisher.tenant(name, shops=shops, owner=f"owner{number + 1}@shop.example", now=self.clock.now())
            self.tenants.append(made)
            self.staff.watch(made.tenant_id)
        furnisher.keep_canaries()

    def place_orders(self) -> None:
        """Have the buyers order in three waves over the business hours of the first day; the mall shows each at its time."""
        self.outside.mall.post("settings", {"wish_days": WISH_DAYS})
        late = self.orders // 10
        first = (self.orders - late) * 3 // 5
        waves: list[dict[str, Any]] = [
            {"n": first, "from": 0.1, "until": 0.85},
            {"n": self.orders - late - first, "from": 3.0, "until": 3.7},
            {"n": late, "from": 5.7, "until": 6.7, "kinds": LATE_KINDS},
        ]
        for wave in (wave for wave in waves if wave["n"]):
            times = {name: (START + timedelta(hours=wave[name])).isoformat() for name in ("from", "until")}
            self.outside.mall.post("orders", {**wave, **times})
        self.last_order = START + timedelta(hours=max(wave["until"] for wave in waves))
        for row in self.outside.mall.get("mix")["mix"]:
            self.say(f"mix: {row['kind']:<22} {row['count']:>4}  {row['expected_end']}")

    def strike(self) -> None:
        """Let the faults begin that were asked for; with many, a worker's child is killed now and then."""
        faults.start(self.outside, self.faults, seed=self.seed)
        self.gather = GATHER[self.faults]
        self.hurry = None if self.faults == "none" else HURRY_SECONDS
        if self.faults == "many":
            self.killer = Killer(self.supervisor, self.house.worker_names, every=KILL_EVERY_SECONDS, seed=self.seed)
            self.disturb = self.killer

    def run(self) -> list[End]:
        """Let time pass until every order came to its end, or three days are over."""
        while self.clock.now() < LAST:
            before = self.clock.now()
            border = next_border(before)
            self.pace(before)
            self.step(to=border + timedelta(seconds=1))
            if self.clock.now() < border:
                continue
            found = self.ends()
            self.report(found)
            done = all(end.ok for end in found) and len(found) == self.orders
            if done and self.clock.now() > self.last_order:
                break
        self.settle()
        return self.ends()

    def pace(self, now: datetime) -> None:
        """Let the kills be rarer at night."""
        if self.killer is not None:
            at_night = NIGHT[0] <= now.astimezone(JAPAN).time() < NIGHT[1]
            self.killer.every = KILL_AT_NIGHT_SECONDS if at_night else KILL_EVERY_SECONDS

    def settle(self) -> None:
        """Let the faults stop and everything be done."""
        self.struck = faults.fired(self.outside)
        if self.killer is not None:
            self.struck["processes"] = {"kill -9 of a worker's child": self.killer.count}
        self.disturb, self.hurry = (lambda: None), None
        faults.stop(self.outside)
        self.wait_idle()

    def ends(self) -> list[End]:
        """Return how far every order that the mall has shown came."""
        rows = [row for row in self.outside.mall.get("state")["orders"] if row["visible"]]
        return ends(rows, self.watcher.orders())

    def report(self, found: list[End]) -> None:
        """Print one line of progress."""
        done = sum(end.ok for end in found)
        missing = sum(end.reached == "missing" for end in found)
        effects = self.watcher.open_effects()
        moving = sum(row["n"] for row in effects if row["state"] in ("waiting", "sending", "unsure"))
        stopped = sum(row["n"] for row in effects if row["state"] == "stopped")
        self.tell(
            f"placed {len(found)}, not here yet {missing}, at their end {done}, effects under way {moving}, stopped {stopped}"
        )

    def say_effort(self) -> None:
        """Print what the run waited for, what struck, and what is still open outside."""
        waited = sorted(self.waited.items(), key=lambda pair: -pair[1])
        self.say(f"time: {self.clock.jumps} jumps; waited for " + ", ".join(f"{k} {s:.0f} s" for k, s in waited))
        for name, kinds in self.struck.items():
            self.say(f"faults: {name}: " + (", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())) or "none"))
        for row in self.watcher.open_effects():
            self.say(f"effects: {row['n']} {row['kind']} {row['state']} {row['reason']} {row['hold_reason']}".rstrip())

    def say_gaps(self) -> bool:
        """Print the longest time between two readings of each shop; all take next-day orders."""
        names = self.watcher.shop_names()
        ok = True
        for shop_id, gap in sorted(self.gaps.longest.items()):
            ok = ok and gap <= MOST_GAP
            minutes = gap.total_seconds() / 60
            self.say(
                f"gap: {names.get(shop_id, shop_id)}  longest {minutes:.1f} minutes between two readings (at most 15)"
            )
        return ok

    def say_delays(self) -> bool:
        """Print how long after the mall's search showed it an order was stored, at the most."""
        stored = {row["number"]: row["taken_in_at"] for row in self.watcher.rows(_TAKEN_IN)}
        shown = {number: order.visible_at for number, order in Ledgers(folder=self.place.ledgers).orders.items()}
        delays = [(stored[number] - at, number) for number, at in shown.items() if at is not None and number in stored]
        longest, number = max(delays, default=(timedelta(), "–"))
        minutes = longest.total_seconds() / 60
        self.say(
            f"stored: at most {minutes:.1f} minutes after the mall's search showed it (at most 15), order {number}"
        )
        return longest <= MOST_GAP

    def say_ends(self, found: list[End]) -> bool:
        """Print what became of each kind, and the orders that came to another end than planned."""
        for line in table(found):
            self.say(line)
        strays = [end for end in found if not end.ok]
        for end in strays[:20]:
            self.say(f"stray: {end.number} {end.kind}: planned {end.expected}, came to {end.reached}")
        if len(found) != self.orders:
            self.say(f"stray: {self.orders} orders were asked for, the mall showed {len(found)}")
        return not strays and len(found) == self.orders


def next_border(moment: datetime) -> datetime:
    """Return the next of the day's borders after a moment."""
    here = moment.astimezone(JAPAN)
    days = (here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=n) for n in (0, 1))
    all_of_them = (
        day.replace(hour=hour, minute=minute, second=second) for day in days for hour, minute, second in BORDERS
    )
    return min(border for border in all_of_them if border > here)


def run(*, orders: int, shops: int, faults_level: str, seed: int, say: Callable[[str], None]) -> bool:
    """Run the journey from nothing to the judge; return whether everything holds."""
    with inside("journey") as place:
        journey = Journey(place=place, seed=seed, start=START, say=say, orders=orders, shops=shops, faults=faults_level)
        with journey.running(prepare=journey.furnish):
            journey.tell(f"running: {len(journey.tenants)} tenants, {shops} shops; logs and ledgers in {place.folder}")
            journey.place_orders()
            journey.strike()
            found = journey.run()
            journey.say_effort()
            kept = [journey.say_gaps(), journey.say_delays(), journey.say_ends(found)]
            judgement = journey.judge()
        for verdict in judgement.verdicts:
            say(verdict.line())
        sums = " ".join(f"{name}={count}" for name, count in judgement.sums.items())
        say(f"journey: orders={orders} {sums} seconds={monotonic() - journey.started:.0f}")
        return all(kept) and judgement.holds
