"""updateOrderShipping: add, change and delete the shipping rows of one order, all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulators.ledger import Ledger
from simulators.rakuten.formats import read_date, read_number
from simulators.rakuten.messages import field_error, message
from simulators.rakuten.search import Answer
from simulators.rakuten.state import CANCELLED, CANCELLING, CHANGING, Order, Shop, packages

FUNCTION = "UPDATE_ORDERSHIPPING"
MOST_ROWS = 20
LONGEST_NUMBER = 120
REFUSING = frozenset({CHANGING, CANCELLING})
ADD, UPDATE, DELETE = "add", "update", "delete"
CODES = {ADD: "101", UPDATE: "102", DELETE: "103"}
CARRIERS = {
    "1000": "その他", "1001": "ヤマト運輸", "1002": "佐川急便", "1003": "日本郵便", "1004": "西濃運輸",
    "1005": "セイノースーパーエクスプレス", "1006": "福山通運", "1007": "名鉄運輸", "1008": "トナミ運輸", "1009": "第一貨物",
    "1010": "新潟運輸", "1011": "中越運送", "1012": "岡山県貨物運送", "1013": "久留米運送", "1014": "山陽自動車運送",
    "1015": "NXトランスポート", "1016": "エコ配", "1017": "EMS", "1018": "DHL", "1019": "FedEx", "1020": "UPS",
    "1021": "日本通運", "1022": "TNT", "1023": "OCS", "1024": "USPS", "1025": "SFエクスプレス", "1026": "Aramex",
    "1027": "SGHグローバル・ジャパン", "1028": "Rakuten EXPRESS", "1029": "日本郵便 楽天倉庫出荷",
    "1030": "ヤマト運輸 クロネコゆうパケット", "1031": "名鉄NX運輸",
}  # fmt: skip


@dataclass(kw_only=True)
class Row:
    """One requested row, judged."""

    number: int  # dataNumber: from 1, through all baskets
    basket: int
    action: str
    detail_id: int | None
    values: dict[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)


def update_order_shipping(
    shop: Shop, request: dict[str, Any], now: datetime, ledger: Ledger, next_id: Callable[[], int], by: str = "api"
) -> Answer:
    """Judge every row; if one is bad nothing is changed and each bad row has its entry, else carry them out."""
    missing = _check_root(request)
    if missing:
        return 400, {"MessageModelList": missing}
    order = shop.orders.get(request["orderNumber"])
    refusal = _refusal(order)
    if refusal or order is None:
        entry = message(refusal or f"{FUNCTION}_ERROR_016", dataNumber=None, shippingDetailId=None)
        return 400, {"MessageModelList": [{**entry, "orderNumber": request["orderNumber"]}]}
    model = order.read()
    rows = _read_rows(request, model)
    errors = [error for row in rows for error in row.errors] + _too_many(rows, model)
    if errors:
        return 400, {"MessageModelList": errors}
    entries = [_carry_out(row, order, model, now, ledger, next_id, by) for row in rows]
    order.write(model)
    return 200, {"MessageModelList": entries}


def _check_root(request: dict[str, Any]) -> list[dict[str, Any]]:
    errors = []
    for name, label in (("orderNumber", "注文番号"), ("BasketidModelList", "送付先モデルリスト")):
        if name not in request or request[name] is None:
            errors.append(field_error(FUNCTION, "009", f"{label}({name})"))
        elif not request[name]:
            errors.append(field_error(FUNCTION, "010", f"{label}({name})"))
    if not errors and not isinstance(request["BasketidModelList"], list):
        errors.append(field_error(FUNCTION, "011", "送付先モデルリスト(BasketidModelList)"))
    return errors


def _refusal(order: Order | None) -> str | None:
    if order is None or not order.visible:
        return f"{FUNCTION}_ERROR_016"
    if order.progress == CANCELLED:
        return f"{FUNCTION}_ERROR_102"
    return f"{FUNCTION}_ERROR_101" if order.progress in REFUSING else None


def _read_rows(request: dict[str, Any], model: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    by_basket = {package["basketId"]: package for package in packages(model)}
    for basket in request["BasketidModelList"]:
        basket_id = read_number(basket.get("basketId"))
        asked = basket.get("ShippingModelList")
        for data in asked if isinstance(asked, list) and asked else [None]:
            row = _read_row(data, len(rows) + 1, basket_id, by_basket.get(basket_id or 0))
            if row.detail_id is not None and row.detail_id in {other.detail_id for other in rows}:
                _blame(row, "011", "発送明細ID(shippingDetailId)")
            rows.append(row)
            if basket.get("basketId") is None:
                _blame(row, "009", "送付先ID(basketId)")
            elif basket_id not in by_basket:
                _blame(row, "011", "送付先ID(basketId)")
            if data is None:
                _blame(row, "009", "発送モデルリスト(ShippingModelList)")
    return rows


def _read_row(data: dict[str, Any] | None, number: int, basket: int | None, package: dict[str, Any] | None) -> Row:
    """Judge one row: a key that is left out leaves the value, an empty one erases it."""
    data = data or {}
    given = data.get("shippingDetailId")
    detail_id = read_number(given) if given not in (None, "") else None
    delete = read_number(data.get("shippingDeleteFlag")) == 1
    action = (DELETE if delete else UPDATE) if given not in (None, "") else ADD
    row = Row(number=number, basket=basket or 0, action=action, detail_id=detail_id, values={})
    known = {existing["shippingDetailId"] for existing in (package or {}).get("ShippingModelList") or []}
    if action != ADD and detail_id not in known:
        _blame(row, "011", "発送明細ID(shippingDetailId)")
    if action == DELETE:
        return row
    if action == ADD and delete:
        _blame(row, "009", "発送明細ID(shippingDetailId)")
    _read_carrier(row, data)
    _read_tracking(row, data)
    if "shippingDate" in data:
        day = data["shippingDate"] or None
        row.values["shippingDate"] = day
        if day is not None and read_date(day) is None:
            _blame(row, "011", "発送日(shippingDate)")
    return row


def _read_carrier(row: Row, data: dict[str, Any]) -> None:
    if "deliveryCompany" not in data:
        return
    code = str(data["deliveryCompany"] or "")
    if not code:
        _blame(row, "010", "配送会社(deliveryCompany)")
    elif code not in CARRIERS:
        _blame(row, "011", "配送会社(deliveryCompany)")
    row.values.update(deliveryCompany=code, deliveryCompanyName=CARRIERS.get(code))


def _read_tracking(row: Row, data: dict[str, Any]) -> None:
    if "shippingNumber" not in data:
        return
    number = data["shippingNumber"] or None
    row.values["shippingNumber"] = number
    if number is not None and (not isinstance(number, str) or len(number) > LONGEST_NUMBER):
        _blame(row, "011", "お荷物伝票番号(shippingNumber)")


def _blame(row: Row, suffix: str, label: str) -> None:
    row.errors.append(field_error(FUNCTION, suffix, label, dataNumber=row.number, shippingDetailId=row.detail_id))


def _too_many(rows: list[Row], model: dict[str, Any]) -> list[dict[str, Any]]:
    """Refuse more than 20 rows a destination, in the request or afterwards."""
    have = {package["basketId"]: len(package["ShippingModelList"]) for package in packages(model)}
    asked = Counter(row.basket for row in rows)
    change = Counter(row.basket for row in rows if row.action == ADD)
    change.subtract(row.basket for row in rows if row.action == DELETE)
    over = [b for b in asked if asked[b] > MOST_ROWS or have.get(b, 0) + change[b] > MOST_ROWS]
    label = "発送モデルリスト(ShippingModelList)"
    return [field_error(FUNCTION, "011", label, dataNumber=None, shippingDetailId=None) for _ in over]


def _carry_out(
    row: Row, order: Order, model: dict[str, Any], now: datetime, ledger: Ledger, next_id: Callable[[], int], by: str
) -> dict[str, Any]:
    """Write the row to the ledger, then to the model, and return its entry."""
    package = next(package for package in packages(model) if package["basketId"] == row.basket)
    existing = package["ShippingModelList"]
    detail_id = row.detail_id if row.detail_id is not None else next_id()
    before = next((old for old in existing if old["shippingDetailId"] == detail_id), None)
    blank = {"shippingNumber": None, "deliveryCompany": None, "deliveryCompanyName": None, "shippingDate": None}
    after = None if row.action == DELETE else {"shippingDetailId": detail_id, **blank, **(before or {}), **row.values}
    ledger.write(
        f"shipping_{row.action}", at=now, shop=order.shop_id, number=order.number, basket_id=row.basket,
        shipping_detail_id=detail_id, by=by, row=after, was=before,
    )  # fmt: skip
    if before is None:
        existing.append(after)
    elif after is None:
        existing.remove(before)
    else:
        before.update(after)
    return message(f"{FUNCTION}_INFO_{CODES[row.action]}", dataNumber=row.number, shippingDetailId=detail_id)
