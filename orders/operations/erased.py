"""An erased order is closed: its persons are gone, so nobody edits it, writes to its buyer or prints papers for it any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from hub.problems import Refusal
from orders.models import Order


class IsErased(Refusal):
    """The order's persons were erased by retention; it cannot be changed any more."""

    code = "erased"


class _Erasable(Protocol):
    erased_at: datetime | None


def refuse_erased(row: _Erasable) -> None:
    """Raise IsErased for an order or parcel whose persons were erased."""
    if row.erased_at is not None:
        raise IsErased


def erased_among(order_ids: Collection[int]) -> set[int]:
    """Return those of the orders that are erased."""
    rows = Order.objects.filter(pk__among=list(order_ids), erased_at__isnull=False).order_by()
    return set(rows.values_list("pk", flat=True))
