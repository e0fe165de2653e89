"""The spine: an order flows from the mall to the warehouse and back to the mall with no hand on it."""

from __future__ import annotations

from contextlib import closing

import pytest

from hub import stages
from hub.audit import Actor
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import channel_for
from orders.models import Listing, Order, Product, Shop, Warehouse
from orders.operations import shops as shop_operations
from orders.operations.products import map_listing
from hub import secrets
from hub.throttle import Pacer
from tests.journeys.conftest import START, World

BY = Actor(kind="member", name="店長")


def connect(world: World, tenant: Tenant) -> int:
    """Open a shop at the mall and an account at the warehouse, connect both, and go live; return the shop's id."""
    keys = world.post(world.mall_url, "shops", {"next_day": True})
    world.post(world.warehouse_url, "accounts", {"shop": keys["shop"], "token": "t" * 20})
    with tenant_transaction(tenant.pk):
        warehouse = Warehouse.objects.create(name="RSL", kind="rsl", collect_every_seconds=900, next_collect_at=START)
        box = secrets.seal_box({"shop_code": keys["shop"], "token": "t" * 20}, owner=f"{tenant.pk}|warehouse|{warehouse.pk}")
        Warehouse.objects.filter(pk=warehouse.pk).update(credentials=box)
        shop = shop_operations.create_shop(
            channel="rakuten", name="テスト店", credentials={"service_secret": keys["service_secret"], "license_key": keys["license_key"]},
            by=BY, now=START, warehouse=warehouse,
        )  # fmt: skip
    with closing(channel_for(shop, pace=Pacer(tenant.pk, f"shop:{shop.pk}"))) as channel:
        test = channel.test()
    assert test.passed, test
    with tenant_transaction(tenant.pk):
        shop_operations.save_test(shop, test, by=BY, now=START)
        shop.refresh_from_db()
        shop_operations.go_live(shop, since=START, by=BY, now=START)
        shop_operations.start_intake(shop, by=BY, now=START)
    return shop.pk


def run(rounds: int = 3) -> None:
    """One round is one tick of every stage."""
    for _ in range(rounds):
        for stage in ("poll", "reread", "judge", "request", "deliver", "collect", "judge", "deliver"):
            stages.tick(stage)


@pytest.fixture
def shop_id(world: World, tenant: Tenant) -> int:
    return connect(world, tenant)


def test_clean_card_order_flows_to_counted_with_no_human_event(world: World, tenant: Tenant, shop_id: int) -> None:
    placed = world.post(world.mall_url, "orders", {"shop": account_of(tenant, shop_id), "n": 5, "kinds": ["card"]})
    world.pass_time(minutes=2)
    run(1)
    with tenant_transaction(tenant.pk):
        orders = list(Order.objects.all())
        assert len(orders) == 5, placed
        assert {order.status.name for order in orders} == {"待機"}
        for listing in Listing.objects.all():
            product, _ = Product.objects.get_or_create(sku=listing.key, defaults={"name": listing.name})
            map_listing(listing, product=product, units=1, by=BY, now=START)
        skus = list(Product.objects.values_list("sku", flat=True))
        account = Shop.objects.get(pk=shop_id).account
    world.post(world.warehouse_url, "stock", {"shop": account, "stock": dict.fromkeys(skus, 1000)})
    assert world.mall_ledger("confirm") == []
    for _ in range(12):
        world.pass_time(minutes=10)
        run(2)
    assert len(world.mall_ledger("confirm")) == 5
    for _ in range(40):
        world.pass_time(minutes=60)
        run(2)
    with tenant_transaction(tenant.pk):
        states = [(o.number, o.phase, o.mall_state, o.unreported, o.held) for o in Order.objects.all()]
        people = AuditEntry.objects.filter(order_id__in=Order.objects.values("pk"), actor_kind="member").exclude(verb="order.mapped")
        effects = list(Effect.objects.exclude(state="done").values_list("kind", "state", "reason"))
        assert all(phase == "done" for _, phase, *_ in states), (states, effects)
        assert not people.exists()


def account_of(tenant: Tenant, shop_id: int) -> str:
    with tenant_transaction(tenant.pk):
        return Shop.objects.get(pk=shop_id).account
