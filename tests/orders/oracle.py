"""A plain evaluator of conditions in Python, slow and obvious, and random trees: what the compiled SQL is compared with."""

from __future__ import annotations

import random
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orders.conditions import AllOf, AnyOf, Node, Not, Test
from orders.fields import FIELDS, Kind, Of, Relative
from orders.models import Order, OrderLine, OrderTag, Parcel, Shop, Status, TaskMark, TrackingNumber

JAPAN = ZoneInfo("Asia/Tokyo")
LINE = {"line_sku": "sku", "line_name": "name", "line_options": "options", "line_product": "product_id", "line_listing": "listing_id",
        "line_quantity": "quantity", "line_price_yen": "unit_price_yen", "line_tax_percent": "tax_percent"}  # fmt: skip
PARCEL = {"warehouse": "warehouse_id", "carrier": "carrier", "parcel_state": "state", "ship_on": "ship_on", "noshi": "noshi",
          "drop_off": "drop_off", "recipient_name": "name", "recipient_kana": "kana", "recipient_phone": "phone",
          "recipient_postal_code": "postal_code", "recipient_prefecture": "prefecture", "recipient_city": "city",
          "recipient_street": "street"}  # fmt: skip
TRACKING = {"tracking_number": "number", "tracking_carrier": "carrier", "shipped_on": "shipped_on"}
WHO = ("name", "postal_code", "prefecture", "city", "street")


class Row:
    """One order as plain values: its columns and the lists beside it."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.columns = columns
        self.lines: list[dict[str, Any]] = []
        self.parcels: list[dict[str, Any]] = []
        self.tracking: list[dict[str, Any]] = []
        self.tags: set[int] = set()
        self.tasks: set[int] = set()


def snapshot() -> dict[int, Row]:
    """Read every order of the tenant with what lies beside it."""
    rows = {values["id"]: Row(values) for values in Order.objects.values()}
    groups = dict(Status.objects.values_list("pk", "group_id"))
    channels = dict(Shop.objects.values_list("pk", "channel"))
    parcels = {values["id"]: values for values in Parcel.objects.values()}
    by_parcel = defaultdict(list)
    for values in TrackingNumber.objects.values():
        by_parcel[values["parcel_id"]].append(values)
    inside: dict[int, set[int]] = defaultdict(set)
    for values in OrderLine.objects.filter(closed_at=None).values():
        rows[values["order_id"]].lines.append(values)
        inside[values["order_id"]].add(values["parcel_id"])
    for order_id, ids in inside.items():
        rows[order_id].parcels = [parcels[pk] for pk in sorted(ids)]
        rows[order_id].tracking = [one for pk in sorted(ids) for one in by_parcel[pk]]
    for order_id, tag_id in OrderTag.objects.values_list("order_id", "tag_id"):
        rows[order_id].tags.add(tag_id)
    for order_id, task_id in TaskMark.objects.filter(closed_at=None).values_list("order_id", "task_id"):
        rows[order_id].tasks.add(task_id)
    for row in rows.values():
        row.columns["group"] = groups[row.columns["status_id"]]
        row.columns["channel"] = channels[row.columns["shop_id"]]
    return rows


def holds(node: Node, row: Row, today: date) -> bool:
    """Say whether the order meets the condition."""
    if isinstance(node, AllOf):
        return all(holds(one, row, today) for one in node.nodes)
    if isinstance(node, AnyOf):
        return any(holds(one, row, today) for one in node.nodes)
    if isinstance(node, Not):
        return not holds(node.node, row, today)
    return _test(node, row, today)


def _test(test: Test, row: Row, today: date) -> bool:
    if test.field in LINE:
        return _among([line[LINE[test.field]] for line in row.lines], test, today)
    if test.field in PARCEL:  # asked once for each line that lies in the parcel, which changes nothing
        return _among([parcel[PARCEL[test.field]] for parcel in row.parcels], test, today)
    if test.field == "ship_wanted":
        return _among([parcel["ship_wanted_at"] is not None for parcel in row.parcels], test, today)
    if test.field in TRACKING:
        return _among([one[TRACKING[test.field]] for one in row.tracking], test, today)
    return compare(test, _value(test.field, row, today), today)


def _among(values: list[Any], test: Test, today: date) -> bool:
    answers = [compare(test, value, today) for value in values]
    if test.of is Of.ANY:
        return any(answers)
    return bool(answers) and all(answers) if test.of is Of.EVERY else not any(answers)


def _value(key: str, row: Row, today: date) -> Any:
    columns = row.columns
    own = {"shop": "shop_id", "status": "status_id", "status_group": "group", "line_count": "open_lines"}
    computed: Mapping[str, Any] = {
        "tags": lambda: row.tags,
        "tasks": lambda: row.tasks,
        "mall_block": lambda: set(columns["mall_block"].split()),
        "deleted": lambda: columns["deleted_at"] is not None,
        "address_doubt": lambda: columns["address_doubt"] != "",
        "coupon_yen": lambda: columns["coupon_shop_yen"] + columns["coupon_other_yen"],
        "status_days": lambda: (today - columns["status_at"].astimezone(JAPAN).date()).days,
        "quantity_total": lambda: sum(line["quantity"] for line in row.lines),
        "parcel_count": lambda: len(row.parcels),
        "several_destinations": lambda: len({tuple(p[c] for c in WHO) for p in row.parcels}) > 1,
        "recipient_is_buyer": lambda: (
            bool(row.parcels) and all(p[c] == columns[f"buyer_{c}"] for p in row.parcels for c in WHO)
        ),
        "unmapped": lambda: _unmapped(columns["unmapped_lines"], columns["open_lines"]),
    }
    return computed[key]() if key in computed else columns[own.get(key, key)]


def _unmapped(unmapped: int, lines: int) -> str:
    if unmapped == 0:
        return "none"
    return "all" if unmapped >= lines else "some"


def loose(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in unicodedata.normalize("NFKC", text))


NEGATIONS = {"is_not": "is", "not_in": "in", "not_contains": "contains", "not_empty": "empty", "has_not": "has"}


def compare(test: Test, value: Any, today: date) -> bool:
    """Compare one value; a missing one (None) answers no to everything but *empty*, and so yes to every negation."""
    if test.op in NEGATIONS:
        return not compare(Test(test.field, NEGATIONS[test.op], test.value), value, today)
    if test.op == "empty":
        return value is None or value == "" or value == set()
    if value is None:
        return False
    if test.op in ("has", "has_all"):
        return bool(set(test.value) & value) if test.op == "has" else set(test.value) <= value
    if test.op in ("contains", "starts_with", "ends_with"):
        return _text(test.op, value, test.value)
    if FIELDS[test.field].kind is Kind.INSTANT:
        return _instant(test.op, value, test.value, today)
    wanted = (
        tuple(_resolved(one, today) for one in test.value)
        if isinstance(test.value, tuple)
        else _resolved(test.value, today)
    )
    answers: dict[str, Callable[[], Any]] = {
        "is": lambda: value == wanted, "in": lambda: value in wanted, "between": lambda: wanted[0] <= value <= wanted[1],
        "lt": lambda: value < wanted, "lte": lambda: value <= wanted, "gt": lambda: value > wanted, "gte": lambda: value >= wanted,
    }  # fmt: skip
    return bool(answers[test.op]())


def _text(op: str, value: str, wanted: str) -> bool:
    if op == "contains":
        return loose(wanted) in loose(value)
    return value.startswith(wanted) if op == "starts_with" else value.endswith(wanted)


def _resolved(value: Any, today: date) -> Any:
    return today + timedelta(days=value.days) if isinstance(value, Relative) else value


def _instant(op: str, value: datetime, wanted: Any, today: date) -> bool:
    if op == "between":
        return _instant("gte", value, wanted[0], today) and _instant("lte", value, wanted[1], today)
    wanted = _resolved(wanted, today)
    mine: Any = value if isinstance(wanted, datetime) else value.astimezone(JAPAN).date()
    return bool(
        {"is": mine == wanted, "lt": mine < wanted, "lte": mine <= wanted, "gt": mine > wanted, "gte": mine >= wanted}[
            op
        ]
    )


# Random trees.


class Trees:
    """Makes random conditions whose values are mostly values that occur."""

    def __init__(self, rows: Mapping[int, Row], today: date, seed: int) -> None:
        self.rows, self.today, self.roll = list(rows.values()), today, random.Random(seed)
        self.fields = sorted(key for key in FIELDS if FIELDS[key].ops)

    def tree(self, depth: int = 4) -> Node:
        kind = self.roll.random()
        if depth == 0 or kind < 0.35:
            return self.test()
        if kind < 0.5:
            return Not(self.tree(depth - 1))
        nodes = tuple(self.tree(depth - 1) for _ in range(self.roll.randint(1, 3)))
        return AllOf(nodes) if self.roll.random() < 0.5 else AnyOf(nodes)

    def test(self, key: str = "", op: str = "") -> Test:
        field = FIELDS[key or self.roll.choice(self.fields)]
        op = op or self.roll.choice(field.ops)
        of = self.roll.choice(list(Of)) if field.asked_of_each else Of.ANY
        if op in ("empty", "not_empty"):
            return Test(field.key, op, None, of)
        if op in ("in", "not_in", "has", "has_all", "has_not"):
            return Test(
                field.key, op, tuple(dict.fromkeys(self.value(field.key) for _ in range(self.roll.randint(1, 3)))), of
            )
        if op == "between":
            low, high = self.value(field.key), self.value(field.key)
            return Test(field.key, op, (low, high), of)
        if op in ("contains", "not_contains", "starts_with", "ends_with"):
            return Test(field.key, op, self.piece(field.key), of)
        value = self.value(field.key)
        if op in ("is", "is_not") and isinstance(value, datetime):
            value = value.astimezone(JAPAN).date()
        return Test(field.key, op, value, of)

    def piece(self, key: str) -> str:
        text = str(self.value(key))
        start = self.roll.randrange(len(text))
        return text[start : start + self.roll.randint(1, 3)]

    def value(self, key: str) -> Any:
        """Return a value that some order has, or one of its kind."""
        kind = FIELDS[key].kind
        if kind in (Kind.DAY, Kind.INSTANT) and self.roll.random() < 0.6:
            return self.roll.choice(
                [Relative(self.roll.randint(-6, 4)), self.today - timedelta(days=self.roll.randint(-3, 6))]
            )
        for _ in range(20):
            found = self._seen(key, self.roll.choice(self.rows))
            if found not in (None, ""):
                return found
        made: dict[Kind, Any] = {
            Kind.TEXT: "あ", Kind.CHOICE: "card" if key == "payment_method" else "draft", Kind.WORDS: "payment", Kind.NUMBER: 1,
            Kind.YEN: 1000, Kind.DAY: self.today, Kind.INSTANT: self.today, Kind.FLAG: True, Kind.ROW: 1, Kind.ROWS: 1,
        }  # fmt: skip
        return made[kind]

    def _seen(self, key: str, row: Row) -> Any:
        beside = ((LINE, row.lines), (PARCEL, row.parcels), (TRACKING, row.tracking))
        for columns, rows in beside:
            if key in columns:
                return self.roll.choice(rows)[columns[key]] if rows else None
        if key == "ship_wanted":
            return self.roll.random() < 0.5
        value = _value(key, row, self.today)
        if isinstance(value, set):
            return self.roll.choice(sorted(value)) if value else None
        return value
