"""What the rules say of one order: which hold, test by test, and when each acted. For the order page and the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automation.models import Rule, RuleMark
from hub.api.rendering import at, oid
from hub.clock import JAPAN, business_now
from orders.conditions import ConditionError, Node, explain_many, parse, sentence, tests_of
from orders.models import Order

SHOWN = 100


def rules_of(*, order_id: int, language: str) -> Sequence[dict[str, Any]]:
    """Return the rules in use that reach the order's shop, in the order they run, each with its tests and whether they hold."""
    shop_id = Order.objects.values_list("shop_id", flat=True).get(pk=order_id)
    rules = Rule.objects.filter(
        retired_at__isnull=True, enabled=True, broken="", group__enabled=True, group__retired_at__isnull=True
    )
    chosen = [
        rule for rule in rules.select_related("group").order_by("group__position", "group_id", "position", "pk")[:SHOWN]
        if rule.group.shop_id in (None, shop_id)
    ]  # fmt: skip
    nodes = {rule.pk: node for rule in chosen if (node := _node(rule)) is not None}
    today = business_now().astimezone(JAPAN).date()
    said = explain_many(nodes, [order_id], today).get(order_id, {})
    acted = dict(
        RuleMark.objects.filter(order_id=order_id, acted=True).order_by("opened_at").values_list("rule_id", "opened_at")
    )
    return [
        {
            "id": oid(rule.pk), "name": rule.name, "group": rule.group.name, "version": rule.version,
            "sentence": sentence(nodes[rule.pk], language), "holds": said[rule.pk].holds, "acted_at": at(acted.get(rule.pk)),
            "tests": [
                {"field": test.field, "sentence": sentence(test, language), "holds": holds}
                for test, holds in zip(tests_of(nodes[rule.pk]), said[rule.pk].tests, strict=True)
            ],
        }
        for rule in chosen if rule.pk in said
    ]  # fmt: skip


def _node(rule: Rule) -> Node | None:
    try:
        return parse(rule.condition)
    except ConditionError:
        return None
