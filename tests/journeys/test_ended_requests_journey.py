"""A parcel that was withdrawn and asked for again leaves the warehouse once, whatever is pressed about its first request (promise G5)."""

from __future__ import annotations

from hub.effects import operations
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel
from orders.operations.asking import withdraw
from orders.operations.status import default_status, set_status
from orders.operations.wishes import ask_again
from tests.features.steps import let_pass
from tests.journeys.conftest import World
from tests.journeys.world_steps import BY, connect, map_all, place, run
from warehouses.models import ResultIssue


def test_sending_the_first_request_again_ships_nothing_twice(world: World, tenant: Tenant) -> None:
    shop = connect(world, tenant)
    place(world, tenant, shop, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    first = stopped_before_it_left(world, tenant)
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        withdraw([order.pk], by=BY, now=world.clocks[0].now())
    let_pass(world, minutes=10)
    with tenant_transaction(tenant.pk):
        ask_again(Parcel.objects.get().pk, by=BY, now=world.clocks[0].now())
        set_status([order.pk], status=default_status("ready"), by=BY, now=world.clocks[0].now())
    let_pass(world, minutes=20)

    with tenant_transaction(tenant.pk):
        operations.send_again([first.pk], by=BY, now=world.clocks[0].now())
        Effect.objects.filter(pk=first.pk).update(state="waiting")
    let_pass(world, minutes=36 * 60, step=60)
    reference = f"{tenant.pk}-{first.payload['parcel']}-2"

    assert [line["reference"] for line in world.warehouse_ledger("shipped")] == [reference]
    with tenant_transaction(tenant.pk):
        assert not ResultIssue.objects.exists()
        assert Effect.objects.get(pk=first.pk).state == "dropped"


def stopped_before_it_left(world: World, tenant: Tenant) -> Effect:
    """Let the parcel be requested, and the request stop before anything of it left."""
    for _ in range(12):
        world.pass_time(minutes=10)
        run("poll", "reread", "judge", "request")
        with tenant_transaction(tenant.pk):
            effect: Effect | None = Effect.objects.filter(kind="warehouse.send").first()
            if effect is not None:
                Effect.objects.filter(pk=effect.pk).update(state="stopped", reason="handler_fault", attempts=10)
                return effect
        run("deliver")
    raise AssertionError("the parcel was never requested")
