"""What leaves arrives once in effect: lost answers, rows of other systems, corrections, refusals (promises G13, G19)."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import httpx
import pytest

from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import CancelReason
from orders.models import MallReport, Order, Parcel, Shop, TaskMark, Warehouse
from orders.operations.leaving import cancel_at_mall
from orders.operations.shipments import Package
from tests.journeys.conftest import World
from tests.journeys.world_steps import BY, connect, map_all, place, run
from warehouses.results import enter_result

DAY = date(2026, 11, 24)


def ready_orders(world: World, tenant: Tenant, n: int = 1, **wish: Any) -> list[str]:
    """Connect a shop that ships by itself, place card orders and let them come to 発送待ち at mall and hub; return the numbers."""
    shop_id = connect(world, tenant)
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop_id).update(warehouse=Warehouse.objects.get(kind="own"))
    numbers = place(world, tenant, shop_id, n=n, kinds=["card"], **wish)
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    for _ in range(8):
        world.pass_time(minutes=10)
        run()
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.values_list("mall_state", flat=True)) == {"ready"}
    return numbers


def ship(world: World, tenant: Tenant, number: str, *tracking: str, replace: bool = False) -> None:
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order__number=number)
        packages = [Package(carrier="yamato", number=each, shipped_on=DAY) for each in tracking]
        enter_result(parcel.pk, packages=packages, by=BY, now=world.clocks[0].now(), replace=replace)


def settle(world: World, tenant: Tenant, seconds: float = 15.0) -> None:
    """Run until no effect is open, for at most so many true seconds; then read the mall once more."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        run("deliver")
        with tenant_transaction(tenant.pk):
            if not Effect.objects.filter(state__in=["waiting", "sending", "unsure"]).exists():
                break
        time.sleep(0.15)
    run("reread", "judge")


def rows(world: World, number: str) -> list[dict[str, Any]]:
    state = httpx.get(f"{world.mall_url}/_control/state", params={"number": number}, trust_env=False).json()
    found: list[dict[str, Any]] = state["orders"][0]["rows"]
    return found


@pytest.mark.feature("F104", "F156")
@pytest.mark.parametrize("kind", ["timeout_after", "late_apply", "cut_body", "status_500", "null_detail_ids"])
def test_report_whose_answer_is_lost_makes_one_row(world: World, tenant: Tenant, kind: str) -> None:
    (number,) = ready_orders(world, tenant)
    fault = {
        "kind": kind,
        "function": "updateOrderShipping",
        "rate": 1.0,
        "count": 1,
        "seconds": 0.3,
        "silence_seconds": 0.4,
        "applied": True,
    }
    world.post(world.mall_url, "faults", {"faults": [fault]})

    ship(world, tenant, number, "123456789012")
    settle(world, tenant)

    assert [row["shippingNumber"] for row in rows(world, number)] == ["123456789012"]
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.report").state == "done"
        assert MallReport.objects.get().seen_at is not None


def test_row_that_another_tool_left_empty_is_filled_not_added(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    world.post(world.mall_url, "staff/ship", {"number": number, "rows": [{"deliveryCompany": "1000"}]})

    ship(world, tenant, number, "123456789012")
    settle(world, tenant, 4)

    assert [(row["deliveryCompany"], row["shippingNumber"]) for row in rows(world, number)] == [
        ("1001", "123456789012")
    ]


def test_corrected_number_replaces_its_row_at_the_mall(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    ship(world, tenant, number, "123456789012")
    settle(world, tenant, 4)

    ship(world, tenant, number, "999999999999", replace=True)
    settle(world, tenant, 4)

    assert [row["shippingNumber"] for row in rows(world, number)] == ["999999999999"]


def test_number_of_another_system_holds_the_order(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    world.post(world.mall_url, "staff/ship", {"number": number, "carrier": "1002", "tracking": "555555555555"})

    world.pass_time(minutes=40)
    run("reread", "judge", "request")

    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.filter(task__key="shipped_elsewhere", closed_at__isnull=True).count() == 1
        assert Order.objects.get().held


@pytest.mark.feature("F095")
def test_cancel_at_the_mall_is_asked_once_and_shown_until_the_mall_says_so(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run("poll")
    fault = {
        "kind": "timeout_after",
        "function": "cancelOrder",
        "rate": 1.0,
        "count": 1,
        "seconds": 0.3,
        "silence_seconds": 0.4,
        "applied": True,
    }
    world.post(world.mall_url, "faults", {"faults": [fault]})
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        cancel_at_mall([pk], reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=BY, now=world.clocks[0].now())
        assert TaskMark.objects.filter(task__key="cancel_asked", closed_at__isnull=True).exists()

    settle(world, tenant, 6)
    world.pass_time(minutes=40)
    run("reread", "judge")

    assert len(world.mall_ledger("cancel")) == 1
    with tenant_transaction(tenant.pk):
        assert (Order.objects.get().number, Order.objects.get().phase) == (number, "cancelled")
        assert not TaskMark.objects.filter(task__key="cancel_asked", closed_at__isnull=True).exists()


@pytest.mark.feature("F005")
def test_confirm_whose_answer_is_lost_is_sent_once(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=3, kinds=["card"])
    fault = {
        "kind": "timeout_after",
        "function": "confirmOrder",
        "rate": 1.0,
        "count": 1,
        "seconds": 0.3,
        "silence_seconds": 0.4,
        "applied": True,
    }
    world.post(world.mall_url, "faults", {"faults": [fault]})
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")

    settle(world, tenant, 6)

    assert len(world.mall_ledger("confirm")) == 3
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.values_list("confirm_state", flat=True)) == {"confirmed"}


def test_order_confirmed_by_hand_at_the_mall_is_done_not_stopped(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    world.post(world.mall_url, "staff/confirm", {"number": number})

    settle(world, tenant, 4)

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.confirm").state == "done"


def test_mall_down_for_hours_stops_no_effect(world: World, tenant: Tenant) -> None:
    (number,) = ready_orders(world, tenant)
    world.post(world.mall_url, "faults", {"faults": [{"kind": "status_503", "function": "*", "rate": 1.0}]})
    ship(world, tenant, number, "123456789012")
    settle(world, tenant, 3)
    with tenant_transaction(tenant.pk):
        assert Effect.objects.filter(state="stopped").count() == 0
        assert Effect.objects.get(kind="mall.report").state in ("waiting", "unsure")
        assert Order.objects.get().phase == "shipped"
        assert Order.objects.get().unreported


def test_confirm_that_meets_a_cancelled_order_asks_nobody(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    world.post(world.mall_url, "staff/cancel", {"number": number})

    settle(world, tenant)

    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(kind="mall.confirm")
        assert (effect.state, effect.reason) == ("dropped", "cancelled")
        assert not Effect.objects.filter(state="stopped").exists()
        assert Order.objects.get().phase == "cancelled"
        assert not Order.objects.get().held
