"""While the mall has not settled a payment nothing makes the order shippable but a named override, which is logged."""

from __future__ import annotations

from typing import Any

import pytest

from automation.engine import work as judge
from automation.models import Rule, RuleGroup, RuleVersion
from hub.ids import encode
from hub.models import AuditDetail, AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Status, Task
from orders.operations.holds import NeverPassed, close_mark
from tests.api.conftest import caller_of
from tests.conftest import NOW, TESTER
from tests.factories import changed, make_shop, mall_order, take_in, the_order
from tests.pages import browser
from warehouses.models import WarehouseRequest
from warehouses.requesting import work as request

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def unpaid(tenant: Tenant) -> Order:
    """An order in 楽天処理中, judged: it stands in 入金待ち."""
    order = mall_order(state="processing", payment_state="open", blocks=("payment",))
    take_in(tenant, make_shop(tenant), order)
    judge(tenant.pk)
    return the_order(tenant, order.number)


def still_waits(tenant: Tenant, number: str) -> bool:
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        order = Order.objects.get(number=number)
        return (order.phase, order.held, WarehouseRequest.objects.count()) == ("payment", True, 0)


@pytest.mark.feature("F006")
def test_no_click_ships_what_is_not_paid(tenant: Tenant, unpaid: Order) -> None:
    client, page = browser(tenant, "admin"), f"/orders/{encode(unpaid.pk)}/"
    with tenant_transaction(tenant.pk):
        ready, shipping = (encode(Status.objects.get(default_for=phase).pk) for phase in ("ready", "shipping"))
        payment = encode(Task.objects.get(key="mall_payment").pk)
    ids = encode(unpaid.pk)

    for status in (ready, shipping):
        client.post(f"{page}status/", {"status": status, "revision": str(unpaid.revision)})
        client.post("/orders/bulk/", {"orders": ids, "set_status": status, "confirmed": "1", "client_key": status})
    client.post(f"{page}want/")
    client.post("/orders/bulk/", {"orders": ids, "want_shipment": "1", "confirmed": "1", "client_key": "w"})
    client.post(f"{page}release/", {"task": payment})
    client.post(f"{page}record-shipment/", {"shipped_on": "2026-11-22", "carrier": "yamato", "number": "400000000000"})

    assert still_waits(tenant, unpaid.number)


@pytest.mark.feature("F006")
def test_no_rule_ships_what_is_not_paid(tenant: Tenant, unpaid: Order) -> None:
    with tenant_transaction(tenant.pk):
        group = RuleGroup.objects.create(name="無理に進める", phases=["intake", "payment"], position=0)
        actions: list[dict[str, Any]] = [
            {"do": "set_status", "status": Status.objects.get(default_for="ready").pk},
            {"do": "want_shipment"},
        ]
        rule = Rule.objects.create(group=group, name="すぐ出す", condition={"all": []}, actions=actions)
        RuleVersion.objects.create(rule=rule, version=1, name=rule.name, condition={"all": []}, actions=actions)
        Order.objects.update(judge_at=NOW)

    assert still_waits(tenant, unpaid.number)


@pytest.mark.feature("F006")
def test_no_row_of_a_csv_ships_what_is_not_paid(tenant: Tenant, unpaid: Order) -> None:
    values = {"text": f"{unpaid.number}\t400000000000\n", "carrier": "yamato", "shipped_on": "2026-11-22"}

    told = browser(tenant, "packing").post("/orders/tracking/", {**values, "step": "check"}).content.decode()

    assert "モールで決済が済んでいません" in told
    assert still_waits(tenant, unpaid.number)


@pytest.mark.feature("F006")
def test_no_call_ships_what_is_not_paid(tenant: Tenant, unpaid: Order) -> None:
    call = caller_of(tenant)
    orders = [{"id": encode(unpaid.pk)}]
    with tenant_transaction(tenant.pk):
        parcel = encode(Parcel.objects.get().pk)
        ready = encode(Status.objects.get(default_for="ready").pk)

    moved = call.post("orders/actions/set-status", {"orders": orders, "params": {"status": ready}})
    call.post("parcels/actions/want-shipment", {"parcels": [parcel]})
    left = call.post(
        "parcels/actions/record-shipment", {"parcel": parcel, "packages": [{"carrier": "yamato", "number": "1"}]}
    )

    assert moved.json()["outcomes"][0]["code"] == "payment_open"
    assert (left.status_code, left.json()["code"]) == (409, "payment_open")
    assert still_waits(tenant, unpaid.number)


@pytest.mark.feature("F006")
def test_a_named_override_passes_and_is_logged(tenant: Tenant, unpaid: Order) -> None:
    client, page = browser(tenant, "admin"), f"/orders/{encode(unpaid.pk)}/"
    with tenant_transaction(tenant.pk):
        payment = encode(Task.objects.get(key="mall_payment").pk)
        ready = encode(Status.objects.get(default_for="ready").pk)
    assert browser(tenant, "staff").post(f"{page}override/", {"task": payment, "reason": "x"}).status_code == 403

    client.post(f"{page}override/", {"task": payment, "reason": "社長が確認済み"})
    judge(tenant.pk)
    client.post(f"{page}status/", {"status": ready, "revision": str(the_order(tenant, unpaid.number).revision)})
    judge(tenant.pk)
    request(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "requested"
        entry = AuditEntry.objects.get(order_id=unpaid.pk, verb="order.override")
        assert entry.actor_kind == "member"
        assert AuditDetail.objects.get(entry=entry).after["reason"] == "社長が確認済み"
    assert "社長が確認済み" in client.get(page).content.decode()


@pytest.mark.feature("F006")
def test_what_the_mall_has_not_decided_is_passed_by_nobody(tenant: Tenant) -> None:
    orders = {block: mall_order(blocks=(block,)) for block in ("amount", "address", "review", "changing", "cancelling")}
    take_in(tenant, make_shop(tenant), *orders.values())
    judge(tenant.pk)

    for block, order in orders.items():
        with tenant_transaction(tenant.pk), pytest.raises(NeverPassed):
            row = Order.objects.get(number=order.number)
            close_mark([row.pk], task=Task.objects.get(key=f"mall_{block}"), by=TESTER, now=NOW, override=True)
    judge(tenant.pk)
    request(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert WarehouseRequest.objects.count() == 0
        assert Order.objects.filter(held=True).count() == len(orders)


def test_an_override_of_a_fact_stands_until_the_fact_has_ceased(tenant: Tenant) -> None:
    shop, order = make_shop(tenant), mall_order(total_yen=900)
    take_in(tenant, shop, order)
    judge(tenant.pk)
    assert the_order(tenant, order.number).held
    with tenant_transaction(tenant.pk):
        row = Order.objects.get()
        close_mark([row.pk], task=Task.objects.get(key="sums_differ"), by=TESTER, now=NOW, override=True, reason="確認")
    judge(tenant.pk)
    assert not the_order(tenant, order.number).held

    take_in(tenant, shop, changed(order, total_yen=1000))
    judge(tenant.pk)
    take_in(tenant, shop, changed(order, total_yen=800))
    judge(tenant.pk)

    assert the_order(tenant, order.number).held
