"""Requests as RMS wants them: header, dates, bodies, one for each page."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from channels_rakuten.adapter import Rakuten
from orders.channels import CancelReason, MallDown
from tests.channels_rakuten.wires import CREDENTIALS, Canned, answer, message, messages
from tests.contract.channel_bench import RecordedPace

SINCE = datetime(2026, 11, 24, 1, 0, 0, 250_000, tzinfo=UTC)
UNTIL = datetime(2026, 11, 24, 1, 29, 59, 1, tzinfo=UTC)


def found(numbers: list[str], total: int, pages: int, page: int, **headers: str) -> httpx.Response:
    return answer(
        {
            "orderNumberList": numbers,
            "MessageModelList": [message("SEARCH_ORDER_INFO_101")],
            "PaginationResponseModel": {"totalRecordsAmount": total, "totalPages": pages, "requestPage": page},
        },
        **headers,
    )


def test_search_asks_for_all_states_oldest_first_in_japans_time_rounded_outwards() -> None:
    mall = Canned(found([], 0, 0, 1))

    mall.adapter.list_orders(since=SINCE, until=UNTIL)

    (request,) = mall.requests
    assert request.url.path == "/es/2.0/order/searchOrder/"
    token = base64.b64encode(f"{CREDENTIALS['service_secret']}:{CREDENTIALS['license_key']}".encode()).decode()
    assert request.headers["authorization"] == f"ESA {token}"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert mall.sent() == {
        "dateType": 1,
        "startDatetime": "2026-11-24T10:00:00+0900",
        "endDatetime": "2026-11-24T10:30:00+0900",
        "PaginationRequestModel": {
            "requestRecordsAmount": 1000,
            "requestPage": 1,
            "SortModelList": [{"sortColumn": 1, "sortDirection": 1}],
        },
    }


def test_pages_are_joined_without_repetition_and_both_totals_kept() -> None:
    mall = Canned(found(["a", "b"], 5, 3, 1), found(["b", "c"], 5, 3, 2), found(["d"], 6, 3, 3))

    named = mall.adapter.list_orders(since=SINCE, until=UNTIL)

    assert named.numbers == ("a", "b", "c", "d")
    assert (named.total_first, named.total_last) == (5, 6)
    assert [mall.sent(index)["PaginationRequestModel"]["requestPage"] for index in range(3)] == [1, 2, 3]
    assert mall.pace.classes == ["intake"] * 3


def test_pages_end_at_what_the_mall_can_show() -> None:
    mall = Canned(found(["a"], 40_000, 40, 1))

    named = mall.adapter.list_orders(since=SINCE, until=UNTIL)

    assert len(mall.requests) == 15
    assert named.total_last == 40_000


def test_null_pagination_is_none_found() -> None:
    empty = {"totalRecordsAmount": None, "totalPages": None, "requestPage": None}
    body = {
        "orderNumberList": [],
        "MessageModelList": [message("SEARCH_ORDER_INFO_102")],
        "PaginationResponseModel": empty,
    }
    mall = Canned(answer(body, Timestamp="2026-11-24T01:30:05"))

    named = mall.adapter.list_orders(since=SINCE, until=UNTIL)

    assert (named.numbers, named.total_first, named.total_last) == ((), 0, 0)
    assert named.mall_time == datetime(2026, 11, 24, 1, 30, 5, tzinfo=UTC)


def test_mall_time_is_the_date_header_before_timestamp() -> None:
    mall = Canned(found([], 0, 0, 1, Date="Tue, 24 Nov 2026 01:30:09 GMT", Timestamp="2026-11-24T01:30:05"))

    named = mall.adapter.list_orders(since=SINCE, until=SINCE + timedelta(minutes=30))

    assert named.mall_time == datetime(2026, 11, 24, 1, 30, 9, tzinfo=UTC)


def test_get_asks_version_10_a_hundred_at_a_time_each_once() -> None:
    mall = Canned(answer({"MessageModelList": [], "OrderModelList": []}))
    numbers = [f"400001-20261124-{index:010}" for index in range(120)]

    mall.adapter.fetch(numbers=[*numbers, numbers[0]])

    assert [len(mall.sent(index)["orderNumberList"]) for index in range(2)] == [100, 20]
    assert mall.sent()["version"] == 10


def test_cancel_names_reason_and_stock() -> None:
    mall = Canned(messages(message("CANCEL_ORDER_INFO_101")))
    reasons = {}
    for reason in CancelReason:
        mall.adapter.cancel(number="n", reason=reason, restock=reason is CancelReason.DELAY)
        reasons[reason.value] = (mall.sent()["changeReasonDetailApply"], mall.sent()["inventoryRestoreType"])

    assert reasons == {
        "customer_cancel": (1, 2), "customer_other": (6, 2), "unpaid": (4, 2), "out_of_stock": (8, 2), "delay": (13, 1),
        "shop_other": (10, 2),
    }  # fmt: skip


def test_keys_are_trimmed() -> None:
    mall = Canned(answer({"MessageModelList": [], "OrderModelList": []}))
    padded = {name: f" {value}\n" for name, value in CREDENTIALS.items()}
    adapter = Rakuten(credentials=padded, base_url="https://rms.test", pace=RecordedPace(), transport=mall.transport)

    adapter.fetch(numbers=["x"])
    mall.adapter.fetch(numbers=["x"])

    assert mall.requests[0].headers["authorization"] == mall.requests[1].headers["authorization"]


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "7"}, 7.0), ({}, 60.0)])
def test_too_many_calls_keep_every_worker_from_calling_for_a_while(headers: dict[str, str], seconds: float) -> None:
    mall = Canned(answer({}, 429, **headers))

    with pytest.raises(MallDown):
        mall.adapter.list_orders(since=SINCE, until=UNTIL)
    mall.adapter.confirm(numbers=["400001-20261124-0000000001"])

    assert mall.pace.pauses == [seconds, seconds]


def test_a_mall_that_answers_is_not_paused() -> None:
    mall = Canned(answer({}, 503, **{"Retry-After": "7"}), found([], 0, 0, 1))

    with pytest.raises(MallDown):
        mall.adapter.list_orders(since=SINCE, until=UNTIL)
    mall.adapter.list_orders(since=SINCE, until=UNTIL)

    assert mall.pace.pauses == []
