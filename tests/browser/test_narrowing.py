"""The conditions of the list by hand: a menu opens, closes and keeps what was chosen; a saved search runs with the one click on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import SavedSearch
from tests.browser.conftest import sign_in
from tests.browser.scenes import owner_of
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.mark.feature("F041")
def test_a_menu_keeps_its_values_and_a_saved_search_runs_with_one_click(page: Page, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop("本店")
        cod = make_order(shop, at=NOW - timedelta(days=1), payment_method="cod", payment_name="代金引換")
        card = make_order(shop, at=NOW - timedelta(days=1), total_yen=9_999)
        SavedSearch.objects.create(
            name="高い注文", shared=True, condition={"field": "total_yen", "op": "gte", "value": 9_000}
        )
    sign_in(page, owner_of(tenant))
    page.goto("/orders/")
    menu = page.locator("details.chip.menu", has=page.locator("summary", has_text="支払"))
    row_of = {order.number: page.get_by_label(order.number, exact=True) for order in (cod, card)}

    expect(menu.locator(".drop")).to_be_hidden()
    menu.locator("summary").click()
    expect(menu.locator(".drop")).to_be_visible()
    menu.locator("summary").click()
    expect(menu.locator(".drop")).to_be_hidden()
    menu.locator("summary").click()
    menu.get_by_text("代金引換").click()
    page.wait_for_load_state()

    expect(row_of[cod.number]).to_be_visible()
    expect(row_of[card.number]).to_have_count(0)
    expect(menu.locator(".drop")).to_be_hidden()
    menu.locator("summary").click()
    expect(menu.locator("[aria-current=true]")).to_contain_text("代金引換")
    menu.locator("summary").click()
    page.reload()
    expect(page.locator(".chip.on")).to_contain_text("代金引換")

    page.get_by_role("link", name="高い注文", exact=True).click()
    page.wait_for_load_state()

    expect(row_of[card.number]).to_be_visible()
    expect(row_of[cod.number]).to_have_count(0)
