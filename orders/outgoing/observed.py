"""What waits while a shop only observes, however it came to be decided: asked again of every effect just before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.effects import Handler
from hub.effects.handlers import HOLD
from hub.models import Effect
from orders.operations.shops import OBSERVING, observed_orders


class Observed(Handler):
    """Effects about mall orders: held, not dropped, while the shop observes; 本番開始 lets them go."""

    def reasons(self, effects: Sequence[Effect], now: datetime) -> Mapping[int, str]:
        observed = observed_orders([effect.order_id for effect in effects if effect.order_id])
        return {
            pk: reason or (f"{HOLD}{OBSERVING}" if effect.order_id in observed else "")
            for effect, (pk, reason) in zip(effects, super().reasons(effects, now).items(), strict=True)
        }
