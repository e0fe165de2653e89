"""No page leads its reader into a refusal: every link and panel that a role is shown opens for it, from home on through the whole product."""

from __future__ import annotations

import re
from collections import Counter, deque
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from hub.clock import business_now
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Parcel, Shop
from orders.operations import holds
from tests.conftest import TESTER
from tests.orders.making import make_shop, order_in
from tests.orders.test_views_attention import trouble_of_every_kind
from tests.pages import browser

OF_A_KIND = 3
"""So many pages of one address, apart from the ids and the query in it, are enough."""


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店", mode="observe")


def kind_of(url: str) -> str:
    return re.sub(r"/[0-9a-hjkmnp-tv-z]{13}/", "/*/", urlsplit(url).path)


def led_to(client: Client, start: str) -> dict[str, tuple[int, str]]:
    """Follow links and panels; return the status of each address, and the page it was found on."""
    found: dict[str, tuple[int, str]] = {}
    kinds: Counter[str] = Counter()
    todo = deque([(start, "")])
    while todo:
        url, page = todo.popleft()
        if url in found or kinds[kind_of(url)] >= OF_A_KIND:
            continue
        kinds[kind_of(url)] += 1
        answer = client.get(url)
        found[url] = (answer.status_code, page)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            for link in re.findall(r'(?:href|hx-get)="([^"#]+)', answer.content.decode()):
                to = urljoin(url, unescape(link))
                if to.startswith("/") and not to.startswith(("//", "/static/")):
                    todo.append((to, url))
    return found


@pytest.mark.parametrize("role", ["viewer", "packing", "staff", "admin"])
def test_no_role_is_led_where_it_may_not_go(tenant: Tenant, shop: Shop, role: str) -> None:
    trouble_of_every_kind(tenant, shop)
    held = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        holds.hold([held.pk], reason="返事待ち", by=TESTER, now=business_now())
        Parcel.objects.filter(order=held).update(address_doubt="zip_town")

    found = led_to(browser(tenant, role), "/")

    assert len(found) > 25
    assert {url: seen for url, seen in found.items() if seen[0] >= 400} == {}
