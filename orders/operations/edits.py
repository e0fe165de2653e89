"""Edits by people and rules: the delivery address, wishes, delivery method and warehouse, with conflicts shown and owners kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from hub.audit import Actor
from hub.tenancy import current_tenant
from orders.addresses import doubt
from orders.lookups import as_array
from orders.models import Order, OrderLine, Parcel, Warehouse
from orders.models.orders import ParcelState
from orders.operations.door import Changed, Row, lock, touch, write
from orders.operations.erased import refuse_erased
from orders.search import refresh_keys

ADDRESS = ("name", "kana", "phone", "postal_code", "prefecture", "city", "street")
FREE = (ParcelState.DRAFT, ParcelState.CANNOT_SHIP, ParcelState.CANCELLED)
"""States in which a parcel may still be changed: nobody is working on it."""


class Conflict(Exception):
    """Someone changed the order meanwhile. `theirs` is what stands now, `yours` what was wanted."""

    def __init__(self, revision: int, theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> None:
        super().__init__("changed meanwhile")
        self.revision = revision
        self.theirs = dict(theirs)
        self.yours = dict(yours)


class ParcelBusy(Exception):
    """The warehouse has the parcel: withdraw the request first."""


def lock_parcel(parcel_id: int) -> tuple[Parcel, list[Order]]:
    """Lock all orders of the parcel's lines and then the parcel; the orders are checked to be still all of them."""
    while True:
        parcel: Parcel = Parcel.objects.get(pk=parcel_id)
        ids = _orders_of(parcel)
        orders = lock(ids)
        parcel = Parcel.objects.select_for_update(no_key=True, of=("self",)).get(pk=parcel_id)
        if _orders_of(parcel) <= ids:
            return parcel, orders


def _orders_of(parcel: Parcel) -> set[int]:
    lines = OrderLine.objects.filter(parcel_id=parcel.pk).values_list("order_id", flat=True)
    return {parcel.order_id, *lines}


def edit_parcel(
    parcel_id: int, *, values: Mapping[str, Any], by: Actor, now: datetime, seen_revision: int | None = None
) -> Changed:
    """Change address or wishes of a parcel. A person's edit becomes the field's owner: the mall's later value is kept beside it.

    Raises Conflict when `seen_revision` is not the lead order's, ParcelBusy after the request, IsErased.
    """
    parcel, orders = lock_parcel(parcel_id)
    refuse_erased(parcel)
    lead = next(order for order in orders if order.pk == parcel.order_id)
    before = {field: getattr(parcel, field) for field in values}
    if seen_revision is not None and lead.revision != seen_revision:
        raise Conflict(lead.revision, before, values)
    if parcel.state not in FREE:
        raise ParcelBusy(parcel.state)
    changed = {field: value for field, value in values.items() if before[field] != value}
    if not changed:
        return Changed(unchanged=[lead.pk])
    for field, value in changed.items():
        setattr(parcel, field, value)
    if by.is_person:
        parcel.edited_fields = {
            **parcel.edited_fields,
            **{field: _plain(before[field]) for field in changed if field not in parcel.edited_fields},
        }
    parcel.revision += 1
    if changed.keys() & {"postal_code", "prefecture", "city", "street"}:
        parcel.address_doubt = doubt(parcel.postal_code, parcel.prefecture, parcel.city, parcel.street)
        parcel.address_accepted = False
    parcel.save(update_fields=[*changed, "address_doubt", "address_accepted", "edited_fields", "revision"])
    _refresh_doubt(parcel.order_id)
    ids = [order.pk for order in orders]
    old, new = {f: _plain(before[f]) for f in changed}, {f: _plain(v) for f, v in changed.items()}
    touch(ids, verb="parcel.edited", by=by, now=now, before=old, after=new, parcel=parcel.pk)
    if changed.keys() & {"name", "kana", "phone"}:
        for order_id in ids:
            refresh_keys(order_id)
    return Changed(changed=ids)


def _refresh_doubt(order_id: int) -> None:
    """Copy the first doubtful address of the order's parcels to the order, where tasks and rules read it."""
    Order.objects.filter(pk=order_id).update(address_doubt=first_doubt(order_id))


def accept_addresses(order_ids: Iterable[int]) -> None:
    """Take the orders' doubtful addresses as they stand, at a person's word: until one changes, no rule and no task asks again."""
    ids = list(order_ids)
    doubtful = Parcel.objects.filter(order_id__in=ids, closed_at__isnull=True).exclude(address_doubt="")
    doubtful.update(address_accepted=True)
    Order.objects.filter(pk__in=ids).exclude(address_doubt="").update(address_doubt="")


def first_doubt(order_id: int) -> str:
    """Return what is doubtful about the order's addresses as they stand: the code of the first parcel that has one and that nobody
    has accepted."""
    parcels = Parcel.objects.filter(order_id=order_id, closed_at__isnull=True, address_accepted=False)
    doubts = parcels.exclude(address_doubt="")
    return doubts.order_by("position", "pk").values_list("address_doubt", flat=True).first() or ""


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def choose_warehouse(
    order_ids: Iterable[int], *, warehouse: Warehouse, by: Actor, now: datetime, batch_id: int | None = None
) -> Changed:
    """Say who ships the orders' parcels that nobody works on yet. A person's choice is not overwritten by a rule."""
    outcome = Changed()
    orders = lock(order_ids, "revision")
    parcels = (
        Parcel.objects.filter(order_id__in=[o.pk for o in orders], closed_at__isnull=True)
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    touched: dict[int, list[int]] = {}
    for parcel in parcels:
        if (
            parcel.state not in FREE
            or parcel.warehouse_id == warehouse.pk
            or (parcel.warehouse_by_hand and not by.is_person)
        ):
            continue
        touched.setdefault(parcel.order_id, []).append(parcel.pk)
    Parcel.objects.filter(pk__in=[pk for pks in touched.values() for pk in pks]).update(
        warehouse=warehouse, warehouse_by_hand=by.is_person
    )
    outcome.changed = sorted(touched)
    outcome.unchanged = [order.pk for order in orders if order.pk not in touched]
    touch(
        outcome.changed,
        verb="order.warehouse",
        by=by,
        now=now,
        batch_id=batch_id,
        after={"warehouse": warehouse.pk},
        name=warehouse.name,
    )
    return outcome


def set_delivery(
    order_ids: Iterable[int], *, method: str, by: Actor, now: datetime, carrier: str = "", batch_id: int | None = None
) -> Changed:
    """Set the delivery method (and carrier) of orders and their parcels that nobody works on yet.

    A person becomes the owner of both, on order and parcels: no rule and no later reading of the mall takes them back.
    """
    outcome, rows = Changed(), []
    orders = lock(order_ids, "delivery_method", "edited_fields", "revision")
    free = _free_parcels([order.pk for order in orders], by=by)
    for order in orders:
        parcels = free.get(order.pk, [])
        stands = order.delivery_method == method and not any(_differs(parcel, method, carrier) for parcel in parcels)
        if stands or ("delivery_method" in order.edited_fields and not by.is_person):
            outcome.unchanged.append(order.pk)
            continue
        edited = (
            {"delivery_method": order.delivery_method, **order.edited_fields} if by.is_person else order.edited_fields
        )
        rows.append(
            Row(
                order_id=order.pk,
                before={"delivery_method": order.delivery_method, "edited_fields": order.edited_fields},
                after={"delivery_method": method, "edited_fields": edited},
                notes_before={"parcels": [_as_it_was(parcel, method, carrier, by) for parcel in parcels]},
                notes_after={"carrier": carrier},
            )
        )
        outcome.changed.append(order.pk)
    chosen = [parcel.pk for pk in outcome.changed for parcel in free.get(pk, [])]
    write_delivery(chosen, method=method, carrier=carrier, by=by)
    write(rows, verb="order.delivery", by=by, now=now, batch_id=batch_id)
    return outcome


def _free_parcels(order_ids: list[int], *, by: Actor) -> dict[int, list[Parcel]]:
    """Return the orders' parcels whose delivery may be chosen: nobody works on them, and no person chose it before a rule."""
    found: dict[int, list[Parcel]] = {}
    rows = Parcel.objects.filter(order_id__among=order_ids, state__in=FREE, closed_at__isnull=True).order_by("pk")
    for parcel in rows.only("tenant_id", "order_id", "delivery_method", "carrier", "edited_fields"):
        if by.is_person or "delivery_method" not in parcel.edited_fields:
            found.setdefault(parcel.order_id, []).append(parcel)
    return found


def _differs(parcel: Parcel, method: str, carrier: str) -> bool:
    return parcel.delivery_method != method or (bool(carrier) and parcel.carrier != carrier)


def _as_it_was(parcel: Parcel, method: str, carrier: str, by: Actor) -> dict[str, Any]:
    """Return a parcel's delivery for the history, from which undo sets it back; `owned` is what a person takes over now."""
    taken = ("delivery_method", *(("carrier",) if carrier else ())) if by.is_person else ()
    return {
        "parcel": parcel.pk,
        "delivery_method": parcel.delivery_method,
        "carrier": parcel.carrier,
        "owned": [name for name in taken if name not in parcel.edited_fields],
    }


def write_delivery(parcel_ids: list[int], *, method: str, carrier: str, by: Actor) -> None:
    """Write method and carrier of parcels; a person's are theirs from now on, what stood there before is kept beside."""
    if not parcel_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE orders_parcel SET delivery_method = %(method)s, carrier = coalesce(nullif(%(carrier)s, ''), carrier),
                   edited_fields = CASE WHEN %(person)s THEN jsonb_build_object('delivery_method', delivery_method)
                       || CASE WHEN %(carrier)s = '' THEN '{}' ELSE jsonb_build_object('carrier', carrier) END ELSE '{}' END
                       || edited_fields
               WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::bigint[])""",
            {
                "method": method,
                "carrier": carrier,
                "person": by.is_person,
                "tenant": current_tenant(),
                "ids": as_array(parcel_ids),
            },
        )


def restore_delivery(parcels: Iterable[Mapping[str, Any]], *, wrote: str) -> None:
    """Set parcels back as `set_delivery` noted them, where nobody works on them yet and they still hold what it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE orders_parcel p SET delivery_method = x.delivery_method, carrier = x.carrier,
                   edited_fields = p.edited_fields - x.owned
               FROM json_to_recordset(%s::json) AS x(parcel bigint, delivery_method text, carrier text, owned text[])
               WHERE p.tenant_id = %s AND p.id = x.parcel AND p.state = ANY(%s) AND p.delivery_method = %s""",
            [json.dumps(list(parcels)), current_tenant(), [str(state) for state in FREE], wrote],
        )
