"""商品マッピング: pointing mall items at our SKUs. Orders that wait for it are judged again at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from hub.audit import Actor, note
from orders.models import Listing, Order, OrderLine, OrderTag, Product, Tag
from orders.operations.door import MOST, Row, lock, write
from orders.operations.edits import FREE


class ProductRetired(Exception):
    """The product is no longer in use; the message is its SKU and name."""


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """The open orders that contain the item, by id, and those with nothing unmapped any more."""

    looked_at: list[int]
    complete: list[int]


def map_listing(listing: Listing, *, product: Product | None, units: int, by: Actor, now: datetime) -> Mapped:
    """Point a mall item at a product (or at none). Its open lines follow, and their orders are due for judging.

    Raises ProductRetired.
    """
    if product is not None and product.retired_at is not None:
        raise ProductRetired(str(product))
    was = listing.product_id
    Listing.objects.filter(pk=listing.pk).update(product=product, units=units, mapped_at=now if product else None)
    lines = OrderLine.objects.filter(
        listing=listing,
        closed_at__isnull=True,
        order__is_open=True,
        parcel__state__in=FREE,
    )
    ids = sorted(set(lines.values_list("order_id", flat=True)))
    complete: list[int] = []
    for start in range(0, len(ids), MOST):
        part = ids[start : start + MOST]
        orders = lock(part, "unmapped_lines", "open_lines", "revision")
        _point_lines(listing.pk, part, product.pk if product else None, units)
        counts = _recount(orders, by=by, now=now, listing=listing.pk, key=listing.key)
        complete += [pk for pk, (unmapped, _) in counts.items() if not unmapped]
    note(
        "listing.mapped",
        by=by,
        now=now,
        listing=listing.pk,
        was=was,
        product=product.pk if product else None,
        units=units,
    )
    return Mapped(looked_at=ids, complete=sorted(complete))


def follow_listings(parcel_id: int, *, by: Actor, now: datetime) -> None:
    """Point the lines of a parcel that is free again at what their items mean by now: mapping left them alone while it was not.

    Its orders are locked.
    """
    lines = OrderLine.objects.filter(parcel_id=parcel_id, closed_at__isnull=True, listing__isnull=False)
    stale: dict[tuple[int, int | None, int], set[int]] = defaultdict(set)
    for line in lines.select_related("listing"):
        product_id, units = line.listing.product_id, line.listing.units
        if line.product_id != product_id or (product_id is not None and line.ship_units != line.quantity * units):
            stale[line.listing_id, product_id, units].add(line.order_id)
    for (listing_id, product_id, units), ids in stale.items():
        _point_lines(listing_id, sorted(ids), product_id, units)
    if stale:
        orders = lock({order_id for ids in stale.values() for order_id in ids}, "unmapped_lines", "revision")
        _recount(orders, by=by, now=now, parcel=parcel_id)


def _point_lines(listing_id: int, order_ids: Sequence[int], product_id: int | None, units: int) -> None:
    """Point an item's open lines at a product; those that a warehouse was asked for stay as they were asked."""
    lines = OrderLine.objects.filter(
        listing_id=listing_id, order_id__among=list(order_ids), closed_at__isnull=True, parcel__state__in=FREE
    )
    lines.update(product_id=product_id, ship_units=F("quantity") * units)


def _recount(orders: Sequence[Order], *, by: Actor, now: datetime, **params: object) -> dict[int, tuple[int, int]]:
    """Write how many lines of locked orders are unmapped, with their labels; return that and the open lines of each."""
    counts = _counts([order.pk for order in orders])
    rows = [
        Row(
            order_id=order.pk,
            before={"unmapped_lines": order.unmapped_lines},
            after={"unmapped_lines": counts[order.pk][0]},
            params=params,
        )
        for order in orders
    ]
    write(rows, verb="order.mapped", by=by, now=now)
    _retag(counts)
    return counts


def _counts(order_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    counts = dict.fromkeys(order_ids, (0, 0))
    rows = OrderLine.objects.filter(order_id__in=order_ids, closed_at__isnull=True, quantity__gt=0).values_list(
        "order_id", "product_id"
    )
    for order_id, product_id in rows:
        unmapped, lines = counts[order_id]
        counts[order_id] = (unmapped + (product_id is None), lines + 1)
    return counts


def _retag(counts: dict[int, tuple[int, int]]) -> None:
    tags = dict(Tag.objects.filter(key__in=["unmapped_all", "unmapped_some"]).values_list("key", "pk"))
    OrderTag.objects.filter(order_id__in=list(counts), tag_id__in=list(tags.values())).delete()
    wanted = [
        OrderTag(order_id=pk, tag_id=tags["unmapped_all" if unmapped >= lines else "unmapped_some"])
        for pk, (unmapped, lines) in counts.items()
        if unmapped
    ]
    OrderTag.objects.bulk_create(wanted)
