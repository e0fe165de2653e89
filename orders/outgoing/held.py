"""Effects that wait because their order was taken out here, deleted or cancelled, and the mall still waits for them.

Their keys decide once for ever, so they are held and not dropped: whoever takes the order back finds them where they were. The
order's next pass lets them go (`let_go_of`), and they are asked again when they are sent. Retention ends them with their order.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from hub.clock import true_now
from hub.effects.handlers import HOLD
from hub.effects.late import let_go
from hub.models import Effect, EffectState
from orders.models import Order

ORDER_DELETED, ORDER_CANCELLED = "order_deleted", "order_cancelled"
TAKEN_OUT = (ORDER_DELETED, ORDER_CANCELLED)
"""Hold reasons."""
HOLD_DELETED, HOLD_CANCELLED = f"{HOLD}{ORDER_DELETED}", f"{HOLD}{ORDER_CANCELLED}"


def let_go_of(order_ids: Sequence[int]) -> int:
    """Let go what waits for those of the orders that are handled again; return how many effects."""
    handled = Order.objects.filter(
        ~Q(phase="cancelled") | ~Q(mall_state="new"), pk__among=list(order_ids), deleted_at=None
    )
    held = Effect.objects.filter(order_id__in=handled.values("pk"), hold_reason__in=TAKEN_OUT)
    return let_go(held.filter(state=EffectState.WAITING))


def give_up(order_ids: Sequence[int]) -> None:
    """Drop what waits for the locked orders to be taken back: they are erased now, and will not be."""
    held = Effect.objects.filter(order_id__in=order_ids, hold_reason__in=TAKEN_OUT, state=EffectState.WAITING)
    held.update(state=EffectState.DROPPED, hold_reason="", reason="erased", settled_at=true_now())
