"""Writing: the body of a shipment report, and what RMS's messages about a write come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels_rakuten import answers, codes, wire
from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from hub.http import Answer
from orders.channels import ShipmentReport, TrackingRow

MOST_ROWS = 20

_CONFIRM_REFUSALS = {
    "CONFIRM_ORDER_ERROR_016": "unknown_order",
    "CONFIRM_ORDER_ERROR_102": "cancelled",
    "CONFIRM_ORDER_ERROR_103": "already_moved",
    "CONFIRM_ORDER_ERROR_105": "amount_open",
}
_SHIP_REFUSALS = {
    "UPDATE_ORDERSHIPPING_ERROR_011": "wrong_format",
    "UPDATE_ORDERSHIPPING_ERROR_016": "unknown_order",
    "UPDATE_ORDERSHIPPING_ERROR_101": "wrong_state",
    "UPDATE_ORDERSHIPPING_ERROR_102": "cancelled",
}
_CANCEL_REFUSALS = {
    "CANCEL_ORDER_ERROR_016": "unknown_order",
    "CANCEL_ORDER_ERROR_101": "wrong_state",
    "CANCEL_ORDER_ERROR_102": "cancelled",
}


class UnfitReport(ValueError):
    """The report cannot be written at this mall: `reason` is a code."""

    def __init__(self, reason: str, **params: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


def shipping_body(report: ShipmentReport) -> dict[str, Any]:
    """Return the request for one report. Raises UnfitReport for what the mall could not take."""
    if not report.rows:
        raise UnfitReport("no_rows")
    if len(report.rows) > MOST_ROWS:
        raise UnfitReport("too_many_rows", rows=len(report.rows), most=MOST_ROWS)
    rows = [_row(row) for row in report.rows]
    basket = _id(report.mall_parcel_key, "bad_parcel_key")
    return {"orderNumber": report.number, "BasketidModelList": [{"basketId": basket, "ShippingModelList": rows}]}


def _row(row: TrackingRow) -> dict[str, Any]:
    """Write a row. A key that is left out leaves the mall's value, an empty one would erase it: none is written empty."""
    written: dict[str, Any] = {
        "deliveryCompany": codes.CARRIER_CODES.get(row.carrier, codes.OTHER_CARRIER),
        "shippingDate": row.shipped_on.isoformat(),
    }
    if row.number:
        written["shippingNumber"] = row.number
    if row.row_key:
        written["shippingDetailId"] = _id(row.row_key, "bad_row_key")
    return written


def _id(key: str, reason: str) -> int:
    if not (key.isascii() and key.isdigit()):
        raise UnfitReport(reason, key=key)
    return int(key)


def report_outcome(answer: Answer, report: ShipmentReport) -> Outcome:
    """Say what a shipment report came to: every row has a message of its own, and one error refuses the report."""
    messages = answers.messages_of(answer)
    unclear = _unclear(answer, messages)
    if unclear is not None or messages is None:
        return unclear or Unsure(reason="unreadable")
    errors = [message for message in messages if answers.failed(message)]
    if errors:
        return _refused(errors, _SHIP_REFUSALS, rows=[message.data_number for message in errors if message.data_number])
    if len(messages) < len(report.rows):
        return Unsure(reason="rows_unanswered", detail=answers.texts(messages))
    # Older servers answer no id for an added row, so the id is read back with the order, not taken from here alone.
    return Receipt(
        data={
            "rows": [
                {"row_key": str(message.shipping_detail_id or ""), "code": answers.code_of(message)}
                for message in messages
            ]
        }
    )


def confirm_outcomes(answer: Answer, numbers: Sequence[str]) -> Mapping[str, Outcome]:
    """Say what became of each order: HTTP 200 even if all failed. One that is not named may have been confirmed."""
    messages = answers.messages_of(answer)
    unclear = _unclear(answer, messages)
    if unclear is not None or messages is None:
        return dict.fromkeys(numbers, unclear or Unsure(reason="unreadable"))
    of_order: dict[str, list[wire.Message]] = {}
    for message in messages:
        of_order.setdefault(message.order_number or "", []).append(message)
    common = [message for message in of_order.get("", ()) if answers.failed(message)]
    return {number: _confirm_outcome(of_order.get(number, common)) for number in numbers}


def _confirm_outcome(messages: list[wire.Message]) -> Outcome:
    if not messages:
        return Unsure(reason="unanswered")
    errors = [message for message in messages if answers.failed(message)]
    return _refused(errors, _CONFIRM_REFUSALS) if errors else Receipt(data={"code": answers.code_of(messages[0])})


def cancel_outcome(answer: Answer) -> Outcome:
    """Say what a cancellation came to. A receipt means the mall took the application; the order says when it is final."""
    messages = answers.messages_of(answer)
    unclear = _unclear(answer, messages)
    if unclear is not None or not messages:
        return unclear or Unsure(reason="unreadable")
    errors = [message for message in messages if answers.failed(message)]
    return _refused(errors, _CANCEL_REFUSALS) if errors else Receipt(data={"code": answers.code_of(messages[0])})


def _unclear(answer: Answer, messages: list[wire.Message] | None) -> Outcome | None:
    """Return the outcome of an answer without messages of the function.

    A 400 without them comes from the gateway, before the function; a 200 without them may hide a success.
    """
    early = answers.unusable(answer)
    if early is not None:
        return early
    if messages:
        return None
    if answer.status == 400:
        return NotDone(reason="gateway", detail=f"HTTP 400 {answers.first_error(answer)}".strip(), line=True)
    return Unsure(reason="unreadable")


def _refused(errors: list[wire.Message], reasons: Mapping[str, str], **params: Any) -> Refused:
    code = answers.code_of(errors[0])
    return Refused(reason=reasons.get(code, "refused"), detail=answers.texts(errors), params={"code": code, **params})
