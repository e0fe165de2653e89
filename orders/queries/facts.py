"""Everything the core knows of orders, for fields, pages, files and the API: eight statements for one order or a thousand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from orders.fields import OrderFacts
from orders.models import MallReport, Order, OrderLine, OrderTag, Parcel, Tag, TaskMark, TrackingNumber


def facts_of(order_ids: Iterable[int]) -> dict[int, OrderFacts]:
    """Return the facts of these orders, in this order; ids that are not the tenant's are left out."""
    ids = list(dict.fromkeys(order_ids))
    orders = {o.pk: o for o in Order.objects.filter(pk__among=ids).select_related("shop__warehouse", "status__group")}
    lines = _by(_lines(ids), "order_id")
    parcels: dict[int, list[Parcel]] = {}
    for order_id, own in lines.items():
        inside = {line.parcel_id: line.parcel for line in own if line.closed_at is None}
        parcels[order_id] = sorted(inside.values(), key=lambda parcel: (parcel.position, parcel.pk))
    parcel_ids = sorted({parcel.pk for own in parcels.values() for parcel in own})
    tracking = _by(TrackingNumber.objects.filter(parcel_id__among=parcel_ids).order_by("shipment", "pk"), "parcel_id")
    shared = _shared(parcel_ids)
    reports = _by(MallReport.objects.filter(order_id__among=ids).order_by("created_at", "pk"), "order_id")
    marks = _by(
        TaskMark.objects.filter(order_id__among=ids, closed_at__isnull=True)
        .select_related("task")
        .order_by("opened_at", "pk"),
        "order_id",
    )
    tags = _tags(ids)
    return {
        order_id: OrderFacts(
            order=orders[order_id], shop=orders[order_id].shop, status=orders[order_id].status, group=orders[order_id].status.group,
            parcels=parcels.get(order_id, []),
            lines=[line for line in lines[order_id] if line.closed_at is None],
            closed_lines=[line for line in lines[order_id] if line.closed_at is not None],
            tracking=[row for parcel in parcels.get(order_id, []) for row in tracking[parcel.pk]],
            reports=reports[order_id], marks=marks[order_id], tags=tags[order_id],
            shared_with=[(p.pk, other) for p in parcels.get(order_id, []) for other in shared[p.pk] if other != order_id],
        )
        for order_id in ids if order_id in orders
    }  # fmt: skip


def _lines(ids: Sequence[int]) -> Iterable[OrderLine]:
    rows = OrderLine.objects.filter(order_id__among=ids).select_related(
        "parcel__warehouse", "product__warehouse", "listing"
    )
    return rows.order_by("order_id", "position", "pk")


def _shared(parcel_ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = OrderLine.objects.filter(parcel_id__among=parcel_ids, closed_at__isnull=True).order_by("order_id")
    for parcel_id, order_id in rows.values_list("parcel_id", "order_id").distinct():
        found[parcel_id].append(order_id)
    return found


def _tags(ids: Sequence[int]) -> dict[int, list[Tag]]:
    found: dict[int, list[Tag]] = defaultdict(list)
    for row in OrderTag.objects.filter(order_id__among=ids).select_related("tag").order_by("tag__position", "tag_id"):
        found[row.order_id].append(row.tag)
    return found


def _by(rows: Iterable[Any], attribute: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, attribute)].append(row)
    return found
