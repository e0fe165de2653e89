"""Carrier and number entered from the list: the side panel takes them, and the person stays where they were."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Order, TrackingNumber
from tests.browser import looking
from tests.browser.conftest import PASSWORD, sign_in
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", looking.SIZES)
def test_a_number_is_entered_without_leaving_the_list(page: Page, tenant: Tenant, width: int) -> None:
    user = User.objects.create_user(f"number{tenant.pk}@example.com", PASSWORD)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.PACKING)
        order = make_order(make_shop("本店"), status="ready")
    looking.resize(sign_in(page, user), width)
    page.goto("/orders/?pay=card")
    page.locator("tbody tr").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    panel = page.locator("#peek[open]")

    panel.get_by_label("運送会社").select_option("yamato")
    panel.get_by_label("送り状番号").fill("4000-0000-0000")
    assert looking.axe_faults(page, inside="#peek") + looking.sideways(page) == []
    panel.get_by_label("送り状番号").press("Enter")

    expect(page.locator("#toasts")).to_contain_text("出荷を記録しました")
    assert page.url.endswith("/orders/?pay=card")
    with tenant_transaction(tenant.pk):
        assert (Order.objects.get(pk=order.pk).phase, TrackingNumber.objects.get().number) == (
            "shipped",
            "400000000000",
        )
