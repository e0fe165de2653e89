"""New orders of one answer, by set: a fixed number of statements for up to 100 orders with their parcels and lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any

from hub import secrets
from hub.audit import Actor
from hub.tenancy import current_tenant
from orders import search
from orders.channels import MallOrder
from orders.intake.insert import Inserts, hexed, take_ids
from orders.intake.reading import Known
from orders.intake.rows import address_doubt, line_columns, order_columns, parcel_columns
from orders.intake.schedule import next_reread
from orders.models import Listing, MallSnapshot, Order, OrderLine, OrderTag, Parcel, Shop
from orders.models.shops import ShopMode

GONE = {"shipped": "done", "settled": "done", "cancelled": "cancelled"}
"""Where an order starts that the mall had finished before it was ever seen here."""


def insert_orders(shop: Shop, orders: Sequence[MallOrder], known: Known, *, by: Actor, now: datetime) -> None:
    """Insert orders that the shop does not have yet, inside the open transaction."""
    if not orders:
        return
    parcels = [(order, parcel) for order in orders for parcel in order.parcels]
    lines = [(parcel, line) for _, parcel in parcels for line in parcel.lines]
    ids = take_ids({Order: len(orders), Parcel: len(parcels), OrderLine: len(lines)})
    order_ids = dict(zip((order.number for order in orders), ids[Order], strict=True))
    sealing = _sealer(os.getpid()).submit(_snapshots, orders, order_ids, tenant_id=current_tenant(), now=now)
    listings = with_new_listings(shop, lines_of(orders), known.listings)
    parcel_ids, line_ids = iter(ids[Parcel]), iter(ids[OrderLine])
    order_rows: list[dict[str, Any]] = []
    parcel_rows: list[dict[str, Any]] = []
    line_rows: list[dict[str, Any]] = []
    for order in orders:
        order_id = order_ids[order.number]
        unmapped = open_lines = 0
        doubts = [address_doubt(parcel) for parcel in order.parcels]
        for position, parcel in enumerate(order.parcels, start=1):
            parcel_id = next(parcel_ids)
            parcel_rows.append(
                {
                    "id": parcel_id,
                    "order_id": order_id,
                    "warehouse_id": None,
                    **parcel_columns(parcel, position=position, order=order, doubt=doubts[position - 1]),
                }
            )
            for line in parcel.lines:
                open_lines += 1
                listing_id, product_id, units = listings[line.listing_key]
                unmapped += product_id is None
                line_rows.append(
                    {"id": next(line_ids), "order_id": order_id, "parcel_id": parcel_id, "listing_id": listing_id, "product_id": product_id,
                     "ship_units": units * line.quantity, **line_columns(line, position=open_lines, parcel_key=parcel.key)}
                )  # fmt: skip
        order_rows.append(
            _order_row(shop, order, order_id, known, doubts, unmapped=unmapped, open_lines=open_lines, now=now)
        )
    inserts = Inserts()
    inserts.rows(Order, order_rows)
    inserts.rows(Parcel, parcel_rows)
    inserts.rows(OrderLine, line_rows)
    inserts.rows(OrderTag, _unmapped_tags(order_rows, known.tags))
    inserts.statement(_AUDIT, [current_tenant(), now, by.kind, by.id, by.name, ids[Order]])
    inserts.run()
    rest = Inserts()
    rest.rows(MallSnapshot, sealing.result())
    rest.run()
    search.insert_keys(order_rows, parcel_rows)


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
    *,
    unmapped: int,
    open_lines: int,
    now: datetime,
) -> dict[str, Any]:
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
        "unmapped_lines": unmapped,
        "open_lines": open_lines,
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


_AUDIT = """INSERT INTO hub_auditentry (tenant_id, order_id, revision, at, actor_kind, actor_id, actor_name, verb, params)
 SELECT %s, o, 1, %s, %s, %s, %s, 'order.taken_in', '{}'::jsonb FROM unnest(%s::bigint[]) o"""
