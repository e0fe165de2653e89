"""searchOrder: numbers only, by period and filters, in pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simulators.rakuten.formats import read_datetime, read_number
from simulators.rakuten.messages import field_error, message
from simulators.rakuten.state import Order, Shop, packages, shipping_rows

FUNCTION = "SEARCH_ORDER"
LONGEST_PERIOD = timedelta(days=63)
OLDEST = timedelta(days=730)
MOST_HITS = 15_000
MOST_PER_PAGE = 1_000
ORDERED, SHIP_DATE = 1, 4
KEYWORD_LIMITS = {1: 1024, 2: 127, 3: 1000, 4: 254, 5: 254, 6: 254, 7: 40, 8: 96, 9: 400}
Answer = tuple[int, dict[str, Any]]


def search_order(shop: Shop, request: dict[str, Any], now: datetime) -> Answer:
    """Answer a search; bad parameters give 400 with one entry for each."""
    errors = check(request, now)
    if errors:
        return 400, {"orderNumberList": None, "MessageModelList": errors, "PaginationResponseModel": None}
    hits = sorted(find(shop, request), key=lambda order: (order.placed_at, order.number))
    amount, page, direction = paging(request)
    if direction == 2:
        hits.reverse()
    reachable = hits[:MOST_HITS]
    numbers = [order.number for order in reachable[(page - 1) * amount : page * amount]]
    code = "SEARCH_ORDER_INFO_101" if hits else "SEARCH_ORDER_INFO_102"
    return 200, {
        "orderNumberList": numbers,
        "MessageModelList": [message(code)],
        "PaginationResponseModel": {
            "totalRecordsAmount": len(hits) or None,
            "totalPages": -(-len(hits) // amount) or None,
            "requestPage": page if hits else None,
        },
    }


def check(request: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Return the errors of a request, one for each field."""
    errors = _check_period(request, now)
    if request.get("dateType") is None:
        errors.insert(0, field_error(FUNCTION, "009", "期間検索種別(dateType)"))
    elif read_number(request["dateType"]) not in range(1, 7):
        errors.append(field_error(FUNCTION, "011", "期間検索種別(dateType)"))
    for name in ("orderProgressList", "subStatusIdList", "orderTypeList"):
        values = request.get(name)
        if values is not None and (not isinstance(values, list) or any(read_number(v) is None for v in values)):
            errors.append(field_error(FUNCTION, "011", name))
    statuses = [read_number(value) for value in request.get("subStatusIdList") or []]
    if -1 in statuses and not request.get("orderProgressList"):
        errors.append(field_error(FUNCTION, "009", "ステータスリスト(orderProgressList)"))
    kind = read_number(request.get("searchKeywordType") or 0)
    if kind in KEYWORD_LIMITS and len(str(request.get("searchKeyword") or "").strip()) > KEYWORD_LIMITS[kind]:
        errors.append(field_error(FUNCTION, "011", "検索キーワード(searchKeyword)"))
    return errors + _check_paging(request)


def _check_period(request: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    errors = []
    ends: dict[str, datetime] = {}
    for name, label in (("startDatetime", "期間検索開始日時"), ("endDatetime", "期間検索終了日時")):
        value = request.get(name)
        moment = read_datetime(value)
        if value is None:
            errors.append(field_error(FUNCTION, "009", f"{label}({name})"))
        elif value == "":
            errors.append(field_error(FUNCTION, "010", f"{label}({name})"))
        elif moment is None:
            errors.append(field_error(FUNCTION, "011", f"{label}({name})"))
        else:
            ends[name] = moment
    if len(ends) == 2:
        start, end = ends["startDatetime"], ends["endDatetime"]
        if end < start or end - start > LONGEST_PERIOD:
            errors.append(field_error(FUNCTION, "011", "期間検索終了日時(endDatetime)"))
        if start < now - OLDEST:
            errors.append(field_error(FUNCTION, "011", "期間検索開始日時(startDatetime)"))
    return errors


def _check_paging(request: dict[str, Any]) -> list[dict[str, Any]]:
    model = request.get("PaginationRequestModel") or {}
    errors = []
    amount, page = model.get("requestRecordsAmount", 30), model.get("requestPage", 1)
    if (read_number(amount) or 0) not in range(1, MOST_PER_PAGE + 1):
        errors.append(field_error(FUNCTION, "011", "1ページあたりの取得結果数(requestRecordsAmount)"))
    if (read_number(page) or 0) < 1:
        errors.append(field_error(FUNCTION, "011", "リクエストページ番号(requestPage)"))
    return errors


def paging(request: dict[str, Any]) -> tuple[int, int, int]:
    """Return records a page, page and sort direction (1 oldest first, 2 newest first)."""
    model = request.get("PaginationRequestModel") or {}
    sort = (model.get("SortModelList") or [{}])[0]
    direction = read_number(sort.get("sortDirection")) or 2
    return (
        read_number(model.get("requestRecordsAmount", 30)) or 30,
        read_number(model.get("requestPage", 1)) or 1,
        direction if read_number(sort.get("sortColumn", 1)) == 1 else 2,
    )


def find(shop: Shop, request: dict[str, Any]) -> list[Order]:
    """Return the visible orders that pass every filter."""
    start, end = read_datetime(request["startDatetime"]), read_datetime(request["endDatetime"])
    assert start is not None  # checked before
    assert end is not None
    orders = _in_period(shop, read_number(request["dateType"]) or ORDERED, start, end)
    wanted = {read_number(value) for value in request.get("orderProgressList") or []}
    method = read_number(request.get("settlementMethod"))
    orders = [
        order
        for order in orders
        if order.visible and (not wanted or order.progress in wanted) and (method is None or order.settlement == method)
    ]
    if not _needs_models(request):
        return orders
    return [order for order in orders if matches(order.read(), request)]


def _in_period(shop: Shop, date_type: int, start: datetime, end: datetime) -> list[Order]:
    if date_type == ORDERED:
        return shop.placed_between(start, end + timedelta(microseconds=999_999))
    if date_type == SHIP_DATE:
        first, last = start.date().isoformat(), end.date().isoformat()
        return [o for o in shop.orders.values() if any(day and first <= day <= last for day in o.ship_dates)]
    return [
        o
        for o in shop.orders.values()
        if date_type in o.times and start <= o.times[date_type].replace(microsecond=0) <= end
    ]


FLAGS = {
    "asurakuFlag": "asurakuFlag",
    "drugFlag": "drugFlag",
    "oneDayOperationFlag": "oneDayOperationFlag",
}
MODEL_FILTERS = (
    *FLAGS, "subStatusIdList", "orderTypeList", "deliveryName", "shippingDateBlankFlag", "shippingNumberBlankFlag",
    "searchKeyword", "ordererMailAddress", "phoneNumber", "reserveNumber", "couponUseFlag", "purchaseSiteType",
    "mailSendType",
)  # fmt: skip
PHONES = {1: (11, 12, 19), 2: (21, 22, 29)}


def _needs_models(request: dict[str, Any]) -> bool:
    return any(request.get(name) not in (None, "", 0, "0", []) for name in MODEL_FILTERS)


def matches(model: dict[str, Any], request: dict[str, Any]) -> bool:
    """Say whether an OrderModel passes the filters that need to look inside."""

    def on(name: str) -> bool:
        return read_number(request.get(name)) == 1

    rows = shipping_rows(model)
    sub_statuses = {read_number(value) for value in request.get("subStatusIdList") or []}
    sub_status = model["subStatusId"] if model["subStatusId"] is not None else -1
    types = {read_number(value) for value in request.get("orderTypeList") or []}
    checks = [
        all(model[flag] == 1 for name, flag in FLAGS.items() if on(name)),
        not sub_statuses or sub_status in sub_statuses,
        not types or model["orderType"] in types,
        not request.get("deliveryName") or model["DeliveryModel"]["deliveryName"] == request["deliveryName"],
        not on("shippingDateBlankFlag") or not rows or any(not row["shippingDate"] for row in rows),
        not on("shippingNumberBlankFlag") or not rows or any(not row["shippingNumber"] for row in rows),
        not on("couponUseFlag") or bool(model["CouponModelList"]),
        not request.get("ordererMailAddress") or model["OrdererModel"]["emailAddress"] == request["ordererMailAddress"],
        not request.get("reserveNumber") or model["reserveNumber"] == request["reserveNumber"],
        _phone_matches(model, request),
        _keyword_matches(model, request),
        _site_matches(model["carrierCode"], read_number(request.get("purchaseSiteType")) or 0),
        _mail_matches(model["emailCarrierCode"], read_number(request.get("mailSendType")) or 0),
    ]
    return all(checks)


def _phone_matches(model: dict[str, Any], request: dict[str, Any]) -> bool:
    wanted = str(request.get("phoneNumber") or "").replace("-", "")
    if not wanted:
        return True
    people = [model["OrdererModel"]]
    if read_number(request.get("phoneNumberType")) == 2:
        people = [package["SenderModel"] for package in packages(model)]
    return any(wanted == "".join(str(person[f"phoneNumber{i}"] or "") for i in (1, 2, 3)) for person in people)


def _keyword_matches(model: dict[str, Any], request: dict[str, Any]) -> bool:
    kind, word = read_number(request.get("searchKeywordType")) or 0, str(request.get("searchKeyword") or "").strip()
    if not kind or not word:
        return True
    items = [item for package in packages(model) for item in package["ItemModelList"]]
    skus = [sku for item in items for sku in item["SkuModelList"]]
    orderer, senders = model["OrdererModel"], [package["SenderModel"] for package in packages(model)]
    texts: dict[int, list[Any]] = {
        1: [item["itemName"] for item in items],
        2: [item["itemNumber"] for item in items],
        3: [model["memo"]],
        4: [orderer["familyName"] + orderer["firstName"]],
        5: [(orderer["familyNameKana"] or "") + (orderer["firstNameKana"] or "")],
        6: [sender["familyName"] + (sender["firstName"] or "") for sender in senders],
        7: [sku["variantId"] for sku in skus],
        8: [sku["merchantDefinedSkuId"] for sku in skus],
        9: [sku["skuInfo"] for sku in skus],
    }
    return any(word in (text or "") for text in texts.get(kind, []))


def _site_matches(device: int, site: int) -> bool:
    """Compare the device with 0 all, 1 PC, 2 mobile, 3 smartphone, 4 tablet."""
    expected = {1: (0,), 2: (1, 2, 3, 5), 3: PHONES[1], 4: PHONES[2]}
    return site == 0 or device in expected.get(site, ())


def _mail_matches(carrier: int, kind: int) -> bool:
    return kind == 0 or (carrier == 0) == (kind == 1)
