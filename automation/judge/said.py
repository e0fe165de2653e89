"""What an order of the mall's ledger says, in the hub's words. Written anew on purpose: it must not share the adapter's mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

UNFIXED = -9999

Model = Mapping[str, Any]


def storable(value: Any) -> Any:
    """Return a value as a column can hold it: the database knows no text with NUL in it, so that one character is left out."""
    return value.replace("\0", "") if isinstance(value, str) else value


def of_order(model: Model) -> dict[str, Any]:
    """Return the columns of Order that the mall's content decides."""
    buyer = model["OrdererModel"]
    postage, fees = (
        amount(model["postagePrice"]),
        [model["deliveryPrice"], model["paymentCharge"], model["additionalFeeOccurAmountToUser"]],
    )
    return {
        "placed_at": datetime.fromisoformat(model["orderDatetime"]),
        **{f"buyer_{name}": value for name, value in person(buyer).items()},
        "buyer_email": buyer["emailAddress"] or "",
        "payment_name": model["SettlementModel"]["settlementMethod"],
        "next_day": bool(model["deliveryCertPrgFlag"] or model["oneDayOperationFlag"] or model["asurakuFlag"]),
        "gift": bool(model["giftCheckFlag"] or model["socialGiftFlag"]),
        "remarks": model["remarks"] or "",
        "subtotal_yen": goods(model),
        "postage_yen": postage,
        "fee_yen": None if UNFIXED in fees else sum(fee or 0 for fee in fees),
        "total_yen": amount(model["requestPrice"]),
        "points_yen": model["PointModel"]["usedPoint"] or 0,
        "coupon_shop_yen": model["couponShopPrice"],
        "coupon_other_yen": model["couponOtherPrice"],
    }


def goods(model: Model) -> int | None:
    """Return what lines and wrapping come to as entered, or None while a price is not fixed."""
    sold = [(item["price"], item["units"]) for package in packages(model) for item in items(package)]
    wrappings = [row for row in (model["WrappingModel1"], model["WrappingModel2"]) if row]
    if any(price == UNFIXED for price, _ in sold):
        return None
    kept = [row["price"] or 0 for row in wrappings if not row["deleteWrappingFlag"]]
    return sum(price * units for price, units in sold) + sum(kept)


def person(row: Model) -> dict[str, str]:
    """Return name and address as the hub writes them."""
    return {
        "name": _join(" ", row["familyName"], row["firstName"]),
        "kana": _join(" ", row["familyNameKana"], row["firstNameKana"]),
        "phone": _join("-", row["phoneNumber1"], row["phoneNumber2"], row["phoneNumber3"]),
        "postal_code": _join("-", row["zipCode1"], row["zipCode2"]),
        "prefecture": row["prefecture"] or "",
        "city": row["city"] or "",
        "street": row["subAddress"] or "",
    }


def packages(model: Model) -> Iterator[Model]:
    """Yield the destinations that something is still sent to."""
    for package in model["PackageModelList"]:
        if not package["packageDeleteFlag"] and list(items(package)):
            yield package


def items(package: Model) -> Iterator[Model]:
    """Yield the lines that the mall has not deleted."""
    yield from (item for item in package["ItemModelList"] if not item["deleteItemFlag"])


def of_package(package: Model) -> dict[str, Any]:
    """Return the columns of Parcel that a destination decides."""
    return {
        **person(package["SenderModel"]),
        "noshi": package["noshi"] or "",
        "drop_off": package["dropOffLocation"] or "",
        "postage_yen": amount(package["postagePrice"]),
    }


def of_item(item: Model) -> dict[str, Any]:
    """Return the columns of OrderLine that a line decides."""
    return {
        "name": item["itemName"],
        "sku": sku(item),
        "options": item["selectedChoice"] or "",
        "unit_price_yen": amount(item["price"]),
        "unit_price_incl_yen": amount(item["priceTaxIncl"]),
        "tax_percent": round((item["taxRate"] or 0) * 100),
    }


def sku(item: Model) -> str:
    """Return the number by which people know a line: the shop's own, else that of the chosen variant, else the item's."""
    own, variant, chosen = _variant(item)
    return own or (variant if chosen else "") or item["itemNumber"] or item["manageNumber"]


def listing(item: Model) -> str:
    """Return the key of what was sold, as stock is kept by: the shop's own number, else item and variant (rms.md section 8)."""
    own, variant, _ = _variant(item)
    return own or f"{item['manageNumber']}/{variant}"


def _variant(item: Model) -> tuple[str, str, str]:
    models = item["SkuModelList"] or [{}]
    return tuple(models[0].get(name) or "" for name in ("merchantDefinedSkuId", "variantId", "skuInfo"))  # type: ignore[return-value]


def amount(value: int | None) -> int | None:
    """Return an amount, or None while it is not fixed."""
    return None if value == UNFIXED else value


def _join(between: str, *parts: str | None) -> str:
    return between.join(part for part in parts if part)
