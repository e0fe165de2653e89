"""A list of numbers too long for an address: kept for its member, found in search and list, taken by a bulk act, gone after a day."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Shop
from orders.views.pasted import LONGEST
from tests.orders.making import order_in
from tests.orders.order_page import read
from tests.pages import browser


def kept(client: Client, text: str) -> str:
    """Keep a text as the search box does; return what the address then says."""
    answer = client.post("/search/keep/", {"q": text})
    assert answer.status_code == 200
    return answer.content.decode()


def numbers(n: int) -> list[str]:
    return [f"338866-20250101-{one:010}" for one in range(n)]


@pytest.mark.feature("F022")
def test_a_thousand_pasted_numbers_are_found_and_the_rest_is_told(tenant: Tenant, shop: Shop) -> None:
    orders = [order_in(tenant, shop) for _ in range(3)]
    other = order_in(tenant, shop)
    client = browser(tenant)
    said = kept(client, "\n".join([*(order.number for order in orders), *numbers(1_007)]))

    assert len(said) < 30
    page, listed = read(client, f"/search/?q={said}"), read(client, f"/orders/?q={said}")

    for shown in (page, listed):
        assert all(f"/orders/{encode(order.pk)}/" in shown for order in orders)
        assert f"/orders/{encode(other.pk)}/" not in shown
        assert "見つからない番号が 997件あります" in shown
        assert "残りの 10件は探していません" in shown
        assert "338866-20250101-0000000000、338866-20250101-0000000001" in shown
    assert f"検索: {orders[0].number}" in listed, "the filter in force is told in the words of whoever pasted it"
    assert "検索: ~" not in listed
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "338866-20250101-0000000000, 338866-20250101-0000000001" in read(client, f"/search/?q={said}")
    assert f'href="/orders/?q={said}"' in page


@pytest.mark.feature("F022")
def test_the_only_order_found_is_not_opened_over_the_numbers_that_were_not(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    client = browser(tenant)

    alone = client.get("/search/", {"q": order.number})
    one_of_many = client.get("/search/", {"q": f"{order.number} 338866-20250101-0000000000"})

    assert alone.headers["Location"] == f"/orders/{encode(order.pk)}/"
    assert one_of_many.status_code == 200
    assert "見つからない番号が 1件あります" in one_of_many.content.decode()


@pytest.mark.feature("F022")
def test_a_bulk_act_over_all_of_a_pasted_list_takes_just_these(tenant: Tenant, shop: Shop) -> None:
    orders = [order_in(tenant, shop) for _ in range(2)]
    order_in(tenant, shop)
    client = browser(tenant)
    said = kept(client, " ".join([*(order.number for order in orders), *numbers(100)]))

    preview = client.post("/orders/bulk/", {"ask": "hold", "all": "1", "query": f"q={said}"}).content.decode()
    client.post(
        "/orders/bulk/", {"ask": "hold", "all": "1", "query": f"q={said}", "confirmed": "1", "reason": "棚卸し"}
    )

    assert "2件" in preview
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.filter(held=True).values_list("pk", flat=True)) == {order.pk for order in orders}


@pytest.mark.feature("F022")
def test_what_was_not_looked_for_is_counted_in_full(tenant: Tenant) -> None:
    client = browser(tenant)

    page = read(client, f"/search/?q={kept(client, chr(10).join(numbers(3_500)))}")

    assert "残りの 2,500件は探していません" in page


def test_a_short_search_stays_in_the_address(tenant: Tenant) -> None:
    assert kept(browser(tenant), " 山田 ") == "山田"
    assert kept(browser(tenant), "1" * LONGEST) == "1" * LONGEST


def test_what_is_not_kept_any_more_is_told_and_finds_nothing(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    client = browser(tenant)
    said = kept(client, "\n".join([order.number, *numbers(50)]))

    stranger = browser(tenant, "staff")
    assert "もう残っていません" in read(stranger, f"/search/?q={said}"), "another member's list is not theirs"
    cache.clear()

    for page in (read(client, f"/search/?q={said}"), read(client, f"/orders/?q={said}")):
        assert "もう残っていません" in page
        assert f"/orders/{encode(order.pk)}/" not in page


def test_what_was_sealed_with_a_key_that_is_gone_is_told_too(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)
    said = kept(client, "\n".join(numbers(50)))

    with override_settings(CREDENTIAL_KEYS=f"other:{b64encode(bytes(32)).decode()}"):
        page = read(client, f"/search/?q={said}")

    assert "もう残っていません" in page
