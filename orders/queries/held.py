"""The queue of held orders, to be worked off one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, Min, OuterRef, QuerySet

from orders.models import Order, TaskMark
from orders.system_tasks import WAITS_FOR_OTHERS


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
    return rows.filter(Exists(marks.filter(task__holds=True).exclude(task__key__in=WAITS_FOR_OTHERS)))


def longest_held(queue: QuerySet[Order]) -> int | None:
    """Return the order of a queue that waits longest, or None."""
    waiting = queue.filter(taskmark__closed_at__isnull=True, taskmark__task__holds=True)
    found = waiting.annotate(since=Min("taskmark__opened_at")).order_by("since", "pk")
    return found.values_list("pk", flat=True).first()
