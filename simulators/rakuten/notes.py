"""updateOrderMemo, updateOrderRemarks, updateOrderSubStatus and getSubStatusList."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulators.ledger import Ledger
from simulators.rakuten.formats import has_machine_dependent, read_date, read_number
from simulators.rakuten.messages import field_error, message
from simulators.rakuten.search import Answer
from simulators.rakuten.state import CANCELLED, CANCELLING, Order, Shop

MEMO, REMARKS, SUB_STATUS = "UPDATE_ORDERMEMO", "UPDATE_ORDERREMARKS", "UPDATE_ORDERSUBSTATUS"
MOST_NUMBERS = 100
LONGEST_REMARKS = 4000
TEXT_LIMITS = {"memo": 1000, "operator": 6, "mailPlugSentence": 1024}


def _is_term(value: int | None) -> bool:
    return value in (0, 1, 2, 9) or (value is not None and 700 < value < 2425)


# Field -> does this value do; a value of null or "" erases.
MEMO_CHECKS: dict[str, Callable[[Any], bool]] = {
    "deliveryClass": lambda value: read_number(value) in range(9),
    "deliveryDate": lambda value: read_date(value) is not None,
    "shippingTerm": lambda value: _is_term(read_number(value)),
}


def update_order_memo(shop: Shop, request: dict[str, Any], now: datetime, ledger: Ledger) -> Answer:
    """Change memo, operator, message, delivery class and wish, and sub-status; what is left out stays."""
    order, problem = _order(shop, request, MEMO)
    if order is None:
        return problem
    errors = _memo_errors(request)
    if "subStatusId" in request and not _fits(shop, order, request["subStatusId"]):
        errors.append(message(f"{MEMO}_ERROR_107", orderNumber=order.number))
    if errors:
        return 400, {"MessageModelList": errors}
    model = order.read()
    for name in TEXT_LIMITS:
        if name in request:
            model[name] = request[name] or None
    if "deliveryDate" in request:
        model["deliveryDate"] = request["deliveryDate"] or None
    if "shippingTerm" in request:
        model["shippingTerm"] = read_number(request["shippingTerm"])
    if "deliveryClass" in request:
        model["DeliveryModel"]["deliveryClass"] = read_number(request["deliveryClass"])
    if "subStatusId" in request:
        _put_sub_status(shop, model, request["subStatusId"])
    _keep(order, model, now, ledger, "memo")
    return 200, {"MessageModelList": [message(f"{MEMO}_INFO_101", orderNumber=order.number)]}


def _memo_errors(request: dict[str, Any]) -> list[dict[str, Any]]:
    errors = []
    for name, limit in TEXT_LIMITS.items():
        text = request.get(name) or ""
        if not isinstance(text, str) or len(text) > limit or has_machine_dependent(text):
            errors.append(field_error(MEMO, "011", name))
    for name, is_good in MEMO_CHECKS.items():
        if request.get(name) not in (None, "") and not is_good(request[name]):
            errors.append(field_error(MEMO, "011", name))
    return errors


def update_order_remarks(shop: Shop, request: dict[str, Any], now: datetime, ledger: Ledger) -> Answer:
    """Change the remarks or the gift flag."""
    order, problem = _order(shop, request, REMARKS)
    if order is None:
        return problem
    if request.get("remarks") is None and request.get("giftCheck") is None:
        return 400, {"MessageModelList": [field_error(REMARKS, "009", "備考(remarks)")]}
    remarks = request.get("remarks")
    if remarks is not None and (
        not isinstance(remarks, str) or len(remarks) > LONGEST_REMARKS or has_machine_dependent(remarks)
    ):
        return 400, {"MessageModelList": [field_error(REMARKS, "011", "備考(remarks)")]}
    model = order.read()
    if remarks is not None:
        model["remarks"] = remarks
    if request.get("giftCheck") is not None:
        model["giftCheckFlag"] = read_number(request["giftCheck"])
    _keep(order, model, now, ledger, "remarks")
    return 200, {"MessageModelList": [message(f"{REMARKS}_INFO_101", orderNumber=order.number)]}


def update_order_sub_status(shop: Shop, request: dict[str, Any], now: datetime, ledger: Ledger) -> Answer:
    """Set or clear the sub-status of up to 100 orders; business failures are entries of a 200."""
    errors = []
    if "subStatusId" not in request:
        errors.append(field_error(SUB_STATUS, "009", "サブステータスID(subStatusId)"))
    numbers = request.get("orderNumberList")
    if numbers is None:
        errors.append(field_error(SUB_STATUS, "009", "注文番号リスト(orderNumberList)"))
    elif not isinstance(numbers, list) or not numbers or len(numbers) > MOST_NUMBERS:
        errors.append(field_error(SUB_STATUS, "011", "注文番号リスト(orderNumberList)"))
    if errors or not isinstance(numbers, list):
        return 400, {"MessageModelList": errors}
    codes = [(number, _set_sub_status(shop, number, request["subStatusId"], now, ledger)) for number in numbers]
    return 200, {"MessageModelList": [message(f"{SUB_STATUS}_{code}", orderNumber=number) for number, code in codes]}


def _set_sub_status(shop: Shop, number: str, wanted: Any, now: datetime, ledger: Ledger) -> str:
    order = shop.orders.get(number)
    if order is None or not order.visible:
        return "ERROR_016"
    if order.progress in (CANCELLED, CANCELLING):
        return "ERROR_101"
    if not _fits(shop, order, wanted):
        return "ERROR_102"
    model = order.read()
    _put_sub_status(shop, model, wanted)
    _keep(order, model, now, ledger, "sub_status")
    return "INFO_101"


def get_sub_status_list(shop: Shop) -> Answer:
    """Answer the shop's sub-statuses under their orderProgress."""
    progresses = sorted({status.progress for status in shop.sub_statuses})
    lists = [
        {
            "orderProgress": progress,
            "SubStatusModelList": [
                {"subStatusId": status.id, "subStatusName": status.name, "orderby": place}
                for place, status in enumerate((s for s in shop.sub_statuses if s.progress == progress), 1)
            ],
        }
        for progress in progresses
    ]
    return 200, {"MessageModelList": [message("GET_SUBSTATUSLIST_INFO_101")], "StatusModelList": lists}


def _order(shop: Shop, request: dict[str, Any], function: str) -> tuple[Order | None, Answer]:
    number = request.get("orderNumber")
    if not number:
        return None, (400, {"MessageModelList": [field_error(function, "009", "注文番号(orderNumber)")]})
    order = shop.orders.get(number)
    if order is None or not order.visible:
        return None, (400, {"MessageModelList": [message(f"{function}_ERROR_016", orderNumber=number)]})
    return order, (200, {})


def _fits(shop: Shop, order: Order, wanted: Any) -> bool:
    """Say whether a sub-status may be put on an order: it belongs to the order's own orderProgress."""
    if wanted in (None, ""):
        return True
    return any(s.id == read_number(wanted) and s.progress == order.progress for s in shop.sub_statuses)


def _put_sub_status(shop: Shop, model: dict[str, Any], wanted: Any) -> None:
    found = next((s for s in shop.sub_statuses if s.id == read_number(wanted)), None)
    model.update(subStatusId=found.id if found else None, subStatusName=found.name if found else None)


def _keep(order: Order, model: dict[str, Any], now: datetime, ledger: Ledger, what: str) -> None:
    ledger.write("changed", at=now, shop=order.shop_id, number=order.number, by="api", what=what, model=model)
    order.write(model)
