"""What writes come to: bodies with nothing empty, and every kind of answer as one of four outcomes."""

from datetime import date
from typing import Any

import httpx
import pytest

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from orders.channels import CancelReason, ShipmentReport, TrackingRow
from tests.channels_rakuten.wires import ES04, GATEWAY_401, LEGACY_401, Canned, answer, message, messages

ON = date(2026, 11, 24)


def row(number: str = "400000000006", carrier: str = "yamato", row_key: str = "") -> TrackingRow:
    return TrackingRow(carrier=carrier, number=number, shipped_on=ON, row_key=row_key)


def report(*rows: TrackingRow, parcel: str = "7") -> ShipmentReport:
    return ShipmentReport(key="k", number="400001-20261124-1", mall_parcel_key=parcel, rows=rows or (row(),))


def outcomes_of(mall: Canned) -> list[Outcome]:
    """Make each of the three writes."""
    return [
        mall.adapter.confirm(numbers=["n"])["n"],
        mall.adapter.report_shipment(report=report()),
        mall.adapter.cancel(number="n", reason=CancelReason.UNPAID, restock=False),
    ]


def test_report_adds_without_an_id_and_updates_with_one() -> None:
    mall = Canned(messages(message("UPDATE_ORDERSHIPPING_INFO_101"), message("UPDATE_ORDERSHIPPING_INFO_102")))

    mall.adapter.report_shipment(report=report(row("1"), row("2", "sagawa", row_key="99")))

    assert mall.sent() == {
        "orderNumber": "400001-20261124-1",
        "BasketidModelList": [
            {
                "basketId": 7,
                "ShippingModelList": [
                    {"deliveryCompany": "1001", "shippingDate": "2026-11-24", "shippingNumber": "1"},
                    {
                        "deliveryCompany": "1002",
                        "shippingDate": "2026-11-24",
                        "shippingNumber": "2",
                        "shippingDetailId": 99,
                    },
                ],
            }
        ],
    }


def test_report_without_a_number_leaves_the_key_out_lest_it_erases() -> None:
    mall = Canned(messages(message("UPDATE_ORDERSHIPPING_INFO_101")))

    mall.adapter.report_shipment(report=report(row("", "other")))

    assert mall.sent()["BasketidModelList"][0]["ShippingModelList"] == [
        {"deliveryCompany": "1000", "shippingDate": "2026-11-24"}
    ]


def test_carrier_that_the_mall_does_not_know_is_the_other_one() -> None:
    mall = Canned(messages(message("UPDATE_ORDERSHIPPING_INFO_101")))

    mall.adapter.report_shipment(report=report(row("1", "carrier_of_tomorrow")))

    assert mall.sent()["BasketidModelList"][0]["ShippingModelList"][0]["deliveryCompany"] == "1000"


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (report(*[row(str(n)) for n in range(21)]), "too_many_rows"),
        (report(parcel="hand-1"), "bad_parcel_key"),
        (report(row(row_key="x")), "bad_row_key"),
        (ShipmentReport(key="k", number="n", mall_parcel_key="7", rows=()), "no_rows"),
    ],
)
def test_report_that_the_mall_could_not_take_is_refused_unsent(unfit: ShipmentReport, reason: str) -> None:
    mall = Canned(messages())

    outcome = mall.adapter.report_shipment(report=unfit)

    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert (mall.requests, mall.pace.classes) == ([], [])


def test_receipt_tolerates_missing_ids() -> None:
    rows = (message("UPDATE_ORDERSHIPPING_INFO_101", dataNumber=1, shippingDetailId=None),
            message("UPDATE_ORDERSHIPPING_INFO_102", dataNumber=2, shippingDetailId=8))  # fmt: skip

    outcome = Canned(messages(*rows)).adapter.report_shipment(report=report(row("1"), row("2", row_key="8")))

    assert outcome == Receipt(
        data={"rows": [{"row_key": "", "code": "UPDATE_ORDERSHIPPING_INFO_101"},
                       {"row_key": "8", "code": "UPDATE_ORDERSHIPPING_INFO_102"}]}
    )  # fmt: skip


def test_warning_is_no_refusal() -> None:
    outcome = Canned(messages(message("UPDATE_ORDERSHIPPING_WARNING_101"))).adapter.report_shipment(report=report())

    assert isinstance(outcome, Receipt)


def test_one_bad_row_refuses_the_report_and_is_named() -> None:
    rows = (
        message("UPDATE_ORDERSHIPPING_INFO_101", dataNumber=1),
        message("UPDATE_ORDERSHIPPING_ERROR_011", dataNumber=2),
    )

    outcome = Canned(messages(*rows, status=400)).adapter.report_shipment(report=report(row("1"), row("2")))

    assert outcome == Refused(
        reason="wrong_format",
        detail="文言 UPDATE_ORDERSHIPPING_ERROR_011 (UPDATE_ORDERSHIPPING_ERROR_011)",
        params={"code": "UPDATE_ORDERSHIPPING_ERROR_011", "rows": [2]},
    )


def test_row_without_an_answer_is_unsure() -> None:
    mall = Canned(messages(message("UPDATE_ORDERSHIPPING_INFO_101")))

    assert isinstance(mall.adapter.report_shipment(report=report(row("1"), row("2"))), Unsure)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("102", "cancelled"),
        ("103", "already_moved"),
        ("105", "amount_open"),
        ("016", "unknown_order"),
        ("777", "refused"),
    ],
)
def test_confirm_refusal_of_each_code(code: str, reason: str) -> None:
    mall = Canned(messages(message(f"CONFIRM_ORDER_ERROR_{code}", orderNumber="n")))

    outcome = mall.adapter.confirm(numbers=["n"])["n"]

    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert "文言" in outcome.detail


def test_confirm_that_answers_for_some_leaves_the_others_unsure() -> None:
    mall = Canned(
        messages(
            message("CONFIRM_ORDER_INFO_101", orderNumber="a"), message("CONFIRM_ORDER_ERROR_103", orderNumber="b")
        )
    )

    outcomes = mall.adapter.confirm(numbers=["a", "b", "c"])

    assert {number: type(outcome) for number, outcome in outcomes.items()} == {"a": Receipt, "b": Refused, "c": Unsure}


def test_confirm_refused_as_a_whole_refuses_each() -> None:
    mall = Canned(messages(message("CONFIRM_ORDER_ERROR_011"), status=400))

    outcomes = mall.adapter.confirm(numbers=["a", "b"])

    assert {type(outcome) for outcome in outcomes.values()} == {Refused}


def test_confirm_of_nothing_calls_nobody_and_of_too_many_is_a_mistake() -> None:
    mall = Canned(messages())

    assert mall.adapter.confirm(numbers=[]) == {}
    with pytest.raises(ValueError, match="100"):
        mall.adapter.confirm(numbers=[str(n) for n in range(101)])
    assert mall.requests == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (LEGACY_401, 401),
        (GATEWAY_401, 401),
        (ES04, 400),
        ({"errors": [{"code": "GK0005", "message": "x"}]}, 400),
        ({}, 403),
        ("", 401),
    ],
)
def test_write_with_a_refused_key_is_not_done_and_blind(body: Any, status: int) -> None:
    for outcome in outcomes_of(Canned(answer(body, status))):
        assert isinstance(outcome, NotDone)
        assert (outcome.line, outcome.blind) == (True, True)


@pytest.mark.parametrize("status", [404, 405, 415, 429])
def test_write_that_the_gateway_turned_away_is_not_done(status: int) -> None:
    for outcome in outcomes_of(Canned(answer({}, status, **{"Retry-After": "12"}))):
        assert isinstance(outcome, NotDone)
        assert (outcome.line, outcome.blind) == (True, False)
        assert outcome.retry_after == (12.0 if status == 429 else None)


@pytest.mark.parametrize("response", [
    httpx.Response(200, text="<html>"), httpx.Response(200, content=b""), httpx.Response(200, json={}), httpx.Response(500),
    httpx.Response(503, json=GATEWAY_401), httpx.Response(502, text="<html>"), httpx.Response(302), httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"), httpx.WriteError("cut"),
])  # fmt: skip
def test_write_without_a_readable_answer_is_unsure(response: httpx.Response | Exception) -> None:
    for outcome in outcomes_of(Canned(response)):
        assert isinstance(outcome, Unsure)


@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
def test_write_that_never_connected_is_not_done(failure: Exception) -> None:
    for outcome in outcomes_of(Canned(failure)):
        assert isinstance(outcome, NotDone)
        assert (outcome.line, outcome.blind) == (True, False)
