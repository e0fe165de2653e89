"""A list of numbers from a spreadsheet, pasted into a search box by hand: found however long it is, in both boxes."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from tests.browser.conftest import sign_in
from tests.browser.scenes import owner_of
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.mark.feature("F022")
def test_six_hundred_numbers_are_searched_from_either_box(page: Page, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop("本店")
        one, two, other = (make_order(shop, at=NOW) for _ in range(3))
    text = " ".join([one.number, two.number, *(f"338866-20250101-{n:010}" for n in range(600))])
    sign_in(page, owner_of(tenant))

    page.get_by_role("searchbox", name="すべてから探す").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_text("見つからない番号が 600件あります")).to_be_visible()
    for order, shown in ((one, 1), (two, 1), (other, 0)):
        expect(page.locator(f"a.number[href='/orders/{encode(order.pk)}/']")).to_have_count(shown)
    page.get_by_role("link", name="一覧で開く").click()
    expect(page).to_have_url(re.compile(r"/orders/\?q=(~|%7E)[0-9a-f]{20}$"))
    expect(page.get_by_label(two.number, exact=True)).to_be_visible()

    box = page.get_by_role("searchbox", name="この一覧の中を探す")
    expect(box).to_have_value(text)
    box.fill(text.replace(two.number, ""))
    page.keyboard.press("Enter")
    expect(page.get_by_label(two.number, exact=True)).to_have_count(0)
    expect(page.get_by_label(one.number, exact=True)).to_be_visible()
    expect(page.get_by_label(other.number, exact=True)).to_have_count(0)

    page.go_back()
    expect(page.get_by_role("searchbox", name="この一覧の中を探す")).not_to_have_value(re.compile("^~"))


def test_a_list_pasted_after_the_session_ended_leads_to_the_sign_in_and_asks_once(page: Page, tenant: Tenant) -> None:
    sign_in(page, owner_of(tenant))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    page.get_by_role("searchbox", name="すべてから探す").fill(" ".join(f"338866-20250101-{n:010}" for n in range(100)))
    page.keyboard.press("Enter")

    expect(page.get_by_label("パスワード", exact=True)).to_be_visible()
    assert [url.endswith("/search/keep/") for url in asked] == [True]
