"""What a person sees when something is refused or the server fails: words where they look, and nothing lost of what they typed."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Product
from tests.browser import looking
from tests.browser.conftest import sign_in
from tests.browser.refusals import REFUSED, Refused
from tests.browser.scenes import owner_of
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def furnished(tenant: Tenant) -> Tenant:
    """A tenant with a shop, an order and a product."""
    with tenant_transaction(tenant.pk):
        make_order(make_shop("本店"))
        Product.objects.create(sku="A-1", name="りんご")
    return tenant


def test_each_kind_of_form_says_at_its_place_why_it_was_refused(page: Page, furnished: Tenant) -> None:
    sign_in(page, owner_of(furnished))

    wrong = [f"{one.name}: {fault}" for one in REFUSED for fault in faults_of(one, page, furnished)]

    assert wrong == [], "\n".join(wrong)


def faults_of(refused: Refused, page: Page, tenant: Tenant) -> list[str]:
    """Bring a form to its refusal and return what is wrong with how it is told."""
    answers: list[int] = []
    page.on(
        "response", lambda answer: answers.append(answer.status) if answer.request.is_navigation_request() else None
    )
    kept = refused.bring(page, tenant)
    said = page.locator(refused.at)
    faults = []
    if refused.status not in answers[-1:]:
        faults.append(f"answered {answers}")
    if not said.count() or refused.words not in " ".join(said.all_inner_texts()):
        faults.append(f"says {said.all_inner_texts()} where {refused.words} was to be read")
    typed = page.evaluate("[...document.querySelectorAll('input, textarea')].map(one => one.value).join(' ')")
    if kept not in typed:
        faults.append(f"{kept} is lost")
    if (
        refused.at == ".field .error"
        and not page.locator(":is([aria-invalid=true], [role=group])[aria-describedby]").count()
    ):
        faults.append("the field at fault is not marked")
    for width in looking.SIZES:
        looking.resize(page, width)
        faults += [f"at {width}: {fault}" for fault in looking.axe_faults(page) + looking.sideways(page)]
    looking.resize(page, 1440)
    return faults


def answer_500(route: Route) -> None:
    route.fulfill(
        status=500,
        content_type="text/html; charset=utf-8",
        body="<h1 data-error-words>うまくいきませんでした</h1><b data-error-id>r-17</b>",
    )


def test_a_panel_whose_server_fails_says_so_in_the_panel_and_loses_nothing(page: Page, furnished: Tenant) -> None:
    sign_in(page, owner_of(furnished))
    page.goto("/orders/")
    page.locator("tbody [name=orders]").first.check()
    page.locator(".selection [name=ask][value=memo]").click()
    panel = page.locator("#peek[open]")
    panel.locator("textarea").fill("夕方にお電話")
    page.route("**/orders/bulk/", answer_500)

    panel.locator("#confirm").click()

    said = panel.locator(".toast[data-tone=stop]")
    expect(said).to_have_text("うまくいきませんでした r-17")
    assert said.bounding_box() is not None
    expect(panel.locator("textarea")).to_have_value("夕方にお電話")
    expect(panel.locator("#confirm")).not_to_have_attribute("aria-busy", "true")
    assert looking.axe_faults(page, inside="#peek") == []
    page.unroute("**/orders/bulk/")
    panel.locator("#confirm").click()
    expect(page.locator("#toasts")).to_contain_text("1件")


def test_a_panel_whose_server_is_gone_says_so_and_goes_on_when_it_is_back(page: Page, furnished: Tenant) -> None:
    sign_in(page, owner_of(furnished))
    page.goto("/orders/")
    page.locator("tbody [name=orders]").first.check()
    page.locator(".selection [name=ask][value=memo]").click()
    panel = page.locator("#peek[open]")
    panel.locator("textarea").fill("夕方にお電話")
    page.route("**/orders/bulk/", lambda route: route.abort())

    panel.locator("#confirm").click()

    expect(panel.locator(".toast[data-tone=stop]")).to_contain_text("接続が切れました")
    expect(panel.locator("textarea")).to_have_value("夕方にお電話")
    page.unroute("**/orders/bulk/")
    panel.locator("#confirm").click()
    expect(page.locator("#toasts")).to_contain_text("1件")
    expect(page.locator(".offline")).to_be_hidden()


def test_outside_a_panel_a_failure_is_a_toast_and_a_lost_line_a_banner(page: Page, furnished: Tenant) -> None:
    sign_in(page, owner_of(furnished))
    page.goto("/orders/")
    page.route("**/peek/", answer_500)
    page.locator("[data-peek]").first.evaluate("button => button.click()")

    expect(page.locator("#toasts .toast")).to_have_text("うまくいきませんでした r-17")

    page.unroute("**/peek/")
    page.route("**/peek/", lambda route: route.abort())
    page.locator("[data-peek]").first.evaluate("button => button.click()")

    expect(page.locator(".offline")).to_be_visible()
    assert looking.axe_faults(page) == []


def test_a_page_whose_server_fails_is_left_by_going_back_to_what_was_typed(page: Page, furnished: Tenant) -> None:
    sign_in(page, owner_of(furnished))
    page.goto(reverse("orders:tag_new"))
    page.locator("main [name=name]").fill("包装を確認")
    page.route("**/tags/new/", lambda route: answer_500(route) if route.request.method == "POST" else route.continue_())
    page.locator("main .button.primary").click()
    expect(page.locator("h1")).to_have_text("うまくいきませんでした")

    page.unroute("**/tags/new/")
    page.go_back()

    expect(page.locator("main [name=name]")).to_have_value("包装を確認")
    page.locator("main .button.primary").click()
    expect(page.locator("main")).to_contain_text("包装を確認")
