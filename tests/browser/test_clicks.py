"""How many clicks and keys the daily acts take: each test does one of them by hand and counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from automation.engine import work as judge
from hub.audit import Actor
from hub.models import Clock, Tenant
from hub.tenancy import tenant_transaction
from orders.batches import work as work_off
from orders.models import Batch, Order, Status
from orders.operations.holds import hold
from tests.browser.conftest import sign_in
from tests.browser.scenes import freeze, owner_of
from tests.conftest import NOW
from tests.factories import BUYER, make_shop, mall_order, take_in

pytestmark = pytest.mark.browser
STAFF = Actor(kind="member", name="係長")


@dataclass
class Hand:
    """A person at the page, who counts what their fingers do."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)


@pytest.fixture
def hand(page: Page, tenant: Tenant) -> Hand:
    freeze(NOW)
    return Hand(page=sign_in(page, owner_of(tenant)))


@pytest.fixture(autouse=True)
def clock_goes_on() -> Iterator[None]:
    yield
    Clock.objects.all().delete()


def fill(tenant: Tenant, n: int) -> list[int]:
    """Take in so many orders, each with a phone of its own, and judge them; return their ids, the oldest first."""
    shop = make_shop(tenant)
    take_in(
        tenant,
        shop,
        *(
            mall_order(
                placed_at=NOW - timedelta(hours=3, minutes=n - number),
                buyer=replace(BUYER, name=f"見本 {number}", phone=f"0900000{number:04d}"),
            )
            for number in range(1, n + 1)
        ),
    )
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        return list(Order.objects.order_by("placed_at").values_list("pk", flat=True))


def test_the_oldest_held_order_is_two_clicks_from_home_and_one_click_frees_it(hand: Hand, tenant: Tenant) -> None:
    ids = fill(tenant, 3)
    with tenant_transaction(tenant.pk):
        hold(ids[1:2], reason="電話を待つ", by=STAFF, now=NOW - timedelta(hours=2))
        hold(ids[2:], reason="あとから", by=STAFF, now=NOW - timedelta(hours=1))
        number = Order.objects.get(pk=ids[1]).number
    page = hand.page
    page.goto("/")

    hand.click(page.get_by_role("link", name=re.compile("一番古い保留")))
    expect(page.locator("h1")).to_contain_text(number)
    assert hand.clicks <= 2

    hand.clicks = 0
    hand.click(page.get_by_role("button", name="解除", exact=True))
    page.wait_for_load_state()
    expect(page.locator(".why")).not_to_contain_text("電話を待つ")
    assert hand.clicks == 1
    with tenant_transaction(tenant.pk):
        assert not Order.objects.get(pk=ids[1]).held


def test_six_keys_find_an_order_by_the_end_of_a_phone_number(hand: Hand, tenant: Tenant) -> None:
    ids = fill(tenant, 12)
    with tenant_transaction(tenant.pk):
        number = Order.objects.get(pk=ids[6]).number
    page = hand.page
    page.goto("/")

    hand.press("/", *"0007", "Enter")

    expect(page.locator("main")).to_contain_text(number)
    expect(page.locator("main")).not_to_contain_text("見本 8")
    assert hand.keys <= 6


def test_six_clicks_change_the_status_of_fifty_orders(hand: Hand, tenant: Tenant) -> None:
    ids = fill(tenant, 50)
    page = hand.page
    page.goto("/")

    hand.click(page.locator(".rail").get_by_role("link", name="受注"))
    hand.click(page.get_by_label("この頁をすべて選ぶ"))
    hand.click(page.locator(".selection summary").filter(has_text="状態変更"))
    hand.click(page.locator(".selection .drop").get_by_role("button", name="確認待"))
    panel = page.locator("#peek")
    expect(panel).to_contain_text("50件")
    hand.click(panel.locator("footer button, button.primary").last)
    page.wait_for_timeout(500)

    assert hand.clicks <= 6
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get()
    work_off(tenant.pk, batch.pk)
    with tenant_transaction(tenant.pk):
        wanted = Status.objects.get(name="確認待")
        assert Order.objects.filter(pk__in=ids, status=wanted).count() == 50
