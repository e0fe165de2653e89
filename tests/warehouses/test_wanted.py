"""Parcels that cannot go now never keep others from going; what a turn looks at is what the locks will say (promises G5, G8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from automation.engine import work as judge
from hub.audit import Actor
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, OrderLine, Parcel, Product, Shop, TaskMark, Warehouse
from orders.operations.holds import open_mark, system_task
from orders.operations.planning import ship_on
from tests.conftest import NOW
from tests.factories import make_shop, mall_line, mall_order, take_in
from warehouses import requesting
from warehouses.requesting import candidates, choose, try_request, work
from warehouses.wanted import wanted_parcels

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")


def want(tenant: Tenant, shop: Shop, *, n: int = 1, age: timedelta = timedelta()) -> list[int]:
    """Take in orders and let them be judged; return their wanted parcels."""
    with tenant_transaction(tenant.pk):
        before = set(Parcel.objects.values_list("pk", flat=True))
    take_in(tenant, shop, *[mall_order() for _ in range(n)])
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcels = Parcel.objects.exclude(pk__in=before)
        parcels.update(ship_wanted_at=NOW - age)
        return sorted(parcels.values_list("pk", flat=True))


def states(tenant: Tenant, parcels: list[int]) -> set[tuple[str, str]]:
    with tenant_transaction(tenant.pk):
        return set(Parcel.objects.filter(pk__in=parcels).values_list("state", "ship_fault"))


def pause(house: Warehouse) -> None:
    Warehouse.objects.filter(pk=house.pk).update(paused_at=NOW)


def hold(tenant: Tenant, parcels: list[int]) -> None:
    """Let a second order, which is held, ship in each parcel too."""
    with tenant_transaction(tenant.pk):
        for pk in parcels:
            lead = Parcel.objects.get(pk=pk).order
            other = Order.objects.exclude(pk=lead.pk).filter(parcel__isnull=False, held=True).first()
            assert other is not None
            OrderLine.objects.create(order=other, parcel_id=pk, quantity=1, ship_units=1, sku="X", name="同梱")


@pytest.mark.parametrize("obstacle", ["paused", "held_beside", "not_ready", "unread", "payment"])
def test_any_number_of_blocked_parcels_keeps_no_other_from_going(
    tenant: Tenant, shop: Shop, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requesting, "A_TURN", 5)
    blocked = want(tenant, shop, n=12, age=timedelta(minutes=5))
    if obstacle == "held_beside":
        [held] = want(tenant, shop)
        with tenant_transaction(tenant.pk):
            order = Parcel.objects.get(pk=held).order_id
            open_mark([order], task=system_task("short"), by=STAFF, now=NOW, reason="x", detail={})
            assert Order.objects.get(pk=order).held
        hold(tenant, blocked)
    with tenant_transaction(tenant.pk):
        orders = Order.objects.filter(parcel__in=blocked)
        if obstacle == "paused":
            pause(Warehouse.objects.get(kind="rsl"))
        elif obstacle == "not_ready":
            orders.update(phase="payment")
        elif obstacle == "unread":
            orders.update(mall_read_at=NOW - timedelta(hours=1), reread_at=NOW - timedelta(minutes=1))
        elif obstacle == "payment":
            orders.update(mall_block="payment")
            TaskMark.objects.filter(order__in=orders).delete()
    free = make_shop(tenant)
    with tenant_transaction(tenant.pk):
        own = Warehouse.objects.create(name="別の棚", kind="own")
        Shop.objects.filter(pk=free.pk).update(warehouse=own)
    young = want(tenant, Shop(pk=free.pk, tenant_id=tenant.pk, channel=free.channel))

    for _ in range(3):
        work(tenant.pk)

    assert states(tenant, young) == {("requested", "")}
    assert states(tenant, blocked) == {("draft", "paused" if obstacle == "paused" else "")}


def test_a_turn_costs_the_same_however_many_parcels_wait(tenant: Tenant, shop: Shop) -> None:
    def statements() -> int:
        with tenant_transaction(tenant.pk), CaptureQueriesContext(connection) as seen:
            candidates(NOW)
        return len(seen)

    want(tenant, shop, n=1)
    one = statements()
    want(tenant, shop, n=9)

    assert statements() == one


def _no_warehouse(house: Warehouse, lines: list[OrderLine]) -> None:
    Shop.objects.update(warehouse=None)


def _retired(house: Warehouse, lines: list[OrderLine]) -> None:
    Warehouse.objects.filter(pk=house.pk).update(retired_at=NOW)


def _paused(house: Warehouse, lines: list[OrderLine]) -> None:
    pause(house)


def _takes_none(house: Warehouse, lines: list[OrderLine]) -> None:
    other = Warehouse.objects.create(name="他社", kind="other")
    Parcel.objects.update(warehouse=other)


def _several(house: Warehouse, lines: list[OrderLine]) -> None:
    Product.objects.filter(pk=lines[0].product_id).update(warehouse=Warehouse.objects.create(name="別", kind="own"))


def _one_named_and_none(house: Warehouse, lines: list[OrderLine]) -> None:
    _several(house, lines)
    Shop.objects.update(warehouse=None)


def _chosen(house: Warehouse, lines: list[OrderLine]) -> None:
    _several(house, lines)
    Parcel.objects.update(warehouse=house)


Change = Callable[[Warehouse, list[OrderLine]], None]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_no_warehouse, "no_warehouse"), (_retired, "no_warehouse"), (_paused, "paused"), (_takes_none, "not_ours_to_request"),
        (_several, "several_warehouses"), (_one_named_and_none, "several_warehouses"), (_chosen, ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [True, False])
def test_the_look_says_what_the_locks_say(tenant: Tenant, shop: Shop, change: Change, fault: str, read: bool) -> None:
    take_in(tenant, shop, mall_order(lines=(mall_line("A"), mall_line("B"))))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        change(Warehouse.objects.get(kind="rsl"), list(OrderLine.objects.order_by("pk")))
        Order.objects.update(mall_read_at=NOW - timedelta(hours=0 if read else 1), reread_at=None)
        parcel = Parcel.objects.get()
        looked = wanted_parcels(now=NOW, most=5)

        assert looked.fault == ([parcel.pk] if fault else [])
        assert looked.go == ([] if fault or not read else [parcel.pk])
        assert looked.read == ([] if fault or read else [parcel.pk])
        candidates(NOW)
        assert (Order.objects.get().reread_at == NOW) == (not fault and not read)
        assert try_request(parcel.pk, now=NOW) == (not fault and read)
        parcel.refresh_from_db()
        assert parcel.ship_fault == fault
        assert wanted_parcels(now=NOW, most=5).fault == [], "said once"
        if not fault:
            assert choose(parcel).kind == "rsl"


def test_a_parcel_goes_when_its_warehouse_is_resumed(tenant: Tenant, shop: Shop) -> None:
    parcels = want(tenant, shop, n=2)
    with tenant_transaction(tenant.pk):
        pause(Warehouse.objects.get(kind="rsl"))
    work(tenant.pk)
    assert states(tenant, parcels) == {("draft", "paused")}

    with tenant_transaction(tenant.pk):
        Warehouse.objects.update(paused_at=None)
    work(tenant.pk)

    assert states(tenant, parcels) == {("requested", "")}


def test_a_parcel_put_off_to_a_later_day_after_the_look_does_not_go_today(tenant: Tenant, shop: Shop) -> None:
    [parcel] = want(tenant, shop)
    with tenant_transaction(tenant.pk):
        assert candidates(NOW) == [parcel]
        ship_on([Parcel.objects.get().order_id], day=(NOW + timedelta(days=3)).date(), by=STAFF, now=NOW)
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert not try_request(parcel, now=NOW)
        assert try_request(parcel, now=NOW + timedelta(days=3)) is False, "its mall was not read since"
        Order.objects.update(mall_read_at=NOW + timedelta(days=3))
        assert try_request(parcel, now=NOW + timedelta(days=3))
