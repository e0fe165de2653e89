"""Orders as the API shows them: three statements for one order or two hundred.

What belongs to a person (buyer, recipients, remarks, memo, the mall's own fields) is masked unless the caller may see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from hub.api.rendering import at
from hub.ids import encode
from orders.blocks import codes_in
from orders.models import MallReport, Order, OrderLine, OrderTag, Parcel, TaskMark, TrackingNumber

MASK = "***"
_OWN = tuple(
    f.attname for f in Order._meta.concrete_fields
    if f.name not in ("tenant_id", "snapshot_hash", "scratch", "is_open", "is_live", "judge_at", "reread_at", "judged_revision",
                      "judged_rule_set", "deleted_by_id", "confirm_state", "edited_fields")
)  # fmt: skip
_BESIDE = (
    "shop__name", "shop__mark", "shop__channel", "status__name", "status__colour", "status__group_id", "status__group__name",
    "confirm_state", "edited_fields",
)  # fmt: skip


def read_orders(rows: QuerySet[Order], *, personal: bool) -> list[dict[str, Any]]:
    """Return the orders of a queryset (ordered and cut) in their outside form, in its order."""
    found = list(_with_sets(rows).values(*_OWN, *_BESIDE, "tag_rows", "mark_rows", "report_rows"))
    ids = [row["id"] for row in found]
    parts = _parts(ids)
    return [_order(row, parts, personal) for row in found]


def read_by_ids(ids: Sequence[int], *, personal: bool) -> list[dict[str, Any]]:
    """Return these orders in this order; ids that are not the tenant's are left out."""
    found = {
        row["id"]: row
        for row in read_orders(Order.objects.filter(pk__among=list(ids), scratch=False).order_by(), personal=personal)
    }
    return [found[encode(pk)] for pk in ids if encode(pk) in found]


def _with_sets(rows: QuerySet[Order]) -> QuerySet[Order]:
    tags = OrderTag.objects.filter(order=OuterRef("pk")).order_by("tag__position", "tag_id")
    marks = TaskMark.objects.filter(order=OuterRef("pk"), closed_at__isnull=True).order_by("opened_at", "pk")
    reports = MallReport.objects.filter(order=OuterRef("pk")).order_by("shipment", "pk")
    return rows.annotate(
        tag_rows=ArraySubquery(tags.values(row=JSONObject(id="tag_id", name="tag__name", colour="tag__colour"))),
        mark_rows=ArraySubquery(
            marks.values(
                row=JSONObject(
                    task="task_id", key="task__key", name="task__name", what_to_do="task__what_to_do", holds="task__holds", reason="reason",
                    detail="detail", opened_at="opened_at",
                )
            )
        ),
        report_rows=ArraySubquery(
            reports.values(row=JSONObject(parcel="parcel_id", shipment="shipment", sent="sent_at", seen="seen_at",
            counted="counted_at", cause="cause"))
        ),
    )  # fmt: skip


@dataclass(kw_only=True)
class _Parts:
    """Lines of the orders asked for, and the parcels the open ones lie in; `others` are all orders with lines in a parcel."""

    lines: dict[int, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    parcels: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    others: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def parcels_of(self, order_id: int) -> list[Mapping[str, Any]]:
        """Return the parcels in which the order has open lines, in their order."""
        inside = {line["parcel_id"] for line in self.lines[order_id] if line["closed_at"] is None}
        return sorted((self.parcels[pk] for pk in inside), key=lambda parcel: (parcel["position"], parcel["id"]))


_LINE = tuple(f.attname for f in OrderLine._meta.concrete_fields if f.name not in ("tenant_id", "mall_parcel_key"))
_PARCEL = tuple(
    f.attname
    for f in Parcel._meta.concrete_fields
    if f.name not in ("tenant_id", "address_accepted", "warehouse_by_hand")
)


def _parts(ids: Sequence[int]) -> _Parts:
    parts, wanted = _Parts(), set(ids)
    if not ids:
        return parts
    inside = OrderLine.objects.filter(order_id__among=list(ids)).order_by().values("parcel_id")
    lines = OrderLine.objects.filter(parcel_id__in=inside).order_by("order_id", "position", "pk")
    for line in lines.values(*_LINE, "product__sku", "product__name", "listing__key"):
        if line["closed_at"] is None:
            parts.others[line["parcel_id"]].add(line["order_id"])
        if line["order_id"] in wanted:
            parts.lines[line["order_id"]].append(line)
    tracking = TrackingNumber.objects.filter(parcel=OuterRef("pk")).order_by("shipment", "pk")
    numbers = ArraySubquery(
        tracking.values(row=JSONObject(id="id", carrier="carrier", number="number", shipped_on="shipped_on"))
    )
    parcels = Parcel.objects.filter(pk__among=list(parts.others)).order_by()
    for parcel in parcels.annotate(tracking_rows=numbers).values(*_PARCEL, "warehouse__name", "tracking_rows"):
        parts.parcels[parcel["id"]] = parcel
    return parts


# One order.


def _order(row: Mapping[str, Any], parts: _Parts, personal: bool) -> dict[str, Any]:
    pk, fields = row["id"], row["mall_fields"] if personal else {}
    parcels = parts.parcels_of(pk)
    return {
        "id": encode(pk),
        "number": row["number"],
        "shop": {"id": encode(row["shop_id"]), "name": row["shop__name"], "mark": row["shop__mark"]},
        "channel": row["shop__channel"],
        "status": {
            "id": encode(row["status_id"]), "name": row["status__name"], "colour": row["status__colour"],
            "group": {"id": encode(row["status__group_id"]), "name": row["status__group__name"]}, "phase": row["phase"],
            "since": at(row["status_at"]),
        },
        "placed_at": at(row["placed_at"]),
        "ready_at": at(row["ready_at"]),
        "taken_in_at": at(row["taken_in_at"]),
        "shipped_at": at(row["shipped_at"]),
        "buyer": _person(row, "buyer_", personal),
        "payment": {
            "method": row["payment_method"], "state": row["payment_state"], "name": row["payment_name"], "due_on": row["pay_due_on"],
        },
        "delivery": {"method": row["delivery_method"], "name": row["delivery_name"]},
        "next_day": row["next_day"],
        "gift": row["gift"],
        "island": row["island"],
        "kind": row["order_kind"],
        "remarks": _text(row["remarks"], personal),
        "remark_left": _text(row["remark_left"], personal),
        "remark_read": row["remark_read"],
        "memo": _text(row["memo"], personal),
        "wish": {"date_on": row["wish_on"], "time": row["wish_time"]},
        "tags": [{**tag, "id": encode(tag["id"])} for tag in row["tag_rows"]],
        "tasks": [_task(mark, personal) for mark in row["mark_rows"]],
        "held": row["held"],
        "subtotal_yen": row["subtotal_yen"],
        "postage_yen": row["postage_yen"],
        "fee_yen": row["fee_yen"],
        "coupons": row["coupons"],
        "coupon_shop_yen": row["coupon_shop_yen"],
        "coupon_other_yen": row["coupon_other_yen"],
        "points_yen": row["points_yen"],
        "discount_yen": row["discount_yen"],
        "total_yen": row["total_yen"],
        "sums_differ_yen": row["sums_differ_yen"],
        "tax": [{"rate": tax["percent"], "base_yen": tax["base_yen"], "tax_yen": tax["tax_yen"]} for tax in row["tax"]],
        "wrapping": [found for name in ("wrapping_1", "wrapping_2") if (found := row["mall_fields"].get(name))],
        "noshi": next((parcel["noshi"] for parcel in parcels if parcel["noshi"]), ""),
        "drop_off": next((parcel["drop_off"] for parcel in parcels if parcel["drop_off"]), ""),
        "address_doubt": row["address_doubt"],
        "mall": {
            "state": row["mall_state"], "code": row["mall_code"], "sub_status": row["mall_sub_status"],
            "blocks": list(codes_in(row["mall_block"])),
            "read_at": at(row["mall_read_at"]), "cancel_due_on": row["cancel_due_on"], "confirmed_at": at(row["confirmed_at"]),
            "confirm": row["confirm_state"], "fields": fields,
        },
        "parcels": [_parcel(parcel, row, parts, personal) for parcel in parcels],
        "closed_lines": [_line(line, personal) for line in parts.lines[pk] if line["closed_at"] is not None],
        "edited": sorted(row["edited_fields"]),
        "line_count": row["open_lines"],
        "unmapped_lines": row["unmapped_lines"],
        "ours": row["ours"],
        "unreported": row["unreported"],
        "deleted_at": at(row["deleted_at"]),
        "erased_at": at(row["erased_at"]),
        "revision": row["revision"],
        "created_at": at(row["taken_in_at"]),
        "updated_at": at(row["changed_at"]),
    }  # fmt: skip


def _task(mark: dict[str, Any], personal: bool) -> dict[str, Any]:
    return {
        "id": encode(mark["task"]), "key": mark["key"], "name": mark["name"], "what_to_do": mark["what_to_do"], "holds": mark["holds"],
        "reason": mark["reason"], "detail": mark["detail"] if personal else {}, "opened_at": at(datetime.fromisoformat(mark["opened_at"])),
    }  # fmt: skip


def _parcel(parcel: Mapping[str, Any], row: Mapping[str, Any], parts: _Parts, personal: bool) -> dict[str, Any]:
    order_id = row["id"]
    recipient = _person({name: parcel[name] for name in _PERSON if name != "email"}, "", personal)
    return {
        "id": encode(parcel["id"]),
        "recipient": recipient,
        "wish": {"date_on": parcel["wish_on"], "time": parcel["wish_time"]},
        "warehouse": None if parcel["warehouse_id"] is None else {"id": encode(parcel["warehouse_id"]), "name": parcel["warehouse__name"]},
        "state": parcel["state"],
        "state_at": at(parcel["state_at"]),
        "ship_wanted_at": at(parcel["ship_wanted_at"]),
        "ship_fault": parcel["ship_fault"],
        "ship_on": parcel["ship_on"],
        "shipped_on": parcel["shipped_on"],
        "delivery_method": parcel["delivery_method"],
        "carrier": parcel["carrier"],
        "island": parcel["island"],
        "address_doubt": parcel["address_doubt"],
        "noshi": parcel["noshi"],
        "drop_off": parcel["drop_off"],
        "pick_up": parcel["pick_up"],
        "goods_yen": parcel["goods_yen"],
        "postage_yen": parcel["postage_yen"],
        "fee_yen": parcel["fee_yen"],
        "total_yen": parcel["total_yen"],
        "mall_parcel_key": parcel["mall_parcel_key"],
        "mall_fields": parcel["mall_fields"] if personal else {},
        "edited": sorted(parcel["edited_fields"]),
        "lines": [
            _line(line, personal) for line in parts.lines[order_id] if line["parcel_id"] == parcel["id"] and line["closed_at"] is None
        ],
        "tracking": [{**number, "id": encode(number["id"])} for number in parcel["tracking_rows"]],
        "reported": _reported([report for report in row["report_rows"] if report["parcel"] == parcel["id"]]),
        "shared_with": [encode(other) for other in sorted(parts.others[parcel["id"]]) if other != order_id],
        "revision": parcel["revision"],
    }  # fmt: skip


def _reported(reports: Iterable[Mapping[str, Any]]) -> str:
    """Return how far the report of the last shipment has come: no, sent, seen or counted; the least of its mall parcels."""
    rows = list(reports)
    last = max((row["shipment"] for row in rows), default=0)
    steps = [
        "counted" if row["counted"] else "seen" if row["seen"] else "sent" if row["sent"] else "no"
        for row in rows
        if row["shipment"] == last
    ]
    return min(steps, key=("no", "sent", "seen", "counted").index, default="no")


def _line(line: Mapping[str, Any], personal: bool) -> dict[str, Any]:
    return {
        "id": encode(line["id"]), "sku": line["sku"], "name": line["name"], "quantity": line["quantity"],
        "unit_price_yen": line["unit_price_yen"], "unit_price_incl_yen": line["unit_price_incl_yen"], "tax_rate": line["tax_percent"],
        "product": None if line["product_id"] is None else {
            "id": encode(line["product_id"]), "sku": line["product__sku"], "name": line["product__name"],
        },
        "listing": None if line["listing_id"] is None else {"id": encode(line["listing_id"]), "key": line["listing__key"]},
        "ship_units": line["ship_units"], "options": line["options"], "gift": line["gift"], "mall_line_key": line["mall_line_key"],
        "mall_fields": line["mall_fields"] if personal else {}, "closed_at": at(line["closed_at"]),
    }  # fmt: skip


# What belongs to a person.

_PERSON = ("name", "kana", "email", "phone", "postal_code", "prefecture", "city", "street")
_OUTSIDE = {"kana": "name_kana"}


def _person(row: Mapping[str, Any], prefix: str, personal: bool) -> dict[str, str]:
    found = {_OUTSIDE.get(name, name): row[prefix + name] for name in _PERSON if prefix + name in row}
    return found if personal else {name: _masked(name, value) for name, value in found.items()}


def _masked(name: str, value: str) -> str:
    """Return what anybody may see of a person: the region, and the end of a phone number to tell two orders apart."""
    if name in ("prefecture",) or not value:
        return value
    if name == "phone":
        return MASK + value[-4:] if len(value) >= 8 else MASK
    return value[:3] + MASK if name == "postal_code" else MASK


def _text(value: str, personal: bool) -> str:
    return value if personal or not value else MASK


__all__ = ["read_by_ids", "read_orders"]
