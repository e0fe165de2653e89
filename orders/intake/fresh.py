"""New orders of one answer, by set: a fixed number of statements for up to 100 orders with their parcels and lines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from hub import secrets
from hub.audit import Actor
from hub.sending import sent_ahead
from hub.tenancy import current_tenant
from orders import search
from orders.channels import MallOrder, MallParcel
from orders.intake.insert import hexed, insert_rows, take_ids
from orders.intake.numbers import mark_fetched
from orders.intake.reading import Known
from orders.intake.rows import address_doubt, line_columns, order_columns, parcel_columns
from orders.intake.schedule import next_reread
from orders.lookups import as_array
from orders.models import Listing, MallSnapshot, Order, OrderLine, OrderTag, Parcel, Shop
from orders.models.shops import ShopMode

Listings = Mapping[str, tuple[int, int | None, int]]
"""Of a listing key: the listing's id, its product's, and how many units one of it is."""

GONE = {"shipped": "done", "settled": "done", "cancelled": "cancelled"}
"""Where an order starts that the mall had finished before it was ever seen here."""


def insert_orders(shop: Shop, orders: Sequence[MallOrder], known: Known, *, by: Actor, now: datetime) -> None:
    """Insert orders that the shop does not have yet, inside the open transaction."""
    if not orders:
        return
    parcels = [(order, parcel) for order in orders for parcel in order.parcels]
    lines = sum(len(parcel.lines) for _, parcel in parcels)
    ids = take_ids({Order: len(orders), Parcel: len(parcels), OrderLine: lines})
    order_ids = dict(zip((order.number for order in orders), ids[Order], strict=True))
    sealing = _sealer(os.getpid()).submit(_snapshots, orders, order_ids, tenant_id=current_tenant(), now=now)
    listings = with_new_listings(shop, lines_of(orders), known.listings)
    doubts = {order.number: [address_doubt(parcel) for parcel in order.parcels] for order in orders}
    with sent_ahead():
        rows = [
            _order_row(shop, order, order_ids[order.number], known, doubts[order.number], listings, now=now)
            for order in orders
        ]
        insert_rows(Order, rows)
        parcel_ids = iter(ids[Parcel])
        parcel_rows = [
            {"id": next(parcel_ids), "order_id": order_ids[order.number], "warehouse_id": None,
             **parcel_columns(parcel, position=position, order=order, doubt=doubts[order.number][position - 1])}
            for order in orders
            for position, parcel in enumerate(order.parcels, start=1)
        ]  # fmt: skip
        insert_rows(Parcel, parcel_rows)
        insert_rows(OrderLine, _line_rows(parcels, parcel_rows, ids[OrderLine], listings))
        search.insert_keys(rows, parcel_rows)
        insert_rows(OrderTag, _unmapped_tags(rows, known.tags))
        _enter_audit(ids[Order], by=by, now=now)
        mark_fetched(shop.pk, order_ids)
        insert_rows(MallSnapshot, sealing.result())


def _line_rows(
    parcels: Sequence[tuple[MallOrder, MallParcel]],
    parcel_rows: Sequence[Mapping[str, Any]],
    ids: Sequence[int],
    listings: Listings,
) -> list[dict[str, Any]]:
    """Return the rows of all lines; their positions count through an order's parcels."""
    rows: list[dict[str, Any]] = []
    position = 0
    for (_, parcel), row in zip(parcels, parcel_rows, strict=True):
        position = 0 if row["position"] == 1 else position
        for line in parcel.lines:
            position += 1
            listing_id, product_id, units = listings[line.listing_key]
            rows.append(
                {"id": ids[len(rows)], "order_id": row["order_id"], "parcel_id": row["id"], "listing_id": listing_id,
                 "product_id": product_id, "ship_units": units * line.quantity,
                 **line_columns(line, position=position, parcel_key=parcel.key)}
            )  # fmt: skip
    return rows


def lines_of(orders: Sequence[MallOrder]) -> dict[str, tuple[str, str]]:
    """Return the listing keys of all lines with name and variation."""
    return {
        line.listing_key: (line.name, line.variation) for o in orders for parcel in o.parcels for line in parcel.lines
    }


def _order_row(
    shop: Shop,
    order: MallOrder,
    order_id: int,
    known: Known,
    doubts: Sequence[str],
    listings: Listings,
    *,
    now: datetime,
) -> dict[str, Any]:
    products = [listings[line.listing_key][1] for parcel in order.parcels for line in parcel.lines]
    columns = order_columns(shop, order, now=now, doubts=doubts)
    gone = GONE.get(order.state)
    status_id, phase = known.statuses[gone or ("waiting" if columns["ready_at"] > now else "intake")]
    live_from = shop.live_from
    ours = gone is None and shop.mode == ShopMode.LIVE and live_from is not None and order.placed_at >= live_from
    row = {
        "id": order_id,
        "shop_id": shop.pk,
        "number": order.number,
        "status_id": status_id,
        "phase": phase,
        "status_at": now,
        "taken_in_at": now,
        "changed_at": now,
        "ours": ours,
        "unmapped_lines": products.count(None),
        "open_lines": len(products),
        "snapshot_hash": hexed(order.hash),
        "judge_at": now if gone is None and columns["ready_at"] <= now else None,
        **columns,
    }
    row["reread_at"] = next_reread({**row, "deleted_at": None, "unreported": False}, now=now)
    return row


def listings_of(shop: Shop, keys: dict[str, tuple[str, str]]) -> dict[str, tuple[int, int | None, int]]:
    """Return listing id, product id and units for each mall key; unknown keys become unmapped listings."""
    return with_new_listings(shop, keys, _listings(shop, keys))


def with_new_listings(
    shop: Shop, keys: dict[str, tuple[str, str]], known: dict[str, tuple[int, int | None, int]]
) -> dict[str, tuple[int, int | None, int]]:
    """Return the known listings of the keys, and make unmapped ones of the others."""
    missing = sorted(key for key in keys if key not in known)
    if missing:
        Listing.objects.bulk_create(
            [Listing(shop=shop, key=key, name=keys[key][0], variation=keys[key][1]) for key in missing],
            ignore_conflicts=True,
        )
        return _listings(shop, keys)
    return known


def _listings(shop: Shop, keys: dict[str, tuple[str, str]]) -> dict[str, tuple[int, int | None, int]]:
    rows = Listing.objects.filter(shop=shop, key__in=list(keys)).values_list("key", "pk", "product_id", "units")
    return {key: (pk, product_id, units) for key, pk, product_id, units in rows}


def snapshot_owner(order_id: int, tenant_id: int) -> str:
    """Return what a snapshot's box is bound to."""
    return f"{tenant_id}|snapshot|{order_id}"


@lru_cache(maxsize=1)
def _sealer(process: int) -> ThreadPoolExecutor:
    """Return the process's own thread that seals payloads while the server inserts: deflating and encrypting let others run."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="sealer")


def _snapshots(
    orders: Sequence[MallOrder], order_ids: dict[str, int], *, tenant_id: int, now: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_ids[order.number],
            "hash": hexed(order.hash),
            "body": hexed(secrets.seal_text(order.payload, owner=snapshot_owner(order_ids[order.number], tenant_id))),
            "received_at": now,
        }
        for order in orders
    ]


def unmapped_key(unmapped: int, open_lines: int) -> str:
    """Return which of the two labels an order carries: unmapped_all, unmapped_some or none."""
    if not unmapped:
        return ""
    return "unmapped_all" if unmapped >= open_lines else "unmapped_some"


def _unmapped_tags(rows: Sequence[dict[str, Any]], tags: dict[str, int]) -> list[dict[str, Any]]:
    tagged = [(row["id"], unmapped_key(row["unmapped_lines"], row["open_lines"])) for row in rows]
    return [{"order_id": order_id, "tag_id": tags[key]} for order_id, key in tagged if key in tags]


def _enter_audit(order_ids: list[int], *, by: Actor, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO hub_auditentry (tenant_id, order_id, revision, at, actor_kind, actor_id, actor_name, verb, params)
               SELECT %s, o, 1, %s, %s, %s, %s, 'order.taken_in', '{}'::jsonb FROM unnest(%s::bigint[]) o""",
            [current_tenant(), now, by.kind, by.id, by.name, as_array(order_ids)],
        )
