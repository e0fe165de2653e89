"""What a person does with the keyboard alone: holds worked off one at a time, and an order from the telephone entered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, Request, expect

from hub.clock import business_now
from hub.ids import encode
from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Product, Shop, TaskMark
from orders.operations import holds
from tests.browser.conftest import PASSWORD, sign_in
from tests.conftest import TESTER
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def at_work(page: Page, tenant: Tenant) -> Page:
    """A signed-in person of a tenant with one shop."""
    user = User.objects.create_user(f"hand{tenant.pk}@example.com", PASSWORD)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.STAFF)
        make_shop("本店")
    return sign_in(page, user)


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def place(page: Page) -> str:
    return page.inner_text("#place")


def test_holds_are_worked_off_with_the_keyboard_alone(at_work: Page, tenant: Tenant) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get()
        orders = [make_order(shop, at=now - timedelta(hours=2)) for _ in range(3)]
        for n, order in enumerate(orders):
            holds.hold([order.pk], reason=f"理由{n}", by=TESTER, now=now - timedelta(hours=3 - n))
    at_work.goto("/")

    press(at_work, "a")
    assert place(at_work) == "1 / 3"
    press(at_work, "n")
    assert place(at_work) == "2 / 3"
    at_work.keyboard.press("h")
    at_work.keyboard.type("返事待ち")
    press(at_work, "Enter")
    assert place(at_work) == "3 / 3"
    press(at_work, "1")

    assert "3件すべてを見ました" in at_work.inner_text("main")
    with tenant_transaction(tenant.pk):
        assert list(TaskMark.objects.filter(closed_at__isnull=True).order_by("order_id").values_list("order_id", flat=True)) == [
            orders[0].pk, orders[1].pk,
        ]  # fmt: skip


def test_a_key_goes_into_the_lists_search_and_into_the_memo(at_work: Page, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(Shop.objects.get(), at=business_now())

    at_work.goto("/orders/")
    at_work.keyboard.press("f")
    expect(at_work.get_by_role("searchbox", name="この一覧の中を探す")).to_be_focused()
    at_work.goto(f"/orders/{encode(order.pk)}/")
    at_work.keyboard.press("m")
    expect(at_work.locator("#memo")).to_be_focused()
    expect(at_work.locator("#memo")).to_have_value("")


def test_an_order_is_entered_with_the_keyboard_alone(at_work: Page, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        Product.objects.create(sku="T-1", name="タオル")
    at_work.goto("/orders/")

    press(at_work, "n")
    at_work.locator("#id_b-name").focus()
    at_work.keyboard.type("電話 太郎")
    at_work.locator("#id_b-phone").focus()
    at_work.keyboard.type("0312345678")
    at_work.locator("#id_b-postal_code").focus()
    at_work.keyboard.type("1500001")
    at_work.keyboard.press("Tab")
    expect(at_work.locator("#id_b-city")).to_have_value("渋谷区")
    at_work.locator("#id_b-street").focus()
    at_work.keyboard.press("End")
    at_work.keyboard.type("1-2-3")
    at_work.locator("#id_p0-l0-item").focus()
    at_work.keyboard.type("T-1")
    at_work.keyboard.press("Tab")
    at_work.wait_for_selector(".said >> text=タオル")
    at_work.locator("#id_p0-l0-unit_price_yen").focus()
    at_work.keyboard.type("1200")
    at_work.wait_for_selector("#sums >> text=1,200円")
    press(at_work, "Control+Enter")

    assert "登録しました" in at_work.inner_text(".toasts")
    with tenant_transaction(tenant.pk):
        order, parcel = Order.objects.get(), Parcel.objects.get()
        assert (order.total_yen, parcel.prefecture, parcel.city, parcel.street) == (
            1200,
            "東京都",
            "渋谷区",
            "神宮前1-2-3",
        )


def test_a_name_of_800_characters_is_looked_up_without_going_into_an_address(at_work: Page, tenant: Tenant) -> None:
    at_work.goto("/orders/new/")
    at_work.locator("#id_b-name").fill("電話 太郎")
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    at_work.on("request", note)
    item = at_work.locator("#id_p0-l0-item")

    with at_work.expect_response("**/orders/new/products/") as searched:
        item.evaluate(
            "field => { field.value = '長い名前の商品'.repeat(115); field.dispatchEvent(new Event('input')) }"
        )
    with at_work.expect_response("**/orders/new/item/") as told:
        item.dispatch_event("change")

    assert (searched.value.status, told.value.status) == (200, 200)
    assert "未マッピング" in told.value.text()
    looked_up = [one for one in asked if "/orders/new/item/" in one.url or "/orders/new/products/" in one.url]
    assert max(len(one.url) for one in looked_up) < 200
    assert all("b-name" not in (one.post_data or "") for one in looked_up), "only what was typed there is sent"
