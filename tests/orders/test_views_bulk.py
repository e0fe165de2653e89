"""Acts over selected orders that have a counterpart on the order's page: warehouse, wish, remark, mall, withdrawal, cancel at the mall."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from automation.engine import work as judge
from hub.clock import business_now
from hub.ids import encode
from hub.models import Clock, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Batch, BatchIssue, Order, Parcel, Shop, Tag, TaskMark, Warehouse
from tests.conftest import NOW
from tests.factories import make_shop as open_shop
from tests.factories import mall_order, take_in
from tests.orders.making import make_order, make_shop, order_in
from tests.pages import browser
from warehouses.requesting import work as request


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def press(client: Client, orders: list[Order], **more: str) -> str:
    answer = client.post("/orders/bulk/", {"orders": ",".join(encode(order.pk) for order in orders), **more})
    return answer.content.decode()


def parcel_of(tenant: Tenant, order: Order) -> Parcel:
    with tenant_transaction(tenant.pk):
        found: Parcel = Parcel.objects.get(order=order)
        return found


def test_a_warehouse_is_chosen_for_many(tenant: Tenant, shop: Shop) -> None:
    orders = [order_in(tenant, shop), order_in(tenant, shop)]
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.create(name="南の倉庫", kind="own", position=-1)
    client = browser(tenant, "staff")

    panel = press(client, orders, ask="warehouse")
    press(client, orders, ask="warehouse", confirmed="1", client_key="k", warehouse=encode(house.pk))

    assert "南の倉庫" in panel
    assert "変わる 2件" in panel
    assert {parcel_of(tenant, order).warehouse_id for order in orders} == {house.pk}


def test_what_would_change_is_said_of_what_is_chosen(tenant: Tenant, shop: Shop) -> None:
    orders = [order_in(tenant, shop), order_in(tenant, shop, delivery_method="cool")]
    look = {"confirmed": "1", "look": "1"}
    client = browser(tenant, "staff")

    beginning = press(client, orders, ask="delivery")
    cool = press(client, orders, ask="delivery", method="cool", **look)
    no_day = press(client, orders, ask="ship_on", day="", **look)
    carrier_alone = press(client, orders, ask="change", carrier="sagawa", **look)
    label = press(client, orders, ask="change", tag=tag_of(tenant, "急ぎ"), **look)

    assert "変わる 2件" in beginning
    assert ("変わる 1件" in cool, "すでにそうなっている 1件" in cool) == (True, True)
    assert [("変更を選んでください" in panel, "変わる" in panel) for panel in (no_day, carrier_alone, label)] == [
        (True, False), (True, False), (False, True),
    ]  # fmt: skip
    with tenant_transaction(tenant.pk):
        assert not Batch.objects.exists()


def test_with_nothing_to_choose_from_it_says_what_to_do(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        Warehouse.objects.update(retired_at=business_now())

    answer = browser(tenant, "staff").post(
        "/orders/bulk/", {"orders": encode(order.pk), "ask": "warehouse"}, follow=True
    )

    assert "選べるものがありません" in answer.content.decode()


def tag_of(tenant: Tenant, name: str) -> str:
    with tenant_transaction(tenant.pk):
        return encode(Tag.objects.get(name=name).pk)


def test_the_wish_to_ship_is_taken_back_for_many(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    client = browser(tenant, "staff")
    press(client, [order], want_shipment="1", confirmed="1", client_key="a")
    assert parcel_of(tenant, order).ship_wanted_at is not None

    press(client, [order], unwant_shipment="1", confirmed="1", client_key="b")

    assert parcel_of(tenant, order).ship_wanted_at is None


def test_remarks_are_noted_as_read_and_malls_read_again(tenant: Tenant, shop: Shop) -> None:
    order, by_hand = (
        order_in(tenant, shop, remarks="急ぎ", remark_left="急ぎ"),
        order_in(tenant, shop, mall_state="none"),
    )
    client = browser(tenant, "staff")

    press(client, [order], read_remark="1", confirmed="1", client_key="a")
    press(client, [order, by_hand], read_again="1", confirmed="1", client_key="b")

    with tenant_transaction(tenant.pk):
        found = Order.objects.get(pk=order.pk)
        assert found.remark_read
        assert found.reread_at is not None
        assert found.reread_at <= business_now()
        assert BatchIssue.objects.get().reason == "no_mall"


@pytest.fixture
def requested(tenant: Tenant) -> Iterator[tuple[Order, Order]]:
    """An order that a warehouse has, and one that it has not."""
    Clock.objects.all().delete()
    Clock.objects.create(real_start=NOW, business_start=NOW, speed=0.0)
    shop = open_shop(tenant, warehouse="rsl")
    take_in(tenant, shop, mall_order())
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        gone = Order.objects.get(parcel__state="requested")
        free = make_order(shop, at=NOW)
    yield gone, free
    Clock.objects.all().delete()


@pytest.mark.feature("F127")
def test_requests_are_withdrawn_where_there_are_any(tenant: Tenant, requested: tuple[Order, Order]) -> None:
    gone, free = requested
    client = browser(tenant, "staff")

    panel = press(client, [gone, free], ask="withdraw")
    press(client, [gone, free], ask="withdraw", confirmed="1", client_key="k", reason="住所変更")
    press(client, [gone, free], ask="withdraw", confirmed="1", client_key="again", reason="住所変更")

    assert "変わる 1件" in panel
    assert "変えられない 1件" in panel
    assert "元に戻せません" in panel
    assert parcel_of(tenant, gone).state == "cancel_asked"
    with tenant_transaction(tenant.pk):
        (effect,) = Effect.objects.filter(kind="warehouse.withdraw")
        assert (effect.payload["accept_fee"], effect.payload["reason"]) == (False, "住所変更")
    assert (
        browser(tenant, "packing").post("/orders/bulk/", {"orders": encode(gone.pk), "ask": "withdraw"}).status_code
        == 403
    )


@pytest.mark.feature("F095")
def test_orders_are_cancelled_at_the_mall_together(tenant: Tenant, shop: Shop) -> None:
    order, shipped = order_in(tenant, shop), order_in(tenant, shop, status="shipped")
    client = browser(tenant, "staff")

    panel = press(client, [order, shipped], ask="cancel_at_mall")
    press(
        client,
        [order, shipped],
        ask="cancel_at_mall",
        confirmed="1",
        client_key="k",
        reason="out_of_stock",
        restock="on",
    )

    assert "変わる 1件" in panel
    with tenant_transaction(tenant.pk):
        (effect,) = Effect.objects.filter(kind="mall.cancel")
        assert (effect.order_id, effect.payload["reason"], effect.payload["restock"]) == (
            order.pk,
            "out_of_stock",
            True,
        )
        assert TaskMark.objects.get(task__key="cancel_asked").order_id == order.pk
        assert BatchIssue.objects.get().reason == "already_shipped"


def test_the_bar_offers_each_role_what_it_may_do(tenant: Tenant, shop: Shop) -> None:
    order_in(tenant, shop)

    bar = {
        role: browser(tenant, role).get("/orders/").content.decode() for role in ("admin", "staff", "packing", "viewer")
    }

    assert all(
        f'value="{ask}"' in bar["admin"]
        for ask in ("withdraw", "not_here", "cancel_at_mall", "delete", "mail", "warehouse")
    )
    assert 'value="withdraw"' in bar["staff"]
    assert 'value="delete"' not in bar["staff"]
    assert 'value="tracking"' in bar["packing"]
    assert not any(f'value="{ask}"' in bar["packing"] for ask in ("withdraw", "mail", "hold", "not_here"))
    assert 'value="tracking"' not in bar["viewer"]
