"""Tasks (自動タスク): a condition, a label, what to do, and whether it holds. System tasks mirror facts and cannot be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub import rows
from hub.audit import Actor
from orders.conditions import dump, parse
from orders.models import Shop, Task, TaskMark
from orders.operations.door import MOST
from orders.operations.holds import refresh_held
from orders.operations.shops import raise_rule_set


def create_task(
    *, name: str, condition: Any, by: Actor, now: datetime, what_to_do: str = "", holds: bool = True, shop: Shop | None = None,
    colour: str = "amber", enabled: bool = True,
) -> Task:  # fmt: skip
    """Add a task; a condition of None makes one that people open and close by hand. Raises ConditionError, NameTaken."""
    rows.need_in_use(shop, field="shop")
    task = rows.create(
        Task, noun="task", by=by, now=now, name=name, what_to_do=what_to_do, condition=_clean(condition), holds=holds, shop=shop,
        colour=colour, enabled=enabled, position=rows.next_position(Task.objects.all()), created_at=now,
    )  # fmt: skip
    raise_rule_set(now=now, shop_id=task.shop_id)
    return task


def change_task(
    task: Task, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change name, what_to_do, condition, holds, shop (or shop_id) or colour. Raises IsSystem, ConditionError, Stale."""
    assert values.keys() <= {"name", "what_to_do", "condition", "holds", "shop_id", "colour"}, values
    _need_own(task)
    written = dict(values)
    if "condition" in written:
        written["condition"] = _clean(written["condition"])
        written["broken"] = ""
    shops = {task.shop_id, written.get("shop_id", task.shop_id)}
    changed = rows.change(task, written, noun="task", by=by, now=now, seen=seen)
    if "holds" in changed:
        _refresh(task)
    if set(changed) & {"condition", "holds", "shop_id", "broken"}:
        raise_rule_set(now=now, shop_id=task.shop_id if len(shops) == 1 else None)
    return changed


def switch_task(task: Task, on: bool, *, by: Actor, now: datetime) -> None:
    """Switch a task on or off. Off closes its open marks: what it held goes on. Raises IsSystem."""
    _need_own(task)
    if rows.change(task, {"enabled": on}, noun="task", by=by, now=now):
        if not on:
            _end_marks(task, now=now)
        raise_rule_set(now=now, shop_id=task.shop_id)


def retire_task(task: Task, *, by: Actor, now: datetime) -> None:
    """Take a task out of use; its open marks are closed. Raises IsSystem, StillUsed."""
    _need_own(task)
    rows.retire(task, noun="task", by=by, now=now)
    _end_marks(task, now=now)
    raise_rule_set(now=now, shop_id=task.shop_id)


def restore_task(task: Task, *, by: Actor, now: datetime) -> None:
    rows.restore(task, noun="task", by=by, now=now)
    raise_rule_set(now=now, shop_id=task.shop_id)


def reorder_tasks(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all tasks of the tenant's own in this order."""
    rows.reorder(Task.objects.filter(retired_at__isnull=True, key=""), ids, noun="task", by=by, now=now)


def _need_own(task: Task) -> None:
    if task.key:
        raise rows.IsSystem(name=task.name)


def _clean(condition: Any) -> dict[str, Any] | None:
    return None if condition is None else dump(parse(condition))


def _end_marks(task: Task, *, now: datetime) -> None:
    marks = TaskMark.objects.filter(task=task, cause_ended_at__isnull=True)
    ids = sorted(marks.filter(closed_at__isnull=True).values_list("order_id", flat=True))
    marks.filter(closed_at__isnull=True).update(closed_at=now, closed_by_kind="system")
    marks.update(cause_ended_at=now)
    _refresh(task, ids)


def _refresh(task: Task, ids: Sequence[int] | None = None) -> None:
    """Bring the orders' copy of *held* up to date, a thousand at a time."""
    if ids is None:
        ids = sorted(TaskMark.objects.filter(task=task, closed_at__isnull=True).values_list("order_id", flat=True))
    for start in range(0, len(ids), MOST):
        refresh_held(ids[start : start + MOST])
