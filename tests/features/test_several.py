"""Several changes at once: ship day, delivery, status, memo and label as one act, all of them or none for each order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.ids import encode
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Batch, BatchIssue, Order, OrderTag, Parcel, Shop, Status, Tag
from tests.api.conftest import caller_of
from tests.orders.making import make_shop, order_in
from tests.pages import browser

DAY = date(2027, 12, 1)


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def stands(tenant: Tenant, order: Order) -> dict[str, Any]:
    """Return what the five changes would write."""
    with tenant_transaction(tenant.pk):
        row, parcel = Order.objects.select_related("status").get(pk=order.pk), Parcel.objects.get(order=order)
        return {
            "day": parcel.ship_on, "delivery": row.delivery_method, "carrier": parcel.carrier, "status": row.status.name,
            "memo": row.memo, "tags": set(OrderTag.objects.filter(order=order).values_list("tag__name", flat=True)),
            "revision": row.revision,
        }  # fmt: skip


WANTED = {
    "day": DAY, "delivery": "cool", "carrier": "sagawa", "status": "発送待ち", "memo": "年末の分", "tags": {"急ぎ"},
}  # fmt: skip


def asked(tenant: Tenant) -> dict[str, str]:
    with tenant_transaction(tenant.pk):
        status, tag = Status.objects.get(default_for="ready"), Tag.objects.get(name="急ぎ")
        return {
            "day": DAY.isoformat(), "method": "cool", "carrier": "sagawa", "status": encode(status.pk), "text": "年末の分",
            "tag": encode(tag.pk),
        }  # fmt: skip


@pytest.mark.feature("F054")
def test_five_fields_are_set_together_and_an_order_that_refuses_one_keeps_all(tenant: Tenant, shop: Shop) -> None:
    good = [order_in(tenant, shop, status="check") for _ in range(3)]
    gone, unpaid = (
        order_in(tenant, shop, status="cancelled"),
        order_in(tenant, shop, status="payment", mall_block="payment"),
    )
    before = {order.pk: stands(tenant, order) for order in (gone, unpaid)}
    client, ids = browser(tenant, "staff"), ",".join(encode(order.pk) for order in (*good, gone, unpaid))
    press = {"orders": ids, "ask": "change", **asked(tenant)}

    offered = client.post("/orders/bulk/", {"orders": ids, "ask": "change"}).content.decode()
    preview = client.post("/orders/bulk/", {**press, "confirmed": "1", "look": "1"}).content.decode()
    untouched = [stands(tenant, order)["memo"] for order in good]
    client.post("/orders/bulk/", {**press, "confirmed": "1", "client_key": "once"})

    for name in ("day", "method", "carrier", "status", "tag", "text"):
        assert f'name="{name}"' in offered
    assert ("変更を選んでください" in offered, "変わる" in offered) == (True, False), "nothing is chosen yet"
    assert ("変わる 3件" in preview, "変えられない 2件" in preview) == (True, True)
    assert untouched == ["", "", ""], "a preview writes nothing"
    for order in good:
        found = stands(tenant, order)
        assert {name: found[name] for name in WANTED} == WANTED
    for order in (gone, unpaid):
        assert stands(tenant, order) == before[order.pk]
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get()
        assert (batch.changed, batch.skipped) == (3, 2)
        assert dict(BatchIssue.objects.values_list("order_id", "reason")) == {
            gone.pk: "not_open", unpaid.pk: "payment_open",
        }  # fmt: skip
        assert not AuditEntry.objects.filter(order_id__in=[gone.pk, unpaid.pk]).exists()


@pytest.mark.feature("F054")
def test_a_program_changes_several_fields_in_one_call_and_must_name_one(tenant: Tenant, shop: Shop) -> None:
    good, gone = order_in(tenant, shop, status="check"), order_in(tenant, shop, status="cancelled")
    call, orders = caller_of(tenant), [{"id": encode(order.pk)} for order in (good, gone)]

    nothing = call.post("orders/actions/change", {"orders": orders, "params": {}})
    answer = call.post("orders/actions/change", {"orders": orders, "params": asked(tenant)})

    assert (nothing.status_code, nothing.json()["code"]) == (422, "invalid")
    assert answer.status_code == 200, answer.content.decode()
    assert (answer.json()["changed"], answer.json()["refused"]) == (1, 1)
    found = stands(tenant, good)
    assert {name: found[name] for name in WANTED} == WANTED
    assert stands(tenant, gone)["memo"] == ""
