"""Everything that changes rules: groups, rules, versions, order, on and off.

A rule acts on the edge, so publishing one (or switching it on) first opens marks on the orders already in for which its condition
holds: they are not touched, unless `apply` says that the rule shall act on them too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.actions import BadAction, Shelf
from automation.failing import free, held_by
from automation.models import Rule, RuleGroup, RuleMark, RuleVersion, When
from automation.rulebook import BEFORE_REQUEST
from hub import rows
from hub.audit import Actor, note
from hub.clock import JAPAN
from hub.models import Member
from orders.conditions import dump, matching, parse
from orders.models import Phase, Shop
from orders.models.statuses import OPEN_PHASES
from orders.operations.shops import lock_rule_set, raise_rule_set

AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class Published:
    """A rule in its new version, how many orders already in meet its condition, and whether it will act on them."""

    rule: Rule
    matching: int
    applied: bool


# Groups.


def create_group(
    *, name: str, by: Actor, now: datetime, when: str = When.CHANGE, phases: Sequence[str] = (), shop: Shop | None = None,
    enabled: bool = True, switch_on_at: datetime | None = None, switch_off_at: datetime | None = None,
) -> RuleGroup:  # fmt: skip
    """Add a group at the end. No phases means those before a ship request."""
    rows.need_in_use(shop, field="shop")
    return rows.create(
        RuleGroup, noun="rule_group", by=by, now=now, name=name, when=When(when).value, phases=_phases(phases), shop=shop, enabled=enabled,
        switch_on_at=switch_on_at, switch_off_at=switch_off_at, position=rows.next_position(RuleGroup.objects.all()),
    )  # fmt: skip


def change_group(
    group: RuleGroup,
    *,
    values: Mapping[str, Any],
    by: Actor,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
    apply: bool = False,
) -> list[str]:
    """Change name, when, phases, shop_id, switch_on_at or switch_off_at. Orders its rules newly reach are marked, not touched."""
    assert values.keys() <= {"name", "when", "phases", "shop_id", "switch_on_at", "switch_off_at"}, values
    written = {**values, **({"phases": _phases(values["phases"])} if "phases" in values else {})}
    changed = rows.change(group, written, noun="rule_group", by=by, now=now, seen=seen)
    if set(changed) - {"name"}:
        rules, shop_id = _rules_of(group), None if "shop_id" in changed else group.shop_id
        _lock_reach(rules, shop_id=shop_id, now=now)
        free([rule.pk for rule in rules], by=by, now=now)
        _mark_group(rules, now=now, apply=apply)
        raise_rule_set(now=now, shop_id=shop_id)
    return changed


def switch_group(group: RuleGroup, on: bool, *, by: Actor, now: datetime, apply: bool = False) -> None:
    """Switch all rules of a group on or off."""
    if rows.change(group, {"enabled": on}, noun="rule_group", by=by, now=now):
        rules = _rules_of(group)
        _lock_reach(rules, shop_id=group.shop_id, now=now)
        if on:
            _mark_group(rules, now=now, apply=apply)
        else:
            free([rule.pk for rule in rules], by=by, now=now)
        raise_rule_set(now=now, shop_id=group.shop_id)


def retire_group(group: RuleGroup, *, by: Actor, now: datetime) -> None:
    """Take a group out of use once none of its rules is. Raises StillUsed."""
    names = list(
        Rule.objects.filter(group=group, retired_at__isnull=True).order_by("position").values_list("name", flat=True)
    )
    if names:
        raise rows.StillUsed(name=group.name, users="、".join(names[:5]))
    rows.retire(group, noun="rule_group", by=by, now=now)


def reorder_groups(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all groups in use in this order; rules run from top to bottom."""
    rows.reorder(RuleGroup.objects.filter(retired_at__isnull=True), ids, noun="rule_group", by=by, now=now)
    raise_rule_set(now=now)


# Rules.


def create_rule(
    *, group: RuleGroup, name: str, condition: Any, actions: Sequence[Mapping[str, Any]], by: Actor, now: datetime,
    over_edits: bool = False, enabled: bool = True, apply: bool = False, member: Member | None = None,
) -> Published:  # fmt: skip
    """Add a rule at the end of its group, as version 1. Raises ConditionError, BadAction, NameTaken."""
    rows.need_in_use(group, field="group")
    values: dict[str, Any] = {
        "name": name,
        "condition": _condition(condition),
        "actions": _actions(actions),
        "over_edits": over_edits,
    }
    rule = rows.create(
        Rule, noun="rule", by=by, now=now, group=group, enabled=enabled, position=rows.next_position(Rule.objects.filter(group=group)),
        created_at=now, **values,
    )  # fmt: skip
    _lock_reach([rule], shop_id=group.shop_id, now=now)
    return _publish(rule, now=now, apply=apply and enabled, member=member)


def publish_rule(
    rule: Rule, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None, apply: bool = False,
    member: Member | None = None,
) -> Published:  # fmt: skip
    """Publish a changed rule (name, condition, actions, over_edits) as its next version. Nothing changed: the version stays."""
    assert values.keys() <= {"name", "condition", "actions", "over_edits"}, values
    rows.need_in_use(rule)
    written = dict(values)
    if "condition" in written:
        written["condition"] = _condition(written["condition"])
    if "actions" in written:
        written["actions"] = _actions(written["actions"])
    differing = {name: value for name, value in written.items() if getattr(rule, name) != value}
    if not differing and not apply:
        return Published(rule=rule, matching=count_matching(rule, now=now), applied=False)
    if differing:
        rows.change(
            rule,
            {**differing, "version": rule.version + 1, "broken": "", "failures": 0},
            noun="rule",
            by=by,
            now=now,
            seen=seen,
        )
    else:
        note("rule.applied", by=by, now=now, id=rule.pk, name=rule.name, version=rule.version)
    _lock_reach([rule], shop_id=rule.group.shop_id, now=now)
    held = free([rule.pk], by=by, now=now) if differing else []
    return _publish(rule, now=now, apply=apply, member=member, but=held)


def switch_rule(rule: Rule, on: bool, *, by: Actor, now: datetime, apply: bool = False) -> Published:
    """Switch a rule on or off. Switched on, it acts on what becomes true from now on, and on what is true already if `apply`."""
    rows.need_in_use(rule)
    if not rows.change(
        rule, {"enabled": on, **({"broken": "", "failures": 0} if on else {})}, noun="rule", by=by, now=now
    ):
        return Published(rule=rule, matching=count_matching(rule, now=now), applied=False)
    _lock_reach([rule], shop_id=rule.group.shop_id, now=now)
    held = free([rule.pk], by=by, now=now)
    found = _mark(rule, now=now, apply=apply, but=held) if on else 0
    raise_rule_set(now=now, shop_id=rule.group.shop_id)
    return Published(rule=rule, matching=found, applied=apply and on)


def move_rule(rule: Rule, *, group: RuleGroup, by: Actor, now: datetime) -> None:
    """Put a rule at the end of another group. What it reaches newly there is marked, not touched."""
    rows.need_in_use(group, field="group")
    values = {"group_id": group.pk, "position": rows.next_position(Rule.objects.filter(group=group))}
    if rows.change(rule, values, noun="rule", by=by, now=now):
        rule.group = group
        _lock_reach([rule], shop_id=None, now=now)
        _mark(rule, now=now, apply=False)
        raise_rule_set(now=now)


def retire_rule(rule: Rule, *, by: Actor, now: datetime) -> None:
    """Take a rule out of use. What it did stays; the history names its version."""
    rows.retire(rule, noun="rule", by=by, now=now)
    _lock_reach([rule], shop_id=rule.group.shop_id, now=now)
    free([rule.pk], by=by, now=now)
    raise_rule_set(now=now, shop_id=rule.group.shop_id)


def restore_rule(rule: Rule, *, by: Actor, now: datetime) -> None:
    """Bring a retired rule back, switched off."""
    rows.restore(rule, noun="rule", by=by, now=now)
    rows.change(rule, {"enabled": False}, noun="rule", by=by, now=now)


def reorder_rules(group: RuleGroup, ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all rules in use of a group in this order."""
    rows.reorder(Rule.objects.filter(group=group, retired_at__isnull=True), ids, noun="rule", by=by, now=now)
    raise_rule_set(now=now, shop_id=group.shop_id)


def count_matching(rule: Rule, *, now: datetime) -> int:
    """Count the open orders that the rule's condition holds for now: what *apply to these N* would touch."""
    return len(_matching(rule, now=now))


# Marks.


def _publish(rule: Rule, *, now: datetime, apply: bool, member: Member | None, but: Collection[int] = ()) -> Published:
    RuleVersion.objects.get_or_create(
        rule=rule, version=rule.version,
        defaults={"name": rule.name, "condition": rule.condition, "actions": rule.actions, "published_at": now, "published_by": member},
    )  # fmt: skip
    found = _mark(rule, now=now, apply=apply, but=but)
    raise_rule_set(now=now, shop_id=rule.group.shop_id)
    return Published(rule=rule, matching=found, applied=apply)


def _rules_of(group: RuleGroup) -> list[Rule]:
    return list(Rule.objects.filter(group=group).select_related("group"))


def _lock_reach(rules: Sequence[Rule], *, shop_id: int | None, now: datetime) -> None:
    """Lock the orders that the rules may hold for, or hold, before marks are written: a pass over them writes the same marks."""
    beyond = [rule for rule in rules if set(rule.group.phases or BEFORE_REQUEST) - set(OPEN_PHASES)]
    also = [pk for rule in beyond for pk in _matching(rule, now=now)]
    lock_rule_set(shop_id=shop_id, also=[*also, *held_by(rule.pk for rule in rules)])


def _mark_group(rules: Sequence[Rule], *, now: datetime, apply: bool) -> None:
    for rule in rules:
        if rule.enabled and rule.retired_at is None:
            _mark(rule, now=now, apply=apply)


def _mark(rule: Rule, *, now: datetime, apply: bool, but: Collection[int] = ()) -> int:
    """Open marks on the orders already in without acting; with `apply`, close the open ones, so that the next pass acts on all.

    `but`: orders that the rule failed on and held. They waited for it, and it acts on them.
    """
    ids = _matching(rule, now=now)
    alive = RuleMark.objects.filter(rule=rule, closed_at__isnull=True)
    if apply:
        alive.filter(order_id__in=ids).update(closed_at=now)
        return len(ids)
    known = {*alive.values_list("order_id", flat=True), *but}
    marks = [
        RuleMark(rule=rule, order_id=pk, version=rule.version, opened_at=now, acted=False)
        for pk in ids
        if pk not in known
    ]
    RuleMark.objects.bulk_create(marks, batch_size=AT_ONCE, ignore_conflicts=True)
    return len(ids)


def _matching(rule: Rule, *, now: datetime) -> list[int]:
    """Return the judged orders in the group's reach that meet the condition. Rules run on new arrivals, never judged, by themselves;
    groups for the intake reach no others."""
    group = rule.group
    if group.when == When.INTAKE:
        return []
    found = matching(parse(rule.condition), now.astimezone(JAPAN).date()).filter(
        phase__in=list(group.phases or BEFORE_REQUEST), judged_revision__gt=0
    )
    if group.shop_id is not None:
        found = found.filter(shop=group.shop_id)
    return sorted(found.order_by().values_list("pk", flat=True))


def _phases(phases: Sequence[str]) -> list[str]:
    return [phase.value for phase in Phase if phase.value in set(phases)]


def _condition(data: Any) -> dict[str, Any]:
    return dump(parse(data))


def _actions(actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Check the actions and return them as they are stored. Raises BadAction with the place."""
    shelf, found = Shelf(), []
    if not actions:
        raise BadAction("no_actions")
    for place, data in enumerate(actions):
        try:
            bound = shelf.bind(data)
        except BadAction as error:
            error.params["place"] = place
            raise
        found.append(
            {"do": bound.action.key, **{name: data[name] for name in bound.action.params if data.get(name) is not None}}
        )
    return found


__all__ = [
    "Published", "change_group", "count_matching", "create_group", "create_rule", "move_rule", "publish_rule", "reorder_groups",
    "reorder_rules", "restore_rule", "retire_group", "retire_rule", "switch_group", "switch_rule",
]  # fmt: skip
