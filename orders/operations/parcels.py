"""The wish to ship, its withdrawal, and splitting parcels. A wish becomes a request in `warehouses/requesting.py` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import F

from hub.audit import Actor
from orders.models import Order, OrderLine, Parcel
from orders.models.orders import ParcelState
from orders.operations.door import Changed, lock, note, touch
from orders.operations.edits import FREE, ParcelBusy, lock_parcel
from orders.operations.erased import refuse_erased
from orders.operations.holds import close_mark, system_task


class NothingToSplit(Exception):
    """The quantities named are none, or all, of what the parcel holds."""


def want_shipment(order_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Wish that the orders' parcels be shipped. It goes by itself as soon as nothing holds; until then the order says what does.

    Parcels that were withdrawn, requested or shipped are left alone: only a person starts a withdrawn one again (`reopen`).
    """
    outcome = Changed()
    orders = lock(order_ids, "phase", "deleted_at", "revision", "mall_state")
    for order in orders:
        if order.deleted_at is not None or order.phase in ("shipped", "done", "cancelled"):
            outcome.refuse(order.pk, "not_open")
    refused = {issue.order_id for issue in outcome.issues}
    ids = [order.pk for order in orders if order.pk not in refused]
    parcels = Parcel.objects.filter(
        order_id__in=ids, state=ParcelState.DRAFT, ship_wanted_at__isnull=True, closed_at__isnull=True
    )
    wanted = sorted(set(parcels.values_list("order_id", flat=True)))
    parcels.update(ship_wanted_at=now, ship_fault="")
    Order.objects.filter(pk__in=wanted).exclude(mall_state="none").update(reread_at=now)
    note(wanted, verb="parcel.wanted", by=by, now=now, batch_id=batch_id)
    outcome.changed = wanted
    outcome.unchanged = [order_id for order_id in ids if order_id not in set(wanted)]
    return outcome


def unwant_shipment(order_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Take the wish back where no request has been made of it yet."""
    orders = lock(order_ids, "revision")
    parcels = Parcel.objects.filter(
        order_id__in=[o.pk for o in orders], state=ParcelState.DRAFT, ship_wanted_at__isnull=False
    )
    changed = sorted(set(parcels.values_list("order_id", flat=True)))
    parcels.update(ship_wanted_at=None)
    note(changed, verb="parcel.unwanted", by=by, now=now, batch_id=batch_id)
    return Changed(changed=changed, unchanged=[o.pk for o in orders if o.pk not in set(changed)])


def reopen(parcel_id: int, *, by: Actor, now: datetime) -> Changed:
    """Make a parcel that was withdrawn or could not be shipped free to be changed and wanted again, under a new reference."""
    parcel, orders = lock_parcel(parcel_id)
    refuse_erased(parcel)
    if parcel.state not in (ParcelState.CANNOT_SHIP, ParcelState.CANCELLED):
        raise ParcelBusy(parcel.state)
    was = parcel.state
    parcel.state, parcel.state_at, parcel.ship_wanted_at, parcel.ship_fault = ParcelState.DRAFT, now, None, ""
    parcel.revision += 1
    parcel.save(update_fields=["state", "state_at", "ship_wanted_at", "ship_fault", "revision"])
    ids = [order.pk for order in orders]
    close_mark(ids, task=system_task("cannot_ship" if was == ParcelState.CANNOT_SHIP else "withdrawn"), by=by, now=now)
    touch(
        ids,
        verb="parcel.reopened",
        by=by,
        now=now,
        before={"state": was},
        after={"state": parcel.state},
        parcel=parcel.pk,
    )
    return Changed(changed=ids)


def split_parcel(parcel_id: int, *, take: Mapping[int, int], by: Actor, now: datetime) -> Parcel:
    """Move quantities (line id → pieces) out of a parcel into a new one for the same recipient. Amounts stay on the order.

    Raises ParcelBusy after the request (the database refuses it too), NothingToSplit.
    """
    parcel, orders = lock_parcel(parcel_id)
    refuse_erased(parcel)
    if parcel.state not in FREE:
        raise ParcelBusy(parcel.state)
    lines = {line.pk: line for line in OrderLine.objects.filter(parcel=parcel, closed_at__isnull=True)}
    wanted = {pk: pieces for pk, pieces in take.items() if pieces > 0}
    left = sum(line.quantity for line in lines.values()) - sum(wanted.values())
    if not wanted or left <= 0 or any(pk not in lines or pieces > lines[pk].quantity for pk, pieces in wanted.items()):
        raise NothingToSplit
    fresh = copy_parcel(parcel, now=now)
    for pk, pieces in sorted(wanted.items()):
        move_pieces(lines[pk], pieces, fresh)
    Parcel.objects.filter(pk=parcel.pk).update(revision=F("revision") + 1)
    ids = [order.pk for order in orders]
    touch(
        ids,
        verb="parcel.split",
        by=by,
        now=now,
        after={"parcel": fresh.pk, "take": {str(k): v for k, v in wanted.items()}},
        parcel=parcel.pk,
    )
    return fresh


def copy_parcel(parcel: Parcel, *, now: datetime) -> Parcel:
    """Make a DRAFT parcel for the same recipient, without lines, wish or results."""
    skip = {
        "id",
        "state",
        "state_at",
        "ship_wanted_at",
        "ship_fault",
        "ship_on",
        "shipped_on",
        "shipment",
        "revision",
        "closed_at",
    }
    values = {f.attname: getattr(parcel, f.attname) for f in Parcel._meta.concrete_fields if f.attname not in skip}
    positions = Parcel.objects.filter(order_id=parcel.order_id).values_list("position", flat=True)
    values["position"] = max(positions, default=0) + 1
    return Parcel.objects.create(**values, state_at=now)


def move_pieces(line: OrderLine, pieces: int, to: Parcel) -> OrderLine:
    """Move pieces of a line into another parcel: the whole line, or a part of it as a new line of the same order."""
    if pieces == line.quantity:
        line.parcel = to
        line.save(update_fields=["parcel"])
        return line
    skip = {"id", "quantity", "parcel_id", "ship_units"}
    values = {f.attname: getattr(line, f.attname) for f in OrderLine._meta.concrete_fields if f.attname not in skip}
    per_piece = line.ship_units // line.quantity if line.quantity else 0
    OrderLine.objects.filter(pk=line.pk).update(
        quantity=line.quantity - pieces, ship_units=(line.quantity - pieces) * per_piece
    )
    return OrderLine.objects.create(**values, quantity=pieces, ship_units=pieces * per_piece, parcel=to)
