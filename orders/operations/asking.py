"""Asking the outside about a set of orders: their malls to be read again, their warehouses to give parcels back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hub.audit import Actor
from orders.models import Order, OrderLine, Parcel
from orders.models.orders import ParcelState
from orders.operations.door import Changed, Row, enter_audit, lock, note
from orders.operations.leaving import BUSY
from orders.plugs import act


def read_again(order_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Put the orders on the list of those to read from their malls now."""
    outcome = Changed()
    for order in lock(order_ids, "mall_state", "deleted_at", "erased_at"):
        if order.erased_at is not None:
            outcome.refuse(order.pk, "erased")
        elif order.mall_state == "none":
            outcome.refuse(order.pk, "no_mall")
        elif order.deleted_at is not None:
            outcome.refuse(order.pk, "deleted")
        else:
            outcome.changed.append(order.pk)
    Order.objects.filter(pk__in=outcome.changed).update(reread_at=now)
    note(outcome.changed, verb="order.read_again", by=by, now=now, batch_id=batch_id)
    return outcome


def withdraw(
    order_ids: Iterable[int],
    *,
    accept_fee: bool = False,
    reason: str = "",
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
) -> Changed:
    """Ask the warehouses to give back what they have of the orders. Each parcel is asked for by itself and answered truthfully.

    An order none of whose parcels a warehouse has, or whose parcels were all asked for, is refused: nothing_to_withdraw.
    """
    orders = lock(order_ids, "revision")
    lines = OrderLine.objects.filter(order_id__in=[order.pk for order in orders], closed_at__isnull=True)
    parcels = Parcel.objects.filter(pk__in=lines.values("parcel_id"), state__in=BUSY).exclude(
        state=ParcelState.CANCEL_ASKED
    )
    owners: dict[int, set[int]] = {}
    for parcel_id, order_id in lines.filter(parcel__in=parcels).values_list("parcel_id", "order_id"):
        owners.setdefault(parcel_id, set()).add(order_id)
    for parcel_id in sorted(owners):
        act("ask_withdrawal")(parcel_id, accept_fee=accept_fee, reason=reason, by=by, now=now)
    asked = {order_id for ids in owners.values() for order_id in ids}
    if batch_id:
        rows = [Row(order_id=order_id, notes_after={"reason": reason} if reason else {}) for order_id in sorted(asked)]
        enter_audit(rows, {}, verb="order.withdraw_asked", by=by, now=now, batch_id=batch_id)
    outcome = Changed(changed=sorted(asked))
    for order in orders:
        if order.pk not in asked:
            outcome.refuse(order.pk, "nothing_to_withdraw")
    return outcome
