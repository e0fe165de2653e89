"""The wish to ship single parcels; over whole orders it is `parcels.want_shipment`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hub.audit import Actor
from orders.models import Order, OrderLine, Parcel
from orders.models.orders import ParcelState
from orders.operations.door import Changed, lock, note
from orders.operations.parcels import reopen


@dataclass(kw_only=True)
class Wanted:
    """Parcels that are wanted now, those that were already, and why the others cannot be."""

    changed: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def ask_again(parcel_id: int, *, by: Actor, now: datetime) -> Changed:
    """Ask once more for a parcel that a warehouse refused or gave back: it is free again, under a new reference, and wanted.

    Raises ParcelBusy.
    """
    outcome = reopen(parcel_id, by=by, now=now)
    want_parcels([parcel_id], by=by, now=now)
    return outcome


def want_parcels(parcel_ids: Iterable[int], *, by: Actor, now: datetime) -> Wanted:
    """Wish that these parcels be shipped; each goes by itself as soon as nothing holds its orders."""
    wanted = sorted(set(parcel_ids))
    lines = OrderLine.objects.filter(parcel_id__in=wanted).values_list("parcel_id", "order_id")
    leads = Parcel.objects.filter(pk__in=wanted).values_list("pk", "order_id")
    orders = {
        order.pk: order
        for order in lock({order_id for _, order_id in [*lines, *leads]}, "phase", "deleted_at", "revision")
    }
    parcels = {parcel.pk: parcel for parcel in Parcel.locked(wanted)}
    outcome = Wanted(refused={pk: "unknown" for pk in wanted if pk not in parcels})
    for pk, parcel in parcels.items():
        order = orders[parcel.order_id]
        if order.deleted_at is not None or order.phase in ("shipped", "done", "cancelled"):
            outcome.refused[pk] = "not_open"
        elif parcel.state != ParcelState.DRAFT or parcel.closed_at is not None:
            outcome.refused[pk] = "parcel_busy"
        else:
            (outcome.unchanged if parcel.ship_wanted_at else outcome.changed).append(pk)
    Parcel.objects.filter(pk__in=outcome.changed).update(ship_wanted_at=now, ship_fault="")
    ids = sorted({parcels[pk].order_id for pk in outcome.changed})
    Order.objects.filter(pk__in=ids).exclude(mall_state="none").update(reread_at=now)
    note(ids, verb="parcel.wanted", by=by, now=now, parcels=outcome.changed)
    return outcome
