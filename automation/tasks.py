"""Tasks of a pass: one mask read, the difference to the open marks in memory, one insert and few updates. Marks raise no revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from automation.rulebook import Rulebook
from orders import system_facts
from orders.conditions import masks
from orders.models import Order, Task, TaskMark
from orders.operations.holds import refresh_held


def mirror_tasks(orders: Sequence[Order], book: Rulebook, *, today: date, now: datetime) -> None:
    """Open the marks whose cause holds and close those whose cause is gone."""
    if not orders:
        return
    ids = [order.pk for order in orders]
    wanted = _wanted(orders, book, ids, today=today)
    alive: dict[int, dict[int, TaskMark]] = defaultdict(dict)
    mirrored = {task.task.pk for task in book.tasks} | set(_system_ids().values())
    for mark in TaskMark.objects.filter(
        order_id__in=ids, cause_ended_at__isnull=True, task_id__in=mirrored, by_hand=False
    ):
        alive[mark.order_id][mark.task_id] = mark
    fresh: list[TaskMark] = []
    ended_open: list[int] = []
    ended_closed: list[int] = []
    touched: set[int] = set()
    for order_id in ids:
        for task_id, detail in wanted[order_id].items():
            if task_id not in alive[order_id]:
                fresh.append(TaskMark(order_id=order_id, task_id=task_id, opened_at=now, detail=detail))
                touched.add(order_id)
        for task_id, mark in alive[order_id].items():
            if task_id not in wanted[order_id]:
                (ended_open if mark.closed_at is None else ended_closed).append(mark.pk)
                touched.add(order_id)
    TaskMark.objects.bulk_create(fresh, ignore_conflicts=True)
    TaskMark.objects.filter(pk__in=ended_open).update(closed_at=now, closed_by_kind="system", cause_ended_at=now)
    TaskMark.objects.filter(pk__in=ended_closed).update(cause_ended_at=now)
    refresh_held(sorted(touched))


def _system_ids() -> dict[str, int]:
    return dict(Task.objects.filter(key__in=system_facts.KEYS).values_list("key", "pk"))


def _wanted(
    orders: Sequence[Order], book: Rulebook, ids: Sequence[int], *, today: date
) -> dict[int, dict[int, dict[str, Any]]]:
    """Return, for each order, the tasks whose cause holds, with the detail of system ones."""
    wanted: dict[int, dict[int, dict[str, Any]]] = {pk: {} for pk in ids}
    keys = _system_ids()
    for order in orders:
        if order.phase in ("shipped", "done", "cancelled"):
            continue
        for key, detail in system_facts.of(order).items():
            if key in keys:
                wanted[order.pk][keys[key]] = detail
    hits = masks({ready.task.pk: ready.node for ready in book.tasks}, ids, today) if book.tasks else {}
    shops = {ready.task.pk: ready.task.shop_id for ready in book.tasks}
    for order in orders:
        if order.phase in ("shipped", "done", "cancelled"):
            continue
        for task_id in hits.get(order.pk, ()):
            if shops[task_id] in (None, order.shop_id):
                wanted[order.pk][task_id] = {}
    return wanted
