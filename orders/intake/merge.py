"""A changed order of the mall meets ours: the mall's columns are rewritten, a person's edits stay, requested parcels are never touched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub import secrets
from hub.audit import Actor
from orders import search
from orders.addresses import doubt
from orders.channels import MallLine, MallOrder, MallParcel
from orders.following import follow_mall
from orders.intake.fresh import lines_of, listings_of, snapshot_owner, unmapped_key
from orders.intake.insert import hexed
from orders.intake.rows import line_columns, order_columns, parcel_columns
from orders.intake.schedule import next_reread
from orders.models import MallSnapshot, Order, OrderLine, OrderTag, Parcel, Shop, Tag
from orders.operations.door import Row, lock, write
from orders.operations.edits import FREE, first_doubt
from orders.operations.holds import open_mark, system_task

SHARED_ORDER = ("delivery_method", "remarks", "wish_on", "wish_time")
"""Order columns that a person may own; the mall's later value is then kept beside and shown."""
PLACE = ("postal_code", "prefecture", "city", "street")
QUIET = frozenset({"mall_read_at", "mall_fields"})
"""Columns whose change alone says nothing to the rules."""


def merge_order(shop: Shop, order_id: int, mall: MallOrder, *, by: Actor, now: datetime) -> None:
    """Bring one order up to what the mall says now, inside the open transaction."""
    order = lock([order_id])[0]
    was = {"mall_state": order.mall_state, "mall_block": order.mall_block}
    columns = order_columns(shop, mall, now=now)
    if mall.confirmed_at is None:
        del columns["confirmed_at"]  # ours stands where the mall tells no time of its own
    kept, beside = {}, {}
    for name in list(columns):
        if name in order.edited_fields and name in SHARED_ORDER:
            kept[name] = columns.pop(name)
    if "remarks" in columns and columns["remarks"] != order.remarks:
        columns["remark_read"] = False
    clashes = [
        name
        for name, value in kept.items()
        if _plain(value) != _plain(order.edited_fields.get(name)) and value != getattr(order, name)
    ]
    for name in clashes:
        beside[name] = _plain(kept[name])
    changed_parts = _merge_parcels(shop, order, mall, now=now, by=by)
    columns["address_doubt"] = first_doubt(order_id)
    before = {name: getattr(order, name) for name, value in columns.items() if getattr(order, name) != value}
    unmapped, open_lines = _line_counts(order_id)
    columns.update(unmapped_lines=unmapped, open_lines=open_lines, snapshot_hash=hexed(mall.hash))
    state = {"deleted_at": order.deleted_at, "phase": order.phase, "unreported": order.unreported, **columns}
    columns["reread_at"] = next_reread(state, now=now)
    matters = bool(set(before) - QUIET) or changed_parts
    write(
        [Row(order_id=order_id, before=before, after=columns, notes_after={"mall_beside": beside} if beside else {})],
        verb="order.mall_changed", by=by, now=now, judge=matters or _awaits_reading(order, columns, now),
    )  # fmt: skip
    body = secrets.seal_text(mall.payload, owner=snapshot_owner(order_id, order.tenant_id))
    MallSnapshot.objects.create(order_id=order_id, hash=mall.hash, body=body, received_at=now)
    search.refresh_keys(order_id)
    if clashes and order.deleted_at is None:
        open_mark(
            [order_id],
            task=system_task("mall_changed"),
            by=by,
            now=now,
            reason="mall_changed",
            detail={"fields": beside},
        )
    if order.deleted_at is None:
        follow_mall(order_id, mall, was=was, by=by, now=now)


def _awaits_reading(order: Order, columns: dict[str, Any], now: datetime) -> bool:
    return order.judged_revision == 0 and columns["ready_at"] <= now


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _line_counts(order_id: int) -> tuple[int, int]:
    lines = list(
        OrderLine.objects.filter(order_id=order_id, closed_at__isnull=True, quantity__gt=0).values_list(
            "product_id", flat=True
        )
    )
    unmapped = sum(product is None for product in lines)
    key = unmapped_key(unmapped, len(lines))
    tags = {tag.key: tag.pk for tag in Tag.objects.exclude(key="")}
    OrderTag.objects.filter(
        order_id=order_id, tag_id__in=[pk for k, pk in tags.items() if k.startswith("unmapped") and k != key]
    ).delete()
    if key in tags:
        OrderTag.objects.get_or_create(order_id=order_id, tag_id=tags[key])
    return unmapped, len(lines)


def _merge_parcels(shop: Shop, order: Order, mall: MallOrder, *, now: datetime, by: Actor) -> bool:
    """Match parcels by the mall's key and lines by theirs; say whether anything changed."""
    parcels: dict[str, list[Parcel]] = {}
    for parcel in Parcel.objects.filter(order=order).select_for_update(no_key=True, of=("self",)).order_by("pk"):
        parcels.setdefault(parcel.mall_parcel_key, []).append(parcel)
    listings = listings_of(shop, lines_of([mall]))
    changed = False
    seen_lines: set[str] = set()
    for position, theirs in enumerate(mall.parcels, start=1):
        ours = parcels.get(theirs.key)
        if ours is None:
            fresh = Parcel.objects.create(
                order=order, state_at=now, **parcel_columns(theirs, position=position, order=mall)
            )
            ours = parcels[theirs.key] = [fresh]
            changed = True
        for parcel in ours:
            changed |= _merge_parcel(parcel, theirs, mall, by=by, now=now)
        for line in theirs.lines:
            seen_lines.add(line.key)
            changed |= _merge_line(order, ours, line, theirs.key, listings, by=by, now=now)
    for line in (
        OrderLine.objects.filter(order=order, closed_at__isnull=True)
        .exclude(mall_line_key="")
        .exclude(mall_line_key__in=seen_lines)
    ):
        changed |= _close_line(line, by=by, now=now)
    return changed


def _merge_parcel(parcel: Parcel, theirs: MallParcel, mall: MallOrder, *, by: Actor, now: datetime) -> bool:
    columns = parcel_columns(theirs, position=parcel.position, order=mall)
    if parcel.edited_fields.keys() & set(PLACE):
        stands = {**columns, **{name: getattr(parcel, name) for name in parcel.edited_fields}}
        columns["address_doubt"] = doubt(*(stands[name] for name in PLACE))
    values = {n: v for n, v in columns.items() if getattr(parcel, n) != v}
    edited = {name: _plain(value) for name, value in values.items() if name in parcel.edited_fields}
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
        detail = {"fields": {name: _plain(value) for name, value in content.items()}, "parcel": parcel.pk}
        open_mark(
            [parcel.order_id],
            task=system_task("mall_changed"),
            by=by,
            now=now,
            reason="changed_after_request",
            detail=detail,
        )
        return True
    if edited_new:
        detail = {"fields": edited_new, "parcel": parcel.pk}
        open_mark(
            [parcel.order_id], task=system_task("mall_changed"), by=by, now=now, reason="mall_changed", detail=detail
        )
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
    order: Order, ours: list[Parcel], theirs: MallLine, parcel_key: str, listings: dict[str, tuple[int, int | None, int]],
    *, by: Actor, now: datetime,
) -> bool:  # fmt: skip
    listing_id, product_id, units = listings[theirs.listing_key]
    rows = list(
        OrderLine.objects.filter(order=order, mall_line_key=theirs.key, closed_at__isnull=True)
        .select_related("parcel")
        .order_by("pk")
    )
    free = next((parcel for parcel in ours if parcel.state in FREE), None)
    columns = line_columns(theirs, position=rows[0].position if rows else 99, parcel_key=parcel_key)
    if not rows:
        if free is None:
            open_mark(
                [order.pk],
                task=system_task("mall_changed"),
                by=by,
                now=now,
                reason="line_added_after_request",
                detail={"line": theirs.name},
            )
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
    difference = theirs.quantity - sum(row.quantity for row in rows)
    quantity = columns.pop("quantity")
    changed = False
    if difference:
        row = next((row for row in rows if row.parcel.state in FREE and row.quantity + difference >= 0), None)
        if row is None:
            open_mark([order.pk], task=system_task("mall_changed"), by=by, now=now, reason="quantity_changed_after_request",
                      detail={"line": theirs.name, "quantity": quantity})  # fmt: skip
        else:
            row.quantity += difference
            row.ship_units = row.quantity * units
            row.save(update_fields=["quantity", "ship_units"])
            Parcel.objects.filter(pk=row.parcel_id).update(revision=row.parcel.revision + 1)
        changed = True
    for row in rows:
        values = {name: value for name, value in columns.items() if getattr(row, name) != value}
        if row.listing_id != listing_id:
            values.update(listing_id=listing_id, product_id=product_id)
        if values:
            OrderLine.objects.filter(pk=row.pk).update(**values)
            changed = True
    return changed


def _close_line(line: OrderLine, *, by: Actor, now: datetime) -> bool:
    """Close a line that vanished at the mall; if a warehouse is working on it, hold the order instead."""
    if line.parcel.state not in FREE:
        open_mark(
            [line.order_id],
            task=system_task("mall_changed"),
            by=by,
            now=now,
            reason="line_gone_after_request",
            detail={"line": line.name},
        )
        return True
    OrderLine.objects.filter(pk=line.pk).update(closed_at=now)
    Parcel.objects.filter(pk=line.parcel_id).update(revision=line.parcel.revision + 1)
    return True
