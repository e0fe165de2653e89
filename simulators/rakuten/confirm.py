"""confirmOrder, cancelOrder and cancelOrderAfterShipping."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulators.rakuten.formats import read_number
from simulators.rakuten.life import Life
from simulators.rakuten.messages import field_error, message
from simulators.rakuten.search import Answer
from simulators.rakuten.state import (
    AT_RAKUTEN,
    CANCELLED,
    CANCELLING,
    READY,
    SETTLED,
    SETTLING,
    SHIPPED,
    UNFIXED,
    WAITING_CONFIRM,
    Shop,
)  # fmt: skip

MOST_NUMBERS = 100
BEFORE_SHIPMENT = frozenset({WAITING_CONFIRM, AT_RAKUTEN, READY})
AFTER_SHIPMENT = frozenset({SHIPPED, SETTLING, SETTLED, CANCELLING})
REASONS = frozenset({1, 2, 3, 4, 5, 6, 8, 10, 13, 14, 15})


def confirm_order(shop: Shop, request: dict[str, Any], now: datetime, life: Life) -> Answer:
    """Confirm up to 100 orders; each has its own entry and the answer is 200 even if all fail."""
    numbers = request.get("orderNumberList")
    label = "注文番号リスト(orderNumberList)"
    if numbers is None:
        return 400, {"MessageModelList": [field_error("CONFIRM_ORDER", "009", label)]}
    if numbers == []:
        return 400, {"MessageModelList": [field_error("CONFIRM_ORDER", "010", label)]}
    if not isinstance(numbers, list) or len(numbers) > MOST_NUMBERS or not all(isinstance(n, str) for n in numbers):
        return 400, {"MessageModelList": [field_error("CONFIRM_ORDER", "011", label)]}
    return 200, {"MessageModelList": [message(_confirm(shop, n, now, life), orderNumber=n) for n in numbers]}


def _confirm(shop: Shop, number: str, now: datetime, life: Life) -> str:
    order = shop.orders.get(number)
    if order is None or not order.visible:
        return "CONFIRM_ORDER_ERROR_016"
    if order.progress in (CANCELLED, CANCELLING):
        return "CONFIRM_ORDER_ERROR_102"
    if order.progress != WAITING_CONFIRM:
        return "CONFIRM_ORDER_ERROR_103"
    if order.read()["requestPrice"] == UNFIXED:
        return "CONFIRM_ORDER_ERROR_105"
    life.confirm(order, now, by="api")
    return "CONFIRM_ORDER_INFO_101"


def cancel_order(shop: Shop, request: dict[str, Any], now: datetime, life: Life) -> Answer:
    """Apply for a cancellation before shipment."""
    return _cancel(shop, request, now, life, "CANCEL_ORDER", BEFORE_SHIPMENT)


def cancel_order_after_shipping(shop: Shop, request: dict[str, Any], now: datetime, life: Life) -> Answer:
    """Cancel after shipment, finished in one step."""
    return _cancel(shop, request, now, life, "CANCEL_ORDERAFTERSHIPPING", AFTER_SHIPMENT)


def _cancel(
    shop: Shop, request: dict[str, Any], now: datetime, life: Life, function: str, allowed: frozenset[int]
) -> Answer:
    errors = _check(request, function)
    if errors:
        return 400, {"MessageModelList": errors}
    number, reason = request["orderNumber"], read_number(request["changeReasonDetailApply"]) or 0
    order = shop.orders.get(number)
    if order is None or not order.visible:
        return 400, {"MessageModelList": [message(f"{function}_ERROR_016", orderNumber=number)]}
    if order.progress not in allowed:
        suffix = "102" if order.progress in (CANCELLED, CANCELLING) else "101"
        return 400, {"MessageModelList": [message(f"{function}_ERROR_{suffix}", orderNumber=number)]}
    if allowed is AFTER_SHIPMENT:
        life.finish_cancel(order, now, by="api", reason=reason)
    else:
        restore = read_number(request["inventoryRestoreType"]) or 0
        life.apply_cancel(order, now, by="api", reason=reason, restore=restore)
    return 200, {"MessageModelList": [message(f"{function}_INFO_101", orderNumber=number)]}


def _check(request: dict[str, Any], function: str) -> list[dict[str, Any]]:
    errors = []
    if not request.get("orderNumber"):
        errors.append(field_error(function, "009", "注文番号(orderNumber)"))
    allowed = {"inventoryRestoreType": frozenset({0, 1, 2}), "changeReasonDetailApply": REASONS}
    for name, values in allowed.items():
        if request.get(name) is None:
            errors.append(field_error(function, "009", name))
        elif read_number(request[name]) not in values:
            errors.append(field_error(function, "011", name))
    return errors
