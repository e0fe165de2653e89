"""Papers as PDF. First the data, inside the tenant's transaction; then typst sets them, outside any. Data reach it as JSON alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typst

from documents.models import DocumentTemplate
from hub.clock import JAPAN
from hub.http import refuse_inside_transaction
from orders.fields import OrderFacts
from orders.models import Order, OrderLine, Parcel
from orders.queries.facts import facts_of

_HERE = Path(__file__).parent
PACKING_SLIP = "packing_slip"
TEXTS = ("greeting", "note", "registration_number")
"""What a tenant may write on a packing slip, for all shops or for one."""
MOST = 500
"""Orders in one PDF."""


class TooMany(Exception):
    """More orders than one PDF takes."""


def slips_of(order_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return the data of the packing slips of these orders, one for each parcel, in this order. Gift orders carry no prices."""
    ids = list(dict.fromkeys(order_ids))
    if len(ids) > MOST:
        raise TooMany(f"{len(ids)} orders in one PDF; at most {MOST}")
    texts = _texts()
    return [
        _slip(facts, parcel, texts)
        for facts in facts_of(ids).values()
        for parcel in facts.parcels
    ]  # fmt: skip


def render(slips: Sequence[Mapping[str, Any]]) -> bytes:
    """Set packing slips; a new page begins with each. Not inside a transaction: it takes its time."""
    refuse_inside_transaction()
    data = json.dumps({"title": "納品書", "slips": list(slips)}, ensure_ascii=False)
    pdf: bytes = typst.compile(
        _HERE / "layouts" / f"{PACKING_SLIP}.typ",
        root=_HERE / "layouts",
        font_paths=[_HERE / "fonts"],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": data},
    )
    return pdf


def _texts() -> dict[int | None, dict[str, str]]:
    rows = DocumentTemplate.objects.filter(layout=PACKING_SLIP)
    return {row.shop_id: {name: str(row.texts.get(name, "")) for name in TEXTS} for row in rows}


def _slip(facts: OrderFacts, parcel: Parcel, texts: Mapping[int | None, Mapping[str, str]]) -> dict[str, Any]:
    order, shop = facts.order, facts.shop
    lines = [line for line in facts.lines if line.parcel_id == parcel.pk]
    said = texts.get(shop.pk) or texts.get(None) or dict.fromkeys(TEXTS, "")
    alone = len(facts.parcels) == 1
    code = parcel.postal_code
    return {
        "shop": shop.name,
        "sender": shop.signature.replace("\r", ""),
        "registration": said["registration_number"] if not order.gift else "",
        "number": order.number,
        "ordered_on": _day(order.placed_at.astimezone(JAPAN)),
        "shipped_on": _day(parcel.shipped_on) if parcel.shipped_on else "",
        "parcel": "" if alone else f"{facts.parcels.index(parcel) + 1} / {len(facts.parcels)}",
        "postal_code": f"〒{code[:3]}-{code[3:]}" if len(code) == 7 else code,
        "address": parcel.prefecture + parcel.city + parcel.street,
        "recipient": parcel.name,
        "buyer": f"{order.buyer_name} 様" if order.buyer_name and order.buyer_name != parcel.name else "",
        "greeting": said["greeting"],
        "note": said["note"],
        "wishes": _wishes(order, parcel, lines),
        "prices": not order.gift,
        "lines": [_line(line) for line in lines],
        "sums": _sums(order) if alone and not order.gift else [],
        "total": _yen(order.total_yen) if alone and not order.gift else "",
        "tax": _tax(order) if alone and not order.gift else [],
    }


def _line(line: OrderLine) -> dict[str, Any]:
    price = line.unit_price_incl_yen if line.unit_price_incl_yen is not None else line.unit_price_yen
    return {
        "sku": line.product.sku if line.product else line.sku,
        "name": line.name,
        "options": " / ".join(part for part in line.options.splitlines() if part.strip()),
        "quantity": line.quantity,
        "price": _yen(price),
        "amount": _yen(price * line.quantity) if price is not None else "",
        "reduced": line.tax_percent == 8,
    }


def _wishes(order: Order, parcel: Parcel, lines: Sequence[OrderLine]) -> list[list[str]]:
    on = _day(parcel.wish_on) if parcel.wish_on else ""
    wrapping = "、".join(
        dict.fromkeys(str(name) for line in lines for name in line.gift.values() if isinstance(name, str) and name)
    )
    rows = [
        ("お届け希望", " ".join(filter(None, [on, parcel.wish_time]))),
        ("置き場所", parcel.drop_off),
        ("のし", parcel.noshi),
        ("ラッピング", wrapping),
    ]
    return [[label, value] for label, value in rows if value]


def _sums(order: Order) -> list[list[str]]:
    coupons = order.coupon_shop_yen + order.coupon_other_yen
    rows = [
        ("商品合計", order.subtotal_yen), ("送料", order.postage_yen), ("手数料", order.fee_yen),
        ("値引", -order.discount_yen or None), ("クーポン", -coupons or None), ("ポイント利用", -order.points_yen or None),
    ]  # fmt: skip
    return [[label, _yen(amount)] for label, amount in rows if amount is not None]


def _tax(order: Order) -> list[list[str]]:
    rows = []
    for row in order.tax:
        rows.append([f"{row['percent']}%対象", f"{_yen(row['base_yen'])}（内消費税 {_yen(row['tax_yen'])}）"])
    return rows


def _yen(amount: int | None) -> str:
    return "" if amount is None else f"{amount:,}円"


def _day(on: Any) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
