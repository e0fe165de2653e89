"""The one sentence that says why an order is where it is, and what frees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.clock import business_now
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.explaining import explain_order
from orders.models import Order, Parcel, Shop, Warehouse
from orders.operations import holds, parcels
from tests.orders.making import order_in
from tests.orders.order_page import BY, page_of, path
from tests.pages import browser


def why_of(tenant: Tenant, order: Order) -> Any:
    with tenant_transaction(tenant.pk):
        return explain_order(order.pk, business_now())


@pytest.mark.parametrize(
    ("columns", "code", "tone"),
    [
        ({"deleted_at": business_now}, "deleted", "closed"),
        ({"status": "cancelled", "mall_state": "cancelled"}, "cancelled_at_mall", "closed"),
        ({"status": "cancelled"}, "cancelled_here", "closed"),
        ({"status": "done", "shipped_at": business_now}, "done", "good"),
        ({"status": "shipped"}, "shipped", "good"),
        ({"ready_at": lambda: business_now() + timedelta(minutes=12)}, "waiting", "moving"),
        ({"ours": False}, "not_ours", "moving"),
        ({"mall_block": "amount"}, "mall_blocks", "wait"),
        ({"status": "payment"}, "payment", "moving"),
        ({"status": "ready"}, "not_wanted", "wait"),
        ({}, "no_destination", "wait"),
    ],
)  # fmt: skip
def test_the_one_sentence(tenant: Tenant, shop: Shop, columns: dict[str, Any], code: str, tone: str) -> None:
    given = {key: value() if callable(value) else value for key, value in columns.items()}
    order = order_in(tenant, shop, **given)

    why = why_of(tenant, order)

    assert (why.said.code, why.tone) == (code, tone)
    for language in ("ja", "en"):
        assert why.because(language)
        assert "{" not in why.because(language) + why.then(language)
    assert why.because("en").isascii() or code in ("mall_blocks",)
    assert why.because("ja") in page_of(browser(tenant), order)


def test_a_wish_waits_for_the_mall_to_be_read(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, status="ready")
    with tenant_transaction(tenant.pk):
        Order.objects.filter(pk=order.pk).update(judged_revision=1, judged_rule_set=1)
        parcels.want_shipment([order.pk], by=BY, now=business_now())

    assert why_of(tenant, order).said.code == "mall_not_read"


def test_a_request_that_cannot_be_made_says_so_with_the_button(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, status="ready")
    with tenant_transaction(tenant.pk):
        Parcel.objects.filter(order=order).update(ship_fault="no_warehouse", ship_wanted_at=business_now())
        house = Warehouse.objects.create(name="南の倉庫", kind="own")
    client = browser(tenant)
    assert "出荷する倉庫が決まっていません" in page_of(client, order)

    client.post(path(order, "warehouse/"), {"warehouse": encode(house.pk)})

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(order=order).warehouse_id == house.pk


def test_a_stopped_report_comes_first(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, status="shipped")
    with tenant_transaction(tenant.pk):
        Effect.objects.create(
            kind="mall.report",
            lane=f"shop:{shop.pk}",
            key="report:1",
            state="stopped",
            reason="wrong_state",
            order_id=order.pk,
            decided_at=business_now(),
        )

    why = why_of(tenant, order)

    assert (why.said.code, why.tone) == ("report_stopped", "stop")
    assert [act.code for act in why.acts] == ["see_effect"]


def test_what_is_wrong_with_one_order_is_on_no_other_page(tenant: Tenant, shop: Shop) -> None:
    held, free = order_in(tenant, shop), order_in(tenant, shop, buyer_phone="03-1111-2222")
    with tenant_transaction(tenant.pk):
        holds.hold([held.pk], reason="この受注だけ", by=BY, now=business_now())

    assert "この受注だけ" not in page_of(browser(tenant), free)
