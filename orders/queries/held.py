"""The queue of held orders, to be worked off one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, Min, OuterRef, QuerySet

from orders.models import Order, TaskMark


def held_queue(*, shop_ids: Sequence[int] = (), task_id: int = 0) -> QuerySet[Order]:
    """Return the open orders that a task holds: of these shops, and by this task, where they are named."""
    rows = Order.objects.filter(is_open=True, held=True)
    if shop_ids:
        rows = rows.filter(shop_id__in=shop_ids)
    if task_id:
        rows = rows.filter(Exists(TaskMark.objects.filter(order=OuterRef("pk"), task=task_id, closed_at__isnull=True)))
    return rows


def longest_held(queue: QuerySet[Order]) -> int | None:
    """Return the order of a queue that waits longest, or None."""
    waiting = queue.filter(taskmark__closed_at__isnull=True, taskmark__task__holds=True)
    found = waiting.annotate(since=Min("taskmark__opened_at")).order_by("since", "pk")
    return found.values_list("pk", flat=True).first()
