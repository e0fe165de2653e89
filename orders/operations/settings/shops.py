"""What may be changed of a shop besides its credentials, intake and mode (`orders/operations/shops.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub import rows
from hub.audit import Actor
from orders.models import Order, Shop
from orders.operations.shops import raise_rule_set

COLUMNS = frozenset(
    {
        "name",
        "mark",
        "colour",
        "confirm_by",
        "wait_minutes",
        "every_seconds",
        "next_day_name",
        "harmless_remarks",
        "signature",
        "warehouse_id",
    }
)


def change_shop(
    shop: Shop, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change a shop's columns (COLUMNS). A new waiting time holds for orders taken in from now on."""
    assert values.keys() <= COLUMNS, values
    changed = rows.change(shop, values, noun="shop", by=by, now=now, seen=seen)
    if set(changed) & {"warehouse_id", "confirm_by"}:
        raise_rule_set(now=now, shop_id=shop.pk)
    return changed


def retire_shop(shop: Shop, *, by: Actor, now: datetime) -> None:
    """Disconnect a shop: nothing is read or sent any more, its orders stay. Raises StillUsed while orders are open."""
    count = Order.objects.filter(shop=shop, is_open=True).count()
    if count:
        raise rows.StillUsed(name=shop.name, users=str(count))
    off = {"polling": False, "mode": "observe", "credentials": b"", "key_hint": ""}
    rows.change(shop, off, noun="shop", by=by, now=now, secret=("credentials",))
    rows.retire(shop, noun="shop", by=by, now=now)


def reorder_shops(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all connected shops in this order."""
    rows.reorder(Shop.objects.filter(retired_at__isnull=True), ids, noun="shop", by=by, now=now)
