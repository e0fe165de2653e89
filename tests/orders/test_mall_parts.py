"""What the mall adds to an order, or moves inside it, is shipped as the rest is, or holds the order: never left behind in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from automation.engine import work as judge
from hub.audit import Actor
from hub.models import Tenant
from hub.problems import say
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder
from orders.models import Order, OrderLine, Parcel, Shop, TaskMark, Warehouse
from orders.operations.edits import choose_warehouse
from orders.operations.parcels import unwant_shipment
from orders.operations.planning import ship_on
from orders.operations.wishes import want_parcels
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_line, mall_order, take_in
from warehouses.requesting import work as request

pytestmark = pytest.mark.usefixtures("at_now")
STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant, warehouse="rsl")


def with_second(mall: MallOrder) -> MallOrder:
    """The order with one more destination."""
    return changed(mall, parcels=(*mall.parcels, replace(mall.parcels[0], key="70002", lines=(mall_line("B"),))))


def states(tenant: Tenant) -> dict[str, str]:
    """Return the state of each parcel by the mall's key."""
    with tenant_transaction(tenant.pk):
        return dict(Parcel.objects.values_list("mall_parcel_key", "state"))


def reasons(tenant: Tenant) -> list[str]:
    """Return why the mall's changes hold the order."""
    with tenant_transaction(tenant.pk):
        return list(TaskMark.objects.filter(task__key="mall_changed", closed_at=None).values_list("reason", flat=True))


def test_a_destination_added_while_the_others_are_wanted_is_shipped_with_them(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    judge(tenant.pk)

    take_in(tenant, shop, with_second(mall))
    for _ in range(2):  # the first request changes the order, which is then judged anew
        judge(tenant.pk)
        request(tenant.pk)

    assert (states(tenant), reasons(tenant)) == ({"70001": "requested", "70002": "requested"}, [])


def test_a_destination_added_after_the_request_holds_the_order_until_a_person_wishes(
    tenant: Tenant, shop: Shop
) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    request(tenant.pk)

    take_in(tenant, shop, with_second(mall))
    judge(tenant.pk)
    request(tenant.pk)

    assert (states(tenant), reasons(tenant)) == (
        {"70001": "requested", "70002": "draft"},
        ["parcel_added_after_request"],
    )
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().held
    assert say("parcel_added_after_request", {}) != "parcel_added_after_request"


def test_a_destination_added_beside_parcels_of_which_only_one_is_wanted_is_a_persons_to_decide(
    tenant: Tenant, shop: Shop
) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    both = with_second(mall)
    take_in(tenant, shop, both)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        unwant_shipment([Order.objects.get().pk], by=STAFF, now=NOW)
        want_parcels([Parcel.objects.get(mall_parcel_key="70001").pk], by=STAFF, now=NOW)

    third = replace(mall.parcels[0], key="70003", lines=(mall_line("C"),))
    take_in(tenant, shop, changed(both, parcels=(*both.parcels, third)))

    assert reasons(tenant) == ["parcel_added_after_request"]
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(mall_parcel_key="70003").ship_wanted_at is None


def test_an_added_destination_goes_from_the_chosen_warehouse_on_the_chosen_day(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    day = (NOW + timedelta(days=3)).date()
    with tenant_transaction(tenant.pk):
        ids, house = [Order.objects.get().pk], Warehouse.objects.create(name="別の倉庫", kind="own")
        choose_warehouse(ids, warehouse=house, by=STAFF, now=NOW)
        ship_on(ids, day=day, by=STAFF, now=NOW)

    take_in(tenant, shop, with_second(mall))

    with tenant_transaction(tenant.pk):
        added = Parcel.objects.get(mall_parcel_key="70002")
        assert (added.warehouse_id, added.warehouse_by_hand, added.ship_on) == (house.pk, True, day)
        assert OrderLine.objects.filter(parcel=added).count() == 1
