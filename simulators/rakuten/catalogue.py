"""What the shops of the mall sell: about sixty products with their SKUs; a few that no hub has mapped yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "catalogue.tsv"
FIRST_ITEM_ID = 10_000_101


@dataclass(frozen=True, kw_only=True)
class Sku:
    """One SKU of a product."""

    variant_id: str
    merchant_id: str | None
    info: str | None  # lines of `項目名:選択肢`


@dataclass(frozen=True, kw_only=True)
class Product:
    """One item of the catalogue."""

    item_id: int
    manage_number: str
    item_number: str
    name: str
    price: int
    tax_percent: int
    tax_included: bool
    weight_g: int
    skus: tuple[Sku, ...]
    unmapped: bool


@cache
def products() -> tuple[Product, ...]:
    """Return every product."""
    lines = FILE.read_text("utf-8").splitlines()
    return tuple(_read(number, line) for number, line in enumerate(lines) if not line.startswith("#"))


def _read(number: int, line: str) -> Product:
    manage, item, name, price, tax, included, weight, skus, *marks = line.split("\t")
    return Product(
        item_id=FIRST_ITEM_ID + number,
        manage_number=manage,
        item_number=item,
        name=name,
        price=int(price),
        tax_percent=int(tax),
        tax_included=included == "1",
        weight_g=int(weight),
        skus=tuple(_sku(text) for text in skus.split(";")),
        unmapped="unmapped" in marks,
    )


def _sku(text: str) -> Sku:
    variant, merchant, info = text.split("|")
    return Sku(
        variant_id=variant,
        merchant_id=None if merchant == "-" else merchant,
        info=None if info == "-" else info.replace("\\n", "\n"),
    )


def to_json() -> list[dict[str, Any]]:
    """Return the catalogue as a list of SKUs, for a driver that maps the listings of a hub."""
    return [
        {
            "manage_number": product.manage_number,
            "item_number": product.item_number,
            "variant_id": sku.variant_id,
            "merchant_sku_id": sku.merchant_id,
            "sku_info": sku.info,
            "name": product.name,
            "price": product.price,
            "tax_percent": product.tax_percent,
            "tax_included": product.tax_included,
            "weight_g": product.weight_g,
            "unmapped": product.unmapped,
        }
        for product in products()
        for sku in product.skus
    ]
