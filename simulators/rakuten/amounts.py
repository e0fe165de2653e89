"""Sums of an OrderModel: goods, postage, fees, coupons, points, and the tax of each rate, rounded down."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from simulators.rakuten.state import UNFIXED

STANDARD, REDUCED = 0.1, 0.08


def percent(rate: float) -> int:
    """Return a tax rate in whole percent, for sums without fractions."""
    return round(rate * 100)


def with_tax(price: int, rate: float) -> int:
    """Add the tax to a price without it, rounded down."""
    return price * (100 + percent(rate)) // 100


def tax_within(price: int, rate: float) -> int:
    """Return the tax inside a price, rounded down."""
    return price * percent(rate) // (100 + percent(rate))


def settle(model: dict[str, Any]) -> None:
    """Set every sum of the order from its lines, wrappings, postage, fees, coupons and points.

    While a postage or fee is -9999, so is everything that depends on it.
    """
    wrappings = [model[key] for key in ("WrappingModel1", "WrappingModel2") if model[key]]
    wrappings = [wrapping for wrapping in wrappings if not wrapping["deleteWrappingFlag"]]
    wanted = [package for package in model["PackageModelList"] if not package["packageDeleteFlag"]]
    by_rate: dict[float, int] = defaultdict(int)
    for index, package in enumerate(wanted):
        _settle_package(package, wrappings if index == 0 else [], by_rate)
    model["goodsPrice"] = sum(package["goodsPrice"] for package in wanted)
    for key in ("postagePrice", "deliveryPrice", "totalPrice"):
        model[key] = _sum(package[key] for package in wanted)
    _settle_coupons(model)
    fees = _sum([model["deliveryPrice"], model["paymentCharge"], model["additionalFeeOccurAmountToUser"]])
    used = model["couponAllTotalPrice"] + model["PointModel"]["usedPoint"]
    model["requestPrice"] = UNFIXED if UNFIXED in (model["totalPrice"], fees) else model["totalPrice"] + fees - used
    model["TaxSummaryModelList"] = _tax_summary(model, wanted, by_rate)


def _settle_package(package: dict[str, Any], wrappings: list[dict[str, Any]], by_rate: dict[float, int]) -> None:
    goods = taxed = 0
    for item in package["ItemModelList"]:
        item["priceTaxIncl"] = item["price"] if item["includeTaxFlag"] else with_tax(item["price"], item["taxRate"])
        if item["deleteItemFlag"]:
            continue
        goods += item["price"] * item["units"]
        taxed += item["priceTaxIncl"] * item["units"]
        by_rate[item["taxRate"]] += item["priceTaxIncl"] * item["units"]
    for wrapping in wrappings:
        price = wrapping["price"] if wrapping["includeTaxFlag"] else with_tax(wrapping["price"], wrapping["taxRate"])
        wrapping["taxPrice"] = tax_within(price, wrapping["taxRate"])
        goods += wrapping["price"]
        taxed += price
        by_rate[wrapping["taxRate"]] += price
    package["goodsPrice"] = goods
    package["totalPrice"] = UNFIXED if package["postagePrice"] == UNFIXED else taxed + package["postagePrice"]
    if package["postagePrice"] > 0:
        by_rate[package["postageTaxRate"]] += package["postagePrice"]


def _settle_coupons(model: dict[str, Any]) -> None:
    coupons = model["CouponModelList"] or []
    for coupon in coupons:
        coupon["couponTotalPrice"] = coupon["couponPrice"] * coupon["couponUnit"]
    model["couponShopPrice"] = sum(c["couponTotalPrice"] for c in coupons if c["couponCapitalCode"] == 1)
    model["couponOtherPrice"] = sum(c["couponTotalPrice"] for c in coupons if c["couponCapitalCode"] != 1)
    model["couponAllTotalPrice"] = model["couponShopPrice"] + model["couponOtherPrice"]


def _tax_summary(
    model: dict[str, Any], wanted: list[dict[str, Any]], by_rate: dict[float, int]
) -> list[dict[str, Any]]:
    """Sum up each rate: reqPrice = goods, wrapping and postage + fees - coupons, before points."""
    charges: dict[float, int] = defaultdict(int)
    charges[model["paymentChargeTaxRate"]] += model["paymentCharge"]
    cod: dict[float, int] = defaultdict(int)
    for package in wanted:
        cod[package["deliveryTaxRate"]] += package["deliveryPrice"]
    coupons = _coupons_by_rate(model, wanted, by_rate)
    open_amount = model["requestPrice"] == UNFIXED
    rows = []
    charged = {rate for rate in (*charges, *cod) if charges[rate] or cod[rate]}
    for rate in sorted({*by_rate, *charged}, reverse=True):
        total = by_rate.get(rate, 0)
        request = total + charges[rate] + cod[rate] - coupons[rate]
        rows.append({
            "taxRate": rate,
            "reqPrice": UNFIXED if open_amount else request,
            "reqPriceTax": UNFIXED if open_amount else tax_within(request, rate),
            "totalPrice": UNFIXED if open_amount else total,
            "paymentCharge": charges[rate],
            "couponPrice": coupons[rate],
            "point": 0,
        })  # fmt: skip
    return rows


def _coupons_by_rate(
    model: dict[str, Any], wanted: list[dict[str, Any]], by_rate: dict[float, int]
) -> dict[float, int]:
    """Charge a coupon to the rate of its line, or else to the rate with the greatest sum."""
    rate_of_line = {item["itemDetailId"]: item["taxRate"] for package in wanted for item in package["ItemModelList"]}
    greatest = max(by_rate, key=lambda rate: (by_rate[rate], rate), default=STANDARD)
    shares: dict[float, int] = defaultdict(int)
    for coupon in model["CouponModelList"] or []:
        shares[rate_of_line.get(coupon["itemDetailId"], greatest)] += coupon["couponTotalPrice"]
    return shares


def _sum(values: Any) -> int:
    amounts = list(values)
    return UNFIXED if UNFIXED in amounts else sum(amounts)
