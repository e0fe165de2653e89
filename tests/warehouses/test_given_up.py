"""Giving up what was to be said to a warehouse undoes its decision too: the parcel is free, or stays with the warehouse (promise G17)."""

from __future__ import annotations

import pytest

from automation.engine import work as judge
from hub.audit import Actor
from hub.effects import Receipt, deliver, operations
from hub.effects.handlers import handler_for
from hub.models import Effect, Lane, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Shop, TaskMark
from orders.operations.status import default_status, set_status
from orders.operations.wishes import ask_again
from tests.conftest import NOW
from tests.factories import changed, mall_order, take_in
from warehouses.models import RequestLine, WarehouseRequest
from warehouses.operations import accept, answer_withdrawal, ask_withdrawal, begin_work
from warehouses.requesting import work

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")


def the_effect(kind: str) -> Effect:
    found: Effect = Effect.objects.get(kind=kind)
    return found


def rights() -> int:
    return RequestLine.objects.filter(released_at__isnull=True).count()


@pytest.mark.parametrize("act", ["drop", "take_back"])
def test_a_request_that_never_left_is_given_up_and_may_be_made_again(tenant: Tenant, requested: int, act: str) -> None:
    with tenant_transaction(tenant.pk):
        pk = the_effect("warehouse.send").pk
        if act == "drop":
            operations.drop([pk], reason="住所を直す", by=STAFF, now=NOW)
        else:
            operations.take_back([pk], by=STAFF, now=NOW)

    with tenant_transaction(tenant.pk):
        request = WarehouseRequest.objects.get()
        assert (Parcel.objects.get().state, rights()) == ("cancelled", 0)
        assert (request.answer, request.reason) == ("withdrawn", "dropped_by_hand")
        assert (Order.objects.get().held, Order.objects.get().phase) == (True, "intake")
        assert TaskMark.objects.get(closed_at__isnull=True).task.key == "withdrawn"
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert WarehouseRequest.objects.count() == 1, "only a person asks again"
        ask_again(requested, by=STAFF, now=NOW)
        set_status([Order.objects.get().pk], status=default_status("ready"), by=STAFF, now=NOW)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert (Parcel.objects.get().state, rights()) == ("requested", 2)


def test_a_request_that_may_have_arrived_keeps_its_right_until_it_is_withdrawn(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        effect = the_effect("warehouse.send")
        Effect.objects.filter(pk=effect.pk).update(state="stopped", reason="maybe_done", sent_at=NOW)
        operations.drop([effect.pk], reason="x", by=STAFF, now=NOW)

        assert (Parcel.objects.get().state, rights()) == ("requested", 2)
        ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        assert Parcel.objects.get().state == "cancel_asked"


def test_giving_up_a_request_ends_the_withdrawal_that_waits_behind_it(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        operations.drop([the_effect("warehouse.send").pk], reason="x", by=STAFF, now=NOW)
        lane = Lane.objects.get(name=the_effect("warehouse.withdraw").lane)

    deliver.work(tenant.pk, lane.pk)

    with tenant_transaction(tenant.pk):
        assert (Parcel.objects.get().state, rights()) == ("cancelled", 0)
        withdrawal = the_effect("warehouse.withdraw")
        assert (withdrawal.state, withdrawal.reason) == ("dropped", "ended")


def test_giving_up_the_request_of_an_order_cancelled_at_the_mall_cancels_it_here(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    judge(tenant.pk)
    work(tenant.pk)
    take_in(tenant, shop, changed(order, state="cancelled"))

    with tenant_transaction(tenant.pk):
        operations.drop([the_effect("warehouse.send").pk], reason="x", by=STAFF, now=NOW)
        assert Order.objects.get().phase == "cancelled"


def test_a_withdrawal_given_up_leaves_the_parcel_to_the_warehouse(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        request = WarehouseRequest.objects.get()
        Effect.objects.filter(kind="warehouse.send").update(state="done")
        accept(request, now=NOW)
        ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        operations.drop([the_effect("warehouse.withdraw").pk], reason="やはり送る", by=STAFF, now=NOW)

        assert (Parcel.objects.get().state, rights()) == ("accepted", 2)
        ask_withdrawal(requested, accept_fee=True, reason="", by=STAFF, now=NOW.replace(minute=1))
        assert Effect.objects.filter(kind="warehouse.withdraw", state="waiting").count() == 1


@pytest.mark.parametrize(
    ("before", "meanwhile", "after"),
    [
        ("requested", "", "requested"),
        ("requested", "accepted", "accepted"),
        ("accepted", "", "accepted"),
        ("working", "", "working"),
    ],
)
def test_a_parcel_whose_withdrawal_is_given_up_stands_where_its_request_stands(
    tenant: Tenant, requested: int, before: str, meanwhile: str, after: str
) -> None:
    with tenant_transaction(tenant.pk):
        request = WarehouseRequest.objects.get()
        if before != "requested":
            accept(request, now=NOW)
        if before == "working":
            begin_work([request.reference], now=NOW)
        assert Parcel.objects.get().state == before
        ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        if meanwhile == "accepted":
            accept(request, now=NOW)
        assert Parcel.objects.get().state == "cancel_asked"
        operations.drop([the_effect("warehouse.withdraw").pk], reason="やはり送る", by=STAFF, now=NOW)

        assert Parcel.objects.get().state == after
        accept(request, now=NOW)
        assert Parcel.objects.get().state in ("accepted", "working"), "the answer is still heard"


def test_an_older_withdrawal_given_up_leaves_the_newer_one_asked(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        older = the_effect("warehouse.withdraw")
        Parcel.objects.update(state="working")
        Effect.objects.filter(pk=older.pk).update(state="stopped", reason="withdraw_unsupported")
        ask_withdrawal(requested, accept_fee=True, reason="", by=STAFF, now=NOW.replace(minute=1))
        operations.drop([older.pk], reason="x", by=STAFF, now=NOW)

        assert Parcel.objects.get().state == "cancel_asked"


def test_a_withdrawal_that_is_agreed_to_only_when_it_is_sent_again_gives_the_parcel_back(
    tenant: Tenant, requested: int
) -> None:
    with tenant_transaction(tenant.pk):
        ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        answer_withdrawal(WarehouseRequest.objects.get(), "refused", fee_yen=0, now=NOW)
        effect = the_effect("warehouse.withdraw")
        Effect.objects.filter(pk=effect.pk).update(state="stopped", reason="warehouse_refused", sent_at=NOW)
        assert operations.send_again([effect.pk], by=STAFF, now=NOW).changed == [effect.pk]
        handler_for(effect.kind).settle(effect, Receipt(data={"answer": "agreed", "fee_yen": 0}), NOW)

        assert (Parcel.objects.get().state, rights()) == ("cancelled", 0)
        assert WarehouseRequest.objects.get().answer == "withdrawn"
