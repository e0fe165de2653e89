"""Confirming orders at the mall, up to a hundred a call. A confirm that the mall refuses because it happened already is done.

One of an order that was deleted or cancelled here waits, as long as the mall waits for it (`held.py`), unless goods of it left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Value
from django.db.models.functions import Coalesce

from hub.audit import Actor
from hub.effects import Absent_, Delivery, Found, NotDone, Outcome, Receipt, Refused, Unsure
from hub.models import Effect
from orders.channels import Absent
from orders.models import MallReport, Order, Shop
from orders.operations.door import note
from orders.operations.holds import open_mark, system_task
from orders.outgoing.held import HOLD_CANCELLED, HOLD_DELETED
from orders.outgoing.mall import MallHandler, numbers_of

MALL = Actor(kind="mall", name="confirm")
CANCELLED = "cancelled"
READ_AFTER = timedelta(minutes=2)


class Confirm(MallHandler):
    kind = "mall.confirm"
    batch_size = call_size = 100
    function = "confirm"
    moot = frozenset({CANCELLED})

    def still_true(self, effect: Effect, now: object) -> str:
        order = Order.objects.filter(pk=effect.order_id).values("phase", "mall_state").first()
        if order is not None and order["mall_state"] != "new":
            return "already_moved"
        why = super().still_true(effect, now)
        if not why and order is not None and order["phase"] == "cancelled":
            why = HOLD_CANCELLED
        return "" if why in (HOLD_DELETED, HOLD_CANCELLED) and self._is_reported(effect) else why

    def _is_reported(self, effect: Effect) -> bool:
        """Say whether goods of the order left: their report waits for the confirm, whatever becomes of the order here."""
        return bool(MallReport.objects.filter(order_id=effect.order_id).exists())

    def perform(self, delivery: Delivery, prepared: Shop, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        delivery.arm([effect.pk for effect in effects])
        with self.channel(delivery, prepared) as channel:
            answers = channel.confirm(numbers=numbers_of(effects))
        missing = Unsure(reason="not_in_answer")
        return {effect.pk: answers.get(effect.payload["number"], missing) for effect in effects}

    def look(self, delivery: Delivery, prepared: Shop, effects: Sequence[Effect]) -> Mapping[int, Found]:
        found = self.look_at(delivery, prepared, effects)
        if isinstance(found, NotDone):
            return {effect.pk: found for effect in effects}
        return {effect.pk: self._verdict(found.get(effect.payload["number"])) for effect in effects}

    def _verdict(self, order: object) -> Found:
        if order is None:
            return NotDone(reason="not_readable")
        if isinstance(order, Absent):
            return Refused(reason="absent")
        state = order.state  # type: ignore[attr-defined]
        if state == "cancelled":
            return Refused(reason=CANCELLED)
        return Absent_(detail="new") if state == "new" else Receipt(data={"state": state})

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        confirmed = Coalesce(
            "confirmed_at", Value(now)
        )  # the mall's own time, where it was read before the answer was booked
        Order.objects.filter(pk=effect.order_id).update(
            confirm_state="confirmed", confirmed_at=confirmed, reread_at=now + READ_AFTER
        )
        note([effect.order_id or 0], verb="mall.confirmed", by=MALL, now=now)

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        Order.objects.filter(pk=effect.order_id).update(confirm_state="refused", reread_at=now)
        if refused.reason not in self.moot:
            detail = {"reason": refused.reason, "text": refused.detail}
            open_mark(
                [effect.order_id or 0],
                task=system_task("confirm_refused"),
                by=MALL,
                now=now,
                reason=refused.reason,
                detail=detail,
            )
