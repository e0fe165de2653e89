"""One OrderInfo as the hub's words, and a shipment as the mall's: pure, no calls."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import blake2b
from xml.etree.ElementTree import Element, tostring

from orders import blocks
from orders.channels import (
    Address,
    BadPayload,
    MallLine,
    MallOrder,
    MallParcel,
    MallTracking,
    ShipmentReport,
)  # fmt: skip
from tests.sample_mall.channel import codes

PARCEL = "1"  # an order has one destination here; the hub wants a key for it
KNOWN = frozenset({"OrderId", "OrderTime", "IsSeen", "OrderStatus", "BuyerComments", "Pay", "Ship", "Detail", "Item"})


class Odd(Exception):
    """An order that cannot be understood: missing, wrong_type or unknown_code, and where."""

    def __init__(self, path: str, reason: str, **params: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.params = path, reason, params


class UnfitReport(ValueError):
    """The report cannot be written at this mall: `reason` is a code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def order_from(info: Element, *, number: str) -> MallOrder | BadPayload:
    """Translate an OrderInfo. What cannot be understood comes back with the place and a reason."""
    payload = cleaned(info)
    try:
        return _order(info, payload)
    except Odd as odd:
        return BadPayload(number=number, path=odd.path, reason=odd.reason, params=odd.params, payload=payload)


def cleaned(info: Element) -> bytes:
    """Take out what must never be stored and return what is left as bytes."""
    for parent in list(info.iter()):
        for child in [child for child in parent if child.tag in codes.NEVER_STORED]:
            parent.remove(child)
    return tostring(info, encoding="utf-8")


def shipment_from(report: ShipmentReport) -> dict[str, str]:
    """Return the elements of one report. Raises UnfitReport: there are two places for numbers, and one carrier and day for both."""
    if len({(row.carrier, row.shipped_on) for row in report.rows}) != 1:
        raise UnfitReport("wrong_format", "一つの注文に書ける運送会社と出荷日は一つです")
    if {row.row_key for row in report.rows} - set(codes.SLOTS):
        raise UnfitReport("wrong_format", f"一つの注文に書ける送り状番号は{len(codes.SLOTS)}個までです")
    first = report.rows[0]
    return {
        "ShipCompanyCode": codes.CARRIER_CODES.get(first.carrier, codes.OTHER_CARRIER),
        "ShipDate": first.shipped_on.strftime("%Y%m%d"),
        **{f"InvoiceNumber{row.row_key}": row.number for row in report.rows},
    }


def _order(info: Element, payload: bytes) -> MallOrder:
    state = _state(info)
    method = codes.PAYMENT_METHODS.get(_text(info, "Pay/PayMethod"), "unknown")
    paid = _text(info, "Pay/PayStatus") == codes.PAID
    lines = tuple(_line(item, index) for index, item in enumerate(info.findall("Item")))
    goods = sum((line.price_yen or 0) * line.quantity for line in lines)
    ship, detail = "Ship", "Detail"
    return MallOrder(
        number=_needed(info, "OrderId"),
        placed_at=_instant(info, "OrderTime"),
        state=state,
        code=f"{_text(info, 'OrderStatus')}-{_text(info, 'Ship/ShipStatus')}",
        blocks=_blocks(info, state, paid),
        buyer=_person(info, "Pay/Bill", email=_text(info, "Pay/BillMailAddress")),
        payment_name=_text(info, "Pay/PayMethodName"),
        payment_method=method,
        payment_state="collect" if method == "cod" else "settled" if paid else "open",
        delivery_name=_text(info, "Ship/ShipMethodName"),
        next_day=_text(info, "Ship/ArriveType") == codes.NEXT_DAY,
        remarks=_text(info, "BuyerComments"),
        wish_on=_day(info, "Ship/ShipRequestDate"),
        wish_time=codes.WISH_TIMES.get(_text(info, "Ship/ShipRequestTimeZoneCode"), ""),
        subtotal_yen=goods,
        postage_yen=_yen(info, f"{detail}/ShipCharge"),
        fee_yen=_yen(info, f"{detail}/PayCharge"),
        discount_yen=_yen(info, f"{detail}/Discount"),
        points_yen=_yen(info, f"{detail}/UsePoint"),
        total_yen=_yen(info, f"{detail}/TotalPrice"),
        parcels=(
            MallParcel(key=PARCEL, recipient=_person(info, f"{ship}/Ship"), lines=lines, tracking=_tracking(info)),
        ),
        unknown_fields=tuple(sorted({child.tag for child in info} - KNOWN)),
        payload=payload,
        hash=blake2b(payload, digest_size=16).digest(),
    )


def _state(info: Element) -> str:
    order, ship = _text(info, "OrderStatus"), _text(info, "Ship/ShipStatus")
    if order not in codes.ORDER_STATES:
        raise Odd("OrderStatus", "unknown_code", code=order)
    if ship not in codes.SHIP_STATES:
        raise Odd("Ship/ShipStatus", "unknown_code", code=ship)
    if order != codes.OPEN or (ship == codes.MAY_NOT_SHIP and _text(info, "IsSeen") != "true"):
        return codes.ORDER_STATES[order]
    return codes.SHIP_STATES[ship]


def _blocks(info: Element, state: str, paid: bool) -> tuple[str, ...]:
    """Say why the mall itself forbids shipping."""
    if state == "cancelled":
        return (blocks.CANCELLED,)
    if _text(info, "Ship/ShipStatus") != codes.MAY_NOT_SHIP:
        return ()
    return (blocks.REVIEW,) if paid else (blocks.PAYMENT,)


def _line(item: Element, index: int) -> MallLine:
    at = f"Item[{index}]"
    key, sub = _needed(item, "ItemId", at), _text(item, "SubCode")
    price = _yen(item, "UnitPrice", at)
    return MallLine(
        key=_needed(item, "LineId", at),
        listing_key=f"{key}:{sub}" if sub else key,
        sku=sub or key,
        name=_needed(item, "Title", at),
        variation=_text(item, "SubCodeOption"),
        quantity=_whole(item, "Quantity", at),
        price_yen=price,
        price_incl_yen=price,
        tax_percent=_whole(item, "ItemTaxRatio", at),
    )


def _tracking(info: Element) -> tuple[MallTracking, ...]:
    """Return both places for numbers, also an empty one: the hub fills it by its key."""
    carrier = codes.CARRIERS.get(_text(info, "Ship/ShipCompanyCode"), "")
    shipped_on = _day(info, "Ship/ShipDate")
    numbers = {slot: _text(info, f"Ship/InvoiceNumber{slot}") for slot in codes.SLOTS}
    return tuple(
        MallTracking(row_key=slot, carrier=carrier, number=number, shipped_on=shipped_on)
        if number
        else MallTracking(row_key=slot, carrier="", number="", shipped_on=None)
        for slot, number in numbers.items()
    )


def _person(info: Element, head: str, *, email: str = "") -> Address:
    postal = _text(info, f"{head}ZipCode")
    return Address(
        name=_text(info, f"{head}Name"),
        kana=_text(info, f"{head}NameKana"),
        postal_code=f"{postal[:3]}-{postal[3:]}" if len(postal) == 7 else postal,
        prefecture=_text(info, f"{head}Prefecture"),
        city=_text(info, f"{head}City"),
        street=_text(info, f"{head}Address"),
        phone=_text(info, f"{head}PhoneNumber"),
        email=email,
    )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _needed(element: Element, path: str, at: str = "") -> str:
    text = _text(element, path)
    if not text:
        raise Odd(f"{at}/{path}" if at else path, "missing")
    return text


def _whole(element: Element, path: str, at: str = "") -> int:
    text = _needed(element, path, at)
    try:
        return int(text)
    except ValueError:
        raise Odd(f"{at}/{path}" if at else path, "wrong_type", expected="int", found=text[:40]) from None


def _yen(element: Element, path: str, at: str = "") -> int:
    return _whole(element, path, at)


def _instant(info: Element, path: str) -> datetime:
    text = _needed(info, path)
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=codes.TOKYO)
    except ValueError:
        raise Odd(path, "wrong_type", expected="datetime", found=text[:40]) from None


def _day(info: Element, path: str) -> date | None:
    text = _text(info, path)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Odd(path, "wrong_type", expected="date", found=text[:40]) from None
