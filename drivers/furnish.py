"""Tenants for a run, made through the product's own operations: shops connected and live, products mapped, mail accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from automation.setup import create_tenant
from drivers.outside import Outside
from drivers.place import Place
from hub import secrets
from hub.audit import Actor
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from mailer.settings import save_account
from orders.connecting import try_shop
from orders.models import Listing, Product, Shop, Warehouse
from orders.operations import shops as shop_operations
from orders.operations.products import map_listing

BY = Actor(kind="member", name="店長")
COLLECT_EVERY_SECONDS = 900
SETS_OF_TWO = 17
"""Every so many-th listing is a set of two of its product, so that pieces sold and units shipped differ."""


class NotConnected(RuntimeError):
    """A shop's live test did not pass."""


@dataclass(frozen=True, kw_only=True)
class Furnished:
    """One tenant of a run: its id, its shops' ids, and their numbers at the mall."""

    tenant_id: int
    shop_ids: tuple[int, ...]
    accounts: tuple[str, ...]


class Furnisher:
    """Opens shops at the mall, an account at the warehouse and one at the mail sink, and connects them."""

    def __init__(self, place: Place, outside: Outside, *, poll_seconds: int = 60, dedupe: bool = True) -> None:
        self._place = place
        self._outside = outside
        self._poll_seconds = poll_seconds
        self._dedupe = dedupe
        self._mix = outside.mall.get("mix")
        self._skus: list[dict[str, Any]] = outside.mall.get("catalogue")["skus"]
        self._secrets: list[str] = []
        self.mail_logins: list[dict[str, Any]] = []
        """The accounts at the sink, which forgets them with every start."""

    def tenant(
        self, name: str, *, shops: int, owner: str, now: datetime, password: str | None = None, live: bool = True
    ) -> Furnished:
        """Make a tenant with so many shops, ready for orders; without `live` they are connected and nothing is read yet."""
        tenant, _ = create_tenant(name, owner_email=owner, password=password, preset="rakuten", now=now)
        warehouse_id = self._warehouse(tenant, now=now)
        opened = [
            self._shop(tenant, warehouse_id, f"{name} {number}号店", now=now, live=live)
            for number in range(1, shops + 1)
        ]
        return Furnished(
            tenant_id=tenant.pk, shop_ids=tuple(pk for pk, _ in opened), accounts=tuple(a for _, a in opened)
        )

    def keep_canaries(self) -> None:
        """Write down every secret made here beside the ledgers: the judge looks for them where none may stand."""
        (self._place.ledgers / "canaries.json").write_text(json.dumps(self._secrets))

    def _warehouse(self, tenant: Tenant, *, now: datetime) -> int:
        """Take out a contract with the warehouse and fill its shelves with everything that is mapped."""
        code, token = f"T{tenant.pk}", f"rsl-{token_urlsafe(24)}"
        self._secrets.append(token)
        self._outside.warehouse.post("accounts", {"shop": code, "token": token, "dedupe": self._dedupe})
        stock = {sku_of(row): 100_000 for row in self._skus if not row["unmapped"]}
        self._outside.warehouse.post("stock", {"shop": code, "stock": stock})
        with tenant_transaction(tenant.pk):
            warehouse = Warehouse.objects.create(
                name="楽天スーパーロジスティクス",
                kind="rsl",
                collect_every_seconds=COLLECT_EVERY_SECONDS,
                next_collect_at=now,
            )
            terms = {"shop_code": code, "token": token, "dedupes": str(self._dedupe)}
            box = secrets.seal_box(terms, owner=f"{tenant.pk}|warehouse|{warehouse.pk}")
            Warehouse.objects.filter(pk=warehouse.pk).update(credentials=box)
            Product.objects.bulk_create([Product(sku=sku, name=name) for sku, name in self._products()])
            return int(warehouse.pk)

    def _products(self) -> Sequence[tuple[str, str]]:
        return sorted({sku_of(row): row["name"] for row in self._skus if not row["unmapped"]}.items())

    def _shop(self, tenant: Tenant, warehouse_id: int, name: str, *, now: datetime, live: bool) -> tuple[int, str]:
        """Open a shop at the mall and connect it as a person would: keys, live test, mapping, go live, start."""
        opened = self._outside.mall.post("shops", {"next_day": True, "name": name})
        self._secrets += [opened["service_secret"], opened["license_key"]]
        with tenant_transaction(tenant.pk):
            shop = shop_operations.create_shop(
                channel="rakuten", name=name, by=BY, now=now, warehouse_id=warehouse_id, every_seconds=self._poll_seconds,
                credentials={"service_secret": opened["service_secret"], "license_key": opened["license_key"]},
                harmless_remarks=[f"{row['label']}:{row['answer']}" for row in self._mix["harmless_answers"]],
            )  # fmt: skip
            self._map(shop, now=now)
            self._mail_account(shop, opened["shop"], now=now)
        test = try_shop(shop)
        if not test.passed:
            raise NotConnected(f"{name}: {test}")
        with tenant_transaction(tenant.pk):
            shop_operations.save_test(shop, test, by=BY, now=now)
        if live:
            self._go_live(tenant.pk, shop.pk, at=now)
        return shop.pk, opened["shop"]

    def go_live(self, furnished: Sequence[Furnished], *, at: datetime) -> None:
        """Let connected shops go live as if it were this time: orders placed from then on are theirs, earlier ones the old system's."""
        for tenant in furnished:
            for shop_id in tenant.shop_ids:
                self._go_live(tenant.tenant_id, shop_id, at=at)

    def _go_live(self, tenant_id: int, shop_id: int, *, at: datetime) -> None:
        with tenant_transaction(tenant_id):
            shop = Shop.objects.get(pk=shop_id)
            shop_operations.go_live(shop, since=at, by=BY, now=at)
            shop_operations.start_intake(shop, by=BY, now=at)

    def _map(self, shop: Shop, *, now: datetime) -> None:
        """Map the mall's catalogue to our SKUs; what it marks as unmapped stays so."""
        products = {product.sku: product for product in Product.objects.all()}
        for number, row in enumerate(row for row in self._skus if not row["unmapped"]):
            listing = Listing.objects.create(shop=shop, key=listing_key_of(row), name=row["name"])
            units = 2 if number % SETS_OF_TWO == SETS_OF_TWO - 1 else 1
            map_listing(listing, product=products[sku_of(row)], units=units, by=BY, now=now)

    def _mail_account(self, shop: Shop, account: str, *, now: datetime) -> None:
        """Register a sender at the sink, as malls demand, and let the shop write from it."""
        user, password, sender = f"user-{account}", token_urlsafe(18), f"shop-{account}@shop.example"
        self._secrets.append(password)
        self.mail_logins.append({"tenant": shop.tenant_id, "user": user, "password": password, "sender": sender})
        self._outside.mail.post("accounts", {"user": user, "password": password, "sender": sender})
        values = {
            "name": f"{shop.name} メール", "host": "127.0.0.1", "port": self._place.smtp_port, "security": "none", "user": user,
            "password": password, "sender": sender, "sender_name": shop.name,
        }  # fmt: skip
        save_account(values, by=BY, now=now, shop_id=shop.pk)


def listing_key_of(row: dict[str, Any]) -> str:
    """Return the key by which the mall's stock is mapped: the shop's own SKU number, else item and variant."""
    return str(row["merchant_sku_id"] or f"{row['manage_number']}/{row['variant_id']}")


def sku_of(row: dict[str, Any]) -> str:
    """Return our SKU of a row of the mall's catalogue."""
    return str(row["merchant_sku_id"] or f"{row['manage_number']}-{row['variant_id']}")
