"""What waits while a shop only observes, however it came to be decided: asked again of every effect just before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.effects import Handler
from hub.effects.handlers import HOLD
from hub.models import Effect
from orders.models import Order
from orders.operations.shops import OBSERVING, keep_observing, observed_orders


class Observed(Handler):
    """Effects about mall orders: held, not dropped, while the shop observes; 本番開始 lets them go."""

    def reasons(self, effects: Sequence[Effect], now: datetime) -> Mapping[int, str]:
        """Add what a shop that observes keeps: asked first, as shops are locked before orders."""
        observed = _kept_observing([effect.order_id for effect in effects if effect.order_id])
        return {
            pk: reason or (f"{HOLD}{OBSERVING}" if effect.order_id in observed else "")
            for effect, (pk, reason) in zip(effects, self.own_reasons(effects, now, observed).items(), strict=True)
        }

    def own_reasons(self, effects: Sequence[Effect], now: datetime, observed: set[int]) -> Mapping[int, str]:
        """Return what the kind itself says of the effects. Whoever locks orders for it locks the `observed` among them too: for what
        keeps them all are locked together, in one order."""
        return super().reasons(effects, now)


def _kept_observing(order_ids: Sequence[int]) -> set[int]:
    """Return the orders whose shop observes, and goes on doing so until what is held for it is committed."""
    observed = observed_orders(order_ids)
    if not observed:
        return observed
    keep_observing(Order.objects.filter(pk__in=observed).values_list("shop_id", flat=True).distinct())
    return observed_orders(order_ids)
