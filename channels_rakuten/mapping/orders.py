"""One order of getOrder as the hub's words: pure, bytes in, MallOrder or BadPayload out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from channels_rakuten import codes, wire
from channels_rakuten.mapping import extras, payloads, wishes
from channels_rakuten.mapping.payloads import Odd
from channels_rakuten.mapping.values import address, day, flag, instant, percent, yen
from orders import blocks
from orders.channels import BadPayload, Coupon, MallLine, MallOrder, MallParcel, MallTracking, Same, TaxRow


def order_from(raw: bytes, stored: Mapping[str, bytes] | None = None) -> MallOrder | Same | BadPayload:
    """Translate one element of OrderModelList. What cannot be understood comes back with the place and a reason.

    `stored`: hashes by order number; a payload that has its hash is not read again.
    """
    payload = payloads.cleaned(raw)
    if stored:
        number = payloads.number_in(payload)
        if stored.get(number) == payloads.hash_of(payload):
            return Same(number=number)
    try:
        order, unknown = payloads.read(payload)
        return _order(order, unknown, payload)
    except Odd as odd:
        number = payloads.number_in(payload)
        return BadPayload(number=number, path=odd.path, reason=odd.reason, params=odd.params, payload=payload)


def _order(order: wire.Order, unknown: tuple[str, ...], payload: bytes) -> MallOrder:
    progress = order.order_progress
    if progress not in codes.STATES:
        raise Odd("orderProgress", "unknown_code", code=progress)
    if not order.order_number:
        raise Odd("orderNumber", "missing")
    placed_at = instant(order.order_datetime, "orderDatetime")
    if placed_at is None:
        raise Odd("orderDatetime", "missing")
    kept = [package for package in order.packages if _is_kept(package)]
    if not kept and progress != codes.CANCELLED:
        raise Odd("PackageModelList", "missing")
    parcels = tuple([_parcel(package, index) for index, package in enumerate(order.packages) if _is_kept(package)])
    deleted = [str(package.basket_id) for package in order.packages if not _is_kept(package)]
    settlement, delivery = order.settlement, order.delivery
    method = _payment_method(settlement)
    state = _payment_state(order, method)
    wish_on, wish_time = _wishes(order)
    goods, outside = _goods(order, kept)
    return MallOrder(
        number=order.order_number,
        placed_at=placed_at,
        state=codes.STATES[progress],
        code=str(progress),
        sub_status=order.sub_status_name or "",
        blocks=_blocks(order, kept, method, state),
        kind=extras.word(codes.ORDER_KINDS, order.order_type) or "normal",
        buyer=address(order.orderer, order.orderer.email_address or ""),
        payment_name=(settlement.settlement_method or "") if settlement else "",
        payment_method=method,
        payment_state=state,
        delivery_name=(delivery.delivery_name or "") if delivery else "",
        next_day=flag(order.delivery_cert_prg_flag) or flag(order.one_day_operation_flag) or flag(order.asuraku_flag),
        gift=flag(order.gift_check_flag) or flag(order.social_gift_flag),
        remarks=order.remarks or "",
        wish_on=wish_on,
        wish_time=wish_time,
        cancel_due_on=day(order.cancel_due_date, "cancelDueDate"),
        pay_due_on=_pay_due_on(order),
        confirmed_at=instant(order.shop_order_cfm_datetime, "shopOrderCfmDatetime"),
        subtotal_yen=goods,
        postage_yen=yen(order.postage_price),
        fee_yen=_sum(order.delivery_price, order.payment_charge, order.additional_fee_occur_amount_to_user),
        points_yen=(order.point.used_point or 0) if order.point else 0,
        coupons=_coupons(order),
        total_yen=yen(order.request_price),
        tax=_tax_rows(order),
        parcels=parcels,
        extra=extras.of_order(order, tax_outside_yen=outside, deleted_parcels=deleted),
        unknown_fields=unknown,
        payload=payload,
        hash=payloads.hash_of(payload),
    )


def _is_kept(package: wire.Package) -> bool:
    """Say whether there is anything to ship: a destination, or all its lines, may have been deleted at the mall."""
    return not flag(package.package_delete_flag) and any(not flag(item.delete_item_flag) for item in package.items)


def _parcel(package: wire.Package, index: int) -> MallParcel:
    """Translate a destination; lines that the mall marks as deleted are not there any more."""
    lines = [item for item in package.items if not flag(item.delete_item_flag)]
    deleted = [str(item.item_detail_id) for item in package.items if flag(item.delete_item_flag)]
    carrier = extras.text(package.default_delivery_company_code)
    return MallParcel(
        key=str(package.basket_id),
        recipient=address(package.sender),
        island=flag(package.sender.isolated_island_flag),
        noshi=package.noshi or "",
        drop_off=package.drop_off_location or "",
        carrier=codes.CARRIERS.get(carrier, "other") if carrier else "",
        pick_up=extras.pick_up(package.cvs),
        postage_yen=yen(package.postage_price),
        fee_yen=yen(package.delivery_price),
        goods_yen=yen(package.goods_price),
        total_yen=yen(package.total_price),
        lines=tuple([_line(item) for item in lines]),
        tracking=tuple([_tracking(row, index, at) for at, row in enumerate(package.shippings or ())]),
        extra=extras.of_parcel(package, deleted_lines=deleted),
    )


def _line(item: wire.Item) -> MallLine:
    """Translate a line.

    The listing key is what stock is mapped by: the shop's own SKU number where it set one (システム連携用SKU番号),
    else the item and its variant. RMS's reference says of the two that only the first is the shop's to keep stable; the variant of a
    single-SKU item is its manage number or `normal-inventory`, so it means nothing without the item.
    """
    sku = item.skus[0] if item.skus else None
    variant = (sku.variant_id or "") if sku else ""
    own = (sku.merchant_defined_sku_id or "") if sku else ""
    variation = (sku.sku_info or "") if sku else ""
    return MallLine(
        key=str(item.item_detail_id),
        listing_key=own or f"{item.manage_number or ''}/{variant}",
        sku=own or (variant if variation else "") or item.item_number or item.manage_number or "",
        name=item.item_name,
        options=item.selected_choice or "",
        variation=variation,
        quantity=item.units,
        price_yen=yen(item.price),
        price_incl_yen=_price_with_tax(item),
        tax_percent=percent(item.tax_rate) or 0,
        extra=extras.of_line(item),
    )


def _price_with_tax(item: wire.Item) -> int | None:
    """Return the price of one unit with tax, the mall's own rounding; a price that includes tax needs none."""
    if item.price_tax_incl is None and flag(item.include_tax_flag):
        return yen(item.price)
    return yen(item.price_tax_incl)


def _tracking(row: wire.Shipping, package: int, index: int) -> MallTracking:
    carrier = extras.text(row.delivery_company)
    return MallTracking(
        row_key=extras.text(row.shipping_detail_id),
        carrier=codes.CARRIERS.get(carrier, "other") if carrier else "",
        number=row.shipping_number or "",
        shipped_on=day(row.shipping_date, f"PackageModelList[{package}].ShippingModelList[{index}].shippingDate"),
    )


def _payment_method(settlement: wire.Settlement | None) -> str:
    """Translate the code; an unknown one stops the order rather than being guessed."""
    code = settlement.settlement_method_code if settlement else None
    return codes.PAYMENT_METHODS.get(code, "unknown") if code is not None else "unknown"


def _payment_state(order: wire.Order, method: str) -> str:
    """Say whether the money is sure: COD is collected at the door, Rakuten answers for the rest once the order is fixed.

    Money that the shop itself waits for (a transfer to its own account: rpaySettlementFlag 0) is never sure by
    Rakuten's word.
    """
    if method == codes.COD:
        return "collect"
    own = order.settlement is not None and order.settlement.rpay_settlement_flag == 0
    if own and method == "bank":
        return "open"
    return "settled" if order.order_progress in codes.PAID_STATES or order.order_fix_datetime else "open"


def _blocks(order: wire.Order, kept: list[wire.Package], method: str, state: str) -> tuple[str, ...]:
    """Say why the mall itself forbids shipping. A cancelled order needs no further reason."""
    progress = order.order_progress
    if progress == codes.CANCELLED:
        return (blocks.CANCELLED,)
    found = []
    if progress in codes.STATE_BLOCKS:
        found.append(codes.STATE_BLOCKS[progress])
    if flag(order.rakuten_confirm_flag):
        found.append(blocks.REVIEW)
    if any(_address_awaited(order, package) for package in kept):
        found.append(blocks.ADDRESS)
    if _amount_open(order, kept):
        found.append(blocks.AMOUNT)
    if progress == codes.PROCESSING or (progress == codes.NEW and state == "open" and method != codes.COD):
        found.append(blocks.PAYMENT)
    return tuple(found)


def _address_awaited(order: wire.Order, package: wire.Package) -> bool:
    """Say whether the recipient of a social gift has still to type the address; until then the mall shows dummies."""
    if package.social_gift is not None:
        return package.social_gift.input_flag != 1
    if not flag(order.social_gift_flag):
        return False
    sender = package.sender
    return codes.AWAITED in (sender.family_name, sender.first_name, sender.prefecture, sender.city, sender.sub_address)


def _amount_open(order: wire.Order, kept: list[wire.Package]) -> bool:
    unfixed = codes.UNFIXED
    if unfixed in (
        order.request_price,
        order.total_price,
        order.postage_price,
        order.delivery_price,
        order.goods_price,
    ):
        return True
    if unfixed in (order.payment_charge, order.additional_fee_occur_amount_to_user):
        return True
    return any(unfixed in (one.postage_price, one.delivery_price, one.goods_price, one.total_price) for one in kept)


def _goods(order: wire.Order, kept: list[wire.Package]) -> tuple[int | None, int]:
    """Sum lines and wrapping as entered, and the tax that is not in their prices.

    RMS's goodsPrice should be the same sum; it is taken from the lines so that a total which does not fit them is
    noticed, and kept beside (`goods_yen`).
    """
    entered = outside = 0
    for package in kept:
        for item in package.items:
            if flag(item.delete_item_flag):
                continue
            if item.price == codes.UNFIXED:
                return None, 0
            entered += item.price * item.units
            outside += ((_price_with_tax(item) or item.price) - item.price) * item.units
    for wrapping in (order.wrapping1, order.wrapping2):
        if wrapping is not None and not flag(wrapping.delete_wrapping_flag):
            entered += wrapping.price or 0
            outside += 0 if flag(wrapping.include_tax_flag) else wrapping.tax_price or 0
    return entered, outside


def _sum(*amounts: int | None) -> int | None:
    return None if codes.UNFIXED in amounts else sum([amount or 0 for amount in amounts])


def _coupons(order: wire.Order) -> tuple[Coupon, ...]:
    """Return the coupons by payer; where the mall names none but has sums, one for each payer's sum."""
    rows = [
        Coupon(
            payer=codes.COUPON_PAYERS.get(row.coupon_capital_code or 0, "mall"),
            code=row.coupon_code or "",
            name=row.coupon_name or "",
            yen=row.coupon_total_price or 0,
        )
        for row in order.coupons or ()
    ]
    if not rows:
        sums = (("shop", order.coupon_shop_price), ("mall", order.coupon_other_price))
        rows = [Coupon(payer=payer, code="", name="", yen=total) for payer, total in sums if total]
    return tuple(rows)


def _tax_rows(order: wire.Order) -> tuple[TaxRow, ...]:
    """Return the sums of each tax rate; none at all while an amount is open."""
    rows = order.taxes or ()
    if any(row.req_price in (None, codes.UNFIXED) or row.req_price_tax in (None, codes.UNFIXED) for row in rows):
        return ()
    return tuple(
        [
            TaxRow(percent=percent(row.tax_rate) or 0, base_yen=row.req_price or 0, tax_yen=row.req_price_tax or 0)
            for row in rows
        ]
    )


def _pay_due_on(order: wire.Order) -> date | None:
    """Return the last day to pay: due dates are appended, the newest comes last."""
    due = None
    for index, row in enumerate(order.due_dates or ()):
        if row.due_date_type == codes.PAYMENT_DUE:
            due = day((row.due_date or "")[:10], f"DueDateModelList[{index}].dueDate") or due
    return due


def _wishes(order: wire.Order) -> tuple[date | None, str]:
    """Return the wished day and time; the remark's own block only where the fields are empty."""
    on, at = day(order.delivery_date, "deliveryDate"), codes.wish_time(order.shipping_term)
    if on is None and not at and order.remarks:
        return wishes.in_remark(order.remarks)
    return on, at
