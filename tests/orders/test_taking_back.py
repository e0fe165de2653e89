"""An order that comes back is as it was, but for what its mall says by now: that is asked before anything leaves (promises G8, G26)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from automation.engine import work as judge
from hub.audit import Actor
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder, MallTracking, Same
from orders.intake import save_mall_orders
from orders.judging import may_ship
from orders.models import Order, Parcel, Shop, TaskMark
from orders.operations.leaving import cancel_here, delete, take_back
from orders.operations.parcels import unwant_shipment, want_shipment
from orders.operations.undo import undo_entries
from orders.operations.wishes import want_parcels
from tests.conftest import NOW
from tests.factories import MALL, changed, make_shop, mall_line, mall_order, take_in
from tests.orders.making import make_order
from warehouses.requesting import work as request

pytestmark = pytest.mark.usefixtures("at_now")
STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant, warehouse="rsl")


def taken_in(tenant: Tenant, shop: Shop) -> MallOrder:
    """An order of the mall that is judged and wanted."""
    mall = mall_order()
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    return mall


def out(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        delete([Order.objects.get().pk], by=STAFF, now=NOW)


def back(tenant: Tenant, *, by_undo: bool = False) -> None:
    with tenant_transaction(tenant.pk):
        if by_undo:
            undo_entries(
                AuditEntry.objects.filter(verb="order.deleted").values_list("pk", flat=True), by=STAFF, now=NOW
            )
        else:
            take_back([Order.objects.get().pk], by=STAFF, now=NOW)


def shipped_on(tenant: Tenant) -> bool:
    """Wish, judge and request as often as it takes; say whether a warehouse was asked."""
    with tenant_transaction(tenant.pk):
        want_shipment([Order.objects.get().pk], by=STAFF, now=NOW)
    for _ in range(2):
        judge(tenant.pk)
        request(tenant.pk)
    with tenant_transaction(tenant.pk):
        return Effect.objects.filter(kind="warehouse.send").exists()


@pytest.mark.feature("F094")
@pytest.mark.parametrize("by_undo", [False, True])
def test_an_order_cancelled_while_it_was_out_comes_back_cancelled(tenant: Tenant, shop: Shop, by_undo: bool) -> None:
    mall = taken_in(tenant, shop)
    out(tenant)
    gone = changed(mall, state="cancelled", code="900")
    take_in(tenant, shop, gone)

    back(tenant, by_undo=by_undo)
    take_in(tenant, shop, gone)

    assert not shipped_on(tenant)
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().phase == "cancelled"


@pytest.mark.feature("F094")
def test_an_order_that_another_system_shipped_while_it_was_out_is_held(tenant: Tenant, shop: Shop) -> None:
    mall = taken_in(tenant, shop)
    out(tenant)
    row = MallTracking(row_key="1", carrier="yamato", number="777777777777", shipped_on=NOW.date())
    later = changed(mall, parcels=(replace(mall.parcels[0], tracking=(row,)),))
    take_in(tenant, shop, later)

    back(tenant)
    take_in(tenant, shop, later)

    assert not shipped_on(tenant)
    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.filter(task__key="shipped_elsewhere", closed_at=None).exists()


def test_nothing_leaves_before_the_mall_was_read_whole_again(tenant: Tenant, shop: Shop) -> None:
    mall = taken_in(tenant, shop)
    out(tenant)

    back(tenant)
    save_mall_orders(tenant.pk, shop.pk, [Same(number=mall.number)], by=MALL, now=NOW)  # asked for before it came back

    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        assert (order.reread_at, order.judge_at) == (NOW, None), "the rules wait for the reading"
        assert "mall_not_read" in may_ship([Parcel.objects.get()], now=NOW)[Parcel.objects.get().pk]
    assert not shipped_on(tenant)
    take_in(tenant, shop, mall)
    assert shipped_on(tenant)


def test_an_order_entered_by_hand_has_no_mall_to_wait_for(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        make_order(shop, mall_state="none")
    out(tenant)

    back(tenant)

    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        assert (order.deleted_at, order.reread_at, order.judge_at) == (None, None, order.ready_at)


def wishes(tenant: Tenant) -> dict[str, datetime | None]:
    """Return since when each parcel is wanted, by the mall's key."""
    with tenant_transaction(tenant.pk):
        return dict(Parcel.objects.values_list("mall_parcel_key", "ship_wanted_at"))


def two_wanted(tenant: Tenant, shop: Shop) -> MallOrder:
    """An order of two destinations, of which a person took one wish back."""
    mall = mall_order()
    second = replace(mall.parcels[0], key="70002", lines=(mall_line("2"),))
    both = changed(mall, parcels=(mall.parcels[0], second))
    take_in(tenant, shop, both)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        unwant_shipment([Order.objects.get().pk], by=STAFF, now=NOW)
        want_parcels([Parcel.objects.get(mall_parcel_key="70001").pk], by=STAFF, now=NOW)
    return both


@pytest.mark.parametrize("how", ["take back", "undo"])
def test_a_wish_comes_back_with_its_order(tenant: Tenant, shop: Shop, how: str) -> None:
    mall = two_wanted(tenant, shop)
    before = wishes(tenant)
    out(tenant)
    assert wishes(tenant) == {"70001": None, "70002": None}

    back(tenant, by_undo=how == "undo")

    assert wishes(tenant) == before == {"70001": NOW, "70002": None}
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(mall_parcel_key="70001").state == "requested"


def test_an_order_let_go_by_mistake_is_wanted_and_followed_again(tenant: Tenant, shop: Shop) -> None:
    mall = two_wanted(tenant, shop)
    before = wishes(tenant)
    with tenant_transaction(tenant.pk):
        cancel_here([Order.objects.get().pk], by=STAFF, now=NOW)
        Order.objects.update(reread_at=None)  # what a reading leaves of it
        entry = AuditEntry.objects.get(verb="order.let_go")
    assert wishes(tenant) == {"70001": None, "70002": None}

    with tenant_transaction(tenant.pk):
        undo_entries([entry.pk], by=STAFF, now=NOW)

    assert wishes(tenant) == before
    with tenant_transaction(tenant.pk):
        assert (Order.objects.get().phase, Order.objects.get().reread_at) == ("ready", NOW)
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(mall_parcel_key="70001").state == "requested"


def test_an_order_let_go_and_taken_on_again_waits_for_its_mall_to_be_read(tenant: Tenant, shop: Shop) -> None:
    """It was let go for another system to ship: what that one did meanwhile stands at the mall."""
    mall = taken_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        cancel_here([Order.objects.get().pk], by=STAFF, now=NOW)
        undo_entries([AuditEntry.objects.get(verb="order.let_go").pk], by=STAFF, now=NOW)
        assert Parcel.objects.get().ship_wanted_at is not None

    assert not shipped_on(tenant)
    save_mall_orders(tenant.pk, shop.pk, [Same(number=mall.number)], by=MALL, now=NOW)
    assert shipped_on(tenant)
