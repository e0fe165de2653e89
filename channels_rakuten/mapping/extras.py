"""Every field of an order that has no place of its own in the hub's words, in stable keys, named by `labels.py`."""

from __future__ import annotations

from typing import Any

from channels_rakuten import codes, wire
from channels_rakuten.mapping.values import flag, percent, shown_instant, yen

Extra = dict[str, Any]


def of_order(order: wire.Order, *, tax_outside_yen: int, deleted_parcels: list[str]) -> Extra:
    """Return what remains of the order itself."""
    buyer, settlement, delivery = order.orderer, order.settlement, order.delivery
    return {
        "sub_status_id": order.sub_status_id,
        "fixed_at": shown_instant(order.order_fix_datetime),
        "ship_instructed_at": shown_instant(order.shipping_inst_datetime),
        "shipment_counted_at": shown_instant(order.shipping_cmpl_rpt_datetime),
        "gift_wish": flag(order.gift_check_flag),
        "social_gift": flag(order.social_gift_flag),
        "several_recipients": flag(order.several_sender_flag),
        "recipient_is_buyer": flag(order.equal_sender_flag),
        "island": flag(order.isolated_island_flag),
        "member": flag(order.rakuten_member_flag),
        "device": word(codes.DEVICES, order.carrier_code),
        "mail_device": word(codes.MAIL_DEVICES, order.email_carrier_code),
        "subscription_number": order.reserve_number,
        "subscription_count": order.reserve_delivery_count,
        "caution": word(codes.CAUTIONS, order.caution_display_type),
        "caution_detail": word(codes.CAUTION_DETAILS, order.caution_display_detail_type),
        "mall_review": flag(order.rakuten_confirm_flag),
        "goods_yen": yen(order.goods_price),
        "tax_outside_yen": tax_outside_yen,
        "cod_fee_yen": yen(order.delivery_price),
        "payment_charge_yen": yen(order.payment_charge),
        "payment_charge_tax_percent": percent(order.payment_charge_tax_rate),
        "goods_and_postage_yen": yen(order.total_price),
        "coupon_all_yen": yen(order.coupon_all_total_price),
        "coupon_shop_yen": yen(order.coupon_shop_price),
        "coupon_other_yen": yen(order.coupon_other_price),
        "additional_fee_buyer_yen": yen(order.additional_fee_occur_amount_to_user),
        "additional_fee_shop_yen": yen(order.additional_fee_occur_amount_to_shop),
        "asuraku": flag(order.asuraku_flag),
        "certified_delivery": flag(order.delivery_cert_prg_flag),
        "one_day_operation": flag(order.one_day_operation_flag),
        "drug": flag(order.drug_flag),
        "deal": flag(order.deal_flag),
        "membership": order.membership_type,
        "mall_memo": order.memo or "",
        "mall_operator": order.operator or "",
        "mall_mail_note": order.mail_plug_sentence or "",
        "changed_by_buyer": flag(order.modify_flag),
        "receipt_count": order.receipt_issue_count,
        "receipts": [shown_instant(moment) for moment in order.receipt_issue_history_list or ()],
        "buyer_sex": buyer.sex or "",
        "buyer_birth": _birth(buyer),
        "payment_code": settlement.settlement_method_code if settlement else None,
        "mall_payment": flag(settlement.rpay_settlement_flag) if settlement else False,
        "delivery_class": word(codes.DELIVERY_CLASSES, delivery.delivery_class) if delivery else None,
        "wrapping_1": _wrapping(order.wrapping1),
        "wrapping_2": _wrapping(order.wrapping2),
        "coupons": [_coupon(row) for row in order.coupons or ()],
        "tax_summary": [_tax(row) for row in order.taxes or ()],
        "due_dates": [
            {"kind": word(codes.DUE_DATES, row.due_date_type), "on": row.due_date} for row in order.due_dates or ()
        ],
        "changes": [_change(row) for row in order.changes or ()],
        "deleted_parcels": deleted_parcels,
    }


def of_parcel(package: wire.Package, *, deleted_lines: list[str]) -> Extra:
    """Return what remains of a destination."""
    gift = package.social_gift
    return {
        "postage_tax_percent": percent(package.postage_tax_rate),
        "cod_fee_tax_percent": percent(package.delivery_tax_rate),
        "mall_carrier_code": text(package.default_delivery_company_code),
        "drop_off_wanted": flag(package.drop_off_flag),
        "deleted": flag(package.package_delete_flag),
        "deleted_lines": deleted_lines,
        "social_gift": None if gift is None else {
            "number": gift.sg_mng_number,
            "input_due_at": shown_instant(gift.input_due_date),
            "address_given": flag(gift.input_flag),
            "address_given_at": shown_instant(gift.input_comp_datetime),
            "recipient_email": gift.receiver_email_address,
        },
        "shipping_rows": [
            {"row_key": text(row.shipping_detail_id), "carrier_code": text(row.delivery_company),
             "carrier_name": row.delivery_company_name or "", "tracking_number": row.shipping_number or "", "shipped_on": row.shipping_date}
            for row in package.shippings or ()
        ],
    }  # fmt: skip


def of_line(item: wire.Item) -> Extra:
    """Return what remains of a line."""
    skus = item.skus or ()
    sku = skus[0] if skus else None
    extra: Extra = {
        "item_id": item.item_id,
        "item_number": item.item_number or "",
        "manage_number": item.manage_number or "",
        "variant_id": (sku.variant_id or "") if sku else "",
        "merchant_sku": (sku.merchant_defined_sku_id or "") if sku else "",
        "postage_included": flag(item.include_postage_flag),
        "tax_included": flag(item.include_tax_flag),
        "cod_fee_included": flag(item.include_cash_on_delivery_postage_flag),
        "point_rate": item.point_rate,
        "point_type": word(codes.POINT_TYPES, item.point_type),
        "stock_kind": word(codes.INVENTORY_TYPES, item.inventory_type),
        "lead_time": item.delvdate_info or "",
        "restock": word(codes.RESTOCK_TYPES, item.restore_inventory_flag),
        "deal": flag(item.deal_flag),
        "drug": flag(item.drug_flag),
        "ships_alone": flag(item.is_single_item_shipping),
        "deleted": flag(item.delete_item_flag),
    }
    if len(skus) > 1:
        extra["further_skus"] = [
            {"variant_id": one.variant_id, "merchant_sku": one.merchant_defined_sku_id, "variation": one.sku_info}
            for one in skus[1:]
        ]
    return extra


def pick_up(shop: wire.DeliveryCvs | None) -> Extra:
    """Return the shop where the buyer fetches the parcel; empty for an ordinary delivery."""
    if shop is None:
        return {}
    return {
        "chain_code": shop.cvs_code,
        "chain": codes.CONVENIENCE_STORES.get(shop.cvs_code or 0, ""),
        "store_kind_code": text(shop.store_genre_code),
        "store_code": text(shop.store_code),
        "store_name": shop.store_name or "",
        "postal_code": shop.store_zip or "",
        "prefecture": shop.store_prefecture or "",
        "address": shop.store_address or "",
        "area_code": text(shop.area_code),
        "depot": text(shop.depo),
        "opens_at": shop.open_time or "",
        "closes_at": shop.close_time or "",
        "note": shop.cvs_remarks or "",
    }


def word(table: dict[int, str], code: int | None) -> str | None:
    """Translate a code; one that the table does not have yet is shown as it is."""
    return None if code is None else table.get(code) or f"code_{code}"


def text(code: int | str | None) -> str:
    """Return a code as text, whether the mall sent it as text or as number."""
    return "" if code is None else str(code)


def _birth(buyer: wire.Orderer) -> str:
    if not buyer.birth_year:
        return ""
    if not buyer.birth_month or not buyer.birth_day:
        return str(buyer.birth_year)
    return f"{buyer.birth_year:04d}-{buyer.birth_month:02d}-{buyer.birth_day:02d}"


def _wrapping(row: wire.Wrapping | None) -> Extra | None:
    if row is None:
        return None
    return {
        "kind": word(codes.WRAPPINGS, row.title),
        "name": row.name or "",
        "price_yen": yen(row.price),
        "tax_included": flag(row.include_tax_flag),
        "tax_percent": percent(row.tax_rate),
        "tax_yen": yen(row.tax_price),
        "deleted": flag(row.delete_wrapping_flag),
    }


def _coupon(row: wire.CouponRow) -> Extra:
    return {
        "code": row.coupon_code or "",
        "name": row.coupon_name or "",
        "summary": row.coupon_summary or "",
        "payer": word(codes.COUPON_PAYERS, row.coupon_capital_code),
        "payer_name": row.coupon_capital or "",
        "expires_on": row.expiry_date,
        "price_yen": yen(row.coupon_price),
        "count": row.coupon_unit,
        "total_yen": yen(row.coupon_total_price),
        "item_id": row.item_id or None,
        "line_key": text(row.item_detail_id or None),
    }


def _tax(row: wire.TaxSummary) -> Extra:
    return {
        "tax_percent": percent(row.tax_rate),
        "base_yen": yen(row.req_price),
        "tax_yen": yen(row.req_price_tax),
        "goods_and_postage_yen": yen(row.total_price),
        "payment_charge_yen": yen(row.payment_charge),
        "coupon_yen": yen(row.coupon_price),
        "points_yen": yen(row.point),
    }


def _change(row: wire.ChangeReason) -> Extra:
    return {
        "id": row.change_id,
        "kind": word(codes.CHANGE_TYPES, row.change_type),
        "detail": word(codes.CHANGE_DETAILS, row.change_type_detail),
        "by": word(codes.CHANGED_BY, row.change_reason),
        "reason": word(codes.CHANGE_REASONS, row.change_reason_detail),
        "asked_at": shown_instant(row.change_apply_datetime),
        "fixed_at": shown_instant(row.change_fix_datetime),
        "done_at": shown_instant(row.change_cmpl_datetime),
    }
