"""One walk through the product as a shop's staff: sign in, see an order arrive, see it leave."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Order
from tests.journeys.conftest import World, world
from tests.journeys.world_steps import connect, map_all, place, run

__all__ = ["world"]
PASSWORD = "correct horse battery staple"
pytestmark = pytest.mark.browser


def test_staff_sees_an_order_arrive_and_leave(page: Page, world: World, tenant: Tenant) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    user = User.objects.create_user(f"staff{tenant.pk}@example.com", PASSWORD)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.STAFF)
    shop_id = connect(world, tenant)

    page.goto("/")
    page.get_by_label("メールアドレス").fill(user.email)
    page.get_by_label("パスワード", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="サインイン").click()
    expect(page.get_by_role("heading", name="ホーム")).to_be_visible()

    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    page.goto("/orders/")
    expect(page.locator("main")).to_contain_text(number[-6:])
    expect(page.locator("main")).to_contain_text("待機")

    for minutes in (*[10] * 8, *[60] * 18):
        world.pass_time(minutes=minutes)
        run(rounds=2)
        with tenant_transaction(tenant.pk):
            if Order.objects.get().phase == "done":
                break

    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
    [shipped] = world.warehouse_ledger("shipped")
    [packed] = shipped["packages"]
    page.goto("/orders/?q=" + number)
    page.get_by_role("link", name=number[-6:]).first.click()
    expect(page.locator("h1")).to_contain_text(number)
    expect(page.locator("main")).to_contain_text("完了")
    expect(page.locator("main")).to_contain_text(order.buyer_name)
    carrier = {"YAMATO": "ヤマト運輸", "SAGAWA": "佐川急便", "JAPANPOST": "日本郵便"}[packed["carrier_code"]]
    parcel = page.locator('section[id^="parcel-"]')
    expect(parcel).to_have_count(1)
    expect(parcel).to_contain_text(carrier)
    expect(parcel.get_by_role("link", name=packed["tracking_number"])).to_be_visible()
    [reported] = world.mall_ledger("shipping_add")
    assert (reported["number"], reported["row"]["shippingNumber"]) == (number, packed["tracking_number"])
    assert errors == []
