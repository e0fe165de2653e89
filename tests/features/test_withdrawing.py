"""Withdrawing a ship request through its stages: free, then at a fee that must be accepted, then too late; each answer stands on the order."""

from __future__ import annotations

import pytest

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, TaskMark, Warehouse
from tests.features.steps import let_pass
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run
from tests.orders.making import make_order, make_shop
from tests.pages import browser


def order_at_the_warehouse(world: World, tenant: Tenant) -> str:
    """Place a card order and let it come to the warehouse; return the address of its page."""
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    for _ in range(12):
        let_pass(world, minutes=10)
        if world.warehouse_ledger("request"):
            break
    with tenant_transaction(tenant.pk):
        return f"/orders/{encode(Order.objects.get().pk)}/"


def work_begins(world: World) -> None:
    for _ in range(60):
        if world.warehouse_ledger("working"):
            return
        world.pass_time(minutes=10)
        run("collect", "deliver")


def state_of(tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        return Parcel.objects.get().state


@pytest.mark.feature("F126", "F127", "F132")
def test_before_work_begins_it_is_free_and_the_order_says_so(world: World, tenant: Tenant) -> None:
    url, client = order_at_the_warehouse(world, tenant), browser(tenant)
    offered = client.get(url).content.decode()

    client.post(f"{url}give-up/", {"verb": "withdraw", "reason": "お客様都合"})
    let_pass(world, minutes=10)

    (line,) = world.warehouse_ledger("withdrawn")
    page = client.get(url).content.decode()
    assert "出荷依頼を取り下げる" in offered
    assert "作業の前です。いまなら無料で取り下げられます。" in offered
    assert (line["fee_yen"], state_of(tenant)) == (0, "cancelled")
    assert "取下げ済" in page
    let_pass(world, minutes=120, step=20)
    assert len(world.warehouse_ledger("request")) == 1, "it does not leave again by itself"


@pytest.mark.feature("F126", "F127", "F132")
def test_during_work_the_free_choice_leaves_it_alone_and_the_paid_one_takes_it_back_with_its_fee(
    world: World, tenant: Tenant
) -> None:
    url, client = order_at_the_warehouse(world, tenant), browser(tenant)
    with tenant_transaction(tenant.pk):
        Warehouse.objects.filter(kind="rsl").update(settings={"withdrawal_yen": 330, "fetch_back_yen": 1_100})
    work_begins(world)

    offered = client.get(url).content.decode()
    client.post(f"{url}give-up/", {"verb": "withdraw"})
    let_pass(world, minutes=5)
    free_only, left_alone = world.warehouse_ledger("withdrawn"), state_of(tenant)
    told = client.get(url).content.decode()
    client.post(f"{url}give-up/", {"verb": "withdraw_fee"})
    let_pass(world, minutes=5)

    (line,) = world.warehouse_ledger("withdrawn")
    dialog = offered[offered.index('value="withdraw_fee"') :]
    assert "作業中です。取下げ料金 330円がかかり、間に合わないこともあります。" in dialog
    assert (free_only, left_alone) == ([], "working")
    assert "料金" in told
    assert (line["fee_yen"], state_of(tenant)) == (330, "cancelled")
    with tenant_transaction(tenant.pk):
        mark = TaskMark.objects.get(task__key="withdrawn", closed_at__isnull=True)
    assert mark.detail["fee_yen"] == 330
    assert "330" in client.get(url).content.decode()


@pytest.mark.feature("F126")
def test_what_has_left_says_what_bringing_it_back_would_cost(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.create(name="RSL", kind="rsl", settings={"fetch_back_yen": 1_100})
        order = make_order(make_shop(), status="shipped")
        Parcel.objects.update(warehouse=house, state="shipped")

    page = browser(tenant).get(f"/orders/{encode(order.pk)}/").content.decode()

    assert "出荷したので取り下げられません。取戻しには手数料 1,100円がかかります。" in page
