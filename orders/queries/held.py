"""What is held: by which causes, for whose decision, and the queue of those to be worked off one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from orders.models import Order, TaskMark
from orders.system_tasks import WAITS_FOR_OTHERS, said

_HOLDS = Q(closed_at__isnull=True, task__holds=True, task__retired_at__isnull=True)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A task that holds, with the number of open orders it holds and since when the first one waits.

    `for_people`: somebody here can end it. The others wait for the mall or the buyer, and go on by themselves.
    """

    task_id: int
    key: str
    name: str
    colour: str
    orders: int
    since: datetime

    @property
    def for_people(self) -> bool:
        return self.key not in WAITS_FOR_OTHERS


def held_causes(shop_ids: Sequence[int] = ()) -> tuple[Cause, ...]:
    """Return what holds open orders: what people here can end first, and in each part the most frequent first. One statement."""
    marks = TaskMark.objects.filter(_HOLDS, order__is_open=True)
    if shop_ids:
        marks = marks.filter(order__shop_id__in=shop_ids)
    rows = (
        marks.order_by()
        .values("task_id", "task__key", "task__name", "task__colour")
        .annotate(n=Count("order_id"), since=Min("opened_at"))
    )
    columns = rows.values_list("task_id", "task__key", "task__name", "task__colour", "n", "since")
    found = [
        Cause(task_id=pk, key=key, name=said(key, name), colour=colour, orders=n, since=at)
        for pk, key, name, colour, n, at in columns
    ]
    return tuple(sorted(found, key=lambda cause: (not cause.for_people, -cause.orders, cause.since)))


def held_queue(*, shop_ids: Sequence[int] = (), task_id: int = 0) -> QuerySet[Order]:
    """Return the open orders that a task holds: of these shops, and by this task, where they are named.

    Where no task is named, those are left out that only wait for somebody else: no person here has anything to decide of them.
    """
    rows = Order.objects.filter(is_open=True, held=True)
    if shop_ids:
        rows = rows.filter(shop_id__in=shop_ids)
    marks = TaskMark.objects.filter(order=OuterRef("pk"), closed_at__isnull=True)
    if task_id:
        return rows.filter(Exists(marks.filter(task=task_id)))
    return rows.filter(Exists(marks.filter(_HOLDS).exclude(task__key__in=WAITS_FOR_OTHERS)))


def longest_held(queue: QuerySet[Order], limit: int = 1) -> list[int]:
    """Return the ids of the orders of a queue that wait longest, the first of them first."""
    waiting = queue.filter(taskmark__closed_at__isnull=True, taskmark__task__holds=True)
    found = waiting.annotate(since=Min("taskmark__opened_at")).order_by("since", "pk")
    return list(found.values_list("pk", flat=True)[:limit])
