"""What every run has in common: a world outside, the product before it, one clock, and the art of waiting until nothing is due."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from automation.judge import Judgement, judge
from drivers.clockwork import Clockwork, japan
from drivers.house import House
from drivers.outside import Outside
from drivers.place import Place
from drivers.staff import Staff
from drivers.watching import Gaps, Watcher
from hub import jobs, stages  # noqa: F401  (jobs carries what stages rings)
from hub.clock import true_now
from hub.embedded.supervisor import Supervisor

SPEED = 3.0
SOON = timedelta(minutes=1)
MOST_JUMP = timedelta(minutes=15)
STUCK_SECONDS = 45.0
PAUSE_SECONDS = 0.08


@dataclass(kw_only=True)
class Run:
    """One run: its place, its processes and its clock."""

    place: Place
    seed: int
    start: datetime
    say: Callable[[str], None]
    gaps: Gaps = field(default_factory=Gaps)
    waited: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """True seconds spent waiting, by what was due."""
    disturb: Callable[[], None] = lambda: None
    """Called between looks while the run waits: how a fault of the moment gets in."""
    gather: timedelta = timedelta(minutes=12, seconds=40)
    """So long after its last reading a shop may wait, to be read together with others after one jump; the promise is 15 minutes."""
    hurry: float | None = None
    """With faults something is nearly always tried again: after so many true seconds time goes on, once no shop is being read;
    at once, where a reading failed and is due again soon."""

    @contextmanager
    def running(
        self,
        *,
        workers: int = 1,
        restart: bool = False,
        redis_url: str | None = None,
        prepare: Callable[[], None] = lambda: None,
    ) -> Iterator[None]:
        """Start simulators, `prepare`, start the product; on leaving, stop them all."""
        self.started = time.monotonic()
        with Supervisor(self.place.logs, say=self.say) as self.supervisor:
            self.outside = Outside(self.place, seed=self.seed)
            self.outside.start(self.supervisor)
            self.clock = Clockwork(self.outside, start=self.start, speed=SPEED)
            self.watcher = Watcher(self.place.owner_url)
            self.staff = Staff()
            prepare()
            self.house = House(self.place, self.supervisor, workers=workers, redis_url=redis_url)
            self.house.start(restart=restart)
            try:
                yield
            finally:
                self.watcher.close()

    def step(self, *, most: timedelta = MOST_JUMP, to: datetime | None = None) -> None:
        """Jump to the next reading of a shop, or to an earlier moment that is wanted, and wait until nothing is due."""
        now = self.clock.now()
        target = min(now + most, self.watcher.look(now).next_reading(self.gather) or now + most)
        self.clock.jump(min(target, to) if to is not None and to > now else target)
        ring()
        self.wait_idle(most=self.hurry)

    def wait_idle(self, seconds: float = STUCK_SECONDS, *, most: float | None = None) -> bool:
        """Wait until nothing is due or in flight. Time goes on when the same things stay due for long: they wait for a person."""
        busy: dict[str, int] = {}
        begun = since = time.monotonic()
        while True:
            self.notice()
            look = self.watcher.look(self.clock.now())
            self.gaps.note(look)
            if look.idle:
                return True
            if most is not None and not look.busy["poll"]:
                again = look.next_poll is not None and look.next_poll - self.clock.now() < SOON
                if again or time.monotonic() - begun > most:
                    return False
            for kind in (kind for kind, count in look.busy.items() if count):
                self.waited[kind] += PAUSE_SECONDS
            if look.busy != busy:
                busy, since = look.busy, time.monotonic()
            elif time.monotonic() - since > seconds:
                self.tell(f"going on although due: { ({kind: n for kind, n in busy.items() if n}) }")
                return False
            time.sleep(PAUSE_SECONDS)

    def notice(self) -> None:
        """Notice a process that ended; staff act on what the hub asks of them; a fault of the moment strikes."""
        self.disturb()
        self.supervisor.watch(until=lambda: True)
        for line in self.staff.act(self.clock.now()):
            self.tell(line)

    def judge(self, tenant_ids: list[int] | None = None) -> Judgement:
        """Let the judge compare the ledgers with the hub."""
        return judge(now=self.clock.now(), true_now=true_now(), ledgers=self.place.ledgers, tenant_ids=tenant_ids)

    def tell(self, text: str) -> None:
        self.say(f"[{time.monotonic() - self.started:6.1f} s] {japan(self.clock.now())}  {text}")


def ring() -> None:
    """Ring for what a jump made due, as beat's next tick would a moment later."""
    for stage in settings.STAGES:
        stages.ring_due(stage)
