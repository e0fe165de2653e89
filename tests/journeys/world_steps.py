"""Steps over the world that several journeys share: connect a shop, map its goods, let the stages run, let time pass."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from itertools import count

from hub import secrets, stages
from hub.audit import Actor
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from hub.throttle import Pacer
from orders.channels import channel_for
from orders.models import Listing, Product, Shop, Warehouse
from orders.operations import shops as shop_operations
from orders.operations.products import map_listing
from tests.journeys.conftest import START, World

BY = Actor(kind="member", name="店長")
_accounts = count(410_001)
STAGES = ("poll", "reread", "judge", "request", "deliver", "collect", "judge", "deliver")


def connect(world: World, tenant: Tenant, *, live: bool = True, since: datetime = START, **wish: object) -> int:
    """Open a shop at the mall and an account at the warehouse, connect both and start intake; return the shop's id."""
    keys = world.post(world.mall_url, "shops", {"id": str(next(_accounts)), "next_day": True, **wish})
    token = "t" * 20
    world.post(world.warehouse_url, "accounts", {"shop": keys["shop"], "token": token, "open_catalogue": True})
    with tenant_transaction(tenant.pk):
        warehouse = Warehouse.objects.create(
            name=f"RSL {keys['shop']}", kind="rsl", collect_every_seconds=900, next_collect_at=since
        )
        box = secrets.seal_box(
            {"shop_code": keys["shop"], "token": token}, owner=f"{tenant.pk}|warehouse|{warehouse.pk}"
        )
        Warehouse.objects.filter(pk=warehouse.pk).update(credentials=box)
        credentials = {"service_secret": keys["service_secret"], "license_key": keys["license_key"]}
        shop = shop_operations.create_shop(
            channel="rakuten",
            name=f"テスト店 {keys['shop']}",
            credentials=credentials,
            by=BY,
            now=since,
            warehouse=warehouse,
        )
    with closing(channel_for(shop, pace=Pacer(tenant.pk, f"shop:{shop.pk}"))) as channel:
        test = channel.test()
    with tenant_transaction(tenant.pk):
        shop_operations.save_test(shop, test, by=BY, now=since)
        shop.refresh_from_db()
        if live:
            shop_operations.go_live(shop, since=since, by=BY, now=since)
        shop_operations.start_intake(shop, by=BY, now=since)
    return shop.pk


def account_of(tenant: Tenant, shop_id: int) -> str:
    """Return the mall's own id of the shop."""
    with tenant_transaction(tenant.pk):
        account: str = Shop.objects.get(pk=shop_id).account
        return account


def enter_key(world: World, tenant: Tenant, shop_id: int, account: str) -> None:
    """Let the mall issue a key for an account, and enter it at the shop."""
    key = world.post(world.mall_url, "keys", {"shop": account, "issue": {}})["keys"][-1]
    wanted = {name: key[name] for name in ("service_secret", "license_key")}
    with tenant_transaction(tenant.pk):
        shop_operations.set_credentials(Shop.objects.get(pk=shop_id), wanted, by=BY, now=world.clocks[0].now())


def place(world: World, tenant: Tenant, shop_id: int, **wish: object) -> list[str]:
    """Place orders at the mall; return their numbers."""
    answer = world.post(world.mall_url, "orders", {"shop": account_of(tenant, shop_id), **wish})
    return [order["number"] for order in answer["orders"]]


def map_all(tenant: Tenant) -> None:
    """Point every mall item at a product of the same key."""
    with tenant_transaction(tenant.pk):
        for listing in Listing.objects.filter(product__isnull=True).order_by("pk"):
            product, _ = Product.objects.get_or_create(sku=listing.key, defaults={"name": listing.name})
            map_listing(listing, product=product, units=1, by=BY, now=START)


def run(*wanted: str, rounds: int = 1) -> None:
    """Run rounds of the stages (all of them unless some are named), in this process."""
    for _ in range(rounds):
        for stage in wanted or STAGES:
            stages.tick(stage)
