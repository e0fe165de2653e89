"""The shape of a getOrder answer, version 10: what is read, which fields an order cannot do without, and their bounds.

A field without a default is one that shipping or money depends on: without it the order is a bad payload. All others may
be missing or null whatever the documents promise. Numbers may come as numeric strings.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct, field

Yen = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Units = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Code = int | str  # codes that the documents write as text and some shops receive as numbers


class Shape(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True, gc=False):
    """Base of all parts. An unknown field takes the slow road, where it is named and left out."""


class Orderer(Shape):
    zip_code1: str | None = None
    zip_code2: str | None = None
    prefecture: str | None = None
    city: str | None = None
    sub_address: str | None = None
    family_name: str | None = None
    first_name: str | None = None
    family_name_kana: str | None = None
    first_name_kana: str | None = None
    phone_number1: str | None = None
    phone_number2: str | None = None
    phone_number3: str | None = None
    email_address: str | None = None
    sex: str | None = None
    birth_year: int | None = None
    birth_month: int | None = None
    birth_day: int | None = None


class Sender(Shape):
    """The recipient: Rakuten calls the recipient the sender."""

    zip_code1: str | None = None
    zip_code2: str | None = None
    prefecture: str | None = None
    city: str | None = None
    sub_address: str | None = None
    family_name: str | None = None
    first_name: str | None = None
    family_name_kana: str | None = None
    first_name_kana: str | None = None
    phone_number1: str | None = None
    phone_number2: str | None = None
    phone_number3: str | None = None
    isolated_island_flag: int | None = None


class Settlement(Shape):
    """Without the card fields: they are cut out before the payload is read."""

    settlement_method_code: int | None = None
    settlement_method: str | None = None
    rpay_settlement_flag: int | None = None


class Delivery(Shape):
    delivery_name: str | None = None
    delivery_class: int | None = None


class Point(Shape):
    used_point: Yen | None = None


class Wrapping(Shape):
    title: int | None = None
    name: str | None = None
    price: Yen | None = None
    include_tax_flag: int | None = None
    delete_wrapping_flag: int | None = None
    tax_rate: Rate | None = None
    tax_price: Yen | None = None


class Sku(Shape):
    variant_id: str | None = None
    merchant_defined_sku_id: str | None = None
    sku_info: str | None = None


class Item(Shape):
    item_detail_id: Id
    item_name: str
    price: Yen
    units: Units
    item_id: int | None = None
    item_number: str | None = None
    manage_number: str | None = None
    include_postage_flag: int | None = None
    include_tax_flag: int | None = None
    include_cash_on_delivery_postage_flag: int | None = None
    selected_choice: str | None = None
    point_rate: int | None = None
    point_type: int | None = None
    inventory_type: int | None = None
    delvdate_info: str | None = None
    restore_inventory_flag: int | None = None
    deal_flag: int | None = None
    drug_flag: int | None = None
    delete_item_flag: int | None = None
    tax_rate: Rate | None = None
    price_tax_incl: Yen | None = None
    is_single_item_shipping: int | None = None
    skus: list[Sku] | None = field(default=None, name="SkuModelList")


class Shipping(Shape):
    shipping_detail_id: Id | None = None
    shipping_number: str | None = None
    delivery_company: Code | None = None
    delivery_company_name: str | None = None
    shipping_date: str | None = None


class DeliveryCvs(Shape):
    cvs_code: int | None = None
    store_genre_code: Code | None = None
    store_code: Code | None = None
    store_name: str | None = None
    store_zip: str | None = None
    store_prefecture: str | None = None
    store_address: str | None = None
    area_code: Code | None = None
    depo: Code | None = None
    open_time: str | None = None
    close_time: str | None = None
    cvs_remarks: str | None = None


class SocialGift(Shape):
    sg_mng_number: str | None = None
    input_due_date: str | None = None
    input_flag: int | None = None
    input_comp_datetime: str | None = None
    receiver_email_address: str | None = None


class Package(Shape):
    """One destination."""

    basket_id: Id
    sender: Sender = field(name="SenderModel")
    items: list[Item] = field(name="ItemModelList")
    postage_price: Yen | None = None
    delivery_price: Yen | None = None
    goods_price: Yen | None = None
    total_price: Yen | None = None
    postage_tax_rate: Rate | None = None
    delivery_tax_rate: Rate | None = None
    noshi: str | None = None
    package_delete_flag: int | None = None
    shippings: list[Shipping] | None = field(default=None, name="ShippingModelList")
    cvs: DeliveryCvs | None = field(default=None, name="DeliveryCvsModel")
    default_delivery_company_code: Code | None = None
    drop_off_flag: int | None = None
    drop_off_location: str | None = None
    social_gift: SocialGift | None = field(default=None, name="SocialGiftModel")


class CouponRow(Shape):
    coupon_code: str | None = None
    item_id: int | None = None
    coupon_name: str | None = None
    coupon_summary: str | None = None
    coupon_capital: str | None = None
    coupon_capital_code: int | None = None
    expiry_date: str | None = None
    coupon_price: Yen | None = None
    coupon_unit: int | None = None
    coupon_total_price: Yen | None = None
    item_detail_id: int | None = None


class ChangeReason(Shape):
    change_id: int | None = None
    change_type: int | None = None
    change_type_detail: int | None = None
    change_reason: int | None = None
    change_reason_detail: int | None = None
    change_apply_datetime: str | None = None
    change_fix_datetime: str | None = None
    change_cmpl_datetime: str | None = None


class TaxSummary(Shape):
    tax_rate: Rate | None = None
    req_price: Yen | None = None
    req_price_tax: Yen | None = None
    total_price: Yen | None = None
    payment_charge: Yen | None = None
    coupon_price: Yen | None = None
    point: Yen | None = None


class DueDate(Shape):
    due_date_type: int | None = None
    due_date: str | None = None


class Order(Shape):
    order_number: str
    order_progress: int
    order_datetime: str
    request_price: Yen
    total_price: Yen
    orderer: Orderer = field(name="OrdererModel")
    packages: list[Package] = field(name="PackageModelList")
    sub_status_id: int | None = None
    sub_status_name: str | None = None
    shop_order_cfm_datetime: str | None = None
    order_fix_datetime: str | None = None
    shipping_inst_datetime: str | None = None
    shipping_cmpl_rpt_datetime: str | None = None
    cancel_due_date: str | None = None
    delivery_date: str | None = None
    shipping_term: int | None = None
    remarks: str | None = None
    gift_check_flag: int | None = None
    social_gift_flag: int | None = None
    several_sender_flag: int | None = None
    equal_sender_flag: int | None = None
    isolated_island_flag: int | None = None
    rakuten_member_flag: int | None = None
    carrier_code: int | None = None
    email_carrier_code: int | None = None
    order_type: int | None = None
    reserve_number: str | None = None
    reserve_delivery_count: int | None = None
    caution_display_type: int | None = None
    caution_display_detail_type: int | None = None
    rakuten_confirm_flag: int | None = None
    goods_price: Yen | None = None
    postage_price: Yen | None = None
    delivery_price: Yen | None = None
    payment_charge: Yen | None = None
    payment_charge_tax_rate: Rate | None = None
    coupon_all_total_price: Yen | None = None
    coupon_shop_price: Yen | None = None
    coupon_other_price: Yen | None = None
    additional_fee_occur_amount_to_user: Yen | None = None
    additional_fee_occur_amount_to_shop: Yen | None = None
    asuraku_flag: int | None = None
    drug_flag: int | None = None
    deal_flag: int | None = None
    delivery_cert_prg_flag: int | None = None
    one_day_operation_flag: int | None = None
    membership_type: int | None = None
    memo: str | None = None
    operator: str | None = None
    mail_plug_sentence: str | None = None
    modify_flag: int | None = None
    receipt_issue_count: int | None = None
    receipt_issue_history_list: list[str] | None = None
    settlement: Settlement | None = field(default=None, name="SettlementModel")
    delivery: Delivery | None = field(default=None, name="DeliveryModel")
    point: Point | None = field(default=None, name="PointModel")
    wrapping1: Wrapping | None = field(default=None, name="WrappingModel1")
    wrapping2: Wrapping | None = field(default=None, name="WrappingModel2")
    coupons: list[CouponRow] | None = field(default=None, name="CouponModelList")
    changes: list[ChangeReason] | None = field(default=None, name="ChangeReasonModelList")
    taxes: list[TaxSummary] | None = field(default=None, name="TaxSummaryModelList")
    due_dates: list[DueDate] | None = field(default=None, name="DueDateModelList")


class Message(Struct, kw_only=True, rename="camel", gc=False):
    """One entry of a MessageModelList."""

    message_type: str | None = None
    message_code: str | None = None
    message: str | None = None
    order_number: str | None = None
    data_number: int | None = None
    shipping_detail_id: int | None = None


class Pagination(Struct, kw_only=True, rename="camel", gc=False):
    """All three are null when nothing was found."""

    total_records_amount: int | None = None
    total_pages: int | None = None
    request_page: int | None = None


class SearchAnswer(Struct, kw_only=True, rename="camel", gc=False):
    order_number_list: list[str] | None = None
    messages: list[Message] | None = field(default=None, name="MessageModelList")
    pagination: Pagination | None = field(default=None, name="PaginationResponseModel")


class OrdersAnswer(Struct, kw_only=True, gc=False):
    """The orders stay raw bytes here, so that one bad order does not spoil the others."""

    messages: list[Message] | None = field(default=None, name="MessageModelList")
    orders: list[Raw] | None = field(default=None, name="OrderModelList")


class MessagesAnswer(Struct, kw_only=True, gc=False):
    messages: list[Message] | None = field(default=None, name="MessageModelList")


class LegacyResults(Struct, kw_only=True, rename="camel", gc=False):
    error_code: str | None = None
    message: str | None = None


class GatewayError(Struct, kw_only=True, gc=False):
    code: str | None = None
    message: str | None = None


class GatewayAnswer(Struct, kw_only=True, gc=False):
    """The refusals of the gateway before the API itself: the legacy shape and the newer one."""

    legacy: LegacyResults | None = field(default=None, name="Results")
    errors: list[GatewayError] | None = None


class ExpiryAnswer(Struct, kw_only=True, rename="camel", gc=False):
    expiry_date: str
