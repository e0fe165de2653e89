"""What the pages of rules show: orders in a rule's reach, how often rules acted, and what they would do for an observed shop."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from automation.models import Rule, RuleGroup, RuleMark
from automation.rulebook import BEFORE_REQUEST
from hub.clock import JAPAN
from orders.conditions import AllOf, AnyOf, ConditionError, Node, Not, Test, matching, parse
from orders.models import Order, Shop

HITS = timedelta(days=7)


def in_reach(group: RuleGroup | None, node: Node, *, now: datetime) -> QuerySet[Order]:
    """Return the live orders that meet a condition in the phases and the shop of a group."""
    found = matching(node, now.astimezone(JAPAN).date()).filter(ready_at__lte=now)
    phases = (group.phases if group else None) or BEFORE_REQUEST
    found = found.filter(phase__in=list(phases))
    return found.filter(shop=group.shop_id) if group and group.shop_id else found


def hits(*, now: datetime) -> dict[int, int]:
    """Return how many times each rule acted in the last seven days. One statement."""
    marks = RuleMark.objects.filter(acted=True, opened_at__gt=now - HITS)
    return dict(marks.order_by().values("rule_id").annotate(n=Count("pk")).values_list("rule_id", "n"))


def would_do(shop: Shop, action: str, *, now: datetime) -> int:
    """Count the orders of an observed shop for which rules would have done this by now, had the orders been ours."""
    ids: set[int] = set()
    for rule in _acting(action):
        if rule.group.shop_id not in (None, shop.pk):
            continue
        try:
            node = _as_ours(parse(rule.condition))
        except ConditionError:
            continue
        ids |= set(in_reach(rule.group, node, now=now).filter(shop=shop, ours=False).values_list("pk", flat=True))
    return len(ids)


def _acting(action: str) -> Iterable[Rule]:
    rules = Rule.objects.filter(
        enabled=True, retired_at__isnull=True, broken="", group__enabled=True, group__retired_at__isnull=True
    )
    return [rule for rule in rules.select_related("group") if any(data.get("do") == action for data in rule.actions)]


def _as_ours(node: Node) -> Node:
    """Return the condition as it reads for an order that the hub acts for: the test of `ours` holds."""
    if isinstance(node, Test):
        holds = node.op == "is" and node.value is True
        return (AllOf(()) if holds else Not(AllOf(()))) if node.field == "ours" else node
    if isinstance(node, Not):
        return Not(_as_ours(node.node))
    nodes = tuple(_as_ours(one) for one in node.nodes)
    return AllOf(nodes) if isinstance(node, AllOf) else AnyOf(nodes)
