"""Holding and releasing: marks of tasks opened and closed by hand, system marks, and the named override.

`orders/system_tasks.py` says which marks the program itself opens.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from hub.audit import Actor
from orders.conditions import ConditionError, fields_of, parse
from orders.models import Order, Task, TaskMark
from orders.operations.door import Changed, lock, touch
from orders.operations.edits import accept_addresses
from orders.system_tasks import KEYS, NEVER_PASSED


class CauseStillThere(Exception):
    """A system mark mirrors a fact; it closes by itself when the fact is gone, or by a named override."""


class NeverPassed(Exception):
    """The mall has not decided yet; no override passes that."""


def system_task(key: str) -> Task:
    """Return the tenant's system task with this key."""
    task: Task = Task.objects.get(key=key)
    return task


def hold(order_ids: Iterable[int], *, reason: str, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Hold the orders until somebody releases them; the reason is shown on list and page."""
    return open_mark(
        order_ids, task=system_task("hold"), reason=reason, by=by, now=now, batch_id=batch_id, by_hand=True
    )


def open_mark(
    order_ids: Iterable[int],
    *,
    task: Task,
    by: Actor,
    now: datetime,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    by_hand: bool = False,
    batch_id: int | None = None,
) -> Changed:
    """Open the task's mark on the orders that have none open. One that was closed by hand is opened again."""
    orders = lock(order_ids, "revision")
    ids = [order.pk for order in orders]
    alive = {
        mark.order_id: mark
        for mark in TaskMark.objects.filter(task=task, order_id__in=ids, cause_ended_at__isnull=True)
    }
    again = [mark.pk for mark in alive.values() if mark.closed_at is not None]
    TaskMark.objects.filter(pk__in=again).update(
        closed_at=None, closed_by_kind="", closed_by_id=None, opened_at=now, reason=reason, detail=detail or {}
    )
    fresh = [order_id for order_id in ids if order_id not in alive]
    TaskMark.objects.bulk_create(
        [
            TaskMark(order_id=order_id, task=task, opened_at=now, opened_by_kind=by.kind, opened_by_id=by.id, reason=reason,
                     detail=detail or {}, by_hand=by_hand)
            for order_id in fresh
        ]
    )  # fmt: skip
    changed = sorted([*fresh, *(mark.order_id for mark in alive.values() if mark.pk in again)])
    refresh_held(changed)
    touch(
        changed,
        verb="order.held",
        by=by,
        now=now,
        batch_id=batch_id,
        after={"task": task.pk, **typed_by(by, reason)},
        name=task.name,
        **coded_by(by, reason),
    )
    return Changed(changed=changed, unchanged=[order_id for order_id in ids if order_id not in set(changed)])


def close_mark(
    order_ids: Iterable[int],
    *,
    task: Task,
    by: Actor,
    now: datetime,
    reason: str = "",
    override: bool = False,
    batch_id: int | None = None,
) -> Changed:
    """Close the task's open mark. What a person closes stays closed until the condition has ceased once.

    Closing what asks about an address accepts the address as it stands.

    System marks other than holds by hand mirror facts: closing them needs `override` and is entered as one. Raises CauseStillThere,
    and NeverPassed for what the mall has not decided yet.
    """
    if task.key in NEVER_PASSED and by.is_person:
        raise NeverPassed(task.name)
    if task.key and task.key not in CLOSED_BY_HAND and by.is_person and not override:
        raise CauseStillThere(task.name)
    orders = lock(order_ids, "revision")
    marks = TaskMark.objects.filter(task=task, order_id__in=[o.pk for o in orders], closed_at__isnull=True)
    changed = sorted(marks.values_list("order_id", flat=True))
    has_cause = task.condition is not None or task.key in KEYS
    ended = None if has_cause and task.key not in CLOSED_BY_HAND else now
    marks.update(closed_at=now, closed_by_kind=by.kind, closed_by_id=by.id, cause_ended_at=ended)
    refresh_held(changed)
    if by.is_person and "address_doubt" in _asked_of(task):
        accept_addresses(changed)
    verb = "order.override" if override else "order.released"
    touch(
        changed,
        verb=verb,
        by=by,
        now=now,
        batch_id=batch_id,
        before={"task": task.pk},
        after=typed_by(by, reason),
        name=task.name,
        **coded_by(by, reason),
    )
    return Changed(changed=changed, unchanged=[o.pk for o in orders if o.pk not in set(changed)])


def typed_by(by: Actor, reason: str) -> dict[str, str]:
    """Return a person's words as a detail of an entry, which retention can erase; the program's codes are part of the entry itself."""
    return {"reason": reason} if by.is_person and reason else {}


def coded_by(by: Actor, reason: str) -> dict[str, Any]:
    """Return the program's own reason, a code, as it stands in the entry."""
    return {} if by.is_person else {"reason": reason}


def _asked_of(task: Task) -> frozenset[str]:
    """Return the fields that the task's condition asks about."""
    try:
        return fields_of(parse(task.condition)) if task.condition else frozenset()
    except ConditionError:
        return frozenset()


CLOSED_BY_HAND = frozenset(
    {
        "hold",
        "withdrawn",
        "withdraw_late",
        "rule_failed",
        "mall_changed",
        "remark",
        "short",
        "cannot_ship",
        "confirm_refused",
        "cancel_refused",
    }
)
"""System tasks that a person closes without an override: they wait for exactly that."""


def read_remark(order_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Note that a person has read the buyer's remark; it counts as read until the mall's text changes."""
    from orders.operations.door import Row, write

    outcome, rows = Changed(), []
    for order in lock(order_ids, "remark_read", "revision"):
        if order.remark_read:
            outcome.unchanged.append(order.pk)
            continue
        rows.append(Row(order_id=order.pk, before={"remark_read": False}, after={"remark_read": True}))
        outcome.changed.append(order.pk)
    write(rows, verb="order.remark_read", by=by, now=now, batch_id=batch_id)
    return outcome


def refresh_held(order_ids: Iterable[int]) -> None:
    """Set `Order.held` from the open marks of tasks that hold; a copy that the list and its index read."""
    ids = list(order_ids)
    if ids:
        holding = TaskMark.objects.filter(order_id=OuterRef("pk"), closed_at__isnull=True, task__holds=True)
        Order.objects.filter(pk__in=ids).update(held=Exists(holding))
