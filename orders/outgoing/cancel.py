"""Cancelling an order at the mall too. The order shows as asked until the mall itself says cancelled.

A cancel that goods have overtaken does not leave: once they are requested or gone, the mall would refund what the buyer receives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.audit import SYSTEM, Actor
from hub.effects import Absent_, Delivery, Found, NotDone, Outcome, Receipt, Refused
from hub.models import Effect, EffectState
from orders.channels import Absent, CancelReason, MallOrder
from orders.models import Order, OrderLine, Parcel, Shop
from orders.models.orders import ParcelState
from orders.operations.door import note
from orders.operations.holds import close_mark, open_mark, system_task
from orders.operations.leaving import BUSY, restore_wishes
from orders.outgoing.mall import MallHandler

MALL = Actor(kind="mall", name="cancel")
_ON_ITS_WAY = (EffectState.WAITING, EffectState.SENDING, EffectState.UNSURE)
SHIPPED_MEANWHILE, REQUESTED_MEANWHILE = "shipped_meanwhile", "requested_meanwhile"


class Cancel(MallHandler):
    kind = "mall.cancel"
    function = "cancel"

    def still_true(self, effect: Effect, now: object) -> str:
        return super().still_true(effect, now) or self._overtaken(effect)

    def _overtaken(self, effect: Effect) -> str:
        parcels = OrderLine.objects.filter(order_id=effect.order_id).values("parcel_id")
        states = set(Parcel.objects.filter(pk__in=parcels).values_list("state", flat=True))
        phase = Order.objects.values_list("phase", flat=True).get(pk=effect.order_id)
        if phase in ("shipped", "done") or ParcelState.SHIPPED in states:
            return SHIPPED_MEANWHILE
        return REQUESTED_MEANWHILE if states & set(BUSY) else ""

    def perform(self, delivery: Delivery, prepared: Shop, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        answers: dict[int, Outcome] = {}
        with self.channel(delivery, prepared) as channel:
            for effect in effects:
                delivery.arm([effect.pk])
                answers[effect.pk] = channel.cancel(
                    number=effect.payload["number"],
                    reason=CancelReason(effect.payload["reason"]),
                    restock=effect.payload["restock"],
                )
        return answers

    def look(self, delivery: Delivery, prepared: Shop, effects: Sequence[Effect]) -> Mapping[int, Found]:
        found = self.look_at(delivery, prepared, effects)
        if isinstance(found, NotDone):
            return {effect.pk: found for effect in effects}
        verdicts: dict[int, Found] = {}
        for effect in effects:
            order = found.get(effect.payload["number"])
            if isinstance(order, MallOrder):
                gone = order.state in ("cancelled", "cancelling")
                verdicts[effect.pk] = Receipt(data={"state": order.state}) if gone else Absent_()
            else:
                verdicts[effect.pk] = (
                    Refused(reason="absent") if isinstance(order, Absent) else NotDone(reason="not_readable")
                )
        return verdicts

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        Order.objects.filter(pk=effect.order_id).update(reread_at=now)
        note([effect.order_id or 0], verb="mall.cancel_asked", by=MALL, now=now)

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        self._not_cancelled(effect, refused.reason, {"reason": refused.reason, "text": refused.detail}, now)

    def dropped(self, effect: Effect, now: datetime) -> None:
        """The order is not held for it any more and is wanted as before; what the mall made of a call that left is read at once, and
        before anything else leaves.

        Where goods were faster than the cancel, a person has to know.
        """
        if effect.reason in (SHIPPED_MEANWHILE, REQUESTED_MEANWHILE):
            self._not_cancelled(effect, effect.reason, {"reason": effect.reason, "text": ""}, now)
            return
        if effect.sent_at is not None:
            Order.objects.filter(pk=effect.order_id).update(reread_at=now, mall_read_at=None)
        others = Effect.objects.filter(kind=self.kind, order_id=effect.order_id).exclude(pk=effect.pk)
        if not others.filter(state__in=_ON_ITS_WAY).exists():
            close_mark([effect.order_id or 0], task=system_task("cancel_asked"), by=SYSTEM, now=now)
            restore_wishes(effect.payload.get("wishes", ()))

    def _not_cancelled(self, effect: Effect, reason: str, detail: dict[str, str], now: datetime) -> None:
        ids = [effect.order_id or 0]
        close_mark(ids, task=system_task("cancel_asked"), by=MALL, now=now)
        open_mark(ids, task=system_task("cancel_refused"), by=MALL, now=now, reason=reason, detail=detail)
        Order.objects.filter(pk=effect.order_id).update(reread_at=now)
