"""Filters as a shop uses them: only what is in use is offered, all combine, the same filter prints, and a hit elsewhere is named."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from documents.models import FileJob
from documents.papers import slips_of
from hub.clock import JAPAN, business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Parcel, Shop, Status, TrackingNumber
from tests.orders.making import make_shop, order_in
from tests.pages import browser


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def listed(client: Client, query: str) -> set[str]:
    return set(re.findall(r'aria-label="([0-9]+-[0-9]{8}-[0-9]+)"', client.get(f"/orders/{query}").content.decode()))


def offered(client: Client, menu: str, query: str = "") -> dict[str, str]:
    """Return the options of a menu of the list, each with its address."""
    page = client.get(f"/orders/{query}").content.decode()
    found = re.search(rf"<summary>(?:<svg.*?</svg>)?{menu}</summary>(.*?)</details>", page, re.S)
    assert found is not None, menu
    options = re.findall(r'href="([^"]+)"[^>]*><span class="cut">([^<]+)', found[1])
    return {unescape(words): unescape(url) for url, words in options}


@pytest.mark.feature("F036")
def test_only_deliveries_in_use_are_offered_and_they_combine_with_every_other_filter(
    tenant: Tenant, shop: Shop
) -> None:
    cool = order_in(tenant, shop, delivery_name="クール便", payment_method="cod", next_day=True)
    order_in(tenant, shop, delivery_name="クール便")
    order_in(tenant, shop, delivery_name="メール便", payment_method="cod", next_day=True)
    client = browser(tenant)

    menu = offered(client, "配送")
    with_payment = offered(client, "配送", "?pay=cod&next_day=1")

    assert set(menu) == {"クール便", "メール便"}, "none of those that the preset knows and nobody uses"
    assert len(listed(client, menu["クール便"])) == 2
    assert listed(client, with_payment["クール便"]) == {cool.number}


@pytest.mark.feature("F037")
def test_payments_in_use_are_offered_by_the_malls_name_and_ours_and_combine(tenant: Tenant, shop: Shop) -> None:
    deferred = order_in(
        tenant, shop, payment_method="deferred", payment_name="後払い決済（架空）", delivery_name="クール便"
    )
    order_in(tenant, shop, payment_method="deferred", payment_name="後払い決済（架空）")
    order_in(tenant, shop, payment_method="card", payment_name="クレジットカード")
    client = browser(tenant)

    menu = offered(client, "支払")
    with_delivery = offered(client, "支払", "?ship=クール便&q=佐藤")

    assert set(menu) == {"クレジットカード", "後払い（後払い決済（架空））"}
    assert len(listed(client, menu["後払い（後払い決済（架空））"])) == 2
    assert listed(client, with_delivery["後払い（後払い決済（架空））"]) == {deferred.number}


@pytest.mark.feature("F043")
def test_a_number_looked_for_in_one_status_is_offered_where_it_is(tenant: Tenant, shop: Shop) -> None:
    here, there = order_in(tenant, shop, status="check"), order_in(tenant, shop, status="ready")
    client = browser(tenant)
    with tenant_transaction(tenant.pk):
        check = encode(Status.objects.get(default_for="check").pk)

    inside = client.get("/orders/", {"status": check, "q": here.number}).content.decode()
    page = client.get("/orders/", {"status": check, "q": there.number}).content.decode()
    offer = re.search(r'class="news" href="([^"]+)">「発送待ち」に 1件見つかりました', page)

    assert listed(client, f"?status={check}&q={here.number}") == {here.number}
    assert "件見つかりました" not in inside
    assert listed(client, f"?status={check}&q={there.number}") == set()
    assert offer is not None
    assert listed(client, unescape(offer[1])) == {there.number}


@pytest.mark.feature("F149")
def test_the_filter_of_the_list_prints_exactly_the_orders_it_lists(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    today = now.astimezone(JAPAN).date()
    with tenant_transaction(tenant.pk):
        second = make_shop("二号店")
    sent, unsent = order_in(tenant, shop, status="shipped"), order_in(tenant, second)
    order_in(tenant, shop, at=now - timedelta(days=20))
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=sent)
        TrackingNumber.objects.create(parcel=parcel, carrier="yamato", number="400000000000", shipped_on=today)
    client = browser(tenant)
    by_ship_day = f'?condition={{"field":"shipped_on","op":"is","value":"{today}"}}'

    for query, wanted in (
        (f"?shop={encode(second.pk)}", {unsent.number}),
        (f"?from={today - timedelta(days=3)}&until={today}", {sent.number, unsent.number}),
        (by_ship_day, {sent.number}),
    ):
        client.post("/orders/packing-slips/", {"all": "1", "query": query[1:]})
        with tenant_transaction(tenant.pk):
            job = FileJob.objects.latest("pk")
            printed = {slip["number"] for slip in slips_of(job.order_ids)}
        assert printed == listed(client, query) == wanted, query
