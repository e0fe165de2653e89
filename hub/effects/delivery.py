"""One claim at work: the handler marks effects through it, right before the call that carries them (promise G12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from hub import stages
from hub.crash import crash
from hub.effects.outcomes import Outcome
from hub.http import LEAVE_WITHIN, Departure, LineFailure, boottime, expect_departure
from hub.tenancy import tenant_transaction
from hub.throttle import Pacer


class LostClaim(Exception):
    """The lane or the effects belong to another worker by now: send nothing, write nothing."""


class Stopping(Exception):
    """The process was asked to end: what is not sent yet goes back."""


class LineDown(LineFailure):
    """The line failed so often in this claim that its breaker opened: what is not sent yet goes back."""

    def __init__(self) -> None:
        super().__init__("line_down", maybe_done=False)


class LanePace(Pacer):
    """The pace of a lane's account; keeps the lane's lease alive while waiting for slots."""

    def __init__(self, delivery: Delivery, account: str) -> None:
        super().__init__(delivery.tenant_id, account)
        self._delivery = delivery

    def wait(self, klass: str) -> None:
        self._delivery.keep_alive()
        super().wait(klass)


class Delivery:
    """What a handler is given: the pace for its adapter, the mark before each call, and `settle` for early outcomes.

    `pace` speaks for the account that the lane is named after (`shop:12`). Handlers that make several calls in one claim should
    `settle` each outcome as it comes: a worker that dies later then leaves fewer effects to be looked for.
    """

    def __init__(
        self,
        *,
        tenant_id: int,
        lane_id: int,
        lane: str,
        token: UUID,
        now: datetime,
        settle: Callable[[int, Outcome], None],
    ) -> None:
        self.tenant_id = tenant_id
        self.lane_id = lane_id
        self.lane = lane
        self.token = token
        self.now = now
        self.pace = LanePace(self, lane)
        self.departures: dict[int, Departure] = {}
        self.line_down = False
        self._armed: tuple[int, ...] = ()
        self._settle = settle
        self._renewed = self._extended = boottime()

    def arm(self, ids: Iterable[int]) -> None:
        """Have the next `pace.wait` mark these effects once it got a slot, just before the call leaves."""
        self._refuse_to_begin()
        self._armed = tuple(ids)
        self.pace.before_leaving(self._mark_armed)

    def mark(self, ids: Iterable[int]) -> None:
        """Commit that these effects are about to be sent; the next call must leave within two seconds. Raises LostClaim."""
        self._refuse_to_begin()
        self._mark(tuple(ids))

    def disarm(self, ids: Iterable[int]) -> None:
        """Forget an arm whose call was not made, so that a later slot does not mark what is settled."""
        if set(ids) & set(self._armed):
            self._armed = ()
            self.pace.before_leaving(None)

    def settle(self, effect_id: int, outcome: Outcome) -> None:
        """Write an effect's outcome now. It may be left out of what `perform` returns. Raises LostClaim."""
        self._settle(effect_id, outcome)

    @property
    def unsent(self) -> tuple[int, ...]:
        """Effects armed for a slot that was never used: marked or not, they surely did not leave."""
        return self._armed if self.pace.waits_to_leave else ()

    def keep_alive(self) -> None:
        """Renew the lane's lease when a third of it is over. Raises LostClaim."""
        if boottime() - self._renewed > settings.LEASE_SECONDS / 3:
            with tenant_transaction(self.tenant_id):
                self._renew()
            crash("effects.after_renew")

    def _refuse_to_begin(self) -> None:
        if stages.stopping():
            raise Stopping
        if self.line_down:
            raise LineDown

    def _mark_armed(self) -> None:
        self._mark(self._armed)

    def _mark(self, ids: tuple[int, ...]) -> None:
        crash("effects.before_mark")
        departure = Departure(leave_by=boottime() + LEAVE_WITHIN)
        with tenant_transaction(self.tenant_id):
            with connection.cursor() as cursor:
                cursor.execute(_MARK, {**self._values(), "ids": list(ids)})
                if cursor.rowcount != len(ids):
                    raise LostClaim
            self._renew()
        crash("effects.after_mark")
        self.departures.update(dict.fromkeys(ids, departure))
        expect_departure(departure)

    def _renew(self) -> None:
        self._renewed = boottime()
        with connection.cursor() as cursor:
            cursor.execute(_RENEW_LANE, self._values())
            if cursor.rowcount != 1:
                raise LostClaim
            if self._renewed - self._extended > settings.LEASE_SECONDS / 2:
                cursor.execute(_RENEW_EFFECTS, self._values())
                self._extended = self._renewed

    def _values(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id, "lane_id": self.lane_id, "lane": self.lane, "token": self.token,
            "lease": settings.LEASE_SECONDS,
        }  # fmt: skip


_MARK = """
UPDATE hub_effect SET sent_at = clock_timestamp()
WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND token = %(token)s AND state = 'sending'"""

_RENEW_LANE = """
UPDATE hub_lane SET claimed_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE tenant_id = %(tenant)s AND id = %(lane_id)s AND token = %(token)s"""

_RENEW_EFFECTS = """
UPDATE hub_effect SET claimed_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE tenant_id = %(tenant)s AND lane = %(lane)s AND token = %(token)s AND state = 'sending'"""
