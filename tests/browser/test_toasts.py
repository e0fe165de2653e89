"""A toast lies on nothing that ends a page: the pager can be pressed below it, and a click or Escape takes it away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing
from tests.browser import looking
from tests.browser.conftest import sign_in
from tests.browser.scenes import owner_of
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser
SAY = "words => document.dispatchEvent(new CustomEvent('toast', {detail: {words, undo_url: '/undo/'}}))"
LONG = "32件の受注を「発送待ち」にしました。3件は、モールでキャンセルになったため変えていません。"
COVERED = """() => {
  for (const one of document.querySelectorAll(".sheet, .list-body")) one.scrollTo(0, one.scrollHeight);
  const covered = [];
  for (const link of document.querySelectorAll(".pager a, .pager, tbody tr:last-child a")) {
    const {left, top, width, height} = link.getBoundingClientRect();
    for (const [x, y] of [[left + 2, top + 2], [left + width - 2, top + height - 2]])
      if (document.elementFromPoint(x, y)?.closest(".corner")) covered.push(link.textContent.trim());
  }
  return covered;
}"""


@pytest.fixture
def long_lists(tenant: Tenant) -> Tenant:
    """A tenant with more than a page of orders and of items to map."""
    with tenant_transaction(tenant.pk):
        shop = make_shop("本店")
        for n in range(52):
            make_order(shop, lines=[{"listing": Listing.objects.create(shop=shop, key=f"k{n}", name=f"タオル {n}")}])
    return tenant


def test_a_toast_leaves_the_pager_and_the_last_row_free(page: Page, long_lists: Tenant) -> None:
    sign_in(page, owner_of(long_lists))

    faults = []
    for path in ("/orders/", "/products/listings/"):
        for width in looking.SIZES:
            looking.resize(page, width)
            page.goto(path)
            for words in (LONG, "保存しました。"):
                page.evaluate(SAY, words)
            expect(page.locator("#toasts .toast")).to_have_count(2)
            faults += [f"{path} at {width}: {one}" for one in page.evaluate(COVERED) + looking.sideways(page)]

    assert faults == []
    page.locator(".pager [rel=next]").click()
    page.wait_for_url("**/products/listings/?page=2")


def test_a_click_or_escape_takes_a_toast_away(page: Page, long_lists: Tenant) -> None:
    sign_in(page, owner_of(long_lists))
    page.goto("/orders/")
    toasts = page.locator("#toasts .toast")
    for words in ("一", "二", "三"):
        page.evaluate(SAY, words)

    toasts.first.locator(".words").click()
    expect(toasts).to_have_text(["二元に戻す", "三元に戻す"])
    page.locator("tbody [name=orders]").first.check()
    page.locator("h1").click()
    page.keyboard.press("Escape")
    expect(toasts).to_have_count(0)
    expect(page.locator(".selection")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".selection")).to_be_hidden()
