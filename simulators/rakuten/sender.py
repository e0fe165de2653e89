"""updateOrderSender: destinations, lines, fees and wrapping before shipment, given whole and summed up anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from simulators.ledger import Ledger
from simulators.rakuten import amounts, people
from simulators.rakuten.formats import has_machine_dependent, read_number
from simulators.rakuten.messages import field_error, message
from simulators.rakuten.search import Answer
from simulators.rakuten.state import AT_RAKUTEN, READY, UNFIXED, WAITING_CONFIRM, Order, Shop, packages

FUNCTION = "UPDATE_ORDERSENDER"
ALLOWED = frozenset({WAITING_CONFIRM, AT_RAKUTEN, READY})
COD = 2
LONGEST = 127
SENDER_REQUIRED = (
    "zipCode1", "zipCode2", "prefecture", "city", "subAddress", "familyName", "phoneNumber1", "phoneNumber2", "phoneNumber3",
)  # fmt: skip
SENDER_OPTIONAL = ("firstName", "familyNameKana", "firstNameKana")
ITEM_REQUIRED = (
    "itemDetailId", "itemName", "price", "taxRate", "units", "includePostageFlag", "includeTaxFlag",
    "includeCashOnDeliveryPostageFlag",
)  # fmt: skip
ITEM_OPTIONAL = ("itemNumber", "selectedChoice", "restoreInventoryFlag", "deleteItemFlag")
ABROAD = "国外"


def update_order_sender(shop: Shop, request: dict[str, Any], now: datetime, ledger: Ledger) -> Answer:
    """Replace destinations and lines; nothing changes when one part is bad."""
    number = request.get("orderNumber")
    if not number:
        return _bad([field_error(FUNCTION, "009", "注文番号(orderNumber)")])
    order = shop.orders.get(number)
    if order is None or not order.visible:
        return _bad([message(f"{FUNCTION}_ERROR_016", orderNumber=number)])
    if order.progress not in ALLOWED:
        return _bad([message(f"{FUNCTION}_ERROR_114", orderNumber=number)])
    model = order.read()
    errors = list(_errors(request, model))
    if errors:
        return _bad(errors)
    before = model["requestPrice"]
    _apply(request, model)
    amounts.settle(model)
    reduced = UNFIXED not in (before, model["requestPrice"]) and model["requestPrice"] < before
    if reduced and read_number(request.get("reductionReason")) is None:
        return _bad([message(f"{FUNCTION}_ERROR_115", orderNumber=number)])
    _keep(order, model, now, ledger)
    return 200, {"MessageModelList": [message(f"{FUNCTION}_INFO_101", orderNumber=number)]}


def _bad(errors: list[dict[str, Any]]) -> Answer:
    return 400, {"MessageModelList": errors}


def _keep(order: Order, model: dict[str, Any], now: datetime, ledger: Ledger) -> None:
    ledger.write("changed", at=now, shop=order.shop_id, number=order.number, by="api", what="sender", model=model)
    order.write(model)


def _errors(request: dict[str, Any], model: dict[str, Any]) -> Iterator[dict[str, Any]]:
    asked = request.get("PackageModelList")
    if not isinstance(asked, list) or not asked:
        yield field_error(FUNCTION, "009", "送付先モデルリスト(PackageModelList)")
        return
    if model["CouponModelList"] and not request.get("CouponModelList"):
        yield field_error(FUNCTION, "009", "クーポンモデルリスト(CouponModelList)")
    for name in ("WrappingModel1", "WrappingModel2"):
        if model[name] and not request.get(name):
            yield field_error(FUNCTION, "009", name)
    known = {package["basketId"]: package for package in packages(model)}
    for package in asked:
        kept = known.get(read_number(package.get("basketId")) or 0)
        if kept is None:
            yield field_error(FUNCTION, "011", "送付先ID(basketId)")
            continue
        if package.get("postageTaxRate") is None:
            yield field_error(FUNCTION, "009", "送料税率(postageTaxRate)")
        if model["SettlementModel"]["settlementMethodCode"] == COD and package.get("deliveryPrice") is None:
            yield message(f"{FUNCTION}_ERROR_136")
        yield from _sender_errors(package.get("SenderModel") or {})
        yield from _item_errors(package.get("ItemModelList") or [], kept)


def _sender_errors(sender: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in SENDER_REQUIRED:
        if not sender.get(name):
            yield field_error(FUNCTION, "009", name)
    for name in (*SENDER_REQUIRED, *SENDER_OPTIONAL):
        text = str(sender.get(name) or "")
        if len(text) > LONGEST or has_machine_dependent(text):
            yield field_error(FUNCTION, "011", name)
    known = {place.prefecture for place in people.places()} | {ABROAD}
    if sender.get("prefecture") and sender["prefecture"] not in known:
        yield field_error(FUNCTION, "011", "都道府県(prefecture)")


def _item_errors(items: list[dict[str, Any]], kept: dict[str, Any]) -> Iterator[dict[str, Any]]:
    known = {item["itemDetailId"]: item for item in kept["ItemModelList"]}
    if not items:
        yield field_error(FUNCTION, "009", "商品モデルリスト(ItemModelList)")
    for item in items:
        for name in ITEM_REQUIRED:
            if item.get(name) is None:
                yield field_error(FUNCTION, "009", name)
        line = known.get(read_number(item.get("itemDetailId")) or 0)
        if line is None:
            yield field_error(FUNCTION, "011", "商品明細ID(itemDetailId)")
        elif any(sku["skuInfo"] for sku in line["SkuModelList"]) and not any(
            sku.get("skuInfo") for sku in item.get("SkuModelList") or []
        ):
            yield message(f"{FUNCTION}_ERROR_139")


def _apply(request: dict[str, Any], model: dict[str, Any]) -> None:
    known = {package["basketId"]: package for package in packages(model)}
    for asked in request["PackageModelList"]:
        _apply_package(asked, known[read_number(asked["basketId"]) or 0])
    for name in ("WrappingModel1", "WrappingModel2"):
        if model[name] and request.get(name):
            model[name].update({key: value for key, value in request[name].items() if key in model[name]})
    units = {
        coupon["couponCode"]: read_number(coupon.get("couponUnit")) for coupon in request.get("CouponModelList") or []
    }
    for coupon in model["CouponModelList"] or []:
        unit = units.get(coupon["couponCode"])
        coupon["couponUnit"] = coupon["couponUnit"] if unit is None else min(unit, coupon["couponUnit"])
    orderer, first = model["OrdererModel"], packages(model)[0]["SenderModel"]
    same = all(orderer[name] == first[name] for name in (*SENDER_REQUIRED, "firstName"))
    model["equalSenderFlag"] = int(same and len(packages(model)) == 1)


def _apply_package(asked: dict[str, Any], package: dict[str, Any]) -> None:
    for name in ("postagePrice", "deliveryPrice"):
        if name in asked:
            amount = read_number(asked[name])
            package[name] = UNFIXED if amount is None else amount
    for name in ("postageTaxRate", "deliveryTaxRate", "noshi", "packageDeleteFlag"):
        if name in asked:
            package[name] = asked[name]
    if "dropOffLocation" in asked:
        package["dropOffLocation"] = asked["dropOffLocation"] or "利用しない"
        package["dropOffFlag"] = int(package["dropOffLocation"] != "利用しない")
    package["SenderModel"].update({
        name: asked["SenderModel"].get(name) for name in (*SENDER_REQUIRED, *SENDER_OPTIONAL) if name in asked["SenderModel"]
    })  # fmt: skip
    known = {item["itemDetailId"]: item for item in package["ItemModelList"]}
    for item in asked["ItemModelList"]:
        line = known[read_number(item["itemDetailId"]) or 0]
        line.update({name: item[name] for name in (*ITEM_REQUIRED, *ITEM_OPTIONAL) if name in item})
        for sku, wanted in zip(line["SkuModelList"], item.get("SkuModelList") or [], strict=False):
            sku.update({name: wanted[name] for name in ("merchantDefinedSkuId", "skuInfo") if name in wanted})
