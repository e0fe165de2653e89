"""Changing one order at a caller's word: several edits as one act, refused as a whole when the order was changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.audit import Actor
from hub.problems import Refusal
from orders.models import Order, OrderLine
from orders.operations.door import lock
from orders.operations.edits import Conflict, edit_parcel, set_delivery
from orders.operations.erased import refuse_erased
from orders.operations.holds import read_remark
from orders.operations.labels import set_memo


class IsDeleted(Refusal):
    """The order was taken out of the hub; take it back first."""

    code = "deleted"


class NotOfThisOrder(Refusal):
    """The parcel holds nothing of the order."""

    code = "not_found"
    status = 422


def change_order(order_id: int, *, values: Mapping[str, Any], seen_revision: int, by: Actor, now: datetime) -> int:
    """Change memo, delivery_method, remark_read and parcels (each with its id); return the order's revision.

    Raises Conflict when the order is not at `seen_revision`, ParcelBusy, IsDeleted, IsErased, NotOfThisOrder. Nothing is done by halves:
    the caller's transaction goes back.
    """
    order = lock([order_id])[0]
    if order.revision != seen_revision:
        yours = {name: value for name, value in values.items() if name != "parcels"}
        raise Conflict(order.revision, {name: getattr(order, name, None) for name in yours}, yours)
    refuse_erased(order)
    if order.deleted_at is not None:
        raise IsDeleted
    if "memo" in values and values["memo"] != order.memo:
        set_memo([order_id], text=values["memo"], add=False, by=by, now=now)
    if "delivery_method" in values and values["delivery_method"] != order.delivery_method:
        set_delivery([order_id], method=values["delivery_method"], by=by, now=now)
    if values.get("remark_read"):
        read_remark([order_id], by=by, now=now)
    for place, parcel in enumerate(values.get("parcels", ())):
        if not OrderLine.objects.filter(order_id=order_id, parcel_id=parcel["id"], closed_at__isnull=True).exists():
            raise NotOfThisOrder(field=f"parcels/{place}/id")
        edit_parcel(parcel["id"], values=_columns(parcel), by=by, now=now)
    revision: int = Order.objects.values_list("revision", flat=True).get(pk=order_id)
    return revision


def _columns(parcel: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parcel's columns of a change as a caller writes it."""
    wish = parcel.get("wish") or {}
    found = dict(parcel.get("recipient") or {})
    found.update(
        {column: wish[name] for name, column in (("date_on", "wish_on"), ("time", "wish_time")) if name in wish}
    )
    found.update({name: parcel[name] for name in ("delivery_method", "carrier", "noshi", "drop_off") if name in parcel})
    return found
