"""Pages of products, mappings, names of malls and payloads that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from hub import secrets
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, PaymentName, Product, RejectedPayload, Status
from tests.browsing import Browser, text_of, verbs
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop


@pytest.fixture
def owner(tenant: Tenant) -> Browser:
    return Browser(tenant, "owner")


def url(name: str, *pks: int) -> str:
    return reverse(f"orders:{name}", args=pks)


def test_product_is_made_changed_and_retired(tenant: Tenant, owner: Browser) -> None:
    form = {"sku": "A-1", "name": "りんご", "temperature": "normal"}
    owner.post(url("product_new"), form)
    with tenant_transaction(tenant.pk):
        product = Product.objects.get(sku="A-1")
    owner.post(url("product_edit", product.pk), {**form, "name": "青りんご"})
    owner.post(url("product_retire", product.pk))

    assert "青りんご 廃番" in text_of(owner.get(url("products"), q="りんご"))
    assert verbs(tenant) == ["product.created", "product.changed", "product.retired"]


def waiting_orders(tenant: Tenant) -> tuple[Listing, Listing, list[Order]]:
    """Four orders wait for an item: two for it alone, one for another item too, one with a doubtful address."""
    with tenant_transaction(tenant.pk):
        shop = make_shop()
        one, two = (Listing.objects.create(shop=shop, key=key, name=key) for key in ("k1", "k2"))
        Product.objects.create(sku="A-1", name="りんご")
        plain: dict[str, Any] = {"judge_at": NOW, "mall_read_at": NOW}
        orders = [
            make_order(shop, lines=[{"listing": one}], unmapped_lines=1, **plain),
            make_order(shop, lines=[{"listing": one}], unmapped_lines=1, **plain),
            make_order(shop, lines=[{"listing": one}, {"listing": two}], unmapped_lines=2, **plain),
            make_order(shop, lines=[{"listing": one}], unmapped_lines=1, address_doubt="postal", **plain),
        ]
    return one, two, orders


@pytest.mark.feature("F011")
def test_mapping_says_what_it_set_free_and_what_still_holds(tenant: Tenant, owner: Browser) -> None:
    one, _two, orders = waiting_orders(tenant)

    answer = owner.post(url("listing_map", one.pk), sku="A-1", units="2")

    page = text_of(owner.get(url("listings")))
    assert answer.status_code == 302
    assert "4件を見直しました。 2件が先へ進み 、2件はまだ止まっています" in page
    assert "一部が未マッピング 1" in page
    assert "住所が違う可能性 1" in page
    with tenant_transaction(tenant.pk):
        ready = Status.objects.get(default_for="ready").pk
        assert [Order.objects.get(pk=order.pk).status_id == ready for order in orders] == [True, True, False, False]
    assert verbs(tenant) == ["listing.mapped"]


def test_result_of_a_mapping_is_told_once(tenant: Tenant, owner: Browser) -> None:
    one, _two, _orders = waiting_orders(tenant)
    owner.post(url("listing_map", one.pk), sku="A-1", units="1")

    owner.get(url("listings"))

    assert "見直しました" not in text_of(owner.get(url("listings")))


def test_mapping_to_a_retired_product_is_refused_with_its_name(tenant: Tenant, owner: Browser) -> None:
    one, _two, _orders = waiting_orders(tenant)
    with tenant_transaction(tenant.pk):
        Product.objects.create(sku="OLD-1", name="古い皿", retired_at=NOW)

    answer = owner.post(url("listing_map", one.pk), sku="OLD-1", units="1")

    assert answer.status_code == 422
    assert "OLD-1 古い皿" in text_of(answer)
    assert verbs(tenant) == []


@pytest.mark.parametrize(
    ("sku", "units", "why"),
    [("NONE", "1", "SKU「NONE」の商品はありません"), ("A-1", "0", "1から999まで"), ("A-1", "x", "1から999まで")],
)
def test_mapping_that_cannot_be_is_refused_in_the_row(
    tenant: Tenant, owner: Browser, sku: str, units: str, why: str
) -> None:
    one, _two, _orders = waiting_orders(tenant)

    answer = owner.post(url("listing_map", one.pk), sku=sku, units=units)

    assert answer.status_code == 422
    assert why in text_of(answer)
    assert f'name="sku" value="{sku}"' in answer.content.decode()
    assert f'max="999" value="{units}"' in answer.content.decode()
    assert verbs(tenant) == []


def test_mapping_comes_back_to_the_page_and_the_filter_it_was_sent_from(tenant: Tenant, owner: Browser) -> None:
    one, _two, _orders = waiting_orders(tenant)
    asked = "?show=all&page=1"
    action = f"{url('listing_map', one.pk)}{asked}"
    assert f'action="{action.replace("&", "&amp;")}"' in owner.get(f"{url('listings')}{asked}").content.decode()

    refused, taken = owner.post(action, sku="NONE", units="1"), owner.post(action, sku="A-1", units="1")

    assert (refused.status_code, taken.headers["Location"]) == (422, f"{url('listings')}{asked}")
    assert "k2" in text_of(refused)


# Names of malls, and payloads that cannot be read.


@pytest.mark.feature("F176")
def test_name_of_a_payment_is_given_a_meaning(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        name = PaymentName.objects.create(channel="rakuten", name="店頭払い")
        order = make_order(make_shop(), payment_name="店頭払い", payment_method="unknown")
    assert "1件が待っています" in text_of(owner.get(url("mall_words")))

    owner.post(url("mall_words"), {f"payment_name-{encode(name.pk)}": "cod"})

    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=order.pk).payment_method == "cod"
    assert verbs(tenant) == ["payment_name.set"]


def test_staff_sees_mall_words_and_may_not_change_them(tenant: Tenant) -> None:
    staff = Browser(tenant, "staff")

    assert staff.get(url("mall_words")).status_code == 200
    assert staff.post(url("mall_words")).status_code == 403


def test_rejected_payload_is_shown_and_read_again(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop()
        body = secrets.seal_text(b'{"orderNumber":"1-2-3"}', owner=f"{tenant.pk}|rejected|{shop.pk}|1-2-3")
        row = RejectedPayload.objects.create(
            shop=shop,
            number="1-2-3",
            path="PackageModelList[0].basketId",
            reason="missing",
            first_at=NOW,
            last_at=NOW,
            body=body,
        )

    page = owner.get(url("rejected", row.pk))
    owner.post(url("rejected", row.pk), act="again")

    assert '"orderNumber": "1-2-3"' in text_of(page)
    assert "PackageModelList[0].basketId" in text_of(page)
    assert verbs(tenant) == ["rejected.again"]
    assert Browser(tenant, "viewer").get(url("rejected", row.pk)).status_code == 403
