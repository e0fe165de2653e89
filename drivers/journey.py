"""The main job to its end: orders placed at the simulated mall come back to it shipped, and nothing is lost, doubled or unsaid.

Real processes over real HTTP, without a browser. Business time runs at ten times true time, and jumps when nothing is due.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from automation.judge import Judgement, judge
from drivers import faults
from drivers.clockwork import JAPAN, Clockwork, japan
from drivers.ends import End, ends, table
from drivers.furnish import Furnished, Furnisher
from drivers.house import House
from drivers.outside import Outside
from drivers.place import Place, inside
from drivers.staff import Staff
from drivers.watching import Gaps, Watcher
from hub.clock import true_now
from hub.embedded.supervisor import Supervisor

START = datetime(2026, 11, 24, 9, 0, tzinfo=JAPAN)
"""A Tuesday, 09:00 in Japan."""
SPEED = 10.0
POLL_SECONDS = 720
MOST_GAP = timedelta(minutes=15)
SLACK = timedelta(seconds=40)
"""Shops due within so short a time of each other are read after one jump."""
BORDERS = ((0, 5, 30), (0, 11, 0), (9, 0, 0), (15, 30, 0), (19, 0, 0))
LAST = START + timedelta(days=3, hours=16)
STUCK_SECONDS = 45.0
PAUSE_SECONDS = 0.08
LATE_KINDS = ["card", "cod", "next_day", "multi_line", "mixed_tax", "points", "drop_off", "apple_pay"]
"""Kinds of the last wave, around the warehouse's cut-off: those that are paid at once."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    orders: int
    shops: int
    faults: str
    seed: int


@dataclass(kw_only=True)
class Journey:
    """One run: furnish, place, let time pass, and say how every order ended."""

    place: Place
    wish: Wish
    say: Callable[[str], None]
    poll_seconds: int = POLL_SECONDS
    speed: float = SPEED
    gaps: Gaps = field(default_factory=Gaps)
    tenants: list[Furnished] = field(default_factory=list)
    waited: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """True seconds spent waiting, by what was due."""
    struck: dict[str, dict[str, int]] = field(default_factory=dict)

    @contextmanager
    def running(self, *, workers: int = 1, restart: bool = False, web: bool = True) -> Iterator[None]:
        """Start simulators and product; on leaving, stop them all."""
        self.started = time.monotonic()
        with Supervisor(self.place.logs, say=self.say) as self.supervisor:
            self.outside = Outside(self.place, seed=self.wish.seed)
            self.outside.start(self.supervisor)
            self.clock = Clockwork(self.outside, start=START, speed=self.speed)
            self.watcher = Watcher(self.place.owner_url)
            self.furnish()
            self.staff = Staff([furnished.tenant_id for furnished in self.tenants])
            self.house = House(self.place, self.supervisor, workers=workers)
            self.house.start(restart=restart, web=web)
            self.tell(
                f"running: {len(self.tenants)} tenants, {self.wish.shops} shops; logs and ledgers in {self.place.folder}"
            )
            try:
                yield
            finally:
                self.watcher.close()

    def furnish(self) -> None:
        """Make two tenants (one for a single shop) and share the shops between them."""
        furnisher = Furnisher(self.place, self.outside, poll_seconds=self.poll_seconds)
        tenants = min(2, self.wish.shops)
        for number in range(tenants):
            shops = self.wish.shops // tenants + (number < self.wish.shops % tenants)
            name = ("みどり商店", "青空マーケット")[number]
            self.tenants.append(
                furnisher.tenant(name, shops=shops, owner=f"owner{number + 1}@shop.example", now=self.clock.now())
            )
        furnisher.keep_canaries()

    def place_orders(self) -> None:
        """Have the buyers order in three waves over the business hours of the first day; the mall lets each appear at its time."""
        late = self.wish.orders // 10
        first = (self.wish.orders - late) * 3 // 5
        waves: list[dict[str, Any]] = [
            {"n": first, "from": START + timedelta(minutes=5), "until": START + timedelta(hours=2)},
            {
                "n": self.wish.orders - late - first,
                "from": START + timedelta(hours=3),
                "until": START + timedelta(hours=4, minutes=30),
            },
        ]
        if late:
            waves.append(
                {
                    "n": late,
                    "from": START + timedelta(hours=5, minutes=30),
                    "until": START + timedelta(hours=7),
                    "kinds": LATE_KINDS,
                }
            )
        for wave in waves:
            told = {**wave, "from": wave["from"].isoformat(), "until": wave["until"].isoformat()}
            self.outside.mall.post("orders", told)
        self.last_order = max(wave["until"] for wave in waves)
        for row in self.outside.mall.get("mix")["mix"]:
            self.say(f"mix: {row['kind']:<22} {row['count']:>4}  {row['expected_end']}")

    def run(self) -> list[End]:
        """Let time pass until every order came to its end, or three days are over."""
        found: list[End] = []
        while self.clock.now() < LAST:
            border = self.step()
            if border is None:
                continue
            found = self.ends()
            self.report(found)
            if self.clock.now() > self.last_order and all(end.ok for end in found) and len(found) == self.wish.orders:
                break
        self.settle()
        return self.ends()

    def step(self) -> datetime | None:
        """Jump to the next reading of a shop and wait until nothing is due; return the border of the day that was passed."""
        before = self.clock.now()
        self.clock.jump(self.target())
        self.wait_idle()
        return passed_border(before, self.clock.now())

    def target(self) -> datetime:
        """Return where to jump: to the next reading of a shop, never over one, and not over a border of the day."""
        now = self.clock.now()
        look = self.watcher.look(now)
        wanted = (look.next_poll or now + timedelta(seconds=self.poll_seconds)) + SLACK
        return min(wanted, next_border(now) + timedelta(seconds=1), now + MOST_GAP)

    def wait_idle(self, seconds: float = STUCK_SECONDS) -> bool:
        """Wait until nothing is due or in flight. Time goes on when the same things stay due for long: they wait for a person."""
        busy: dict[str, int] = {}
        since = time.monotonic()
        while True:
            self.notice()
            look = self.watcher.look(self.clock.now())
            self.gaps.note(look)
            if look.idle:
                return True
            for kind in (kind for kind, count in look.busy.items() if count):
                self.waited[kind] += PAUSE_SECONDS
            if look.busy != busy:
                busy, since = look.busy, time.monotonic()
            elif time.monotonic() - since > seconds:
                self.tell(f"going on although due: { ({k: v for k, v in busy.items() if v}) }")
                return False
            time.sleep(PAUSE_SECONDS)

    def notice(self) -> None:
        """Notice a process that ended; staff act on what the hub asks of them."""
        self.supervisor.watch(until=lambda: True)
        for line in self.staff.act(self.clock.now()):
            self.tell(line)

    def settle(self) -> None:
        """Let the faults stop and everything be done."""
        self.struck = faults.fired(self.outside)
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
        open_effects = sum(row["n"] for row in self.watcher.open_effects() if row["state"] != "dropped")
        self.tell(f"placed {len(found)}, not here yet {missing}, at their end {done}, effects open {open_effects}")

    def tell(self, text: str) -> None:
        self.say(f"[{time.monotonic() - self.started:6.1f} s] {japan(self.clock.now())}  {text}")

    def say_effort(self) -> None:
        """Print what the run waited for, what struck, and what is still open outside."""
        waited = ", ".join(
            f"{kind} {seconds:.0f} s" for kind, seconds in sorted(self.waited.items(), key=lambda pair: -pair[1])
        )
        self.say(f"time: {self.clock.jumps} jumps; waited for {waited}")
        for name, kinds in self.struck.items():
            self.say(f"faults: {name}: " + (", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())) or "none"))
        for row in self.watcher.open_effects():
            self.say(f"effects: {row['n']} {row['kind']} {row['state']} {row['reason']} {row['hold_reason']}".rstrip())

    def judge(self) -> Judgement:
        """Let the judge compare the ledgers with the hub."""
        return judge(now=self.clock.now(), true_now=true_now(), ledgers=self.place.ledgers)

    def say_gaps(self) -> bool:
        """Print the longest time between two readings of each shop; all take next-day orders."""
        names = self.watcher.shop_names()
        ok = True
        for shop_id, gap in sorted(self.gaps.longest.items()):
            ok = ok and gap <= MOST_GAP
            self.say(
                f"gap: {names.get(shop_id, shop_id)}  longest {gap.total_seconds() / 60:.1f} minutes between two readings (at most 15)"
            )
        return ok

    def say_ends(self, found: list[End]) -> bool:
        for line in table(found):
            self.say(line)
        strays = [end for end in found if not end.ok]
        for end in strays[:20]:
            self.say(f"stray: {end.number} {end.kind}: planned {end.expected}, came to {end.reached}")
        if len(found) != self.wish.orders:
            self.say(f"stray: {self.wish.orders} orders were asked for, the mall showed {len(found)}")
        return not strays and len(found) == self.wish.orders


def next_border(moment: datetime) -> datetime:
    """Return the next of the day's borders after a moment: nightly count, its reading, opening, cut-off, results."""
    here = moment.astimezone(JAPAN)
    days = (here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=n) for n in (0, 1))
    return min(
        at
        for day in days
        for hour, minute, second in BORDERS
        if (at := day.replace(hour=hour, minute=minute, second=second)) > here
    )


def passed_border(before: datetime, after: datetime) -> datetime | None:
    """Return a border that lies between two moments, if one does."""
    border = next_border(before)
    return border if border <= after else None


def run(*, orders: int, shops: int, faults_level: str, seed: int, say: Callable[[str], None]) -> bool:
    """Run the journey from nothing to the judge; return whether everything holds."""
    wish = Wish(orders=orders, shops=shops, faults=faults_level, seed=seed)
    with inside("journey") as place:
        journey = Journey(place=place, wish=wish, say=say)
        with journey.running():
            journey.place_orders()
            faults.start(journey.outside, wish.faults, seed=seed)
            found = journey.run()
            journey.say_effort()
            kept = [journey.say_gaps(), journey.say_ends(found)]
            judgement = journey.judge()
        for verdict in judgement.verdicts:
            say(verdict.line())
        sums = " ".join(f"{name}={count}" for name, count in judgement.sums.items())
        say(f"journey: orders={orders} {sums} seconds={time.monotonic() - journey.started:.0f}")
        return all(kept) and judgement.holds
