"""Mapping of orders: states, blocks, money, payment, wishes, lines, and what is refused where."""

from datetime import date, datetime
from typing import Any

import pytest

from channels_rakuten.mapping.orders import order_from
from orders.channels import Coupon, MallTracking, Same, TaxRow
from tests.channels_rakuten.conftest import Model, read, refused, sent


@pytest.mark.parametrize(
    ("progress", "state", "blocks"),
    [
        (100, "new", ("unconfirmed",)),
        (200, "processing", ("payment",)),
        (300, "ready", ()),
        (400, "changing", ("changing",)),
        (500, "shipped", ()),
        (600, "settled", ()),
        (700, "settled", ()),
        (800, "cancelling", ("cancelling",)),
        (900, "cancelled", ("cancelled",)),
    ],
)
def test_state_and_block_of_each_progress(plain: Model, progress: int, state: str, blocks: tuple[str, ...]) -> None:
    order = read(plain, orderProgress=progress)

    assert (order.state, order.code, order.blocks) == (state, str(progress), blocks)


def test_new_prepaid_order_is_unpaid_and_new_cod_is_not(plain: Model) -> None:
    new: Model = {"orderProgress": 100, "orderFixDatetime": None}
    cod = {**plain["SettlementModel"], "settlementMethodCode": 2, "rpaySettlementFlag": 0}

    assert read(plain, **new).blocks == ("unconfirmed", "payment")
    assert read(plain, **new, SettlementModel=cod).blocks == ("unconfirmed",)


def test_order_under_review_is_blocked(plain: Model) -> None:
    assert read(plain, rakutenConfirmFlag=1).blocks == ("review",)


@pytest.mark.parametrize("name", ["requestPrice", "totalPrice", "postagePrice", "deliveryPrice", "goodsPrice"])
def test_open_amount_of_the_order_blocks(plain: Model, name: str) -> None:
    assert read(plain, **{name: -9999}).blocks == ("amount",)


def test_open_amount_of_a_destination_blocks_and_is_none(plain: Model) -> None:
    plain["PackageModelList"][0].update(postagePrice=-9999, totalPrice=-9999)

    order = read(plain)

    assert order.blocks == ("amount",)
    assert (order.parcels[0].postage_yen, order.parcels[0].total_yen) == (None, None)


def test_open_amounts_are_none(plain: Model) -> None:
    order = read(plain, postagePrice=-9999, totalPrice=-9999, requestPrice=-9999, deliveryPrice=-9999)

    assert (order.postage_yen, order.fee_yen, order.total_yen) == (None, None, None)
    assert order.subtotal_yen == 5960


def test_social_gift_without_an_address_is_blocked_until_it_is_typed(plain: Model, full: Model) -> None:
    gift = full["PackageModelList"][0]["SocialGiftModel"]
    plain["PackageModelList"][0]["SocialGiftModel"] = {**gift, "inputFlag": 0, "inputCompDatetime": None}
    assert read(plain, socialGiftFlag=1).blocks == ("address",)

    plain["PackageModelList"][0]["SocialGiftModel"] = gift
    assert read(plain, socialGiftFlag=1).blocks == ()


def test_dummy_address_of_a_social_gift_is_blocked_without_its_model(plain: Model) -> None:
    plain["PackageModelList"][0]["SenderModel"].update(familyName="入力待ち", city="入力待ち")

    assert read(plain, socialGiftFlag=1).blocks == ("address",)


@pytest.mark.parametrize(
    ("code", "method"),
    [(1, "card"), (2, "cod"), (7, "deferred"), (8, "points"), (9, "bank"), (12, "wallet"), (13, "convenience"), (14, "convenience"),
     (17, "wallet"), (21, "deferred"), (4, "other"), (99, "unknown")],
)  # fmt: skip
def test_payment_method_of_each_code(plain: Model, code: int, method: str) -> None:
    assert (
        read(plain, SettlementModel={**plain["SettlementModel"], "settlementMethodCode": code}).payment_method == method
    )


def test_missing_settlement_is_unknown_not_guessed(plain: Model) -> None:
    order = read(plain, SettlementModel=None)

    assert (order.payment_method, order.payment_name) == ("unknown", "")


@pytest.mark.parametrize(
    ("code", "common", "progress", "state"),
    [
        (1, 1, 300, "settled"),
        (1, 1, 200, "open"),
        (2, 0, 300, "collect"),
        (2, 0, 100, "collect"),
        (9, 1, 300, "settled"),
        (9, 0, 300, "open"),
        (14, 1, 200, "open"),
    ],
)
def test_payment_state_by_method_and_progress(plain: Model, code: int, common: int, progress: int, state: str) -> None:
    settlement = {"settlementMethodCode": code, "settlementMethod": "x", "rpaySettlementFlag": common}

    order = read(plain, SettlementModel=settlement, orderProgress=progress, orderFixDatetime=None)

    assert order.payment_state == state


@pytest.mark.parametrize("flag", ["deliveryCertPrgFlag", "oneDayOperationFlag", "asurakuFlag"])
def test_each_programme_makes_a_next_day_order(plain: Model, flag: str) -> None:
    assert not read(plain).next_day
    assert read(plain, **{flag: 1}).next_day


def test_sums_of_the_full_order_add_up(full: Model) -> None:
    order = read(full)

    assert order.subtotal_yen == 5960 + 3240 + 2400 + 110 + 55
    assert order.extra["tax_outside_yen"] == 240
    assert (order.postage_yen, order.fee_yen, order.points_yen) == (1100, 660 + 108, 500)
    assert order.coupons == (
        Coupon(payer="shop", code="FULL-CPN1-AAAA-BBBB", name="ショップ負担クーポン", yen=300),
        Coupon(payer="maker", code="FULL-CPN2-AAAA-BBBB", name="メーカー負担クーポン", yen=100),
    )
    assert order.total_yen == 11_765 + 240 + 1100 + 768 - 400 - 500
    assert all(isinstance(row, TaxRow) for row in order.tax)
    assert {row.percent for row in order.tax} == {8, 10}


def test_coupon_sums_stand_in_for_coupons_that_are_not_listed(plain: Model) -> None:
    order = read(plain, couponAllTotalPrice=300, couponShopPrice=100, couponOtherPrice=200)

    assert [(coupon.payer, coupon.yen) for coupon in order.coupons] == [("shop", 100), ("mall", 200)]


def test_line_keys_sku_and_tax(full: Model) -> None:
    full["PackageModelList"][0]["ItemModelList"][1]["SkuModelList"][0].update(merchantDefinedSkuId=None, skuInfo=None)

    towel, tea = read(full).parcels[0].lines
    (bracket,) = read(full).parcels[1].lines

    assert (towel.listing_key, towel.sku, towel.variation) == ("TWL-3-BL", "TWL-3-BL", "カラー:ブルー")
    assert (tea.listing_key, tea.sku, tea.tax_percent) == ("tea-sencha-200/tea-sencha-200", "TEA-S200", 8)
    assert (bracket.price_yen, bracket.price_incl_yen, bracket.quantity) == (1200, 1320, 2)


def test_variant_is_the_sku_of_an_item_with_variations_and_no_number_of_its_own(plain: Model) -> None:
    plain["PackageModelList"][0]["ItemModelList"][0]["SkuModelList"][0]["merchantDefinedSkuId"] = ""

    (line,) = read(plain).parcels[0].lines

    assert (line.listing_key, line.sku) == ("towel-imabari-3/towel-imabari-3-bl", "towel-imabari-3-bl")


def test_line_without_any_sku_is_known_by_its_item(plain: Model) -> None:
    plain["PackageModelList"][0]["ItemModelList"][0].update(SkuModelList=None)

    (line,) = read(plain).parcels[0].lines

    assert (line.listing_key, line.sku) == ("towel-imabari-3/", "TWL-3")


def test_tracking_rows_are_in_the_hubs_words(full: Model) -> None:
    full["PackageModelList"][1]["ShippingModelList"] = [
        {
            "shippingDetailId": 5,
            "shippingNumber": None,
            "deliveryCompany": 1000,
            "deliveryCompanyName": None,
            "shippingDate": None,
        },
        {
            "shippingDetailId": 6,
            "shippingNumber": "1",
            "deliveryCompany": "1999",
            "deliveryCompanyName": "新",
            "shippingDate": None,
        },
    ]

    order = read(full)

    assert order.parcels[0].tracking == (
        MallTracking(row_key="499000001", carrier="yamato", number="400000000001", shipped_on=date(2031, 11, 7)),
    )
    assert [(row.row_key, row.carrier, row.number) for row in order.parcels[1].tracking] == [
        ("5", "other", ""),
        ("6", "other", "1"),
    ]


def test_buyer_and_recipient_are_as_the_mall_wrote_them(full: Model) -> None:
    order = read(full)

    assert order.buyer.name == "見本 花子"
    assert (order.buyer.postal_code, order.buyer.phone) == ("160-0022", "090-0000-0001")
    assert order.parcels[0].recipient.kana == "レイジ イチロウ"
    assert order.parcels[0].recipient.street == "大賀郷4999-5"
    assert [parcel.island for parcel in order.parcels] == [True, False]


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        (None, ""),
        (0, ""),
        (1, "morning"),
        (2, "afternoon"),
        (9, "other"),
        (1416, "14-16"),
        (708, "07-08"),
        (2324, "23-24"),
        (77, "other"),
    ],
)
def test_wish_time_of_each_slot(plain: Model, term: int | None, shown: str) -> None:
    assert read(plain, shippingTerm=term).wish_time == shown


@pytest.mark.parametrize(
    ("remark", "on", "at"),
    [
        ("[配送日時指定:]\n2031-11-08(土)\n14:00-16:00\n", date(2031, 11, 8), "14-16"),
        ("[配送日時指定:]\n2031年11月08日\n午前中\n", date(2031, 11, 8), "morning"),
        ("[配送日時指定:]\n\n18:00～20:00\n", None, "18-20"),
        ("[配送日時指定:]\n2031-02-30(土)\n何時でも\n", None, ""),
        ("2031-11-08(土)に届けて", None, ""),
    ],
)
def test_wishes_of_the_remark_stand_in_where_the_fields_are_empty(
    plain: Model, remark: str, on: date | None, at: str
) -> None:
    order = read(plain, remarks=remark)

    assert (order.wish_on, order.wish_time) == (on, at)


def test_fields_win_over_the_remark(plain: Model) -> None:
    order = read(plain, remarks="[配送日時指定:]\n2031-11-08(土)\n午前中\n", deliveryDate="2031-11-09")

    assert (order.wish_on, order.wish_time) == (date(2031, 11, 9), "")


def test_last_payment_due_date_counts(plain: Model) -> None:
    due = [
        {"dueDateType": 0, "dueDate": "2031-11-11"},
        {"dueDateType": 0, "dueDate": "2031-11-13"},
        {"dueDateType": 1, "dueDate": "2031-11-20"},
    ]

    assert read(plain, DueDateModelList=due).pay_due_on == date(2031, 11, 13)


def test_times_are_aware(plain: Model) -> None:
    order = read(plain)

    assert order.placed_at == datetime.fromisoformat("2031-11-04T21:17:05+09:00")
    assert order.confirmed_at == datetime.fromisoformat("2031-11-04T21:50:12+09:00")


def test_deleted_destination_and_line_do_not_ship(full: Model) -> None:
    full["PackageModelList"][1]["packageDeleteFlag"] = 1
    full["PackageModelList"][0]["ItemModelList"][1]["deleteItemFlag"] = 1

    order = read(full)

    assert [parcel.key for parcel in order.parcels] == ["71100001"]
    assert [line.key for line in order.parcels[0].lines] == ["71000001"]
    assert order.extra["deleted_parcels"] == ["71100002"]
    assert order.parcels[0].extra["deleted_lines"] == ["71000002"]
    assert order.subtotal_yen == 5960 + 110 + 55


def test_numeric_strings_are_numbers(plain: Model) -> None:
    plain["PackageModelList"][0]["basketId"] = "71100001"
    plain["PackageModelList"][0]["ItemModelList"][0].update(units="2", taxRate="0.1")

    order = read(plain, subStatusId="3601", orderProgress="300")

    assert (order.code, order.extra["sub_status_id"], order.parcels[0].key) == ("300", 3601, "71100001")
    assert (order.parcels[0].lines[0].quantity, order.parcels[0].lines[0].tax_percent) == (2, 10)


def drop(model: Model, *path: Any) -> None:
    for step in path[:-1]:
        model = model[step]
    del model[path[-1]]


def put(model: Model, value: Any, *path: Any) -> None:
    for step in path[:-1]:
        model = model[step]
    model[path[-1]] = value


ITEM = ("PackageModelList", 0, "ItemModelList", 1)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("orderNumber",), "orderNumber"),
        (("orderDatetime",), "orderDatetime"),
        (("requestPrice",), "requestPrice"),
        (("OrdererModel",), "OrdererModel"),
        (("PackageModelList", 0, "basketId"), "PackageModelList[0].basketId"),
        (("PackageModelList", 1, "SenderModel"), "PackageModelList[1].SenderModel"),
        ((*ITEM, "units"), "PackageModelList[0].ItemModelList[1].units"),
    ],
)
def test_what_shipping_depends_on_is_missed_by_its_path(full: Model, path: tuple[Any, ...], shown: str) -> None:
    drop(full, *path)

    bad = refused(full)

    assert (bad.path, bad.reason) == (shown, "missing")
    assert bad.number == ("" if path == ("orderNumber",) else full["orderNumber"])


@pytest.mark.parametrize(
    ("path", "value", "reason", "params"),
    [
        (("PackageModelList", 0, "basketId"), None, "missing", {}),
        ((*ITEM, "units"), "three", "wrong_type", {"expected": "int", "found": "str"}),
        ((*ITEM, "units"), -1, "out_of_range", {"bound": ">= 0"}),
        ((*ITEM, "price"), 10**15, "out_of_range", {"bound": "<= 1000000000000"}),
        (("orderProgress",), 350, "unknown_code", {"code": 350}),
        (("orderDatetime",), "2031/11/04", "wrong_type", {"expected": "datetime", "found": "2031/11/04"}),
        (
            ("orderDatetime",),
            "2031-11-04T10:00:00",
            "wrong_type",
            {"expected": "datetime", "found": "2031-11-04T10:00:00"},
        ),
        (("deliveryDate",), "soon", "wrong_type", {"expected": "date", "found": "soon"}),
        (("PackageModelList",), {}, "wrong_type", {"expected": "array", "found": "object"}),
        (("PackageModelList",), [], "missing", {}),
        (("remarks",), 5, "wrong_type", {"expected": "str | null", "found": "int"}),
    ],
)
def test_odd_value_is_refused_with_its_place_and_reason(
    full: Model, path: tuple[Any, ...], value: Any, reason: str, params: dict[str, Any]
) -> None:
    put(full, value, *path)

    bad = refused(full)

    assert (bad.reason, dict(bad.params)) == (reason, params)
    assert bad.path == "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def test_cancelled_order_may_have_lost_its_destinations(plain: Model) -> None:
    assert read(plain, orderProgress=900, PackageModelList=[]).parcels == ()


def test_payload_that_is_stored_is_not_read_again(full: Model) -> None:
    order = read(full)
    number = order.number
    raw = sent(full)

    assert order_from(raw, {number: order.hash}) == Same(number=number)
    assert order_from(raw, {number: b"another"}) == order
    assert order_from(raw, {"400001-20311104-0000000002": order.hash}) == order
