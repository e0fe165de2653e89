"""Products: our own SKUs. Which mall items mean them is said by `orders.operations.products.map_listing`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub import rows
from hub.audit import Actor
from orders.models import Listing, Product, Warehouse

COLUMNS = frozenset({"sku", "name", "warehouse_id", "weight_grams", "barcode", "temperature", "shelf"})


def create_product(
    *, sku: str, name: str, by: Actor, now: datetime, warehouse: Warehouse | None = None, **values: Any
) -> Product:
    """Add a product; `values`: weight_grams, barcode, temperature, shelf. Raises NameTaken for a SKU there is."""
    assert values.keys() <= COLUMNS, values
    rows.need_in_use(warehouse, field="warehouse")
    return rows.create(
        Product, noun="product", by=by, now=now, sku=sku, name=name, warehouse=warehouse, created_at=now, **values
    )


def change_product(
    product: Product, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change columns of a product: sku, name, warehouse_id, weight_grams, barcode, temperature, shelf."""
    assert values.keys() <= COLUMNS, values
    return rows.change(product, values, noun="product", by=by, now=now, seen=seen)


def retire_product(product: Product, *, by: Actor, now: datetime) -> None:
    """Take a product out of use. Raises StillUsed while mall items point at it."""
    listings = Listing.objects.filter(product=product).order_by("pk")
    names = [row.name or row.key for row in listings[:6]]
    if names:
        raise rows.StillUsed(name=str(product), users="、".join(names[:5]) + ("…" if len(names) > 5 else ""))
    rows.retire(product, noun="product", by=by, now=now)


def restore_product(product: Product, *, by: Actor, now: datetime) -> None:
    rows.restore(product, noun="product", by=by, now=now)
