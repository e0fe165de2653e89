"""A number that a mall names is given up neither at once nor for ever, and is asked for no longer than needed (promise G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import Absent, BadPayload, MallOrder, Named
from orders.intake import save_mall_orders
from orders.intake.numbers import name_numbers
from orders.keeping import _compare
from orders.models import OrderNumber, ReconcileBreak, RejectedPayload, Shop
from tests.conftest import NOW
from tests.factories import MALL, changed, make_shop, mall_order, take_in

NUMBER = "400001-20261122-7777777777"


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def named(tenant: Tenant, shop: Shop, *, minutes: int = 0) -> None:
    """Let the mall's search name the number."""
    with tenant_transaction(tenant.pk):
        name_numbers(shop.pk, [NUMBER], now=NOW + timedelta(minutes=minutes))


def answered(tenant: Tenant, shop: Shop, item: MallOrder | Absent | BadPayload, *, minutes: int = 0) -> None:
    """Let the mall answer for the details."""
    save_mall_orders(tenant.pk, shop.pk, [item], by=MALL, now=NOW + timedelta(minutes=minutes))


def state(tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        return str(OrderNumber.objects.get().state)


def test_a_number_is_given_up_after_several_tries_over_a_quarter_of_an_hour(tenant: Tenant, shop: Shop) -> None:
    named(tenant, shop)
    for _ in range(5):
        answered(tenant, shop, Absent(number=NUMBER), minutes=2)
    assert state(tenant) == "named", "often, but all at once"

    answered(tenant, shop, Absent(number=NUMBER), minutes=15)
    assert state(tenant) == "absent"


def test_a_number_tried_once_long_after_it_was_named_is_tried_again(tenant: Tenant, shop: Shop) -> None:
    named(tenant, shop)
    answered(tenant, shop, Absent(number=NUMBER), minutes=60)

    assert state(tenant) == "named"


def given_up(tenant: Tenant, shop: Shop) -> None:
    named(tenant, shop)
    for minutes in (1, 2, 20):
        answered(tenant, shop, Absent(number=NUMBER), minutes=minutes)
    assert state(tenant) == "absent"


def test_a_number_given_up_is_fetched_again_when_a_search_names_it(tenant: Tenant, shop: Shop) -> None:
    given_up(tenant, shop)

    named(tenant, shop, minutes=30)

    with tenant_transaction(tenant.pk):
        row = OrderNumber.objects.get()
        assert (row.state, row.tries, row.named_at) == ("named", 0, NOW + timedelta(minutes=30))


def test_a_number_given_up_is_missed_by_the_reconciliation_each_time(tenant: Tenant, shop: Shop) -> None:
    since, listed = NOW - timedelta(days=1), Named(numbers=(NUMBER,), total_first=1, total_last=1, mall_time=None)
    for round_ in range(2):
        given_up(tenant, shop)
        with tenant_transaction(tenant.pk):
            _compare(shop, listed, since=since, until=NOW, now=NOW)
            assert OrderNumber.objects.get().state == "named"
            found = ReconcileBreak.objects.get()
            assert (found.number, found.solved_at) == (NUMBER, None), round_
            ReconcileBreak.objects.update(solved_at=NOW)


def test_an_order_that_is_here_stays_fetched_when_the_mall_no_longer_tells_it(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(NUMBER)
    take_in(tenant, shop, mall)
    for minutes in (1, 20, 40):
        answered(tenant, shop, Absent(number=NUMBER), minutes=minutes)

    named(tenant, shop, minutes=50)

    assert state(tenant) == "fetched"


@pytest.mark.parametrize("later", ["same", "changed"])
def test_an_order_that_was_unreadable_once_is_not_asked_for_ever_after(tenant: Tenant, shop: Shop, later: str) -> None:
    mall = mall_order(NUMBER)
    take_in(tenant, shop, mall)
    answered(tenant, shop, BadPayload(number=NUMBER, path="orderDatetime", reason="missing"))
    assert state(tenant) == "named"

    take_in(tenant, shop, mall if later == "same" else changed(mall, remarks="急ぎ"))

    assert state(tenant) == "fetched"
    with tenant_transaction(tenant.pk):
        assert RejectedPayload.objects.get().solved_at is not None
