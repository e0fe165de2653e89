"""Filter: which orders a list shows. Everything in it can only take away from the tenant's orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.conditions import Node, to_q
from orders.fields.base import open_lines
from orders.fields.kinds import start_of
from orders.models import Order, OrderTag, Status, TaskMark
from orders.queries.late import is_late
from orders.queries.to_ship import ToShip
from orders.search import Found


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What a list is narrowed to; the parts are joined by *and*, the values of one part by *or*.

    `placed_from` and `placed_until` are days in Japan, both included. `found` is what the search box found. `deleted` shows the
    orders taken out of the intake instead of the live ones. `late_at` keeps orders that are late at that moment, for whatever cause.
    """

    shop_ids: tuple[int, ...] = ()
    status_ids: tuple[int, ...] = ()
    group_id: int | None = None
    phases: tuple[str, ...] = ()
    tag_ids: tuple[int, ...] = ()
    task_ids: tuple[int, ...] = ()
    payment_methods: tuple[str, ...] = ()
    payment_names: tuple[str, ...] = ()
    delivery_methods: tuple[str, ...] = ()
    delivery_names: tuple[str, ...] = ()
    placed_from: date | None = None
    placed_until: date | None = None
    product_id: int | None = None
    sku: str = ""
    number: str = ""
    found: Found | None = None
    condition: Node | None = None
    held: bool | None = None
    unreported: bool | None = None
    next_day: bool | None = None
    open_only: bool = False
    late_at: datetime | None = None
    to_ship: ToShip | None = None
    deleted: bool = False

    def statuses(self) -> tuple[int, ...]:
        """Return the statuses the list is limited to, or none for no limit. At most one statement."""
        if self.group_id is None and not self.phases:
            return self.status_ids
        chosen = Status.objects.order_by("pk")
        if self.group_id is not None:
            chosen = chosen.filter(group=self.group_id)
        if self.phases:
            chosen = chosen.filter(group__phase__in=self.phases)
        if self.status_ids:
            chosen = chosen.filter(pk__in=self.status_ids)
        return tuple(chosen.values_list("pk", flat=True)) or (0,)

    def orders(self, *, today: date, apart_from_status: bool = False) -> QuerySet[Order]:
        """Return the orders; `apart_from_status` leaves the limit on statuses to the caller."""
        rows = Order.objects.filter(self._base()).filter(*self._columns(), *self._beside(today))
        if not apart_from_status and (statuses := self.statuses()):
            rows = rows.filter(status__in=statuses)
        return rows

    def _base(self) -> Q:
        if self.deleted:
            return Q(deleted_at__isnull=False, scratch=False)
        return Q(is_open=True) if self.open_only else Q(is_live=True)

    def _columns(self) -> list[Q]:
        asked: list[Q] = []
        for column, values in (
            ("shop_id", self.shop_ids), ("payment_method", self.payment_methods), ("payment_name", self.payment_names),
            ("delivery_method", self.delivery_methods), ("delivery_name", self.delivery_names),
        ):  # fmt: skip
            if values:
                asked.append(Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": values}))
        for column, value in (("held", self.held), ("unreported", self.unreported), ("next_day", self.next_day)):
            if value is not None:
                asked.append(Q(**{column: value}))
        if self.number:
            asked.append(Q(number=self.number))
        if self.placed_from is not None:
            asked.append(Q(placed_at__gte=start_of(self.placed_from)))
        if self.placed_until is not None:
            asked.append(Q(placed_at__lt=start_of(self.placed_until + timedelta(days=1))))
        return asked

    def _beside(self, today: date) -> list[Q]:
        asked: list[Q] = []
        if self.tag_ids:
            asked.append(Q(Exists(OrderTag.objects.filter(order=OuterRef("pk"), tag__in=self.tag_ids))))
        if self.task_ids:
            marks = TaskMark.objects.filter(order=OuterRef("pk"), task__in=self.task_ids, closed_at__isnull=True)
            asked.append(Q(Exists(marks)))
        if self.product_id is not None:
            asked.append(Q(Exists(open_lines().filter(product=self.product_id))))
        if self.sku:
            asked.append(Q(Exists(open_lines().filter(sku=self.sku))))
        if self.found is not None:
            asked.append(self.found.q)
        if self.condition is not None:
            asked.append(to_q(self.condition, today=today))
        if self.late_at is not None:
            asked.append(is_late(self.late_at))
        if self.to_ship is not None:
            asked.append(self.to_ship.q())
        return asked
