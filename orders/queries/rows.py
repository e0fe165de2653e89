"""What one row of the order list shows. Four statements for any number of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Sum, TextField, Window
from django.db.models.functions import Left

from orders.models import Order, OrderLine, OrderTag, TaskMark

SHOWN_TEXT = 60
"""A list shows this many characters of remarks and memos, however long they are."""


class ShopMark(NamedTuple):
    pk: int
    name: str
    mark: str
    colour: str


class StatusMark(NamedTuple):
    pk: int
    name: str
    colour: str
    limit_minutes: int | None


class TagMark(NamedTuple):
    pk: int
    name: str
    colour: str


class OpenTask(NamedTuple):
    pk: int
    mark_id: int
    key: str
    name: str
    colour: str
    holds: bool
    reason: str
    detail: dict[str, Any]
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order as a list shows it. `more_lines` is how many open lines there are besides the first; texts are cut at 60."""

    pk: int
    number: str
    revision: int
    shop: ShopMark
    status: StatusMark
    phase: str
    placed_at: datetime
    ready_at: datetime
    status_at: datetime
    shipped_at: datetime | None
    deleted_at: datetime | None
    erased_at: datetime | None
    buyer_name: str
    first_name: str
    first_options: str
    first_quantity: int
    more_lines: int
    units: int
    total_yen: int | None
    payment_method: str
    payment_name: str
    payment_state: str
    delivery_method: str
    delivery_name: str
    next_day: bool
    island: bool
    gift: bool
    wish_on: date | None
    wish_time: str
    mall_block: str
    remark: str
    memo: str
    ours: bool
    held: bool
    unreported: bool
    tags: tuple[TagMark, ...]
    tasks: tuple[OpenTask, ...]

    @property
    def holds(self) -> tuple[OpenTask, ...]:
        """Return the open tasks that hold the shipment, the oldest first: why the order waits."""
        return tuple(task for task in self.tasks if task.holds)

    def late(self, now: datetime) -> bool:
        """Say whether the order has been in its status for longer than the status allows."""
        limit = self.status.limit_minutes
        return limit is not None and self.deleted_at is None and self.status_at < now - timedelta(minutes=limit)


_OWN = (
    "pk", "number", "revision", "phase", "placed_at", "ready_at", "status_at", "shipped_at", "deleted_at", "erased_at", "buyer_name",
    "total_yen", "payment_method", "payment_name", "payment_state", "delivery_method", "delivery_name", "next_day", "island", "gift",
    "wish_on", "wish_time", "mall_block", "ours", "held", "unreported",
)  # fmt: skip
_SHOP = ("shop_id", "shop__name", "shop__mark", "shop__colour")
_STATUS = ("status_id", "status__name", "status__colour", "status__limit_minutes")
_NO_LINE = ("", "", 0, 1, 0)


def rows_of(order_ids: Sequence[int]) -> list[OrderRow]:
    """Return the rows of these orders, in this order."""
    if not order_ids:
        return []
    ids = list(order_ids)
    cut = {name: Left(name, SHOWN_TEXT, output_field=TextField()) for name in ("remark_left", "memo")}
    orders = (
        Order.objects.filter(pk__among=ids).order_by().annotate(cut_remark=cut["remark_left"], cut_memo=cut["memo"])
    )
    lines, tags, tasks = _first_lines(ids), _tags(ids), _tasks(ids)
    found: dict[int, OrderRow] = {}
    for values in orders.values_list(*_OWN, *_SHOP, *_STATUS, "cut_remark", "cut_memo"):
        own = dict(zip(_OWN, values, strict=False))
        rest = values[len(_OWN) :]
        name, options, quantity, count, units = lines.get(own["pk"], _NO_LINE)
        found[own["pk"]] = OrderRow(
            **own, shop=ShopMark(*rest[:4]), status=StatusMark(*rest[4:8]), remark=rest[8], memo=rest[9], first_name=name,
            first_options=options, first_quantity=quantity, more_lines=count - 1, units=units,
            tags=tuple(tags.get(own["pk"], ())), tasks=tuple(tasks.get(own["pk"], ())),
        )  # fmt: skip
    return [found[order_id] for order_id in ids if order_id in found]


def _first_lines(ids: list[int]) -> dict[int, tuple[str, str, int, int, int]]:
    every = Window(Count("pk"), partition_by=[F("order_id")])
    units = Window(Sum("quantity"), partition_by=[F("order_id")])
    lines = (
        OrderLine.objects.filter(order_id__among=ids, closed_at__isnull=True)
        .order_by("order_id", "position", "pk")
        .distinct("order_id")
        .annotate(every=every, units=units)
    )
    return {row[0]: row[1:] for row in lines.values_list("order_id", "name", "options", "quantity", "every", "units")}


def _tags(ids: list[int]) -> dict[int, list[TagMark]]:
    found: dict[int, list[TagMark]] = defaultdict(list)
    rows = OrderTag.objects.filter(order_id__among=ids).order_by("tag__position", "tag_id")
    for order_id, *tag in rows.values_list("order_id", "tag_id", "tag__name", "tag__colour"):
        found[order_id].append(TagMark(*tag))
    return found


def _tasks(ids: list[int]) -> dict[int, list[OpenTask]]:
    found: dict[int, list[OpenTask]] = defaultdict(list)
    rows = TaskMark.objects.filter(order_id__among=ids, closed_at__isnull=True).order_by("opened_at", "pk")
    for order_id, *mark in rows.values_list(
        "order_id",
        "task_id",
        "pk",
        "task__key",
        "task__name",
        "task__colour",
        "task__holds",
        "reason",
        "detail",
        "opened_at",
    ):
        found[order_id].append(OpenTask(*mark))
    return found
