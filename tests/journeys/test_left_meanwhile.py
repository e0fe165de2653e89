"""An order taken out or shipped while something about it waits to leave: the mall hears what is true in the end."""

from __future__ import annotations

import pytest

from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import CancelReason
from orders.models import Order, Parcel, TaskMark
from orders.operations.asking import withdraw
from orders.operations.leaving import cancel_at_mall, delete, take_back
from orders.operations.parcels import reopen
from tests.journeys.conftest import World
from tests.journeys.test_outgoing_journeys import ready_orders, settle, ship
from tests.journeys.world_steps import BY, connect, place, run


@pytest.mark.feature("F005")
def test_order_deleted_before_its_confirm_left_is_confirmed_once_taken_back(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        assert delete([pk], by=BY, now=world.clocks[0].now()).changed == [pk]
    run("deliver")
    assert world.mall_ledger("confirm") == []

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.confirm").hold_reason == "order_deleted"
        take_back([pk], by=BY, now=world.clocks[0].now())
    world.pass_time(minutes=5)
    run("reread", "judge")
    settle(world, tenant, 4)

    assert len(world.mall_ledger("confirm")) == 1
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().confirm_state == "confirmed"


@pytest.mark.feature("F095")
def test_cancel_that_the_goods_overtook_never_reaches_the_mall(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    with tenant_transaction(tenant.pk):
        order, parcel = Order.objects.get(), Parcel.objects.get()
        withdraw([order.pk], by=BY, now=world.clocks[0].now())
    settle(world, tenant, 3)
    with tenant_transaction(tenant.pk):
        now = world.clocks[0].now()
        cancel_at_mall([order.pk], reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=BY, now=now)
        if Parcel.objects.get().state != "draft":
            reopen(parcel.pk, by=BY, now=now)
    ship(world, tenant, number, "123456789012")
    settle(world, tenant, 6)

    assert world.mall_ledger("cancel") == []
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(kind="mall.cancel")
        assert (effect.state, effect.reason) == ("dropped", "shipped_meanwhile")
        assert Effect.objects.get(kind="mall.report").state == "done"
        open_marks = TaskMark.objects.filter(closed_at__isnull=True, task__key__startswith="cancel_")
        assert list(open_marks.values_list("task__key", flat=True)) == ["cancel_refused"]
