"""The occasions on which a mail goes by itself: what they are called, when each came about, and which orders explain their mails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """`began`: the times of an order, any of which explains such a mail to the flood gate (`taken_in`: taken in, or its wait over).

    `came_about`: when it was for one order, handed the time now; from then a mail grows old. `shipped`: only what has left has it.
    """

    key: str
    label: Promise
    began: tuple[str, ...]
    came_about: Callable[[Order, datetime], datetime]
    shipped: bool = False


def _now(order: Order, now: datetime) -> datetime:
    return now


def _taken_in(order: Order, now: datetime) -> datetime:
    return min(max(order.ready_at, order.taken_in_at), now)


def _shipped(order: Order, now: datetime) -> datetime:
    return order.shipped_at or now


_ALL = (
    Occasion(key="", label=_("手で、またはルールで送る"), began=("taken_in", "shipped_at"), came_about=_now),
    Occasion(key="thanks", label=_("サンクスメール"), began=("taken_in",), came_about=_taken_in),
    Occasion(key="shipped", label=_("発送連絡"), began=("shipped_at",), came_about=_shipped, shipped=True),
)
OCCASIONS: Mapping[str, Occasion] = {occasion.key: occasion for occasion in _ALL}
LABELS: Mapping[str, Promise] = {occasion.key: occasion.label for occasion in _ALL}
