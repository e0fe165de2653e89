"""A changed order of the mall meets ours: the mall's columns are rewritten, a person's edits stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub import secrets
from hub.audit import Actor
from orders import search
from orders.channels import MallOrder
from orders.following import follow_mall
from orders.intake.fresh import snapshot_owner, unmapped_key
from orders.intake.insert import hexed
from orders.intake.parts import merge_parcels, plain, same_delivery
from orders.intake.rows import order_columns
from orders.intake.schedule import next_reread
from orders.models import MallSnapshot, Order, OrderLine, OrderTag, Shop, Tag
from orders.operations.door import Row, lock, write
from orders.operations.edits import first_doubt
from orders.operations.holds import open_mark, system_task

SHARED_ORDER = ("delivery_method", "remarks", "wish_on", "wish_time")
"""Order columns that a person may own; the mall's later value is then kept beside and shown."""
QUIET = frozenset({"mall_read_at", "mall_fields"})
"""Columns whose change alone says nothing to the rules."""


def merge_order(shop: Shop, order_id: int, mall: MallOrder, *, by: Actor, now: datetime) -> None:
    """Bring one order up to what the mall says now, inside the open transaction."""
    order = lock([order_id])[0]
    was = {"mall_state": order.mall_state, "mall_block": order.mall_block}
    columns = order_columns(shop, mall, now=now)
    if mall.confirmed_at is None:
        del columns["confirmed_at"]  # ours stands where the mall tells no time of its own
    if same_delivery(order, mall):
        del columns["delivery_method"]
    kept, beside = {}, {}
    for name in list(columns):
        if name in order.edited_fields and name in SHARED_ORDER:
            kept[name] = columns.pop(name)
    if "remarks" in columns and columns["remarks"] != order.remarks:
        columns["remark_read"] = False
    clashes = [
        name
        for name, value in kept.items()
        if plain(value) != plain(order.edited_fields.get(name)) and value != getattr(order, name)
    ]
    for name in clashes:
        beside[name] = plain(kept[name])
    changed_parts = merge_parcels(shop, order, mall, now=now, by=by)
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
    """Say whether the rules wait for this reading: at the end of an order's wait, and when it was taken back."""
    return order.judged_revision != order.revision and columns["ready_at"] <= now


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
