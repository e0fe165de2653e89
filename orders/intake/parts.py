"""The parts of a changed order meet ours: destinations and lines by the mall's keys. What a warehouse has is held, never touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from hub.audit import Actor
from orders.addresses import doubt
from orders.channels import MallLine, MallOrder, MallParcel
from orders.intake.fresh import lines_of, listings_of
from orders.intake.rows import CARRIER_AT_MALL, line_columns, parcel_columns
from orders.models import Order, OrderLine, Parcel, Phase, Shop
from orders.models.orders import ParcelState
from orders.operations.edits import ADDRESS, FREE
from orders.operations.holds import open_mark, system_task
from orders.operations.leaving import keeps_wishes

PLACE = ("postal_code", "prefecture", "city", "street")


def _hold(order_id: int, *, reason: str, by: Actor, now: datetime, **detail: Any) -> None:
    """Hold the order until a person has decided about what the mall changed."""
    task = system_task("mall_changed")
    open_mark([order_id], task=task, by=by, now=now, reason=reason, detail=detail)


def plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def same_delivery(order: Order, mall: MallOrder) -> bool:
    """Say whether the mall names the delivery as before: then the method stands, which a rule or a person may have chosen."""
    return bool(order.delivery_method) and order.delivery_name == mall.delivery_name


def merge_parcels(shop: Shop, order: Order, mall: MallOrder, *, now: datetime, by: Actor) -> bool:
    """Match parcels by the mall's key and lines by theirs; say whether anything changed."""
    parcels: dict[str, list[Parcel]] = {}
    rows = Parcel.objects.filter(order=order, closed_at__isnull=True).order_by("pk")
    for parcel in rows.select_for_update(no_key=True, of=("self",)):
        parcels.setdefault(parcel.mall_parcel_key, []).append(parcel)
    listings = listings_of(shop, lines_of([mall]))
    changed = False
    same = same_delivery(order, mall)
    seen_lines: set[str] = set()
    for position, theirs in enumerate(mall.parcels, start=1):
        ours = parcels.get(theirs.key)
        if ours is None:
            ours = parcels[theirs.key] = [_fresh_parcel(order, theirs, mall, position=position, by=by, now=now)]
            changed = True
        else:
            for parcel in ours:
                changed |= _merge_parcel(parcel, theirs, mall, same_delivery=same, by=by, now=now)
        for line in theirs.lines:
            seen_lines.add(line.key)
            changed |= _merge_line(order, ours, line, theirs.key, listings, by=by, now=now)
    for line in (
        OrderLine.objects.filter(order=order, closed_at__isnull=True)
        .exclude(mall_line_key="")
        .exclude(mall_line_key__in=seen_lines)
    ):
        changed |= _close_line(line, by=by, now=now)
    gone = parcels.keys() - {theirs.key for theirs in mall.parcels} - {""}
    return _close_emptied([parcel for key in gone for parcel in parcels[key]], now=now) or changed


def _fresh_parcel(
    order: Order, theirs: MallParcel, mall: MallOrder, *, position: int, by: Actor, now: datetime
) -> Parcel:
    """Make a destination that the mall has added: it goes as was decided for the order's others, or the order is held. So it is
    where the others' wishes sleep: it would be left behind when they come back."""
    lines = OrderLine.objects.filter(order=order, closed_at__isnull=True, quantity__gt=0)
    others = list(Parcel.objects.filter(pk__in=lines.values("parcel_id")).order_by("pk"))
    columns = parcel_columns(theirs, position=position, order=mall)
    columns.update(_chosen_delivery(order, columns, others, mall))
    fresh: Parcel = Parcel.objects.create(order=order, state_at=now, **columns, **_alike(others))
    if (not _goes_along(others) and order.phase != Phase.CANCELLED) or keeps_wishes(order):
        _hold(order.pk, reason="parcel_added_after_request", by=by, now=now, parcel=fresh.pk)
    return fresh


def _goes_along(others: Sequence[Parcel]) -> bool:
    """Say whether a further parcel goes by itself with these: no warehouse has any, and all are wanted or none is, for rules to wish."""
    free = all(parcel.state == ParcelState.DRAFT for parcel in others)
    return free and len({parcel.ship_wanted_at is None for parcel in others}) <= 1


def _alike(others: Sequence[Parcel]) -> dict[str, Any]:
    """Return what was decided alike for parcels that still wait: who ships them, on which day, and that they shall go."""
    waiting = [parcel for parcel in others if parcel.state == ParcelState.DRAFT]
    found: dict[str, Any] = {}
    for names in (("warehouse_id", "warehouse_by_hand"), ("ship_on",)):
        if len({tuple(getattr(parcel, name) for name in names) for parcel in waiting}) == 1:
            found.update({name: getattr(waiting[0], name) for name in names})
    if waiting and _goes_along(others):
        found["ship_wanted_at"] = waiting[0].ship_wanted_at
    return found


def _chosen_delivery(
    order: Order, columns: Mapping[str, Any], others: Sequence[Parcel], mall: MallOrder
) -> dict[str, Any]:
    """Return the delivery that a rule or a person has chosen for the order; a person's owns it, the mall's is kept beside."""
    by_hand = "delivery_method" in order.edited_fields
    if not by_hand and not same_delivery(order, mall):
        return {}
    chosen = {"delivery_method": order.delivery_method}
    if carrier := next((parcel.carrier for parcel in others if not _is_malls_carrier(parcel)), ""):
        chosen["carrier"] = carrier
    return {**chosen, "edited_fields": {name: columns[name] for name in chosen} if by_hand else {}}


def _is_malls_carrier(parcel: Parcel) -> bool:
    return bool(parcel.carrier == parcel.mall_fields.get(CARRIER_AT_MALL, ""))


def _merge_parcel(
    parcel: Parcel, theirs: MallParcel, mall: MallOrder, *, same_delivery: bool, by: Actor, now: datetime
) -> bool:
    columns = parcel_columns(theirs, position=parcel.position, order=mall)
    if same_delivery:
        del columns["delivery_method"]
    same_carrier = theirs.carrier == parcel.mall_fields.get(CARRIER_AT_MALL, "")
    if same_carrier and (same_delivery or "carrier" in parcel.edited_fields):
        del columns["carrier"]
    if parcel.edited_fields.keys() & set(PLACE):
        stands = {**columns, **{name: getattr(parcel, name) for name in parcel.edited_fields}}
        columns["address_doubt"] = doubt(*(stands[name] for name in PLACE))
    values = {n: v for n, v in columns.items() if getattr(parcel, n) != v}
    edited = {name: plain(value) for name, value in values.items() if name in parcel.edited_fields}
    edited_new = {name: value for name, value in edited.items() if value != parcel.edited_fields[name]}
    values = {name: value for name, value in values.items() if name not in parcel.edited_fields}
    if parcel.address_accepted and values.keys() & set(PLACE):
        values["address_accepted"] = False
    content = {
        name: value
        for name, value in values.items()
        if name not in ("mall_fields", "goods_yen", "total_yen", "postage_yen", "fee_yen")
    }
    if parcel.state not in FREE and content:
        fields = {name: plain(value) for name, value in content.items()}
        _hold(parcel.order_id, reason="changed_after_request", by=by, now=now, fields=fields, parcel=parcel.pk)
        return True
    if edited_new:
        _hold(parcel.order_id, reason="mall_changed", by=by, now=now, fields=edited_new, parcel=parcel.pk)
        parcel.edited_fields = {**parcel.edited_fields, **edited_new}
        parcel.save(update_fields=["edited_fields"])
    if not values:
        return bool(edited_new)
    for name, value in values.items():
        setattr(parcel, name, value)
    if content:
        parcel.revision += 1
    parcel.save(update_fields=[*values, "revision"])
    return bool(content)


def _merge_line(
    order: Order, ours: list[Parcel], theirs: MallLine, parcel_key: str, listings: Mapping[str, tuple[int, int | None, int]],
    *, by: Actor, now: datetime,
) -> bool:  # fmt: skip
    """Bring one line up to what the mall says: its destination, its pieces, its item. It may stand in pieces, in several parcels."""
    listing_id, product_id, units = listings[theirs.listing_key]
    rows = list(
        OrderLine.objects.filter(order=order, mall_line_key=theirs.key, closed_at__isnull=True)
        .select_related("parcel")
        .order_by("pk")
    )
    free = next((p for p in ours if p.state == ParcelState.DRAFT), next((p for p in ours if p.state in FREE), None))
    columns = line_columns(theirs, position=rows[0].position if rows else 99, parcel_key=parcel_key)
    if not rows:
        if free is None:
            _hold(order.pk, reason="line_added_after_request", by=by, now=now, line=theirs.name)
            return True
        OrderLine.objects.create(
            order=order,
            parcel=free,
            listing_id=listing_id,
            product_id=product_id,
            ship_units=units * theirs.quantity,
            **columns,
        )
        return True
    del columns["quantity"]
    changed = False
    for row in rows:
        if row.mall_parcel_key != parcel_key:
            _move_line(order, row, free, by=by, now=now)
        values = {name: value for name, value in columns.items() if getattr(row, name) != value}
        if row.listing_id != listing_id:
            values["listing_id"] = listing_id
            if row.parcel.state in FREE:
                values.update(product_id=product_id, ship_units=row.quantity * units)
            else:
                _hold(order.pk, reason="item_changed_after_request", by=by, now=now, line=theirs.name)
        if values:
            OrderLine.objects.filter(pk=row.pk).update(**values)
            changed = True
    return _change_pieces(order, rows, theirs, units, by=by, now=now) or changed


def _move_line(order: Order, row: OrderLine, to: Parcel | None, *, by: Actor, now: datetime) -> None:
    """Move a line to the destination where the mall has it now; where it cannot go, or might not go out there, hold the order."""
    was = row.parcel
    if to is not None and was.pk == to.pk:
        return
    if to is None or was.state not in FREE or was.order_id != order.pk:
        _hold(order.pk, reason="line_moved_after_request", by=by, now=now, line=row.name, parcel=was.pk)
        return
    OrderLine.objects.filter(pk=row.pk).update(parcel=to)
    Parcel.objects.filter(pk__in=[was.pk, to.pk]).update(revision=F("revision") + 1)
    row.parcel = to
    if not _goes_along([was, to]) or was.edited_fields.keys() & set(ADDRESS):
        _hold(order.pk, reason="line_moved", by=by, now=now, line=row.name, parcel=to.pk)


def _change_pieces(
    order: Order, rows: Sequence[OrderLine], theirs: MallLine, units: int, *, by: Actor, now: datetime
) -> bool:
    difference = theirs.quantity - sum(row.quantity for row in rows)
    if not difference:
        return False
    row = next((row for row in rows if row.parcel.state in FREE and row.quantity + difference >= 0), None)
    if row is None:
        said = {"line": theirs.name, "quantity": theirs.quantity}
        _hold(order.pk, reason="quantity_changed_after_request", by=by, now=now, **said)
        return True
    quantity = row.quantity + difference
    OrderLine.objects.filter(pk=row.pk).update(quantity=quantity, ship_units=quantity * units)
    Parcel.objects.filter(pk=row.parcel_id).update(revision=F("revision") + 1)
    return True


def _close_line(line: OrderLine, *, by: Actor, now: datetime) -> bool:
    """Close a line that vanished at the mall; if a warehouse is working on it, hold the order instead."""
    if line.parcel.state not in FREE:
        _hold(line.order_id, reason="line_gone_after_request", by=by, now=now, line=line.name)
        return True
    OrderLine.objects.filter(pk=line.pk).update(closed_at=now)
    Parcel.objects.filter(pk=line.parcel_id).update(revision=F("revision") + 1)
    return True


def _close_emptied(parcels: Iterable[Parcel], *, now: datetime) -> bool:
    """Close destinations that the mall no longer has, once nothing is left in them: their address asks and holds nothing any more."""
    ids = [parcel.pk for parcel in parcels if parcel.state in FREE]
    filled = OrderLine.objects.filter(parcel_id__in=ids, closed_at__isnull=True).values_list("parcel_id", flat=True)
    emptied = set(ids) - set(filled) if ids else set()
    if emptied:
        Parcel.objects.filter(pk__in=emptied).update(closed_at=now, ship_wanted_at=None, ship_fault="")
    return bool(emptied)
