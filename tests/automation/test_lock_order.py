"""The engine locks orders in id order, as whoever else changes many at once does: neither dies of the other."""

from __future__ import annotations

from typing import Any

import pytest

from automation import engine
from automation.failing import hold_for
from automation.models import Rule
from automation.operations import publish_rule
from automation.rulebook import load_rulebook
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import batches
from orders.models import Order, Shop
from tests.automation.failing_rules import EVERYTHING, TRIP, add_rule, fail_on, held, judge, rule_of, teach
from tests.conftest import NOW, TESTER
from tests.elsewhere import Elsewhere, wait_for_a_waiter
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    teach(monkeypatch)


def test_rule_that_switches_itself_off_meets_a_bulk_act(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third failure frees the two orders before it, which somebody changes at that moment together with the third."""
    rule = add_rule(tenant, TRIP)
    fail_on(tenant, shop, 2)

    def act() -> None:
        with tenant_transaction(tenant.pk):
            ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
            batches.act("memo", ids, {"text": "まとめて"}, by=TESTER, now=NOW)

    acting = Elsewhere(act)

    def hold_while_somebody_acts(*given: Any, **named: Any) -> None:
        acting.begin()
        wait_for_a_waiter()
        hold_for(*given, **named)

    monkeypatch.setattr(engine, "hold_for", hold_while_somebody_acts)
    fail_on(tenant, shop, 1)
    acting.end()

    assert rule_of(tenant, rule).broken
    assert held(tenant) == []
    with tenant_transaction(tenant.pk):
        assert ["まとめて" in order.memo for order in Order.objects.all()] == [True] * 3


@pytest.fixture
def broken(tenant: Tenant, shop: Shop) -> int:
    """A rule that failed on an order, which it holds, and does not parse any more; another order is due."""
    rule = add_rule(tenant, TRIP)
    fail_on(tenant, shop, 1)
    with tenant_transaction(tenant.pk):
        Rule.objects.filter(pk=rule).update(condition={"field": "no_such_field", "op": "is", "value": 1})
    take_in(tenant, shop, mall_order())
    return rule


def judge_while(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, act: Elsewhere) -> None:
    """Judge; once the due orders are locked, the other acts until it waits for a lock."""

    def load(**given: Any) -> Any:
        if not act.began:
            act.meet()
        return load_rulebook(**given)

    monkeypatch.setattr(engine, "load_rulebook", load)
    judge(tenant)
    act.end()


def test_rule_that_no_longer_parses_meets_a_bulk_act(
    tenant: Tenant, broken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it held is freed, which somebody changes at that moment together with the order that is judged."""

    def act() -> None:
        with tenant_transaction(tenant.pk):
            ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
            batches.act("memo", ids, {"text": "まとめて"}, by=TESTER, now=NOW)

    judge_while(monkeypatch, tenant, Elsewhere(act))

    assert rule_of(tenant, broken).broken
    assert held(tenant) == []
    with tenant_transaction(tenant.pk):
        assert list(Order.objects.values_list("memo", "judge_at")) == [("まとめて", None)] * 2


def test_rule_that_no_longer_parses_is_mended_meanwhile(
    tenant: Tenant, broken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever publishes a rule locks it and then its orders. What was said against the old version is not held against the new."""

    def mend() -> None:
        with tenant_transaction(tenant.pk):
            rule = Rule.objects.select_related("group").get(pk=broken)
            values = {"condition": EVERYTHING, "actions": [{"do": "add_memo", "text": "直した"}]}
            publish_rule(rule, values=values, by=TESTER, now=NOW)

    judge_while(monkeypatch, tenant, Elsewhere(mend))

    mended = rule_of(tenant, broken)
    assert (mended.version, mended.broken) == (2, "")
    assert held(tenant) == []
