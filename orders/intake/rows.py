"""Pure translation: a MallOrder to the columns of Order, Parcel and OrderLine. What belongs to the mall is named here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from orders import addresses
from orders.channels import Address, MallLine, MallOrder, MallParcel
from orders.models import AT_MALL, Shop
from orders.remarks import remark_left

CARRIER_AT_MALL = "carrier_at_mall"
"""Where a parcel's `mall_fields` keep the mall's own carrier: `Parcel.carrier` may be a rule's or a person's."""


def order_columns(
    shop: Shop, order: MallOrder, *, now: datetime, doubts: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the mall's columns of an order (by attname). `mall_read_at` is when it was read; `doubts` are those of its parcels."""
    doubts = [address_doubt(parcel) for parcel in order.parcels] if doubts is None else doubts
    wait = timedelta(0) if order.next_day else timedelta(minutes=shop.wait_minutes)
    return {
        "placed_at": order.placed_at,
        "ready_at": order.placed_at + wait,
        "mall_state": order.state,
        "mall_code": order.code,
        "mall_sub_status": order.sub_status,
        "mall_block": " ".join(order.blocks),
        "mall_read_at": now,
        "cancel_due_on": order.cancel_due_on,
        "pay_due_on": order.pay_due_on,
        "confirmed_at": order.confirmed_at,
        "buyer_name": order.buyer.name,
        "buyer_kana": order.buyer.kana,
        "buyer_email": order.buyer.email,
        "buyer_phone": order.buyer.phone,
        "buyer_postal_code": order.buyer.postal_code,
        "buyer_prefecture": order.buyer.prefecture,
        "buyer_city": order.buyer.city,
        "buyer_street": order.buyer.street,
        "payment_method": order.payment_method,
        "payment_name": order.payment_name,
        "payment_state": order.payment_state,
        "delivery_method": order.delivery_method,
        "delivery_name": order.delivery_name,
        "next_day": order.next_day,
        "gift": order.gift,
        "island": any(parcel.island for parcel in order.parcels),
        "order_kind": order.kind,
        "remarks": order.remarks,
        "remark_left": remark_left(order.remarks, shop.harmless_remarks),
        "wish_on": order.wish_on,
        "wish_time": order.wish_time,
        "subtotal_yen": order.subtotal_yen,
        "postage_yen": order.postage_yen,
        "fee_yen": order.fee_yen,
        "coupon_shop_yen": sum(c.yen for c in order.coupons if c.payer == "shop"),
        "coupon_other_yen": sum(c.yen for c in order.coupons if c.payer != "shop"),
        "points_yen": order.points_yen,
        "discount_yen": order.discount_yen,
        "total_yen": order.total_yen,
        "sums_differ_yen": sums_differ(order),
        "coupons": [{"payer": c.payer, "code": c.code, "name": c.name, "yen": c.yen} for c in order.coupons],
        "tax": [{"percent": t.percent, "base_yen": t.base_yen, "tax_yen": t.tax_yen} for t in order.tax],
        "mall_fields": dict(order.extra),
        "address_doubt": next((doubt for doubt in doubts if doubt), ""),
    }


def address_doubt(parcel: MallParcel) -> str:
    """Return what is doubtful about the recipient's address, as a code; nothing for shops and post offices picked up at."""
    who: Address = parcel.recipient
    if parcel.pick_up:
        return ""
    return addresses.doubt(who.postal_code, who.prefecture, who.city, who.street)


def sums_differ(order: MallOrder) -> int:
    """Return by how many yen the mall's amount to collect differs from its own parts; 0 while an amount is open."""
    parts = (order.subtotal_yen, order.postage_yen, order.fee_yen, order.total_yen)
    if any(part is None for part in parts):
        return 0
    subtotal, postage, fee, total = (int(part) for part in parts if part is not None)
    coupons = sum(coupon.yen for coupon in order.coupons)
    tax_outside = int(order.extra.get("tax_outside_yen", 0))
    return total - (subtotal + tax_outside + postage + fee - coupons - order.points_yen - order.discount_yen)


def parcel_columns(parcel: MallParcel, *, position: int, order: MallOrder, doubt: str | None = None) -> dict[str, Any]:
    """Return the mall's columns of a parcel."""
    who = parcel.recipient
    return {
        "mall_parcel_key": parcel.key,
        "position": position,
        "name": who.name,
        "kana": who.kana,
        "phone": who.phone,
        "postal_code": who.postal_code,
        "prefecture": who.prefecture,
        "city": who.city,
        "street": who.street,
        "island": parcel.island,
        "address_doubt": address_doubt(parcel) if doubt is None else doubt,
        "wish_on": order.wish_on,
        "wish_time": order.wish_time,
        "delivery_method": order.delivery_method,
        "carrier": parcel.carrier,
        "drop_off": parcel.drop_off,
        "noshi": parcel.noshi,
        "pick_up": dict(parcel.pick_up),
        "postage_yen": parcel.postage_yen,
        "fee_yen": parcel.fee_yen,
        "goods_yen": parcel.goods_yen,
        "total_yen": parcel.total_yen,
        "mall_fields": {**parcel.extra, **_carrier(parcel), **_tracking(parcel)},
    }


def _carrier(parcel: MallParcel) -> dict[str, Any]:
    return {CARRIER_AT_MALL: parcel.carrier} if parcel.carrier else {}


def _tracking(parcel: MallParcel) -> dict[str, Any]:
    """Return the shipping rows that stand at the mall, whoever wrote them; nothing where there are none."""
    rows = [
        {
            "carrier": row.carrier,
            "number": row.number,
            "shipped_on": row.shipped_on.isoformat() if row.shipped_on else "",
        }
        for row in parcel.tracking
        if row.number
    ]
    return {AT_MALL: rows} if rows else {}


def line_columns(line: MallLine, *, position: int, parcel_key: str) -> dict[str, Any]:
    """Return the mall's columns of a line."""
    return {
        "position": position,
        "mall_line_key": line.key,
        "mall_parcel_key": parcel_key,
        "sku": line.sku,
        "name": line.name,
        "options": line.options,
        "quantity": line.quantity,
        "unit_price_yen": line.price_yen,
        "unit_price_incl_yen": line.price_incl_yen,
        "tax_percent": line.tax_percent,
        "mall_fields": {**line.extra, **({"variation": line.variation} if line.variation else {})},
    }
