"""On a phone of 360 pixels: held orders with their reason, release, hold, memo and letting go, with no sideways scroll."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from automation.engine import work as judge
from hub.audit import Actor
from hub.ids import encode
from hub.models import Clock, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.operations.holds import hold
from tests.browser.conftest import sign_in
from tests.browser.scenes import freeze, owner_of
from tests.conftest import NOW
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.browser
WIDTH = 360
BY = Actor(kind="member", name="係長")


@pytest.fixture(autouse=True)
def clock_goes_on() -> Iterator[None]:
    yield
    Clock.objects.all().delete()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.feature("F136")
def test_the_daily_acts_fit_into_a_hand(page: Page, tenant: Tenant) -> None:
    freeze(NOW)
    take_in(tenant, make_shop(tenant), mall_order(placed_at=NOW - timedelta(hours=3)))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        hold([order.pk], reason="電話を待つ", by=BY, now=NOW - timedelta(hours=1))
    page.set_viewport_size({"width": WIDTH, "height": 740})
    sign_in(page, owner_of(tenant))
    url = f"/orders/{encode(order.pk)}/"

    for address in ("/", "/attention/", "/orders/", url):
        page.goto(address)
        assert fits(page), address
    expect(page.locator(".why")).to_contain_text("電話を待つ")
    page.get_by_role("button", name="解除", exact=True).click()
    page.wait_for_load_state()
    page.locator("#memo").fill("明日もう一度")
    page.locator("form", has=page.locator("#memo")).get_by_role("button").click()
    page.wait_for_load_state()
    with tenant_transaction(tenant.pk):
        freed = Order.objects.get()
    page.locator("summary", has_text="操作").click()
    page.locator("[data-open=hold]").first.click()
    page.locator("#hold-reason").fill("折り返し待ち")
    page.locator("dialog#hold button.primary").click()
    page.wait_for_load_state()
    expect(page.locator(".why")).to_contain_text("折り返し待ち")
    page.locator("summary", has_text="操作").click()
    page.locator("[data-choose=not_here]").click()
    assert fits(page)
    expect(page.locator("dialog#verbs input:checked")).to_have_value("not_here")
    page.locator("dialog#verbs").get_by_role("button", name="実行する").click()
    page.wait_for_load_state()

    assert (freed.held, freed.memo) == (False, "明日もう一度")
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().phase == "cancelled"
