"""A rule that fails on orders: counted from its last change on, switched off at the third order, and the orders it held set free.

The audit is the count: one entry for each order a rule failed on (promise G24). Nothing here is on the way of a pass that succeeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from automation.models import Rule
from automation.notices import warn_of_rule
from hub.audit import SYSTEM, Actor, note
from hub.models import AuditEntry
from orders.models import TaskMark
from orders.operations.door import MOST
from orders.operations.holds import close_mark, open_mark, system_task

MOST_ORDERS = 3
FAILED_ON_ORDERS = "failed_on_three_orders"
FAILED, OFF, CHANGED = "rule.failed", "rule.switched_itself_off", "rule.changed"


@dataclass(frozen=True, kw_only=True)
class SwitchedOff:
    """When a rule switched itself off, and the orders it had failed on."""

    at: datetime
    order_ids: tuple[int, ...]


def hold_for(rule: Rule | None, order_id: int, error: Exception, *, now: datetime) -> None:
    """Hold a locked order on which a pass failed, and take it off the queue until it changes or its rule does. `rule` is locked too."""
    task = system_task("rule_failed")
    if rule is not None:
        others = _marks().filter(order_id=order_id).exclude(detail__contains={"rule_id": rule.pk})
        close_mark(others.values_list("order_id", flat=True), task=task, by=SYSTEM, now=now)
    detail = {"rule": rule.name if rule else "", "error": type(error.__cause__ or error).__name__}
    more = {"rule_id": rule.pk, "version": rule.version} if rule else {}
    open_mark([order_id], task=task, by=SYSTEM, now=now, reason="rule_failed", detail={**detail, **more})


def count(rule: Rule, order_id: int, *, now: datetime) -> bool:
    """Count the order against the locked rule, once; at the third the rule switches itself off. Return whether it did."""
    failed_on = set(_failed_on(rule))
    if order_id not in failed_on:
        note(FAILED, by=SYSTEM, now=now, id=rule.pk, name=rule.name, version=rule.version, order=order_id)
        failed_on.add(order_id)
        Rule.objects.filter(pk=rule.pk).update(failures=len(failed_on))
    return len(failed_on) >= MOST_ORDERS and switch_off(rule, FAILED_ON_ORDERS, order_ids=sorted(failed_on), now=now)


def switch_off(rule: Rule, why: str, *, order_ids: Iterable[int] = (), now: datetime) -> bool:
    """Let the product switch a rule off: on the rules page, in the audit and by mail; what it held is judged without it. One that was
    changed meanwhile stays as it is."""
    if Rule.objects.filter(pk=rule.pk, version=rule.version, broken="").update(broken=why) != 1:
        return False
    ids = list(order_ids)
    note(OFF, by=SYSTEM, now=now, id=rule.pk, name=rule.name, version=rule.version, reason=why, orders=ids)
    free([rule.pk], by=SYSTEM, now=now)
    warn_of_rule(rule, order_ids=ids)
    return True


def free(rule_ids: Iterable[int], *, by: Actor, now: datetime) -> list[int]:
    """Let go what these rules hold, so that it is judged again; return the orders."""
    ids = held_by(rule_ids)
    for start in range(0, len(ids), MOST):
        close_mark(ids[start : start + MOST], task=system_task("rule_failed"), by=by, now=now, reason="rule_changed")
    return ids


def held_by(rule_ids: Iterable[int]) -> list[int]:
    """Return the orders that these rules hold, in id order."""
    wanted = list(rule_ids)
    held = _marks().filter(detail__rule_id__in=wanted).order_by("order_id").values_list("order_id", flat=True)
    return list(held) if wanted else []


def switched_off(rules: Iterable[Rule]) -> Mapping[int, SwitchedOff]:
    """Return when and over which orders those of the rules switched themselves off that are off for that. At most one statement."""
    wanted = {rule.pk for rule in rules if rule.broken}
    if not wanted:
        return {}
    entries = AuditEntry.objects.filter(order_id__isnull=True, verb=OFF, params__id__in=sorted(wanted)).order_by("pk")
    return {entry.params["id"]: SwitchedOff(at=entry.at, order_ids=tuple(entry.params["orders"])) for entry in entries}


def _failed_on(rule: Rule) -> list[int]:
    """Return the orders that the rule failed on since it was last published or switched."""
    about = AuditEntry.objects.filter(order_id__isnull=True, params__id=rule.pk)
    last = about.filter(verb=CHANGED).order_by("-pk").values_list("pk", flat=True).first() or 0
    return list(about.filter(verb=FAILED, pk__gt=last).values_list("params__order", flat=True))


def _marks() -> QuerySet[TaskMark]:
    return TaskMark.objects.filter(task__key="rule_failed", closed_at__isnull=True)
