"""Changing several things of selected orders: what would come of it is said as soon as something is chosen, and nobody loses the field
they are in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Order
from tests.browser import looking
from tests.browser.conftest import PASSWORD, sign_in
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", looking.SIZES)
def test_the_outcome_follows_what_is_chosen_and_the_hand_stays_where_it_is(
    page: Page, tenant: Tenant, width: int
) -> None:
    user = User.objects.create_user(f"several{tenant.pk}@example.com", PASSWORD)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.STAFF)
        shop = make_shop("本店")
        for _ in range(3):
            make_order(shop)
        make_order(shop, delivery_method="cool")
    looking.resize(sign_in(page, user), width)
    page.goto("/orders/")
    for row in page.locator("tbody [name=orders]").all():
        row.check()
    page.locator(".selection details.menu > summary").last.click()
    page.locator(".selection [name=ask][value=change]").click()
    panel = page.locator("#peek[open]")

    expect(panel.locator("#outcome")).to_have_text("変更を選んでください。")
    expect(panel.locator("#confirm")).to_be_disabled()
    assert looking.axe_faults(page, inside="#peek") + looking.sideways(page) == []
    panel.get_by_label("配送方法").focus()
    panel.get_by_label("配送方法").select_option("cool")

    expect(panel.locator("#outcome")).to_contain_text("変わる 3件")
    expect(panel.locator("#outcome")).to_contain_text("すでにそうなっている 1件")
    expect(panel.get_by_label("配送方法")).to_be_focused()
    assert looking.axe_faults(page, inside="#peek") + looking.sideways(page) == []
    panel.get_by_label("メモに足す言葉").fill("年末の分")

    expect(panel.locator("#outcome")).to_contain_text("変わる 4件")
    panel.locator("#confirm").click()

    expect(page.locator("#toasts")).to_contain_text("4件")
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.values_list("delivery_method", "memo")) == {("cool", "年末の分")}
