"""The engine locks orders in id order, as whoever else changes many at once does: neither dies of the other."""

from __future__ import annotations

from typing import Any

import pytest

from automation import engine, failing
from automation.actions import ACTIONS
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import batches
from orders.models import Order
from tests.automation.failing_rules import FAILING_ACTIONS, TRIP, add_rule, fail_on, held, rule_of
from tests.conftest import NOW, TESTER
from tests.elsewhere import Elsewhere, wait_for_a_waiter
from tests.factories import make_shop

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, action in FAILING_ACTIONS.items():
        monkeypatch.setitem(ACTIONS, key, action)


def test_rule_that_switches_itself_off_meets_a_bulk_act(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third failure frees the two orders before it, which somebody changes at that moment together with the third."""
    shop = make_shop(tenant)
    rule = add_rule(tenant, TRIP)
    fail_on(tenant, shop, 2)
    real = failing.hold_for

    def act() -> None:
        with tenant_transaction(tenant.pk):
            ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
            batches.act("memo", ids, {"text": "まとめて"}, by=TESTER, now=NOW)

    acting = Elsewhere(act)

    def hold_while_somebody_acts(*given: Any, **named: Any) -> None:
        acting.begin()
        wait_for_a_waiter()
        real(*given, **named)

    monkeypatch.setattr(engine, "hold_for", hold_while_somebody_acts)
    fail_on(tenant, shop, 1)
    acting.end()

    assert rule_of(tenant, rule).broken
    assert held(tenant) == []
    with tenant_transaction(tenant.pk):
        assert ["まとめて" in order.memo for order in Order.objects.all()] == [True] * 3
