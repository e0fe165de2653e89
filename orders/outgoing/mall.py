"""What the handlers of a mall share: the shop of a lane, its adapter at the lane's pace, and looking at orders in full answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from hub.effects import Delivery, NotDone
from hub.models import Effect
from orders.channels import Absent, Channel, MallBlind, MallDown, MallOrder, channel_for
from orders.models import Order, Shop
from orders.operations.door import lock
from orders.outgoing.held import HOLD_DELETED
from orders.outgoing.observed import Observed


class MallHandler(Observed):
    """Effects of one lane are of one shop."""

    can_look = True
    if_deleted = HOLD_DELETED
    """What becomes of an effect whose order was deleted meanwhile, as `still_true` says it; an empty text lets it leave."""

    def prepare(self, effects: Sequence[Effect]) -> Any:
        return self.shop_of(effects)

    def shop_of(self, effects: Sequence[Effect]) -> Shop:
        shop: Shop = Shop.objects.get(pk=effects[0].shop_id)
        return shop

    @contextmanager
    def channel(self, delivery: Delivery, shop: Shop) -> Iterator[Channel]:
        """Open the shop's adapter at the lane's pace, outside any transaction, and close it again."""
        channel = channel_for(shop, pace=delivery.pace)
        try:
            yield channel
        finally:
            channel.close()

    def look_at(
        self, delivery: Delivery, shop: Shop, effects: Sequence[Effect]
    ) -> Mapping[str, MallOrder | Absent] | NotDone:
        """Read the effects' orders as the mall has them now."""
        with self.channel(delivery, shop) as channel:
            return look_all(channel, numbers_of(effects))

    def own_reasons(self, effects: Sequence[Effect], now: datetime, observed: set[int]) -> Mapping[int, str]:
        """Ask again under the locks what is not to leave: an order handled again meanwhile has let go what waited, and does it once."""
        found = super().own_reasons(effects, now, observed)
        doubtful = [effect for effect in effects if found[effect.pk]]
        if not doubtful:
            return found
        kept = [effect.order_id for effect in effects if found[effect.pk] or effect.order_id in observed]
        lock(filter(None, kept), "revision")
        return {**found, **super().own_reasons(doubtful, now, observed)}

    def still_true(self, effect: Effect, now: object) -> str:
        order = Order.objects.filter(pk=effect.order_id).values("deleted_at", "ours", "phase").first()
        if order is None:
            return "deleted"
        if order["deleted_at"] is not None and self.if_deleted:
            return self.if_deleted
        return "" if order["ours"] else "not_ours"


def numbers_of(effects: Iterable[Effect]) -> list[str]:
    return sorted({effect.payload["number"] for effect in effects})


def look_all(channel: Channel, numbers: Sequence[str]) -> Mapping[str, MallOrder | Absent] | NotDone:
    """Read orders as the mall has them now, a full answer a call; NotDone when the mall cannot be read."""
    found: dict[str, MallOrder | Absent] = {}
    try:
        for start in range(0, len(numbers), channel.fetch_size):
            found.update(channel.look(numbers=numbers[start : start + channel.fetch_size]))
    except MallBlind as blind:
        return NotDone(reason=blind.reason, detail=blind.function, blind=True)
    except MallDown as down:
        return NotDone(reason="mall_down", detail=str(down), retry_after=down.retry_after)
    return found
