"""A key of another mall shop, entered over the right one, brings none of that shop's orders in."""

from __future__ import annotations

import pytest

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.intake.numbers import name_numbers
from orders.models import Order, OrderNumber, ReconcileBreak, Shop
from tests.journeys.conftest import World
from tests.journeys.world_steps import account_of, connect, enter_key, place, run
from tests.pages import browser


@pytest.mark.feature("F001")
def test_a_key_of_another_shop_takes_in_nothing_and_is_named(
    world: World, tenant: Tenant, other_tenant: Tenant
) -> None:
    ours, theirs = connect(world, tenant), connect(world, other_tenant)
    with tenant_transaction(tenant.pk):
        account = Shop.objects.get(pk=ours).account
    with tenant_transaction(other_tenant.pk):
        elsewhere = Shop.objects.get(pk=theirs).account
    enter_key(world, tenant, ours, elsewhere)
    foreign = place(world, other_tenant, theirs, n=3)
    missed = place(world, tenant, ours, n=2)
    world.pass_time(minutes=5)
    run("poll")

    with tenant_transaction(tenant.pk):
        assert Shop.objects.get(pk=ours).blind_reason == "foreign_orders"
        assert not Order.objects.exists()
        assert not OrderNumber.objects.filter(number__in=foreign).exists()
    page = browser(tenant).get("/attention/errors/").content.decode()
    assert "別のモール店舗の受注です" in page
    assert "何も取り込んでいません" in page

    enter_key(world, tenant, ours, account)
    for _ in range(3):
        world.pass_time(minutes=2)
        run("poll")

    with tenant_transaction(tenant.pk):
        assert sorted(Order.objects.values_list("number", flat=True)) == sorted(missed)
        assert Shop.objects.get(pk=ours).blind_since is None
    with tenant_transaction(other_tenant.pk):
        assert sorted(Order.objects.values_list("number", flat=True)) == sorted(foreign)


@pytest.mark.feature("F001")
def test_the_hourly_comparison_names_none_of_another_shops_orders(
    world: World, tenant: Tenant, other_tenant: Tenant
) -> None:
    ours, theirs = connect(world, tenant), connect(world, other_tenant)
    mine = place(world, tenant, ours, n=1)
    world.pass_time(minutes=30)
    run("poll")
    account = account_of(other_tenant, theirs)
    foreign = place(world, other_tenant, theirs, n=3)
    world.pass_time(minutes=40)
    enter_key(world, tenant, ours, account)
    run("keep")
    run("poll")

    with tenant_transaction(tenant.pk):
        assert list(Order.objects.values_list("number", flat=True)) == mine
        assert not OrderNumber.objects.filter(number__in=foreign).exists()
        assert not ReconcileBreak.objects.exists()


@pytest.mark.feature("F001")
def test_another_shops_key_gives_up_no_number_that_waits_for_its_details(
    world: World, tenant: Tenant, other_tenant: Tenant
) -> None:
    ours, theirs = connect(world, tenant), connect(world, other_tenant)
    account = account_of(tenant, ours)
    waiting = place(world, tenant, ours, n=1)
    with tenant_transaction(tenant.pk):
        name_numbers(ours, waiting, now=world.clocks[0].now())
    enter_key(world, tenant, ours, account_of(other_tenant, theirs))
    place(world, other_tenant, theirs, n=1)
    for _ in range(6):
        world.pass_time(minutes=5)
        run("poll")

    with tenant_transaction(tenant.pk):
        assert OrderNumber.objects.get(number=waiting[0]).state == "named"

    enter_key(world, tenant, ours, account)
    world.pass_time(minutes=2)
    run("poll")
    world.pass_time(minutes=2)
    run("poll")
    with tenant_transaction(tenant.pk):
        assert list(Order.objects.values_list("number", flat=True)) == waiting
