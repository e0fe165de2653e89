"""Deleted stays deleted: nothing that reads the mall revives an order; its list shows it, and one click brings back the same row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation.judge import judge
from hub.clock import business_now, true_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import MallSnapshot, Order, Shop
from orders.operations.leaving import delete
from orders.operations.shops import read_again
from tests.conftest import TESTER
from tests.features.steps import written
from tests.journeys.conftest import START, World
from tests.journeys.world_steps import connect, place, run
from tests.pages import browser


@pytest.mark.feature("F094")
def test_a_hundred_deleted_and_a_day_of_every_reading_bring_none_back(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    before = written(world)
    numbers = place(world, tenant, shop_id, n=100, kinds=["card"])
    world.pass_time(minutes=2)
    run("poll", "poll")
    with tenant_transaction(tenant.pk):
        rows = dict(Order.objects.values_list("number", "pk"))
        assert len(delete(rows.values(), by=TESTER, now=world.clocks[0].now()).changed) == 100
    for number in numbers[:5]:
        world.post(world.mall_url, "staff/confirm", {"number": number})

    deleted_at = world.clocks[0].now()
    reconciled = set()
    for hour in range(24):
        world.pass_time(hours=1)
        if hour in (2, 12):
            with tenant_transaction(tenant.pk):
                shop = Shop.objects.get(pk=shop_id)
                read_again(shop, since=START - timedelta(hours=1), by=TESTER, now=world.clocks[0].now())
        run("poll", "poll", "poll", "reread", "judge", "request", "deliver", "keep")
        with tenant_transaction(tenant.pk):
            reconciled.add(Shop.objects.get(pk=shop_id).reconciled_at)

    assert {moment for moment in reconciled if moment and moment > deleted_at}, (
        "it was compared with the mall as a whole, too"
    )
    judgement = judge(now=business_now(), true_now=true_now(), ledgers=world.folder, tenant_ids=[tenant.pk])
    said = [verdict.line() for verdict in judgement.verdicts if verdict.invariant in ("J1", "J7") and not verdict.holds]
    assert said == []
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(is_live=True).count() == 0
        assert dict(Order.objects.filter(deleted_at__isnull=False).values_list("number", "pk")) == rows
        assert MallSnapshot.objects.filter(order_id=rows[numbers[0]]).count() >= 2, "what the mall said later is kept"
    assert written(world) == before


@pytest.mark.feature("F094")
def test_the_list_of_the_removed_brings_back_the_same_row_with_its_number(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run("poll")
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
    client, url = browser(tenant), f"/orders/{encode(pk)}/"

    client.post(f"{url}give-up/", {"verb": "delete"})
    listed = client.get("/orders/removed/").content.decode()
    gone = client.get("/orders/").content.decode()
    client.post(f"{url}take-back/")

    assert (number in listed, number in gone) == (True, False)
    assert number in client.get("/orders/").content.decode()
    assert number not in client.get("/orders/removed/").content.decode()
    with tenant_transaction(tenant.pk):
        assert list(Order.objects.values_list("pk", "number", "deleted_at")) == [(pk, number, None)]
