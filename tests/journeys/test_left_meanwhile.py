"""An order taken out or shipped while something about it waits to leave: the mall hears what is true in the end."""

from __future__ import annotations

import pytest

from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.operations.leaving import delete, take_back
from tests.journeys.conftest import World
from tests.journeys.test_outgoing_journeys import settle
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
