"""Who chose how an order is delivered keeps the choice: a rule's and a person's outlive what the mall says later (promise G23)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation.engine import work as judge
from automation.operations import create_group, create_rule
from hub.audit import Actor
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.models import DeliveryName, Order, Parcel, Shop, TaskMark
from orders.operations.edits import set_delivery
from orders.operations.settings import set_delivery_name
from orders.operations.undo import undo_entries
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_line, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")
STAFF = Actor(kind="member", id=1, name="試験係")
Delivery = tuple[str, str]


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def by_rule(tenant: Tenant) -> None:
    """Let a rule of the tenant send small orders by mail with Yamato."""
    with tenant_transaction(tenant.pk):
        group = create_group(name="配送", by=STAFF, now=NOW)
        condition = {"all": [{"field": "total_yen", "op": "lt", "value": 5000}]}
        act = {"do": "set_delivery", "method": "mail", "carrier": "yamato"}
        create_rule(group=group, name="小さい荷物", condition=condition, actions=[act], by=STAFF, now=NOW)


def choose(tenant: Tenant, method: str = "mail", carrier: str = "yamato") -> list[int]:
    """Let a person choose for every order of the tenant; return the orders that changed."""
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.values_list("pk", flat=True))
        return set_delivery(ids, method=method, carrier=carrier, by=STAFF, now=NOW).changed


def delivery(tenant: Tenant) -> tuple[str, list[Delivery]]:
    """Return the order's method, and method and carrier of its parcels."""
    with tenant_transaction(tenant.pk):
        parcels = Parcel.objects.order_by("position", "pk").values_list("delivery_method", "carrier")
        return Order.objects.get().delivery_method, list(parcels)


@pytest.mark.parametrize("who", ["rule", "person"])
def test_a_choice_outlives_any_change_of_the_mall(tenant: Tenant, shop: Shop, who: str) -> None:
    mall = mall_order(state="new", parcel={"carrier": "sagawa"})
    if who == "rule":
        by_rule(tenant)
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    if who == "person":
        choose(tenant)
    assert delivery(tenant) == ("mail", [("mail", "yamato")])

    take_in(tenant, shop, changed(mall, state="ready", code="300"))
    judge(tenant.pk)

    assert delivery(tenant) == ("mail", [("mail", "yamato")])
    with tenant_transaction(tenant.pk):
        assert not TaskMark.objects.filter(task__key="mall_changed").exists(), "nothing that was chosen differs"


@pytest.mark.parametrize("who", ["rule", "person"])
def test_a_destination_that_comes_later_goes_the_way_that_was_chosen(tenant: Tenant, shop: Shop, who: str) -> None:
    mall = mall_order(state="new")
    if who == "rule":
        by_rule(tenant)
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    if who == "person":
        choose(tenant)

    second = replace(mall.parcels[0], key="70002", lines=(mall_line("2"),))
    take_in(tenant, shop, changed(mall, parcels=(mall.parcels[0], second)))

    assert delivery(tenant) == ("mail", [("mail", "yamato"), ("mail", "yamato")])


def test_another_delivery_at_the_mall_takes_a_rules_choice_back_and_holds_beside_a_persons(
    tenant: Tenant, shop: Shop
) -> None:
    with tenant_transaction(tenant.pk):
        DeliveryName.objects.create(channel="rakuten", name="クール宅急便", method="cool")
    mall = mall_order(state="new", parcel={"carrier": "sagawa"})
    by_rule(tenant)
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    cool = changed(mall, delivery_name="クール宅急便")
    take_in(tenant, shop, cool)
    assert delivery(tenant) == ("cool", [("cool", "sagawa")])

    choose(tenant, method="compact", carrier="")
    take_in(tenant, shop, changed(mall, delivery_name=mall.delivery_name))

    assert delivery(tenant) == ("compact", [("compact", "sagawa")])
    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.get(task__key="mall_changed").detail["fields"] == {"delivery_method": "parcel"}


def test_another_carrier_at_the_mall_is_followed_unless_a_person_chose_theirs(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(parcel={"carrier": "sagawa"})
    take_in(tenant, shop, mall)

    take_in(tenant, shop, changed(mall, parcels=(replace(mall.parcels[0], carrier="japan_post"),)))
    assert delivery(tenant)[1] == [("parcel", "japan_post")]

    choose(tenant)
    take_in(tenant, shop, changed(mall, parcels=(replace(mall.parcels[0], carrier="sagawa"),)))
    assert delivery(tenant)[1] == [("mail", "yamato")]
    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.get(task__key="mall_changed").detail["fields"] == {"carrier": "sagawa"}


def test_choosing_again_what_the_order_has_mends_parcels_that_differ(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    first = choose(tenant)
    with tenant_transaction(tenant.pk):
        Parcel.objects.update(delivery_method="parcel", carrier="")

    assert (choose(tenant), choose(tenant)) == (first, [])
    assert delivery(tenant) == ("mail", [("mail", "yamato")])


def test_undo_of_a_choice_sets_the_parcels_back_and_gives_them_to_the_mall_again(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(parcel={"carrier": "sagawa"})
    take_in(tenant, shop, mall)
    choose(tenant, method="compact", carrier="")
    choose(tenant)
    with tenant_transaction(tenant.pk):
        newest, first = AuditEntry.objects.filter(verb="order.delivery").order_by("-pk").values_list("pk", flat=True)
        undo_entries([newest], by=STAFF, now=NOW)
    assert delivery(tenant) == ("compact", [("compact", "sagawa")])
    with tenant_transaction(tenant.pk):
        assert set(Parcel.objects.get().edited_fields) == {"delivery_method"}

        undo_entries([first], by=STAFF, now=NOW)

    assert delivery(tenant) == ("parcel", [("parcel", "sagawa")])
    with tenant_transaction(tenant.pk):
        assert (Parcel.objects.get().edited_fields, Order.objects.get().edited_fields) == ({}, {})


def test_undo_leaves_a_parcel_that_a_warehouse_has(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    choose(tenant)
    with tenant_transaction(tenant.pk):
        Parcel.objects.update(state="requested")
        undo_entries(AuditEntry.objects.filter(verb="order.delivery").values_list("pk", flat=True), by=STAFF, now=NOW)

    assert delivery(tenant) == ("parcel", [("mail", "yamato")])


@pytest.mark.feature("F176")
def test_naming_a_delivery_names_it_for_the_parcels_too_but_not_over_a_choice(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order(delivery_name="ポスト便"))
    with tenant_transaction(tenant.pk):
        assert set_delivery_name("rakuten", "ポスト便", method="compact", by=STAFF, now=NOW) == 1
    assert delivery(tenant) == ("compact", [("compact", "")])

    by_rule(tenant)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert set_delivery_name("rakuten", "ポスト便", method="parcel", by=STAFF, now=NOW) == 0

    assert delivery(tenant) == ("mail", [("mail", "yamato")])
