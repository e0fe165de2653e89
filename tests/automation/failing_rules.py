"""Rules that fail for real on orders of 666 yen, and what the tests of them do and look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db.models import F, FloatField, Q, Value
from django.db.models.functions import Cast
from django.db.models.lookups import LessThan
from django.utils.translation import gettext_lazy

from automation.actions import ACTIONS, Action
from automation.engine import work
from automation.folding import Folded
from automation.models import Rule, RuleGroup, RuleVersion
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.fields import FIELDS, Field, Kind
from orders.models import Order, Shop, TaskMark
from tests.conftest import NOW
from tests.factories import mall_order, take_in

BAD_YEN = 666
EARLY = ["intake", "payment", "ready"]


def _trip(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    if folded.order.total_yen == BAD_YEN:
        raise ZeroDivisionError


def _spoil(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    if folded.order.total_yen == BAD_YEN:
        folded.delivery_method = None  # type: ignore[assignment]  # the column takes no null


def _orphan(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    if folded.order.total_yen == BAD_YEN:
        folded.tags.add(10**12)  # no such label


def _per_yen(op: str, value: Any, today: Any) -> Q:
    return Q(LessThan(Cast(Value(1), FloatField()) / Cast(F("total_yen") - BAD_YEN, FloatField()), float(value)))


def _unaskable(op: str, value: Any, today: Any) -> Q:
    raise OverflowError


def _action(key: str, fold: Any) -> Action:
    return Action(key=key, label=gettext_lazy("転ぶ"), fold=fold, writes=frozenset({"delivery_method"}))


def _field(key: str, q: Any) -> Field:
    return Field(
        key=key, label="", subject="order", kind=Kind.NUMBER, q=q, value=lambda facts: 0, reads=frozenset({"total_yen"})
    )


FAILING_ACTIONS = {key: _action(key, fold) for key, fold in (("trip", _trip), ("spoil", _spoil), ("orphan", _orphan))}
FAILING_FIELDS = {key: _field(key, q) for key, q in (("per_yen", _per_yen), ("unaskable", _unaskable))}


def teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put actions and fields that fail beside those of the product, for one test."""
    for key, action in FAILING_ACTIONS.items():
        monkeypatch.setitem(ACTIONS, key, action)
    for key, field in FAILING_FIELDS.items():
        monkeypatch.setitem(FIELDS, key, field)


EVERYTHING: Any = {"all": []}
PER_YEN = {"field": "per_yen", "op": "lt", "value": 2}


def add_rule(
    tenant: Tenant,
    actions: list[dict[str, Any]],
    *,
    condition: Any = EVERYTHING,
    name: str = "転ぶ規則",
    place: int = 50,
) -> int:
    with tenant_transaction(tenant.pk):
        group, _ = RuleGroup.objects.get_or_create(name="試験", defaults={"position": place, "phases": EARLY})
        rule = Rule.objects.create(
            group=group, name=name, condition=condition, actions=actions, position=Rule.objects.count()
        )
        RuleVersion.objects.create(rule=rule, version=1, name=name, condition=condition, actions=actions)
        return rule.pk


TRIP = [{"do": "trip"}, {"do": "add_memo", "text": "通った"}]


def bad_order() -> Any:
    return mall_order(total_yen=BAD_YEN, subtotal_yen=BAD_YEN)


def judge(tenant: Tenant) -> None:
    """Judge until nothing is due."""
    for _ in range(30):
        work(tenant.pk)
        with tenant_transaction(tenant.pk):
            if not Order.objects.filter(judge_at__lte=NOW).exists():
                return
    raise AssertionError("the engine does not end")


def fail_on(tenant: Tenant, shop: Shop, n: int) -> list[str]:
    """Take in n orders that the rules fail on, and judge."""
    orders = [bad_order() for _ in range(n)]
    take_in(tenant, shop, *orders)
    judge(tenant)
    return [order.number for order in orders]


def rule_of(tenant: Tenant, pk: int) -> Rule:
    with tenant_transaction(tenant.pk):
        return Rule.objects.select_related("group").get(pk=pk)


def held(tenant: Tenant) -> list[str]:
    with tenant_transaction(tenant.pk):
        marks = TaskMark.objects.filter(task__key="rule_failed", closed_at__isnull=True)
        return list(marks.order_by("order_id").values_list("order__number", flat=True))


def entries(tenant: Tenant, verb: str) -> list[AuditEntry]:
    with tenant_transaction(tenant.pk):
        return list(AuditEntry.objects.filter(verb=verb).order_by("pk"))
