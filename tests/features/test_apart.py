"""Orders that another system looks after: read-only for staff, left out of export, print and bulk change, moved there by a rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from automation.engine import work as judge
from documents.models import FileJob
from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Status, StatusGroup, Tag
from tests.api.conftest import caller_of
from tests.factories import make_shop, mall_line, mall_order, take_in, the_order
from tests.orders.making import make_order
from tests.orders.making import make_shop as open_shop
from tests.pages import browser


def state_of(tenant: Tenant, pk: int) -> tuple[object, ...]:
    with tenant_transaction(tenant.pk):
        order, parcel = Order.objects.get(pk=pk), Parcel.objects.get(order=pk)
        return (order.status_id, order.memo, order.held, order.deleted_at, order.revision, parcel.street, parcel.state)


def acts(client: Client, tenant: Tenant, pk: int) -> None:
    """Press every button of the order's page that would change the order."""
    url = f"/orders/{encode(pk)}/"
    with tenant_transaction(tenant.pk):
        parcel = encode(Parcel.objects.get(order=pk).pk)
        tag, ready = encode(Tag.objects.get(name="急ぎ").pk), encode(Status.objects.get(default_for="ready").pk)
    client.post(f"{url}status/", {"status": ready})
    client.post(f"{url}memo/", {"memo": "触った"})
    client.post(f"{url}hold/", {"reason": "触った"})
    client.post(f"{url}tags/add/", {"tag": tag})
    client.post(f"{url}want/")
    client.post(f"{url}give-up/", {"verb": "not_here"})
    client.post(
        f"{url}record-shipment/",
        {"parcel": parcel, "carrier": "yamato", "number": "400000000000", "shipped_on": "2026-11-22"},
    )
    values = {
        "name": "他人",
        "phone": "0312345678",
        "postal_code": "1500001",
        "prefecture": "東京都",
        "city": "渋谷区",
        "street": "9-9-9",
    }
    client.post(f"/parcels/{parcel}/address/", values)


@pytest.mark.feature("F050")
def test_a_status_of_another_system_is_read_only_for_staff_and_in_no_export_print_or_bulk_change(
    tenant: Tenant,
) -> None:
    at = business_now() - timedelta(hours=2)
    with tenant_transaction(tenant.pk):
        shop = open_shop()
        ours, theirs = make_order(shop, at=at), make_order(shop, at=at, status="check")
        Status.objects.filter(default_for="check").update(not_ours=True)
    staff, before = browser(tenant, "staff"), (state_of(tenant, ours.pk), state_of(tenant, theirs.pk))

    acts(staff, tenant, theirs.pk)
    refused = staff.post(f"/orders/{encode(theirs.pk)}/memo/", {"memo": "触った"}, follow=True).content.decode()
    page = staff.get(f"/orders/{encode(theirs.pk)}/").content.decode()

    assert state_of(tenant, theirs.pk) == before[1]
    assert "ほかのシステムの担当です" in refused
    assert "他システム担当" in page
    acts(staff, tenant, ours.pk)
    assert state_of(tenant, ours.pk) != before[0], "the same buttons work on an order of ours"

    everything = {"all": "1", "query": ""}
    bulk = staff.post("/orders/bulk/", {**everything, "ask": "memo"}).content.decode()
    csv = {"columns": ["number"], "profile": "machine", "encoding": "utf-8"}
    staff.post("/orders/csv/", {**everything, **csv})
    staff.post("/orders/packing-slips/", {"orders": f"{encode(ours.pk)},{encode(theirs.pk)}"})
    staff.post(f"/orders/{encode(theirs.pk)}/packing-slip/")
    assert "変わる 1件" in bulk
    with tenant_transaction(tenant.pk):
        assert list(FileJob.objects.order_by("pk").values_list("order_ids", flat=True)) == [[ours.pk], [ours.pk]]

    browser(tenant, "admin").post(f"/orders/{encode(theirs.pk)}/memo/", {"memo": "引き取る"})
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=theirs.pk).memo == "引き取る"


@pytest.mark.feature("F110")
@pytest.mark.usefixtures("at_now")
def test_a_saved_search_as_a_rule_moves_orders_to_their_status_which_staff_cannot_move_them_out_of(
    tenant: Tenant,
) -> None:
    shop, call = make_shop(tenant), caller_of(tenant)
    with tenant_transaction(tenant.pk):
        group = StatusGroup.objects.get(phase="ready")
        status = Status.objects.create(group=group, name="RSL担当", not_ours=True, position=99)
        ready = Status.objects.get(default_for="ready")
    condition = {"field": "line_sku", "op": "starts_with", "value": "SKU-RSL", "of": "any"}
    saved = call.post("saved-searches", {"name": "RSLの分", "condition": condition})
    assert saved.status_code == 201, saved.content
    made = call.post("rule-groups", {"name": "RSL", "phases": ["intake", "payment", "ready"]}).json()["id"]
    action = {"do": "set_status", "status": encode(status.pk)}
    rule = {"group": made, "name": "RSLを移す", "condition": saved.json()["condition"], "actions": [action]}
    assert call.post("rules", rule).status_code == 201
    away, here = mall_order(lines=(mall_line("RSL-1"),)), mall_order()

    take_in(tenant, shop, away, here)
    judge(tenant.pk)
    staff = browser(tenant, "staff")
    moved = encode(the_order(tenant, away.number).pk)
    staff.post(f"/orders/{moved}/status/", {"status": encode(ready.pk)})
    staff.post("/orders/bulk/", {"orders": moved, "set_status": encode(ready.pk), "confirmed": "1", "client_key": "k"})

    assert [the_order(tenant, order.number).status.name for order in (away, here)] == ["RSL担当", "発送待ち"]
    listed = staff.get(f"/orders/?saved={saved.json()['id']}").content.decode()
    assert (f'aria-label="{away.number}"' in listed, f'aria-label="{here.number}"' in listed) == (True, False)
