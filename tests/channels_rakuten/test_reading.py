"""Reading answers that are odd as a whole: broken texts, nameless orders, refused keys and why."""

import json

import httpx
import pytest

from orders.channels import Absent, BadPayload, MallBlind, MallDown, MallOrder
from tests.channels_rakuten.conftest import Model, sent
from tests.channels_rakuten.wires import ES04, EXPIRY, GATEWAY_401, LEGACY_401, Canned, answer, message


def test_one_broken_character_spoils_one_order_only(plain: Model) -> None:
    other = {**plain, "orderNumber": "400001-20311104-0000000002"}
    body = b'{"MessageModelList":[],"OrderModelList":[' + sent(plain) + b"," + sent(other) + b"]}"
    broken = body.replace("担当鈴木".encode(), b"\\ud800", 1)
    mall = Canned(httpx.Response(200, content=broken))

    found = {order.number: order for order in mall.adapter.fetch(numbers=[plain["orderNumber"], other["orderNumber"]])}

    assert isinstance(found[plain["orderNumber"]], BadPayload)
    assert isinstance(found[other["orderNumber"]], MallOrder)


def test_nameless_order_belongs_to_the_one_number_that_is_left(plain: Model) -> None:
    nameless = {key: value for key, value in plain.items() if key != "orderNumber"}
    mall = Canned(answer({"MessageModelList": [], "OrderModelList": [plain, nameless]}))

    found = mall.adapter.fetch(numbers=[plain["orderNumber"], "400001-x"])

    assert [(type(order), order.number) for order in found] == [
        (MallOrder, plain["orderNumber"]),
        (BadPayload, "400001-x"),
    ]
    assert found[1].path == "orderNumber"  # type: ignore[union-attr]


def test_order_that_nobody_asked_for_is_left_out(plain: Model) -> None:
    mall = Canned(
        answer({"MessageModelList": [message("GET_ORDER_INFO_102", orderNumber="a")], "OrderModelList": [plain]})
    )

    assert mall.adapter.fetch(numbers=["a"]) == [Absent(number="a")]


@pytest.mark.parametrize(
    "body", [{"MessageModelList": [message("GET_ORDER_ERROR_009")], "OrderModelList": None}, {}, []]
)
def test_answer_without_orders_is_mall_down(body: object) -> None:
    with pytest.raises(MallDown):
        Canned(answer(body)).adapter.fetch(numbers=["a"])


def test_refused_request_is_mall_down_in_the_malls_words() -> None:
    with pytest.raises(MallDown, match="GET_ORDER_ERROR_009"):
        Canned(answer({"MessageModelList": [message("GET_ORDER_ERROR_009")]}, 400)).adapter.fetch(numbers=["a"])


@pytest.mark.parametrize(
    ("first", "status", "second", "reason"),
    [
        (LEGACY_401, 401, answer(LEGACY_401, 401), "wrong_key"),
        (GATEWAY_401, 401, answer(GATEWAY_401, 401), "wrong_key"),
        (LEGACY_401, 401, answer(EXPIRY, Timestamp="2026-11-24T00:00:00"), "not_switched_on"),
        (LEGACY_401, 401, answer(EXPIRY, Timestamp="2026-11-29T00:00:00"), "expired"),
        (ES04, 400, answer(EXPIRY), "not_switched_on"),
        (LEGACY_401, 401, answer({}, 503), "wrong_key"),
        (LEGACY_401, 401, answer("what?"), "wrong_key"),
    ],
)
def test_blind_reading_asks_once_more_to_tell_key_from_function(
    first: object, status: int, second: object, reason: str
) -> None:
    mall = Canned(answer(first, status), second)  # type: ignore[arg-type]

    with pytest.raises(MallBlind) as blind:
        mall.adapter.fetch(numbers=["a"])

    assert (blind.value.reason, blind.value.function) == (reason, "rpay.order.getOrder")
    assert mall.requests[1].url.params["licenseKey"] == "SL400001_abcdefgh12345678"


def test_errors_and_outcomes_never_hold_a_key() -> None:
    mall = Canned(answer(LEGACY_401, 401))

    with pytest.raises(MallBlind) as blind:
        mall.adapter.fetch(numbers=["a"])

    assert "abcdefgh" not in json.dumps([str(blind.value), repr(mall.adapter.test())])
