"""The agenda of the mall: due events in a heap, worked off in order of business time whenever someone asks."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulators.clock import JST
from simulators.rakuten.state import (
    AT_RAKUTEN,
    CANCELLING,
    CHANGING,
    READY,
    SETTLING,
    SHIPPED,
    WAITING_CONFIRM,
    Order,
)  # fmt: skip

ANY = frozenset({100, 200, 300, 400, 500, 600, 700, 800, 900})
ALIVE = ANY - {800, 900}
OPEN = frozenset({WAITING_CONFIRM, AT_RAKUTEN, READY, CHANGING})
# The states in which an event still means something; in others it lapses.
ACTS_IN: dict[str, frozenset[int]] = {
    "appear": ANY,
    "show": ANY,
    "self_cancel": ALIVE,
    "auto_confirm": frozenset({WAITING_CONFIRM}),
    "auto_cancel": frozenset({WAITING_CONFIRM}),
    "staff_cancel": ALIVE,
    "fix_postage": OPEN,
    "clear_review": OPEN,
    "gift_input": OPEN,
    "buyer_pays": frozenset({AT_RAKUTEN}),
    "authorise": frozenset({AT_RAKUTEN}),
    "payment_ng": frozenset({AT_RAKUTEN}),
    "change": frozenset({READY}),
    "change_fixed": frozenset({CHANGING}),
    "cancel_fixed": frozenset({CANCELLING}),
    "settling": frozenset({SHIPPED}),
    "settled": frozenset({SETTLING}),
}
NIGHTLY = (0, 5, 6)  # hour, minute and second in Japan of the job that turns 発送待ち into 発送済


@dataclass(order=True)
class Event:
    """Something that will happen to an order."""

    due: datetime
    seq: int
    name: str = field(compare=False)
    order: Order = field(compare=False)
    details: dict[str, Any] = field(compare=False)

    @property
    def lives(self) -> bool:
        """Say whether it would still do something now."""
        return self.order.progress in ACTS_IN[self.name]


class Engine:
    """Keep the agenda. The same seed and the same calls give the same history, however far the clock jumps."""

    def __init__(
        self,
        start: datetime,
        *,
        happen: Callable[[str, Order, datetime, dict[str, Any]], None],
        nightly: Callable[[datetime], None],
        ready_complete: Callable[[], Iterator[Order]],
    ) -> None:
        self._heap: list[Event] = []
        self._seq = 0
        self._happen, self._nightly, self._ready_complete = happen, nightly, ready_complete
        self.restart(start)

    def restart(self, now: datetime) -> None:
        """Begin the nights anew after `now`: the clock was set."""
        self._next_night = night_after(now)

    def plan(self, due: datetime, name: str, order: Order, **details: Any) -> None:
        """Put an event on the agenda."""
        self._seq += 1
        heapq.heappush(self._heap, Event(due, self._seq, name, order, details))

    def agenda(self) -> tuple[list[Event], int, datetime]:
        """Return what is planned, to be kept."""
        return self._heap, self._seq, self._next_night

    def take(self, agenda: tuple[list[Event], int, datetime]) -> None:
        """Go on with a kept agenda."""
        self._heap, self._seq, self._next_night = agenda

    def run_until(self, now: datetime) -> None:
        """Let everything happen that is due, nights included, in order of time."""
        while True:
            due = self._heap[0].due if self._heap else None
            if self._next_night <= now and (due is None or self._next_night < due):
                night, self._next_night = self._next_night, night_after(self._next_night)
                self._nightly(night)
            elif due is not None and due <= now:
                event = heapq.heappop(self._heap)
                if event.lives:
                    self._happen(event.name, event.order, event.due, event.details)
            else:
                return

    def next_due(self, now: datetime, *, leave_out: Collection[str] = ()) -> dict[str, Any] | None:
        """Return when something happens next, what and to which order; None if nothing is planned."""
        live = [event for event in self._heap if event.lives and event.name not in leave_out]
        answer = None
        if live:
            first = min(live)
            answer = {"next_due": first.due.isoformat(), "event": first.name, "number": first.order.number}
        nights = (
            [(night_for(order, now), order) for order in self._ready_complete()] if "nightly" not in leave_out else []
        )
        if nights:
            night, order = min(nights, key=lambda pair: (pair[0], pair[1].number))
            if answer is None or night < min(live).due:
                answer = {"next_due": night.isoformat(), "event": "nightly", "number": order.number}
        return answer


def night_after(instant: datetime) -> datetime:
    """Return the first nightly job after an instant."""
    here = instant.astimezone(JST)
    hour, minute, second = NIGHTLY
    tonight = here.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return tonight if tonight > here else tonight + timedelta(days=1)


def night_for(order: Order, now: datetime) -> datetime:
    """Return the first nightly job after now that is not before the order's last ship date."""
    night = night_after(now)
    last = max(order.ship_dates)
    return night if last <= night.date().isoformat() else night_after(datetime.fromisoformat(f"{last}T00:00:00+09:00"))
