"""While an answer is under way the page says so where the person pressed, can be read by everybody, and takes no second press."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Batch
from tests.browser import looking
from tests.browser.conftest import sign_in
from tests.browser.gate import GATE
from tests.browser.scenes import owner_of
from tests.browser.waits import LONGER_THAN_UNNOTICED, WAITS, choose, under_way
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def at_work(page: Page, tenant: Tenant) -> Page:
    with tenant_transaction(tenant.pk):
        shop = make_shop("本店")
        for _ in range(3):
            make_order(shop)
    return sign_in(page, owner_of(tenant))


def test_each_kind_of_waiting_shows(at_work: Page, tenant: Tenant) -> None:
    wrong: list[str] = []
    for wait in WAITS:
        with under_way(at_work, wait):
            wait.press(at_work, tenant)
            at_work.wait_for_timeout(LONGER_THAN_UNNOTICED)
            sign = at_work.locator(wait.sign)
            if not sign.count() or not sign.first.is_visible():
                wrong.append(f"{wait.name}: nothing says that it waits")
            wrong += [f"{wait.name}: {fault}" for fault in looking.axe_faults(at_work) + looking.sideways(at_work)]

    assert wrong == [], "\n".join(wrong)


def test_a_button_that_waits_takes_no_second_press_and_is_free_afterwards(at_work: Page) -> None:
    choose(at_work)
    button = at_work.locator(".selection [name=want_shipment]")
    with GATE.shut("^/orders/bulk/$") as gate:
        button.click()
        expect(button).to_have_attribute("aria-busy", "true")
        button.click(force=True, timeout=1000)
        at_work.wait_for_timeout(100)

        assert gate.held == 1
        gate.let_go()
        expect(at_work.locator("#peek[open]")).to_be_visible()
        expect(button).not_to_have_attribute("aria-busy", "true")


def test_a_bulk_act_that_runs_shows_its_progress_and_its_end_by_itself(at_work: Page, tenant: Tenant) -> None:
    running = next(wait for wait in WAITS if wait.name == "batch")
    running.press(at_work, tenant)
    expect(at_work.locator("main progress")).to_be_visible()
    with tenant_transaction(tenant.pk):
        Batch.objects.update(state="done", cursor=9, changed=9)

    expect(at_work.locator("main progress")).to_have_count(0, timeout=6000)
    expect(at_work.locator("main")).to_contain_text("変わった 9件")
