"""Mapping: one answer within five seconds says what moved on and what still holds, with links; a retired product is refused by name."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from html import unescape

import pytest

from automation.engine import work as judge
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, Product, Shop
from tests.api.conftest import Caller, caller_of, checksum
from tests.browsing import Browser, text_of
from tests.conftest import NOW
from tests.factories import BUYER, changed, make_shop, mall_line, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")

WITHIN_SECONDS = 5


@pytest.fixture
def listing(tenant: Tenant) -> Listing:
    """An item that 110 held orders wait for: 87 for it alone, 20 for another item too, 3 with a doubtful address."""
    shop: Shop = make_shop(tenant)
    alone = [mall_order(lines=(mall_line("A"),)) for _ in range(87)]
    both = [mall_order(lines=(mall_line("A"), mall_line("B"))) for _ in range(20)]
    doubtful = []
    for _ in range(3):
        order = mall_order(lines=(mall_line("A"),))
        wrong = replace(order.parcels[0], recipient=replace(BUYER, postal_code="0600001"))
        doubtful.append(changed(order, parcels=(wrong,)))
    take_in(tenant, shop, *alone, *both, *doubtful, mapped=False)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(held=True, status__name="確認待").count() == 110
        Product.objects.create(sku="OWN-1", name="架空タオル")
        Product.objects.create(sku="OLD-1", name="旧タオル", retired_at=NOW)
        found: Listing = Listing.objects.get(key="SKU-A")
        return found


@pytest.mark.feature("F011", "F014")
def test_the_page_answers_within_five_seconds_what_moved_on_and_what_still_holds(
    tenant: Tenant, listing: Listing
) -> None:
    owner = Browser(tenant, "owner")

    began = time.monotonic()
    owner.post(f"/products/listings/{encode(listing.pk)}/map/", sku="OWN-1", units="1")
    page = owner.get("/products/listings/")
    took = time.monotonic() - began

    said, source = text_of(page), page.content.decode()
    assert took < WITHIN_SECONDS
    assert "110件を見直しました。 87件が先へ進み 、23件はまだ止まっています" in said
    assert "一部が未マッピング 20" in said
    assert "住所が違う可能性 3" in said
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(status__name="発送待ち").count() == 87
        doubtful = set(Order.objects.exclude(address_doubt="").values_list("number", flat=True))
        waiting = set(Order.objects.filter(unmapped_lines=1).values_list("number", flat=True))
    take_in(
        tenant, _shop_of(tenant, listing), mall_order(lines=(mall_line("C"),)), mapped=False
    )  # held, and of another item
    opened = {
        count: _opened(owner, source, f"{words} {count}")
        for words, count in (("一部が未マッピング", 20), ("住所が違う可能性", 3))
    }
    assert opened == {20: waiting, 3: doubtful}
    moved = _opened(owner, source, "87件が先へ進み")
    assert len(moved) == 50, "the first page of 87"
    assert encode(listing.pk) in _link(source, "87件が先へ進み"), "in the form that the outside sees"
    assert moved.isdisjoint(waiting | doubtful)
    assert "87" in text_of(owner.get(_link(source, "87件が先へ進み")))


def _shop_of(tenant: Tenant, listing: Listing) -> Shop:
    with tenant_transaction(tenant.pk):
        found: Shop = Shop.objects.get(pk=listing.shop_id)
        return found


def _link(source: str, words: str) -> str:
    """Return where the link with these words leads."""
    [href] = re.findall(rf'<a href="([^"]+)">{words}</a>', source)
    return unescape(str(href))


def _opened(owner: Browser, source: str, words: str) -> set[str]:
    """Open the list behind the link with these words; return the orders of its first page."""
    page = owner.get(_link(source, words)).content.decode()
    return set(re.findall(r'name="orders" value="\w{13}" aria-label="([\w-]+)"', page))


@pytest.mark.feature("F011")
def test_the_api_answers_the_same_in_both_languages(tenant: Tenant, listing: Listing) -> None:
    call = caller_of(tenant)
    with tenant_transaction(tenant.pk):
        body = {"product": encode(Product.objects.get(sku="OWN-1").pk), "units": 1}

    began = time.monotonic()
    told = Caller(call.secret, language="en").put(f"listings/{encode(listing.pk)}", body).json()

    assert time.monotonic() - began < WITHIN_SECONDS
    assert told["title"] == (
        "110 orders looked at, 87 moved on, 23 still held: 20 partly mapped, 3 住所が違う可能性"
    ), "a task of the tenant keeps its name"
    assert (len(told["orders"]["moved_on"]), len(told["orders"]["still_held"])) == (87, 23)


@pytest.mark.feature("F011")
def test_a_task_of_the_program_is_named_in_the_language_of_the_caller(tenant: Tenant) -> None:
    take_in(tenant, make_shop(tenant), mall_order(lines=(mall_line("A"),), total_yen=1_234), mapped=False)
    judge(tenant.pk)
    call = caller_of(tenant)
    with tenant_transaction(tenant.pk):
        body = {"product": encode(Product.objects.create(sku="OWN-1", name="架空タオル").pk)}
        path = f"listings/{encode(Listing.objects.get().pk)}"

    titles = {
        language: Caller(call.secret, language=language).put(path, body).json()["title"] for language in ("en", "ja")
    }

    assert titles["en"] == "1 orders looked at, 0 moved on, 1 still held: 1 Amounts differ"
    assert titles["ja"] == "1件を見直し、0件が進み、1件はまだ保留（金額不一致 1件）"


@pytest.mark.feature("F011")
def test_a_retired_product_is_refused_with_its_name_and_nothing_moves(tenant: Tenant, listing: Listing) -> None:
    with tenant_transaction(tenant.pk):
        old = encode(Product.objects.get(sku="OLD-1").pk)
    owner, call = Browser(tenant, "owner"), caller_of(tenant)
    owner.get("/account/")  # that a person was there is noted once in a while, and is not what is asked here
    before = checksum(tenant)

    page = owner.post(f"/products/listings/{encode(listing.pk)}/map/", sku="OLD-1", units="1")
    answer = call.put(f"listings/{encode(listing.pk)}", {"product": old})

    assert (page.status_code, answer.status_code) == (422, 409)
    assert "旧タオル" in text_of(page)
    assert "旧タオル" in answer.json()["title"]
    assert checksum(tenant) == before
