"""The spine: an order flows from the mall to the warehouse and back to the mall with no hand on it."""

from __future__ import annotations

import pytest

from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run


@pytest.mark.feature("F008", "F007", "F099", "F104", "F118", "F156")
@pytest.mark.parametrize("kind", ["card", "cod"])
def test_clean_order_flows_to_counted_with_no_human_event(world: World, tenant: Tenant, kind: str) -> None:
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=3, kinds=[kind])
    world.pass_time(minutes=2)
    run()
    with tenant_transaction(tenant.pk):
        assert {order.status.name for order in Order.objects.select_related("status")} == {"待機"}
    map_all(tenant)
    assert world.mall_ledger("confirm") == []

    for minutes in (*[10] * 8, *[60] * 18):
        world.pass_time(minutes=minutes)
        run(rounds=2)
        with tenant_transaction(tenant.pk):
            if set(Order.objects.values_list("phase", flat=True)) == {"done"}:
                break

    with tenant_transaction(tenant.pk):
        states = list(Order.objects.values_list("number", "phase", "mall_state", "unreported", "held"))
        people = AuditEntry.objects.filter(order_id__in=Order.objects.values("pk"), actor_kind="member").exclude(
            verb="order.mapped"
        )
        effects = list(Effect.objects.exclude(state="done").values_list("kind", "state", "reason"))
        assert [row[1:] for row in states] == [("done", "shipped", False, False)] * 3, (states, effects)
        assert not people.exists()
    assert len(world.mall_ledger("confirm")) == 3
    assert len(world.mall_ledger("shipping_add")) == 3
    assert [line["nth"] for line in world.warehouse_ledger("request")] == [1] * 3
