"""Each kind of waiting, brought about behind a shut gate: what a person pressed, and where the page says that it waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import reverse
from playwright.sync_api import Page, Route

from hub.models import Member, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Batch, Order, Shop, Warehouse
from tests.browser.gate import GATE

LONGER_THAN_UNNOTICED = 450
"""Milliseconds; nothing is shown before 300."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A wait: its name in the pictures, the paths held back (a pattern), what is pressed, and what then says so."""

    name: str
    held: str
    press: Callable[[Page, Tenant], None]
    sign: str = "[aria-busy=true]"
    leaves: bool = False
    """It asks for a page, not for a part: nothing is said to come (204), so the page stays as it is while it waits."""


@contextmanager
def under_way(page: Page, wait: Wait) -> Iterator[None]:
    """Hold back what the wait waits for."""
    if not wait.leaves:
        with GATE.shut(wait.held):
            yield
        return

    def stay(route: Route) -> None:
        route.fulfill(status=204)

    pattern = re.compile(wait.held)
    page.route(lambda url: bool(pattern.search(urlsplit(url).path)), stay)
    yield
    page.unroute_all()


def choose(page: Page) -> None:
    """Open the list with an order chosen."""
    page.goto("/orders/")
    page.locator("tbody [name=orders]").first.check()


def _press(page: Page, path: str, words: str) -> None:
    page.goto(path)
    page.locator("main").locator(f"form[action*='{words}'] button").first.click()


def _test_shop(page: Page, tenant: Tenant) -> None:
    _press(page, _path("orders:shop", Shop, tenant), "/test/")


def _fetch(page: Page, tenant: Tenant) -> None:
    _press(page, _path("orders:shop", Shop, tenant), "/fetch/")


def _test_warehouse(page: Page, tenant: Tenant) -> None:
    _press(page, _path("warehouses:edit", Warehouse, tenant), "/test/")


def _path(name: str, model: type[Shop | Warehouse], tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        return reverse(name, args=[model.objects.earliest("pk").pk])


def _search(page: Page, tenant: Tenant) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("見本 花子")
    page.keyboard.press("Enter")


def _bulk(page: Page, tenant: Tenant) -> None:
    choose(page)
    page.locator(".selection [name=want_shipment]").click()


def _export(page: Page, tenant: Tenant) -> None:
    choose(page)
    page.locator(".selection details.menu > summary").last.click()
    page.locator(".selection [name=export]").click()
    page.locator("#peek[open] footer .primary, #peek[open] .primary").last.click()


def _peek(page: Page, tenant: Tenant) -> None:
    page.goto("/orders/")
    page.keyboard.press("j")
    page.keyboard.press("Space")


def _running(page: Page, tenant: Tenant) -> None:
    """Look at a bulk act of which a third is done; nobody works on it while it is looked at."""
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
        batch = Batch.objects.create(
            action="memo", params={"text": "のし確認"}, order_ids=ids * 3, cursor=len(ids), changed=len(ids), state="running",
            client_key=f"waits {Batch.objects.count()}", member=Member.objects.earliest("pk"),
        )  # fmt: skip
    page.goto(reverse("orders:batch", args=[batch.pk]))


WAITS = (
    Wait(name="shop-test", held="/test/$", press=_test_shop, leaves=True),
    Wait(name="shop-fetch", held="/fetch/$", press=_fetch, leaves=True),
    Wait(name="warehouse-test", held="/test/$", press=_test_warehouse, leaves=True),
    Wait(name="search", held="^/search/$", press=_search, sign="[data-leaving] .loading-line", leaves=True),
    Wait(name="order-list-bulk", held="^/orders/bulk/$", press=_bulk),
    Wait(name="order-list-peek", held="/peek/$", press=_peek, sign=".loading-line.htmx-request"),
    Wait(name="file", held="^/orders/files/", press=_export, sign="#peek[open] progress"),
    Wait(name="batch", held="^/nothing/", press=_running, sign="main progress"),
)
