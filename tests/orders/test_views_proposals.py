"""住所の候補: a doubtful address is shown with what it may have meant, and one press takes a proposal through the edit operation."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from hub.clock import business_now
from hub.ids import encode
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.addresses import doubt
from orders.models import Order, Parcel, Task
from orders.operations import holds
from tests.conftest import TESTER
from tests.orders.making import make_order, make_shop
from tests.pages import browser

WRONG = {"postal_code": "150-0002", "prefecture": "東京都", "city": "渋谷区", "street": "神宮前1-2-3"}


@pytest.fixture
def parcel(tenant: Tenant) -> Parcel:
    """A parcel whose postal code is that of another town."""
    with tenant_transaction(tenant.pk):
        code = doubt(*WRONG.values())
        order = make_order(make_shop("本店"), at=business_now(), recipients=[WRONG], address_doubt=code)
        Parcel.objects.filter(order=order).update(address_doubt=code)
        found: Parcel = Parcel.objects.get(order=order)
        assert code == "zip_town"
        return found


def proposed(client: Client, parcel: Parcel) -> list[dict[str, Any]]:
    page = client.get(f"/orders/{encode(parcel.order_id)}/").content.decode()
    return [json.loads(unescape(text)) for text in re.findall(r'hx-vals="([^"]*postal_code[^"]*)"', page)]


def again(tenant: Tenant, parcel: Parcel) -> Parcel:
    with tenant_transaction(tenant.pk):
        found: Parcel = Parcel.objects.select_related("order").get(pk=parcel.pk)
        return found


@pytest.mark.feature("F083")
def test_one_press_takes_a_proposal(tenant: Tenant, parcel: Parcel) -> None:
    client = browser(tenant, "staff")
    first, *others = proposed(client, parcel)
    assert first == {**WRONG, "postal_code": "150-0001"}
    assert any(one["postal_code"] == "150-0002" and one["street"].startswith("渋谷") for one in others), (
        "or the place is wrong"
    )

    client.post(f"/parcels/{encode(parcel.pk)}/address/take/", first)

    after = again(tenant, parcel)
    assert (after.postal_code, after.address_doubt, after.order.address_doubt) == ("150-0001", "", "")
    assert after.edited_fields == {"postal_code": "150-0002"}, (
        "a person owns it now, and the mall's value is kept beside it"
    )
    with tenant_transaction(tenant.pk):
        assert AuditEntry.objects.filter(order_id=parcel.order_id, verb="parcel.edited").count() == 1
    assert proposed(client, parcel) == []


def test_only_what_is_proposed_may_be_taken(tenant: Tenant, parcel: Parcel) -> None:
    client = browser(tenant)

    client.post(
        f"/parcels/{encode(parcel.pk)}/address/take/", {**WRONG, "postal_code": "150-0001", "street": "どこか9-9"}
    )

    assert again(tenant, parcel).street == WRONG["street"]
    assert client.session["toasts"][-1]["tone"] == "stop"


def test_nothing_is_proposed_once_the_warehouse_has_it_or_to_those_who_may_not_see_or_change_it(
    tenant: Tenant, parcel: Parcel
) -> None:
    first = proposed(browser(tenant), parcel)[0]
    assert proposed(browser(tenant, "viewer"), parcel) == proposed(browser(tenant, "packing"), parcel) == []
    with tenant_transaction(tenant.pk):
        Parcel.objects.filter(pk=parcel.pk).update(state="requested")
    client = browser(tenant)
    assert proposed(client, parcel) == []

    client.post(f"/parcels/{encode(parcel.pk)}/address/take/", first)

    assert again(tenant, parcel).postal_code == WRONG["postal_code"]


def test_the_side_panel_proposes_too(tenant: Tenant, parcel: Parcel) -> None:
    panel = (
        browser(tenant).get(f"/parcels/{encode(parcel.pk)}/address/", headers={"HX-Request": "true"}).content.decode()
    )

    assert panel.count("hx-vals=") >= 1
    assert "<mark>150-0001</mark>" in panel, "what differs is marked"


def test_a_sound_address_costs_no_search(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        order: Order = make_order(make_shop("本店"), at=business_now())
        holds.open_mark([order.pk], task=Task.objects.get(key="hold"), by=TESTER, now=business_now(), reason="x")

    assert "proposals" not in browser(tenant).get(f"/orders/{encode(order.pk)}/").content.decode()
