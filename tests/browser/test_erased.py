"""An erased order as people see it, and the page where an owner chooses how long persons are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.ids import encode
from hub.models import Clock, Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel
from orders.retention import running
from tests.browser import looking
from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.scenes import freeze
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def orders(tenant: Tenant) -> Iterator[list[int]]:
    """Two orders that were shipped half a year ago, the first of them erased, and one of last week."""
    freeze(NOW)
    with tenant_transaction(tenant.pk):
        shop = make_shop("本店")
        ids = [make_order(shop, status="done", memo="常連さん", remarks="玄関へ").pk for _ in range(3)]
        Parcel.objects.update(state="shipped")
        for pk, days in zip(ids, (200, 100, 7), strict=True):
            moment = NOW - timedelta(days=days)
            Order.objects.filter(pk=pk).update(shipped_at=moment, status_at=moment, placed_at=moment, unreported=False)
    running.run_to_end(tenant.pk)
    yield ids
    Clock.objects.all().delete()


def enter(page: Page, tenant: Tenant, width: int) -> Page:
    user = User.objects.create_user(f"keeper{tenant.pk}@example.com", PASSWORD)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.OWNER)
    looking.resize(sign_in(page, user), width)
    return page


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", looking.SIZES)
def test_an_erased_order_says_so_and_offers_no_act(
    page: Page, tenant: Tenant, orders: list[int], width: int, language: str
) -> None:
    looking.speak(enter(page, tenant, width), language)
    page.goto(f"/orders/{encode(orders[0])}/")

    words = "個人情報は保存期間を過ぎたため消去しました" if language == "ja" else "Personal data was erased"
    expect(page.locator(".alert")).to_contain_text(words)
    assert page.locator("main form, main [hx-post], main [data-open]").count() == 0, "nothing on it can be changed"
    assert "佐藤" not in page.inner_text("main")
    assert looking.axe_faults(page) + looking.sideways(page) + looking.words_cut(page) == []

    page.goto("/orders/?status=")
    expect(page.locator("tbody")).to_contain_text("消去済み" if language == "ja" else "Erased")
    assert looking.axe_faults(page) + looking.sideways(page) == []


@pytest.mark.parametrize("width", looking.SIZES)
def test_fewer_days_are_asked_for_once_more_with_the_number_of_orders(
    page: Page, tenant: Tenant, orders: list[int], width: int
) -> None:
    enter(page, tenant, width).goto("/settings/retention/")
    assert looking.axe_faults(page) + looking.sideways(page) + looking.words_cut(page) == []
    page.get_by_label("保存する日数").fill("30")
    page.get_by_role("button", name="保存", exact=True).click()

    asked = page.get_by_role("alert")
    expect(asked).to_contain_text("30日にすると、次の夜に 1件の受注の個人情報を消去します")
    assert Tenant.objects.get(pk=tenant.pk).retention_days == 180
    assert looking.axe_faults(page) + looking.sideways(page) == []
    asked.locator("xpath=ancestor::form").get_by_role("button").click()

    expect(page.locator("#toasts")).to_contain_text("保存期間を30日にしました")
    assert Tenant.objects.get(pk=tenant.pk).retention_days == 30
