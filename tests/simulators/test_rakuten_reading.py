"""searchOrder and getOrder of the simulated mall."""

from typing import Any

import pytest

from tests.simulators.rakuten_bench import Bench, codes


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_no_hit_has_null_paging(bench: Bench) -> None:
    status, body = bench.search()

    assert status == 200
    assert codes(body) == ["SEARCH_ORDER_INFO_102"]
    assert body["orderNumberList"] == []
    assert body["PaginationResponseModel"] == {"totalRecordsAmount": None, "totalPages": None, "requestPage": None}


def test_pages_cover_all_orders_in_the_asked_direction(bench: Bench) -> None:
    placed = bench.control(
        "orders", n=25, **{"from": "2026-11-20T00:00:00+09:00", "until": "2026-11-21T00:00:00+09:00"}
    )
    numbers = [order["number"] for order in placed["orders"]]
    sort = [{"sortColumn": 1, "sortDirection": 1}]
    pages = [
        bench.search(PaginationRequestModel={"requestRecordsAmount": 10, "requestPage": page, "SortModelList": sort})[1]
        for page in (1, 2, 3)
    ]

    assert [n for page in pages for n in page["orderNumberList"]] == numbers
    assert pages[2]["PaginationResponseModel"] == {"totalRecordsAmount": 25, "totalPages": 3, "requestPage": 3}
    assert bench.search()[1]["orderNumberList"] == numbers[::-1]


@pytest.mark.parametrize(
    "spelling",
    ["2026-11-01T00:00:00+09:00", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00", "2026-11-01T00:00:00.000+0900",
     "2026-11-01", "2026/11/01 00:00:00", "2026-11-01T00:00:00+0000", "2026-13-01T00:00:00+0900"],
)  # fmt: skip
def test_other_spellings_of_a_date_are_refused(bench: Bench, spelling: str) -> None:
    status, body = bench.search(startDatetime=spelling)

    assert (status, codes(body)) == (400, ["SEARCH_ORDER_ERROR_011"])
    assert body["orderNumberList"] is None
    assert body["PaginationResponseModel"] is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"dateType": None, "startDatetime": "2026/01/01"}, ["SEARCH_ORDER_ERROR_009", "SEARCH_ORDER_ERROR_011"]),
        ({"startDatetime": "2026-09-20T00:00:00+0900"}, ["SEARCH_ORDER_ERROR_011"]),
        ({"startDatetime": "2024-11-01T00:00:00+0900", "endDatetime": "2024-11-30T00:00:00+0900"}, ["SEARCH_ORDER_ERROR_011"]),
        ({"endDatetime": ""}, ["SEARCH_ORDER_ERROR_010"]),
        ({"subStatusIdList": [-1]}, ["SEARCH_ORDER_ERROR_009"]),
        ({"PaginationRequestModel": {"requestRecordsAmount": 1001}}, ["SEARCH_ORDER_ERROR_011"]),
    ],
)  # fmt: skip
def test_bad_search_names_each_field(bench: Bench, more: dict[str, Any], expected: list[str]) -> None:
    status, body = bench.search(**more)

    assert (status, codes(body)) == (400, expected)


def test_numeric_strings_and_unknown_fields_are_accepted(bench: Bench) -> None:
    number = bench.place()

    _, body = bench.search(dateType="1", orderProgressList=["100"], sortModelList=[{"x": 1}])

    assert body["orderNumberList"] == [number]


def test_filters_choose_by_what_is_in_the_order(bench: Bench) -> None:
    cod, fast, coupon = bench.place("cod"), bench.place("next_day"), bench.place("coupon_shop")
    person = bench.get(cod)["OrdererModel"]

    def found(**more: Any) -> list[str]:
        numbers: list[str] = bench.search(**more)[1]["orderNumberList"]
        return sorted(numbers)

    assert found(settlementMethod=2) == [cod]
    assert found(oneDayOperationFlag=1) == [fast]
    assert found(couponUseFlag=1) == [coupon]
    assert found(ordererMailAddress=person["emailAddress"]) == [cod]
    assert cod in found(searchKeywordType=4, searchKeyword=person["familyName"])
    assert found(orderProgressList=[200]) == []
    assert found(shippingNumberBlankFlag=1) == sorted([cod, fast, coupon])


def test_search_by_ship_date_and_by_confirmation(bench: Bench) -> None:
    number = bench.ready()
    bench.place()
    bench.row(number, deliveryCompany="1001", shippingNumber="4-1", shippingDate="2026-11-24")

    assert bench.search(dateType=2)[1]["orderNumberList"] == [number]
    assert bench.search(dateType=4)[1]["orderNumberList"] == [number]
    assert bench.search(dateType=5)[1]["orderNumberList"] == []


def test_only_fifteen_thousand_hits_can_be_reached(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.rakuten.search.MOST_HITS", 20)
    bench.control("orders", n=30, kinds=["card"])

    _, first = bench.search()
    _, second = bench.search(PaginationRequestModel={"requestRecordsAmount": 15, "requestPage": 2})

    assert (len(first["orderNumberList"]), first["PaginationResponseModel"]["totalRecordsAmount"]) == (20, 30)
    assert len(second["orderNumberList"]) == 5


def test_late_order_is_found_when_it_becomes_visible(bench: Bench) -> None:
    placed = bench.control("orders", n=1, kinds=["card"], visible_after_seconds=600)["orders"][0]["number"]
    assert bench.search()[1]["orderNumberList"] == []

    bench.advance(minutes=10)

    assert bench.search()[1]["orderNumberList"] == [placed]
    kinds = [line["kind"] for line in bench.mall.ledger.lines() if line.get("number") == placed]
    assert kinds == ["order_placed", "order_visible"]


def test_future_order_appears_when_its_time_comes(bench: Bench) -> None:
    bench.control("orders", n=3, kinds=["card"], spread_minutes=90)
    assert len(bench.search()[1]["orderNumberList"]) == 1

    bench.advance(minutes=30)
    assert len(bench.search()[1]["orderNumberList"]) == 2
    assert bench.look("next-due", **{"except": "auto_cancel"})["event"] == "appear"


def test_unknown_foreign_and_old_numbers_are_named(bench: Bench) -> None:
    number = bench.place()
    old = bench.place(placed_at="2024-01-01T00:00:00+09:00")

    status, body = bench.call("getOrder", orderNumberList=[number, "400001-20260101-0000000000", old], version="10")

    assert status == 200
    assert codes(body) == ["GET_ORDER_INFO_101", "GET_ORDER_INFO_102", "GET_ORDER_INFO_102"]
    assert body["MessageModelList"][0]["message"].endswith("(取得件数1件)")
    assert [entry.get("orderNumber") for entry in body["MessageModelList"]] == [None, "400001-20260101-0000000000", old]
    assert [model["orderNumber"] for model in body["OrderModelList"]] == [number]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"orderNumberList": ["a"]}, ["GET_ORDER_ERROR_009"]),
        ({"orderNumberList": ["a"], "version": 2}, ["GET_ORDER_ERROR_011"]),
        ({"orderNumberList": ["a"], "version": 11}, ["GET_ORDER_ERROR_011"]),
        ({"orderNumberList": ["a"] * 101, "version": 10}, ["GET_ORDER_ERROR_011"]),
        ({"version": 10}, ["GET_ORDER_ERROR_009"]),
    ],
)
def test_bad_get_is_refused(bench: Bench, request_: dict[str, Any], expected: list[str]) -> None:
    status, body = bench.call("getOrder", **request_)

    assert (status, codes(body)) == (400, expected)
    assert "OrderModelList" not in body


@pytest.mark.parametrize(
    ("version", "since", "level", "field"),
    [
        (3, 4, "package", "defaultDeliveryCompanyCode"), (3, 4, "item", "isSingleItemShipping"),
        (4, 5, "order", "receiptIssueCount"), (5, 6, "order", "cautionDisplayDetailType"), (6, 7, "item", "SkuModelList"),
        (7, 8, "order", "oneDayOperationFlag"), (8, 9, "package", "dropOffFlag"), (9, 10, "order", "socialGiftFlag"),
        (9, 10, "package", "SocialGiftModel"),
    ],
)  # fmt: skip
def test_field_is_there_from_its_version_on(bench: Bench, version: int, since: int, level: str, field: str) -> None:
    number = bench.place("drop_off")

    def part(asked: int) -> dict[str, Any]:
        model = bench.get(number, asked)
        package = model["PackageModelList"][0]
        parts: dict[str, dict[str, Any]] = {"order": model, "package": package, "item": package["ItemModelList"][0]}
        return parts[level]

    assert field not in part(version)
    assert field in part(since)


def test_old_versions_still_have_the_goods_tax_and_no_echo(bench: Bench) -> None:
    number = bench.place()

    _, old = bench.call("getOrder", orderNumberList=[number], version=5)
    _, new = bench.call("getOrder", orderNumberList=[number], version=10)

    assert "version" not in old
    assert new["version"] == 10
    assert "goodsTax" in old["OrderModelList"][0]
    assert "goodsTax" not in new["OrderModelList"][0]
