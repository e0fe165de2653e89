"""Tasks of a pass: one mask read, the difference to the open marks in memory, one insert and few updates. Marks raise no revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from automation import engine_rows
from automation.folding import Folded
from automation.rulebook import Rulebook
from orders import system_tasks
from orders.conditions import masks
from orders.models import Task, TaskMark

FINISHED = ("shipped", "done", "cancelled")


def mirror_tasks(orders: Sequence[Folded], book: Rulebook, *, today: date, now: datetime) -> dict[int, bool]:
    """Open the marks whose cause holds and close those whose cause is gone; return whether each order is held now."""
    if not orders:
        return {}
    keys = dict(Task.objects.filter(key__in=system_tasks.KEYS).values_list("key", "pk"))
    wanted = _wanted(orders, book, keys, today=today)
    mirrored = {task.task.pk for task in book.tasks} | set(keys.values())
    alive: dict[int, dict[int, TaskMark]] = {order_id: {} for order_id in wanted}
    open_tasks: dict[int, set[int]] = {order_id: set() for order_id in wanted}
    for mark in TaskMark.objects.filter(order_id__among=list(wanted), cause_ended_at__isnull=True):
        if mark.closed_at is None:
            open_tasks[mark.order_id].add(mark.task_id)
        if mark.task_id in mirrored and not mark.by_hand:
            alive[mark.order_id][mark.task_id] = mark
    fresh = [
        (order_id, task_id, detail)
        for order_id, tasks in wanted.items()
        for task_id, detail in tasks.items()
        if task_id not in alive[order_id]
    ]
    ended = [
        mark for order_id, marks in alive.items() for mark in marks.values() if mark.task_id not in wanted[order_id]
    ]
    engine_rows.open_task_marks(fresh, now=now)
    _end(ended, now=now)
    for order_id, task_id, _ in fresh:
        open_tasks[order_id].add(task_id)
    for mark in ended:
        open_tasks[mark.order_id].discard(mark.task_id)
    holding = set(Task.objects.filter(holds=True).values_list("pk", flat=True))
    return {order_id: not holding.isdisjoint(tasks) for order_id, tasks in open_tasks.items()}


def _end(marks: Sequence[TaskMark], *, now: datetime) -> None:
    """End marks whose cause is gone: those still open are closed, those that a person closed may open again another time."""
    still_open = [mark.pk for mark in marks if mark.closed_at is None]
    closed = [mark.pk for mark in marks if mark.closed_at is not None]
    if still_open:
        TaskMark.objects.filter(pk__among=still_open).update(closed_at=now, closed_by_kind="system", cause_ended_at=now)
    if closed:
        TaskMark.objects.filter(pk__among=closed).update(cause_ended_at=now)


def _wanted(
    orders: Sequence[Folded], book: Rulebook, keys: Mapping[str, int], *, today: date
) -> dict[int, dict[int, dict[str, Any]]]:
    """Return, for each order, the tasks whose cause holds, with the detail of system ones."""
    wanted: dict[int, dict[int, dict[str, Any]]] = {folded.order.pk: {} for folded in orders}
    hits: Mapping[int, Sequence[int]] = {}
    if book.tasks:
        hits = masks({ready.task.pk: ready.node for ready in book.tasks}, wanted, today)
    shops = {ready.task.pk: ready.task.shop_id for ready in book.tasks}
    for folded in orders:
        order = folded.order
        if folded.phase in FINISHED:
            continue
        for key, detail in system_tasks.of(order, delivery_method=folded.delivery_method).items():
            if key in keys:
                wanted[order.pk][keys[key]] = detail
        for task_id in hits.get(order.pk, ()):
            if shops[task_id] in (None, order.shop_id):
                wanted[order.pk][task_id] = {}
    return wanted
