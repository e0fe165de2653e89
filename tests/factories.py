"""Made-up things from outside: orders as a mall would send them, and a tenant's shop that takes them in."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hub.audit import Actor
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import Address, MallLine, MallOrder, MallParcel
from orders.intake import Saved, save_mall_orders
from orders.models import Listing, Order, Product, Shop, Warehouse
from tests.conftest import NOW

MALL = Actor(kind="mall", name="intake")
_serial = count(1)

BUYER = Address(
    name="見本 花子", kana="ミホン ハナコ", postal_code="1000001", prefecture="東京都", city="千代田区", street="千代田1-1", phone="09000000001",
    email="0123456789abcdef0123456789abcdefs1@pc.fw.rakuten.ne.jp",
)  # fmt: skip


def mall_line(key: str = "1", **changes: Any) -> MallLine:
    values: dict[str, Any] = {
        "key": key, "listing_key": f"SKU-{key}", "sku": f"SKU-{key}", "name": f"架空タオル {key}", "quantity": 1, "price_yen": 1000,
        "price_incl_yen": 1000, "tax_percent": 10, **changes,
    }  # fmt: skip
    return MallLine(**values)


def mall_order(
    number: str = "",
    *,
    lines: tuple[MallLine, ...] = (),
    placed_at: datetime = NOW - timedelta(hours=2),
    **changes: Any,
) -> MallOrder:
    """A paid card order of one line for the buyer, ready to ship at the mall, placed two hours ago."""
    number = number or f"400001-20261122-{next(_serial):010d}"
    lines = lines or (mall_line(),)
    parcel = changes.pop("parcel", {})
    subtotal = sum((line.price_yen or 0) * line.quantity for line in lines)
    values: dict[str, Any] = {
        "number": number, "placed_at": placed_at, "state": "ready", "code": "300", "buyer": BUYER, "payment_name": "クレジットカード",
        "payment_method": "card", "payment_state": "settled", "delivery_name": "宅配便", "subtotal_yen": subtotal, "postage_yen": 0, "fee_yen": 0,
        "total_yen": subtotal, "parcels": changes.pop("parcels", None) or (MallParcel(key="70001", recipient=BUYER, lines=lines, **parcel),),
        "payload": b"{}", "hash": b"", **changes,
    }  # fmt: skip
    order = MallOrder(**values)
    return changed(order)


def changed(order: MallOrder, **changes: Any) -> MallOrder:
    """The same order as the mall says it later, with a new hash."""
    later = replace(order, **changes)
    payload = repr((later.number, later.state, later.code, later.parcels, later.buyer, later.remarks, changes)).encode()
    return replace(later, payload=payload, hash=hashlib.blake2b(payload, digest_size=16).digest())


def make_shop(tenant: Tenant, *, live: bool = True, warehouse: str = "own", **values: Any) -> Shop:
    """A shop of the tenant that is live since a day, with a warehouse of this kind."""
    with tenant_transaction(tenant.pk):
        keeper = Warehouse.objects.filter(kind=warehouse).first() or Warehouse.objects.create(
            name=warehouse, kind=warehouse
        )
        serial = next(_serial)
        shop: Shop = Shop.objects.create(
            name=values.pop("name", f"店舗{serial}"), channel="rakuten", account=f"7{serial:06d}", mode="live" if live else "observe",
            live_from=NOW - timedelta(days=1), wanted_from=NOW - timedelta(days=1), warehouse=keeper, **values,
        )  # fmt: skip
        return shop


def take_in(tenant: Tenant, shop: Shop, *orders: MallOrder, now: datetime = NOW, mapped: bool = True) -> Saved:
    """Save orders as one answer of the mall; by default their items are mapped beforehand."""
    if mapped:
        with tenant_transaction(tenant.pk):
            for order in orders:
                for parcel in order.parcels:
                    for line in parcel.lines:
                        product, _ = Product.objects.get_or_create(sku=line.listing_key, defaults={"name": line.name})
                        Listing.objects.get_or_create(
                            shop=shop, key=line.listing_key, defaults={"product": product, "name": line.name}
                        )
    return save_mall_orders(tenant.pk, shop.pk, orders, by=MALL, now=now)


def the_order(tenant: Tenant, number: str) -> Order:
    """Read an order in a transaction of its own."""
    with tenant_transaction(tenant.pk):
        order: Order = Order.objects.select_related("status", "shop").get(number=number)
        return order
