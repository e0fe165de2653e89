"""How the expected errors of rules read as problems, and which rules use a row of settings. Loaded by `AutomationConfig.ready`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automation.actions import ACTIONS, BadAction
from automation.models import Rule, RuleGroup
from hub.problems import Problem, teach
from hub.rows import register_user
from orders.uses import FIELDS_OF, names_row

_KINDS = {
    "orders.Status": "status",
    "orders.Tag": "tag",
    "orders.Warehouse": "warehouse",
    "mailer.MailTemplate": "template",
}


def _of_action(error: BadAction) -> Problem:
    place, name = error.params.get("place"), error.params.get("name")
    field = "actions" + (f"/{place}" if place is not None else "") + (f"/{name}" if name else "")
    codes = {
        "unknown_action": "unknown_rule_action",
        "gone": "action_gone",
        "missing": "action_missing",
        "no_actions": "no_actions",
    }
    return Problem(code=codes[error.code], status=422, field=field, params=error.params)


def rules_using(row: Any) -> Sequence[str]:
    """Return the names of rules in use whose condition or actions name the row."""
    kind = _KINDS.get(row._meta.label)
    rules = Rule.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    return [rule.name for rule in rules if names_row(rule.condition, row) or (kind and _acts_on(rule, kind, row.pk))]


def _acts_on(rule: Rule, kind: str, pk: int) -> bool:
    for data in rule.actions:
        action = ACTIONS.get(data.get("do"))
        if action and any(data.get(name) == pk for name, of in action.params.items() if of == kind):
            return True
    return False


def groups_of_shop(row: Any) -> Sequence[str]:
    """Return the names of rule groups that are for this shop alone."""
    return list(
        RuleGroup.objects.filter(retired_at__isnull=True, shop=row).order_by("position").values_list("name", flat=True)
    )


teach(BadAction, _of_action)
for _label in {*FIELDS_OF, *_KINDS}:
    register_user(_label, rules_using)
register_user("orders.Shop", groups_of_shop)
