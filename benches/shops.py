"""A tenant with a live shop, its items mapped, as the benchmark finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from benches.answers import ACCOUNT
from hub.audit import Actor
from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Listing, Product, Shop, Warehouse
from orders.presets import install_preset
from simulators.rakuten.catalogue import to_json

MALL = Actor(kind="mall", name="intake")


@dataclass(frozen=True)
class House:
    """The tenant, its shop and its owner."""

    tenant_id: int
    shop_id: int
    member_id: int
    now: datetime


def business_now() -> datetime:
    """Read the clock once for a run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('second', clock_timestamp())")
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def make_house(name: str = "計測店") -> House:
    """Make the tenant: statuses, labels and tasks of the preset, two warehouses, a live shop, every known item mapped."""
    now = business_now()
    tenant = Tenant.objects.create(name=name)
    user = User.objects.filter(email="bench@example.com").first() or User.objects.create_user(
        "bench@example.com", "bench-password-2026"
    )
    with tenant_transaction(tenant.pk):
        install_preset("rakuten", now=now)
        keeper = Warehouse.objects.create(name="自社倉庫", kind="own", next_collect_at=now + timedelta(days=999))
        Warehouse.objects.create(name="東倉庫", kind="own", next_collect_at=now + timedelta(days=999))
        member = Member.objects.create(user=user, role=Role.OWNER)
        shop = Shop.objects.create(
            name="計測本店",
            mark="計",
            channel="rakuten",
            account=ACCOUNT,
            mode="live",
            live_from=now - timedelta(days=400),
            wanted_from=now - timedelta(days=400),
            warehouse=keeper,
            polling=False,
        )
        _map_items(shop)
    return House(tenant.pk, shop.pk, member.pk, now)


def _map_items(shop: Shop) -> None:
    """Know every item of the simulated catalogue, and map all but those that the catalogue itself calls unmapped."""
    names = {
        row["merchant_sku_id"] or f"{row['manage_number']}/{row['variant_id']}": (row["name"], row["unmapped"])
        for row in to_json()
    }
    products = {key: Product(sku=key, name=name) for key, (name, unmapped) in names.items() if not unmapped}
    Product.objects.bulk_create(products.values())
    Listing.objects.bulk_create(
        [Listing(shop=shop, key=key, name=name, product=products.get(key)) for key, (name, _) in names.items()]
    )
