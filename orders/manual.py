"""Orders entered by hand or by a program: no mall stands behind them, and they go through the same rules as all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from hub import stages
from hub.audit import Actor
from hub.clock import JAPAN
from hub.ids import encode
from hub.problems import Refusal
from hub.tenancy import current_tenant
from orders import addresses, search
from orders.intake.fresh import unmapped_key
from orders.intake.insert import insert_rows, take_ids
from orders.models import Order, OrderLine, OrderTag, Parcel, Shop, Tag
from orders.models.orders import MallState, PaymentMethod, PaymentState
from orders.operations.door import Row, enter_audit
from orders.operations.status import default_status
from orders.remarks import remark_left

EXTRAS_RATE = 10
PERSON = ("name", "kana", "phone", "postal_code", "prefecture", "city", "street")


class NumberTaken(Refusal):
    """The shop has an order with this number, perhaps a deleted one."""

    code = "number_taken"


def create_manual_order(
    *,
    shop: Shop,
    buyer: Mapping[str, str],
    payment: Mapping[str, str],
    parcels: Sequence[Mapping[str, Any]],
    by: Actor,
    now: datetime,
    number: str = "",
    placed_at: datetime | None = None,
    remarks: str = "",
    memo: str = "",
    postage_yen: int = 0,
    fee_yen: int = 0,
    discount_yen: int = 0,
) -> int:
    """Enter an order; return its id. Judged at once: there is no waiting time, and no mall to ask. Raises NumberTaken.

    `parcels`: recipient, lines (product or name, quantity, unit_price_yen, tax_rate), wish, warehouse, delivery_method, carrier,
    noshi, drop_off. The amounts follow from the lines.
    """
    ids = take_ids({Order: 1, Parcel: len(parcels), OrderLine: sum(len(parcel["lines"]) for parcel in parcels)})
    order_id = ids[Order][0]
    number = number or f"M{now.astimezone(JAPAN):%y%m%d}-{encode(order_id)[-6:].upper()}"
    if Order.objects.filter(shop=shop, number=number).exists():
        raise NumberTaken(field="number", number=number)
    parcel_rows = [
        _parcel(parcel, pk, order_id, place)
        for place, (parcel, pk) in enumerate(zip(parcels, ids[Parcel], strict=True), start=1)
    ]
    line_rows = _lines(parcels, ids, order_id)
    subtotal = sum(row["unit_price_yen"] * row["quantity"] for row in line_rows)
    unmapped = sum(row["product_id"] is None for row in line_rows)
    status = default_status("intake")
    order_row = {
        "id": order_id, "shop_id": shop.pk, "number": number, "status_id": status.pk, "phase": status.group.phase, "status_at": now,
        "placed_at": placed_at or now, "ready_at": now, "taken_in_at": now, "changed_at": now, "mall_state": MallState.NONE.value,
        **{f"buyer_{name}": buyer.get(name, "") for name in (*PERSON, "email")},
        **_payment(payment), "remarks": remarks, "remark_left": remark_left(remarks, shop.harmless_remarks), "memo": memo,
        "delivery_method": parcel_rows[0]["delivery_method"], "wish_on": parcel_rows[0]["wish_on"],
        "wish_time": parcel_rows[0]["wish_time"],
        "subtotal_yen": subtotal, "postage_yen": postage_yen, "fee_yen": fee_yen, "discount_yen": discount_yen,
        "total_yen": subtotal + postage_yen + fee_yen - discount_yen,
        "tax": tax_within(taxed(line_rows), extra_yen=postage_yen + fee_yen, discount_yen=discount_yen),
        "unmapped_lines": unmapped, "open_lines": len(line_rows),
        "ours": True,
        "order_kind": "manual", "address_doubt": next((row["address_doubt"] for row in parcel_rows if row["address_doubt"]), ""),
        "judge_at": now,
    }  # fmt: skip
    _insert(order_row, parcel_rows, line_rows)
    if key := unmapped_key(unmapped, len(line_rows)):
        OrderTag.objects.bulk_create([OrderTag(order_id=order_id, tag=tag) for tag in Tag.objects.filter(key=key)])
    enter_audit(
        [Row(order_id=order_id, params={"number": number})],
        {order_id: 1},
        verb="order.entered",
        by=by,
        now=now,
        batch_id=None,
    )
    stages.kick("judge", current_tenant(), stages.TENANT_WIDE)
    return order_id


def taxed(lines: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return what the lines come to at each rate of tax."""
    sums: dict[int, int] = {}
    for line in lines:
        sums[line["tax_percent"]] = sums.get(line["tax_percent"], 0) + line["unit_price_yen"] * line["quantity"]
    return sums


def tax_within(sums: Mapping[int, int], *, extra_yen: int, discount_yen: int) -> list[dict[str, int]]:
    """Return the tax that amounts with tax contain, by rate. Postage and fees bear 10 %; a discount is shared by the amounts.

    Fractions of a yen are cut off once for each rate, and what sharing leaves over falls to the largest amount.
    """
    gross = dict(sums)
    if extra_yen:
        gross[EXTRAS_RATE] = gross.get(EXTRAS_RATE, 0) + extra_yen
    whole = sum(gross.values())
    if discount_yen and whole:
        shares = {rate: min(discount_yen, whole) * amount // whole for rate, amount in gross.items()}
        largest = max(gross, key=lambda rate: gross[rate])
        shares[largest] += min(discount_yen, whole) - sum(shares.values())
        gross = {rate: amount - shares[rate] for rate, amount in gross.items()}
    return [
        {"percent": rate, "base_yen": gross[rate], "tax_yen": gross[rate] * rate // (100 + rate)}
        for rate in sorted(gross, reverse=True)
        if gross[rate]
    ]


def _insert(order: dict[str, Any], parcels: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
    try:
        with transaction.atomic():
            insert_rows(Order, [order])
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == "orders_order_number":
            raise NumberTaken(field="number", number=order["number"]) from None
        raise
    insert_rows(Parcel, parcels)
    insert_rows(OrderLine, lines)
    search.insert_keys([order], parcels)


def _payment(payment: Mapping[str, str]) -> dict[str, str]:
    method = payment["method"]
    usual = PaymentState.COLLECT if method == PaymentMethod.COD else PaymentState.OPEN
    return {"payment_method": method, "payment_state": payment.get("state", usual.value)}


def _parcel(parcel: Mapping[str, Any], pk: int, order_id: int, place: int) -> dict[str, Any]:
    who, wish, warehouse = parcel["recipient"], parcel.get("wish") or {}, parcel.get("warehouse")
    person = {name: who.get(name, "") for name in PERSON}
    return {
        "id": pk, "order_id": order_id, "position": place, **person, "wish_on": wish.get("date_on"), "wish_time": wish.get("time", ""),
        "address_doubt": addresses.doubt(person["postal_code"], person["prefecture"], person["city"], person["street"]),
        "warehouse_id": warehouse.pk if warehouse else None, "warehouse_by_hand": warehouse is not None,
        "delivery_method": parcel.get("delivery_method", ""), "carrier": parcel.get("carrier", ""), "noshi": parcel.get("noshi", ""),
        "drop_off": parcel.get("drop_off", ""),
    }  # fmt: skip


def _lines(
    parcels: Sequence[Mapping[str, Any]], ids: Mapping[type[Any], list[int]], order_id: int
) -> list[dict[str, Any]]:
    line_ids = iter(ids[OrderLine])
    found: list[dict[str, Any]] = []
    for parcel, parcel_id in zip(parcels, ids[Parcel], strict=True):
        for line in parcel["lines"]:
            product = line.get("product")
            found.append({
                "id": next(line_ids), "order_id": order_id, "parcel_id": parcel_id, "position": len(found) + 1,
                "product_id": product.pk if product else None, "sku": line.get("sku") or (product.sku if product else ""),
                "name": line.get("name") or (product.name if product else ""), "options": line.get("options", ""),
                "quantity": line["quantity"], "ship_units": line["quantity"] if product else 0,
                "unit_price_yen": line.get("unit_price_yen", 0), "tax_percent": line.get("tax_rate", 10),
            })  # fmt: skip
    return found
