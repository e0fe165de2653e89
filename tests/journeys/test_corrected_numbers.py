"""A number corrected at any moment of its report: only the right one stands at the mall in the end (promise G19)."""

from __future__ import annotations

import pytest

from hub.effects import operations
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import MallReport
from tests.journeys.conftest import World
from tests.journeys.test_outgoing_journeys import ready_orders, rows, settle, ship
from tests.journeys.world_steps import BY, run

WRONG, RIGHT = "123456789012", "999999999999"


def at_mall(world: World, number: str) -> list[str]:
    return [row["shippingNumber"] for row in rows(world, number)]


def test_corrected_before_the_report_left(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    ship(world, tenant, number, WRONG)
    ship(world, tenant, number, RIGHT, replace=True)
    settle(world, tenant, 4)

    assert at_mall(world, number) == [RIGHT]
    with tenant_transaction(tenant.pk):
        old, new = Effect.objects.filter(kind="mall.report").order_by("pk")
        assert (old.state, old.reason, new.state) == ("dropped", "replaced", "done")
        causes = MallReport.objects.order_by("pk").values_list("cause", flat=True)
        assert list(causes) == ["replaced", ""]


@pytest.mark.parametrize("applied", [True, False])
def test_corrected_while_it_was_unsure_whether_the_report_arrived(world: World, tenant: Tenant, applied: bool) -> None:
    (number,) = ready_orders(world, tenant)
    fault = {
        "kind": "timeout_after" if applied else "status_500", "function": "updateOrderShipping", "rate": 1.0, "count": 1, "seconds": 0.3,
        "silence_seconds": 0.4, "applied": applied,
    }  # fmt: skip
    world.post(world.mall_url, "faults", {"faults": [fault]})
    ship(world, tenant, number, WRONG)
    run("deliver")
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.report").state in ("unsure", "waiting")
    ship(world, tenant, number, RIGHT, replace=True)
    settle(world, tenant, 8)

    assert at_mall(world, number) == [RIGHT]


def test_stopped_report_of_a_corrected_number_is_not_sent_again(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    ship(world, tenant, number, WRONG)
    with tenant_transaction(tenant.pk):
        old = Effect.objects.get(kind="mall.report").pk
        Effect.objects.filter(pk=old).update(state="stopped", reason="http_400")
    ship(world, tenant, number, RIGHT, replace=True)
    settle(world, tenant, 4)

    with tenant_transaction(tenant.pk):
        changed = operations.send_again([old], by=BY, now=world.clocks[0].now())
        assert changed.unchanged == {old: "replaced"}
    settle(world, tenant, 2)
    assert at_mall(world, number) == [RIGHT]
