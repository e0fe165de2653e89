"""getOrder: details of up to 100 orders, with the fields that the asked version has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulators.rakuten.formats import read_number
from simulators.rakuten.messages import field_error, message
from simulators.rakuten.search import OLDEST, Answer
from simulators.rakuten.state import Shop, packages

FUNCTION = "GET_ORDER"
MOST_NUMBERS = 100
VERSIONS = range(3, 11)
ECHO_SINCE = 6
# What each version brought to the order, its destinations and its lines; lower versions are answered without it.
ADDED: dict[int, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    4: ((), ("defaultDeliveryCompanyCode",), ("isSingleItemShipping",)),
    5: (("receiptIssueCount", "receiptIssueHistoryList", "DueDateModelList"), (), ()),
    6: (("cautionDisplayDetailType",), (), ()),
    7: ((), (), ("SkuModelList",)),
    8: (("deliveryCertPrgFlag", "oneDayOperationFlag"), (), ()),
    9: ((), ("dropOffFlag", "dropOffLocation"), ()),
    10: (("socialGiftFlag",), ("SocialGiftModel",), ()),
}
GOODS_TAX_UNTIL = 7


def get_order(shop: Shop, request: dict[str, Any], now: datetime) -> Answer:
    """Answer the details of the orders that are this shop's and not too old; name each of the others."""
    errors = _check(request)
    if errors:
        return 400, {"MessageModelList": errors}
    version = read_number(request["version"]) or 0
    models, missing = [], []
    for number in request["orderNumberList"]:
        order = shop.orders.get(number)
        if order is None or not order.visible or order.placed_at < now - OLDEST:
            missing.append(message("GET_ORDER_INFO_102", orderNumber=number))
        else:
            models.append(as_of_version(order.read(), version))
    found = [message("GET_ORDER_INFO_101", count=len(models))] if models else []
    body: dict[str, Any] = {"MessageModelList": found + missing, "OrderModelList": models}
    return 200, {"version": version, **body} if version >= ECHO_SINCE else body


def _check(request: dict[str, Any]) -> list[dict[str, Any]]:
    errors = []
    numbers = request.get("orderNumberList")
    if numbers is None:
        errors.append(field_error(FUNCTION, "009", "注文番号リスト(orderNumberList)"))
    elif numbers == []:
        errors.append(field_error(FUNCTION, "010", "注文番号リスト(orderNumberList)"))
    elif (
        not isinstance(numbers, list)
        or len(numbers) > MOST_NUMBERS
        or not all(isinstance(number, str) for number in numbers)
    ):
        errors.append(field_error(FUNCTION, "011", "注文番号リスト(orderNumberList)"))
    version = request.get("version")
    if version is None:
        errors.append(field_error(FUNCTION, "009", "バージョン番号(version)"))
    elif read_number(version) not in VERSIONS:
        errors.append(field_error(FUNCTION, "011", "バージョン番号(version)"))
    return errors


def as_of_version(model: dict[str, Any], version: int) -> dict[str, Any]:
    """Take away what the version does not have yet and give back what it still had; changes the model."""
    if version == VERSIONS[-1]:
        return model
    for since, (of_order, of_package, of_item) in ADDED.items():
        if since <= version:
            continue
        for part, names in _parts(model, of_order, of_package, of_item):
            for name in names:
                part.pop(name, None)
    if version <= GOODS_TAX_UNTIL:
        model.update(goodsTax=0, isTaxRecalc=0)
        for package in packages(model):
            package["goodsTax"] = 0
    return model


def _parts(
    model: dict[str, Any], of_order: tuple[str, ...], of_package: tuple[str, ...], of_item: tuple[str, ...]
) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    parts = [(model, of_order)]
    for package in packages(model):
        parts.append((package, of_package))
        parts += [(item, of_item) for item in package["ItemModelList"]]
    return parts
