"""An order that the mall cancels while a warehouse has it leaves by itself once no warehouse has anything of it any more (promise G9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation.engine import work as judge
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder
from orders.models import Parcel, Shop, TaskMark
from orders.queries.held import held_queue
from tests.conftest import NOW
from tests.factories import changed, mall_line, mall_order, take_in, the_order
from warehouses.models import WarehouseRequest
from warehouses.operations import answer_withdrawal, refuse
from warehouses.requesting import work

pytestmark = pytest.mark.usefixtures("at_now")


def cancelled_after_the_request(tenant: Tenant, shop: Shop, order: MallOrder) -> list[WarehouseRequest]:
    take_in(tenant, shop, order)
    for _ in order.parcels:
        judge(tenant.pk)
        work(tenant.pk)
    take_in(tenant, shop, changed(order, state="cancelled"))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert list(held_queue().values_list("number", flat=True)) == [order.number], "until the warehouse has answered"
        return list(WarehouseRequest.objects.order_by("pk"))


def cannot_ship(tenant: Tenant, request: WarehouseRequest, *, answer: str = "cannot_ship") -> None:
    with tenant_transaction(tenant.pk):
        refuse(request, now=NOW, reason="out_of_stock", detail="在庫なし", answer=answer)
    judge(tenant.pk)


@pytest.mark.parametrize("answer", ["withdrawn", "cannot_ship", "refused"])
def test_order_leaves_when_its_warehouse_lets_go_of_it(tenant: Tenant, shop: Shop, answer: str) -> None:
    order = mall_order()
    (request,) = cancelled_after_the_request(tenant, shop, order)

    if answer == "withdrawn":
        with tenant_transaction(tenant.pk):
            answer_withdrawal(request, "agreed", fee_yen=0, now=NOW)
        judge(tenant.pk)
    else:
        cannot_ship(tenant, request, answer=answer)

    assert the_order(tenant, order.number).status.default_for == "cancelled"
    with tenant_transaction(tenant.pk):
        assert not held_queue().exists()
        told = "withdrawn" if answer == "withdrawn" else "cannot_ship"
        assert TaskMark.objects.filter(task__key=told, closed_at__isnull=True).exists(), "for whoever moves it back"


def test_order_stays_while_a_warehouse_has_another_parcel_of_it(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    second = replace(order.parcels[0], key="70002", lines=(mall_line("2"),))
    order = changed(order, parcels=(order.parcels[0], second))
    first, other = cancelled_after_the_request(tenant, shop, order)

    cannot_ship(tenant, first)
    with tenant_transaction(tenant.pk):
        assert sorted(Parcel.objects.values_list("state", flat=True)) == ["cancel_asked", "cannot_ship"]
        assert held_queue().exists()
    assert the_order(tenant, order.number).phase == "shipping"
    cannot_ship(tenant, other)

    assert the_order(tenant, order.number).phase == "cancelled"


def test_order_that_the_mall_still_wants_is_held_with_the_words_of_its_warehouse(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        request = WarehouseRequest.objects.get()

    cannot_ship(tenant, request)

    row = the_order(tenant, order.number)
    assert (row.phase, row.held) == ("shipping", True)
