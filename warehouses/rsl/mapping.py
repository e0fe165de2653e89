"""Translation between the core's words and RSL's. Pure: no HTTP, no clock, no database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from hub.effects.outcomes import Outcome, Receipt, Refused, Unsure
from warehouses.adapters import (
    BadResult,
    RequestState,
    ShippedPackage,
    ShipRequest,
    ShipResult,
    WithdrawAnswer,
)

CARRIERS = {"YAMATO": "yamato", "SAGAWA": "sagawa", "JAPANPOST": "japan_post"}
CARRIER_CODES = {word: code for code, word in CARRIERS.items()} | {"japan_post_rsl": "JAPANPOST"}
METHODS = {
    "": "", "parcel": "parcel", "宅配便": "parcel", "compact": "compact", "宅配便コンパクト": "compact",
    "mail": "mail", "メール便": "mail", "ゆうパケット": "mail", "ネコポス": "mail",
    "cool": "cool", "クール便": "cool", "冷蔵": "cool", "frozen": "frozen", "クール冷凍便": "frozen", "冷凍": "frozen",
}  # fmt: skip
TIMES = {
    "": "",
    "other": "",
    "morning": "am",
    "afternoon": "pm",
    "am": "am",
    "午前": "am",
    "午前中": "am",
    "pm": "pm",
    "午後": "pm",
}
PERIOD = re.compile(r"(\d{1,2})(?::?00|時)?[-~〜―ー](\d{1,2})(?::?00|時)?|(\d{1,2})(\d{2})")
STATES = frozenset({"accepted", "working", "refused", "cannot_ship", "withdrawn", "shipped"})
REASONS = {"refused": "warehouse_refused", "cannot_ship": "cannot_ship"}  # codes; the warehouse's own words go beside
OUTCOMES = frozenset({"shipped", "short", "cannot_ship"})
MAX_NUMBER = 120


class Unfit(Exception):
    """RSL has no word for something in the request; `reason` is a code, `params` its values."""

    def __init__(self, reason: str, **params: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params


class Odd(Exception):
    """A part of an answer that cannot be understood: where, and why."""

    def __init__(self, path: str, reason: str, **params: Any) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.params = params


# Requests


def to_request(request: ShipRequest) -> dict[str, Any]:
    """Write a request in RSL's words. Raises Unfit rather than dropping what RSL cannot do."""
    if request.pick_up:
        raise Unfit("pick_up_unsupported")
    if request.carrier and request.carrier not in CARRIER_CODES:
        raise Unfit("carrier_unsupported", carrier=request.carrier)
    if request.delivery_method not in METHODS:
        raise Unfit("delivery_method_unsupported", method=request.delivery_method)
    return {
        "reference": request.reference,
        "recipient": {
            "name": request.name,
            "kana": request.kana,
            "postal_code": _digits(request.postal_code),
            "prefecture": request.prefecture,
            "city": request.city,
            "street": request.street,
            "phone": _digits(request.phone),
        },
        "sender": {"name": request.shop_name},
        "lines": [{"sku": line.sku, "quantity": line.quantity, "name": line.name} for line in request.lines],
        "wish": {"date_on": request.wish_on.isoformat() if request.wish_on else "", "time": to_time(request.wish_time)},
        "delivery_method": METHODS[request.delivery_method],
        "carrier": CARRIER_CODES.get(request.carrier, ""),
        "cod_yen": request.cod_yen,
        "drop_off": request.drop_off,
        "gift": {"gift": request.gift, "noshi": request.noshi, "wrapping": request.wrapping},
        "slip": {"reference": request.reference, "order_numbers": list(request.order_numbers)},
        "memo": "\n".join([*request.options, *([request.note] if request.note else [])]),
    }


def to_time(slot: str) -> str:
    """Write a wished time as RSL's slot: am, pm or two hours such as 14-16."""
    plain = unicodedata.normalize("NFKC", slot).strip()
    if plain in TIMES:
        return TIMES[plain]
    found = PERIOD.fullmatch(plain)
    hours = [int(part) for part in found.groups() if part] if found else []
    if len(hours) != 2 or not 0 <= hours[0] < hours[1] <= 24:
        raise Unfit("wish_time_unsupported", time=slot)
    return f"{hours[0]:02d}-{hours[1]:02d}"


def _digits(text: str) -> str:
    """Strip what people write between digits; letters stay, so that the warehouse can refuse them."""
    return re.sub(r"[\s\-‐‑–—―−ー()]", "", unicodedata.normalize("NFKC", text))


# Answers


def to_outcomes(references: Sequence[str], data: Mapping[str, Any]) -> dict[str, Outcome]:
    """Read the answers to requests. One that is missing or unclear may have been taken."""
    rows = data.get("answers")
    answers = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = {str(row.get("reference")): _outcome(row) for row in answers}
    return {name: found.get(name, Unsure(reason="unclear_answer", detail="no answer for it")) for name in references}


def _outcome(row: Mapping[str, Any]) -> Outcome:
    if row.get("outcome") == "accepted":
        ship_on = row.get("ship_day_on")
        return Receipt(data={"ship_on": ship_on, "repeated": row.get("repeated") is True})
    if row.get("outcome") == "refused":
        code, message = str(row.get("code", "")), str(row.get("message", ""))
        return Refused(reason="warehouse_refused", detail=f"{code} {message}".strip(), params={"code": code})
    return Unsure(reason="unclear_answer", detail=f"outcome {row.get('outcome')!r}")


def to_withdrawal(data: Mapping[str, Any]) -> Outcome:
    """Read the answer to a withdrawal; one that is none of the three is unsure."""
    answers = {answer.value for answer in WithdrawAnswer}
    fee = data.get("fee_yen", 0)
    if data.get("outcome") not in answers or type(fee) is not int:
        return Unsure(reason="unclear_answer", detail=f"outcome {data.get('outcome')!r}")
    return Receipt(data={"answer": data["outcome"], "fee_yen": fee})


def to_state(reference: str, row: Any) -> RequestState | None:
    """Read what became of a reference. Raises Odd."""
    if row is None:
        return None
    if not isinstance(row, dict) or row.get("state") not in STATES:
        raise Odd(f"shipments.{reference}.state", "unknown_state")
    ship_on = row.get("ship_day_on")
    return RequestState(
        reference=reference,
        state=row["state"],
        reason=REASONS.get(row["state"], ""),
        detail=f"{row.get('code') or ''} {row.get('reason') or ''}".strip(),
        ship_on=_day(ship_on, f"shipments.{reference}.ship_day_on") if ship_on else None,
    )


# Results


def to_result(row: Any, path: str) -> ShipResult | BadResult:
    """Read one result; what cannot be understood is returned with its place, so that the others go on."""
    reference = str(row.get("reference") or "") if isinstance(row, dict) else ""
    try:
        return _result(row, path)
    except Odd as odd:
        return BadResult(reference=reference, path=odd.path, reason=odd.reason, params=odd.params)


def _result(row: Any, path: str) -> ShipResult:
    if not isinstance(row, dict):
        raise Odd(path, "not_an_object")
    reference, outcome = row.get("reference"), row.get("outcome")
    if not isinstance(reference, str) or not reference:
        raise Odd(f"{path}.reference", "missing")
    if outcome not in OUTCOMES:
        raise Odd(f"{path}.outcome", "unknown_outcome", value=str(outcome)[:50])
    packages = [
        _package(package, f"{path}.packages[{number}]") for number, package in enumerate(_rows(row, "packages", path))
    ]
    quantities = _quantities(_rows(row, "lines", path), f"{path}.lines")
    if outcome != "cannot_ship" and not packages:
        raise Odd(f"{path}.packages", "missing")
    if outcome == "short" and not quantities:
        raise Odd(f"{path}.lines", "missing")
    return ShipResult(
        reference=reference,
        outcome=outcome,
        packages=tuple(packages),
        quantities=quantities,
        reason=f"{row.get('code') or ''} {row.get('reason') or ''}".strip(),
        at=_instant(row.get("at"), f"{path}.at"),
    )


def _package(row: Any, path: str) -> ShippedPackage:
    if not isinstance(row, dict):
        raise Odd(path, "not_an_object")
    carrier, number = row.get("carrier_code"), row.get("tracking_number")
    if carrier not in CARRIERS:
        raise Odd(f"{path}.carrier_code", "unknown_carrier", value=str(carrier)[:50])
    if not isinstance(number, str) or not 0 < len(number) <= MAX_NUMBER:
        raise Odd(f"{path}.tracking_number", "missing")
    if not (number.isascii() and number.isprintable()):
        raise Odd(f"{path}.tracking_number", "not_a_number")
    return ShippedPackage(
        carrier=CARRIERS[carrier], number=number, shipped_on=_day(row.get("shipped_on"), f"{path}.shipped_on")
    )


def _quantities(rows: Sequence[Any], path: str) -> dict[str, int]:
    quantities: dict[str, int] = {}
    for number, row in enumerate(rows):
        sku = row.get("sku") if isinstance(row, dict) else None
        quantity = row.get("quantity") if isinstance(row, dict) else None
        if not isinstance(sku, str) or not sku:
            raise Odd(f"{path}[{number}].sku", "missing")
        if type(quantity) is not int or quantity < 0:
            raise Odd(f"{path}[{number}].quantity", "not_a_quantity")
        quantities[sku] = quantities.get(sku, 0) + quantity
    return quantities


def _rows(row: Mapping[str, Any], name: str, path: str) -> list[Any]:
    rows = row.get(name, [])
    if not isinstance(rows, list):
        raise Odd(f"{path}.{name}", "not_a_list")
    return rows


def _day(value: Any, path: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Odd(path, "not_a_day", value=str(value)[:50]) from None


def _instant(value: Any, path: str) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Odd(path, "not_an_instant", value=str(value)[:50])
    return instant
