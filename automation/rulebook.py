"""The tenant's rules and tasks, parsed and put in order; consecutive rules that do not read what earlier ones write share a stratum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from automation.actions import BadAction, Bound, Shelf
from automation.failing import switch_off
from automation.models import Rule, RuleGroup, When
from orders.conditions import ConditionError, Node, parse, reads
from orders.models import Task

BEFORE_REQUEST = ("intake", "payment", "ready")
"""The phases a group runs in unless it says otherwise: those before a ship request."""


@dataclass(frozen=True, kw_only=True)
class ReadyRule:
    """A rule with its condition parsed and its actions bound."""

    rule: Rule
    node: Node
    actions: tuple[Bound, ...]
    shop_id: int | None
    when: str
    phases: frozenset[str]
    group_id: int

    @property
    def writes(self) -> frozenset[str]:
        return frozenset().union(*(bound.action.writes for bound in self.actions))


@dataclass(frozen=True, kw_only=True)
class ReadyTask:
    task: Task
    node: Node


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Strata in order, tasks, and what is left out because it no longer parses, with why."""

    strata: tuple[tuple[ReadyRule, ...], ...]
    tasks: tuple[ReadyTask, ...]
    broken: tuple[tuple[Rule | Task, str], ...] = ()

    @property
    def rules(self) -> list[ReadyRule]:
        return [rule for stratum in self.strata for rule in stratum]

    def first(self, n: int) -> Rulebook:
        """Return the book with its first n rules only."""
        return replace(self, strata=_strata(self.rules[:n]))


def load_rulebook(*, now: datetime) -> Rulebook:
    """Load what is switched on now. What no longer parses is to be switched off once no order is locked (`switch_off_broken`)."""
    shelf = Shelf()
    groups = {
        g.pk: g
        for g in RuleGroup.objects.filter(retired_at__isnull=True)
        if group_is_on(g, now=now) and g.when != When.SCHEDULE
    }
    rules = Rule.objects.filter(group__in=list(groups), enabled=True, retired_at__isnull=True, broken="")
    ready: list[ReadyRule] = []
    broken: list[tuple[Rule | Task, str]] = []
    for rule in sorted(rules, key=lambda r: (groups[r.group_id].position, r.group_id, r.position, r.pk)):
        group = groups[rule.group_id]
        try:
            node = parse(rule.condition)
            actions = tuple(shelf.bind(data) for data in rule.actions)
        except ConditionError as error:
            broken.append((rule, f"{error.path}: {error.code}"))
            continue
        except BadAction as error:
            broken.append((rule, error.code))
            continue
        ready.append(
            ReadyRule(
                rule=rule, node=node, actions=actions, shop_id=group.shop_id, when=group.when, group_id=group.pk,
                phases=frozenset(group.phases or BEFORE_REQUEST),
            )
        )  # fmt: skip
    tasks = []
    for task in Task.objects.filter(enabled=True, retired_at__isnull=True, condition__isnull=False, broken="").order_by(
        "position", "pk"
    ):
        try:
            tasks.append(ReadyTask(task=task, node=parse(task.condition)))
        except ConditionError as error:
            broken.append((task, f"{error.path}: {error.code}"))
    return Rulebook(strata=_strata(ready), tasks=tuple(tasks), broken=tuple(broken))


def switch_off_broken(row: Rule | Task, why: str, *, now: datetime) -> None:
    """Let a rule or task that no longer parses switch itself off and say why, unless it was changed meanwhile."""
    if isinstance(row, Rule):
        switch_off(row, why, now=now)
    else:
        Task.objects.filter(pk=row.pk, condition=row.condition).update(broken=why)


def group_is_on(group: RuleGroup, *, now: datetime) -> bool:
    """Say whether the group is on: by its switch, turned by the clock where times are set."""
    on = group.enabled
    for at, turned in sorted(
        (at, turned) for at, turned in ((group.switch_on_at, True), (group.switch_off_at, False)) if at is not None
    ):
        if at <= now:
            on = turned
    return on


def _strata(rules: Sequence[ReadyRule]) -> tuple[tuple[ReadyRule, ...], ...]:
    strata: list[list[ReadyRule]] = []
    written: frozenset[str] = frozenset()
    for rule in rules:
        if not strata or reads(rule.node) & written:
            strata.append([])
            written = frozenset()
        strata[-1].append(rule)
        written |= rule.writes
    return tuple(tuple(stratum) for stratum in strata)
