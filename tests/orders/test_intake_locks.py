"""An answer of a mall locks what it writes as everybody else does: in id order, settings before orders. Nobody dies of the other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import batches
from orders.channels import MallOrder, Same
from orders.intake import save, save_mall_orders
from orders.models import Order, OrderNumber, RejectedPayload, Shop
from orders.operations.shops import raise_rule_set
from tests.conftest import NOW, TESTER
from tests.elsewhere import Elsewhere, wait_for_a_waiter
from tests.factories import MALL, changed, make_shop, mall_order, take_in, the_order

LATER = NOW + timedelta(minutes=10)
"""By then an unchanged order's time of reading is written again."""


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commits of saving: an answer that died of a lock would be saved again, an order at a time."""
    found: list[str] = []
    monkeypatch.setattr(save, "crash", found.append)
    return found


def answer(tenant: Tenant, shop: Shop, items: Sequence[MallOrder | Same]) -> None:
    save_mall_orders(tenant.pk, shop.pk, items, by=MALL, now=LATER)


def save_while(
    monkeypatch: pytest.MonkeyPatch, act: Elsewhere, tenant: Tenant, shop: Shop, items: Sequence[MallOrder | Same]
) -> None:
    """Save an answer; once it has touched its unchanged orders, the other acts until it waits for a lock."""
    real = save._touch

    def touch(*given: Any, **named: Any) -> None:
        real(*given, **named)
        if not act.began:
            act.begin()
            wait_for_a_waiter()

    monkeypatch.setattr(save, "_touch", touch)
    answer(tenant, shop, items)
    act.end()


def test_answer_with_an_unchanged_order_meets_a_bulk_act(
    tenant: Tenant, shop: Shop, points: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = mall_order(), mall_order()
    take_in(tenant, shop, first, second)

    def act() -> None:
        with tenant_transaction(tenant.pk):
            ids = list(Order.objects.values_list("pk", flat=True))
            batches.act("memo", ids, {"text": "まとめて"}, by=TESTER, now=LATER)

    points.clear()
    save_while(monkeypatch, Elsewhere(act), tenant, shop, [changed(first, total_yen=7), Same(number=second.number)])

    assert points == ["intake.after_save"]
    one, two = the_order(tenant, first.number), the_order(tenant, second.number)
    assert (one.total_yen, one.memo, two.memo, two.mall_read_at) == (7, "まとめて", "まとめて", LATER)


def test_two_answers_that_each_changed_what_the_other_did_not(
    tenant: Tenant, shop: Shop, points: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = mall_order(), mall_order()
    take_in(tenant, shop, first, second)
    other = Elsewhere(lambda: answer(tenant, shop, [Same(number=first.number), changed(second, total_yen=9)]))

    points.clear()
    save_while(monkeypatch, other, tenant, shop, [changed(first, total_yen=7), Same(number=second.number)])

    assert points == ["intake.after_save"] * 2
    assert [the_order(tenant, order.number).total_yen for order in (first, second)] == [7, 9]


def test_answer_with_an_unknown_field_meets_a_change_of_rules(
    tenant: Tenant, shop: Shop, points: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes rules locks the shop and then its orders; an answer counts its unknown fields in the shop."""
    order = mall_order()
    take_in(tenant, shop, order)

    def act() -> None:
        with tenant_transaction(tenant.pk):
            raise_rule_set(now=LATER)

    points.clear()
    save_while(monkeypatch, Elsewhere(act), tenant, shop, [changed(order, total_yen=7, unknown_fields=("gift.tag",))])

    assert points == ["intake.after_save"]
    row = the_order(tenant, order.number)
    assert (row.total_yen, row.shop.rule_set, row.shop.unknown_fields) == (7, shop.rule_set + 1, {"gift.tag": 1})


def test_order_locked_for_too_long_is_not_listed_as_a_bad_one(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock not got in time says nothing about the order: the answer is asked for again (see hub/faults.py)."""
    order = mall_order()
    take_in(tenant, shop, order)
    locked, over = threading.Event(), threading.Event()

    def hold_the_order() -> None:
        with tenant_transaction(tenant.pk):
            Order.locked(Order.objects.values_list("pk", flat=True))
            locked.set()
            over.wait(20)

    with Elsewhere(hold_the_order):
        assert locked.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        try:
            with pytest.raises(DatabaseError, match="lock"):
                answer(tenant, shop, [changed(order, total_yen=7)])
        finally:
            over.set()
            connection.close()

    with tenant_transaction(tenant.pk):
        assert not RejectedPayload.objects.exists()
        assert OrderNumber.objects.exclude(state="fetched").count() == 0
    answer(tenant, shop, [changed(order, total_yen=7)])
    assert the_order(tenant, order.number).total_yen == 7
