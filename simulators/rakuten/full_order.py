"""One order that fills every field of the order data model: for a test that looks for each of them on a page."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from simulators.rakuten import amounts


def full_order() -> dict[str, Any]:
    """Return a fresh copy of the OrderModel (version 10, status 300); its sums add up and no field is null or empty."""
    model = deepcopy(MODEL)
    amounts.settle(model)
    return model


def _line(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "itemDetailId": 71_000_000 + number, "itemId": 10_000_100 + number, "units": 2, "includePostageFlag": 0,
        "includeTaxFlag": 1, "includeCashOnDeliveryPostageFlag": 0, "pointRate": 5, "pointType": 2, "inventoryType": 2,
        "delvdateInfo": "1〜2営業日以内に発送", "restoreInventoryFlag": 1, "dealFlag": 1, "drugFlag": 0,
        "deleteItemFlag": 0, "priceTaxIncl": 0, "isSingleItemShipping": 1, **fields,
    }  # fmt: skip


def _person(family: str, given: str, kana: tuple[str, str], **fields: Any) -> dict[str, Any]:
    return {"familyName": family, "firstName": given, "familyNameKana": kana[0], "firstNameKana": kana[1], **fields}


def _package(number: int, sender: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "basketId": 71_100_000 + number, "postagePrice": 550, "postageTaxRate": 0.1, "deliveryPrice": 330,
        "deliveryTaxRate": 0.1, "goodsPrice": 0, "totalPrice": 0, "noshi": "内祝い", "packageDeleteFlag": 0,
        "SenderModel": sender, "ItemModelList": lines,
        "ShippingModelList": [{
            "shippingDetailId": 499_000_000 + number, "shippingNumber": f"40000000000{number}", "deliveryCompany": "1001",
            "deliveryCompanyName": "ヤマト運輸", "shippingDate": "2031-11-07",
        }],
        "DeliveryCvsModel": {
            "cvsCode": 50, "storeGenreCode": "01", "storeCode": "012345", "storeName": "ローソン 見本一丁目店",
            "storeZip": "9990303", "storePrefecture": "東京都", "storeAddress": "千代田区見本1-2-3", "areaCode": "012",
            "depo": "3", "openTime": "06:00", "closeTime": "23:00", "cvsRemarks": "レジ横でお渡し",
        },
        "defaultDeliveryCompanyCode": "1001", "dropOffFlag": 1, "dropOffLocation": "宅配ボックス",
        "SocialGiftModel": {
            "sgMngNumber": "400001-20311104-000155555-sg", "inputDueDate": "2031-11-14", "inputFlag": 1,
            "inputCompDatetime": "2031-11-05T08:00:00+0900", "receiverEmailAddress": "fedcba9876543210s1@pc.fw.mall.example",
        },
    }  # fmt: skip


def _wrapping(title: int, name: str, price: int) -> dict[str, Any]:
    return {
        "title": title, "name": name, "price": price, "includeTaxFlag": 1, "deleteWrappingFlag": 0, "taxRate": 0.1,
        "taxPrice": 0,
    }  # fmt: skip


def _coupon(capital: str, code: int, price: int, line: int) -> dict[str, Any]:
    return {
        "couponCode": f"FULL-CPN{code}-AAAA-BBBB", "itemId": 10_000_100 + line, "couponName": f"{capital}負担クーポン",
        "couponSummary": f"定額割引 {price}円", "couponCapital": capital, "couponCapitalCode": code,
        "expiryDate": "2031-11-30", "couponPrice": price, "couponUnit": 1, "couponTotalPrice": 0,
        "itemDetailId": 71_000_000 + line,
    }  # fmt: skip


BUYER_ADDRESS = {
    "zipCode1": "160",
    "zipCode2": "0022",
    "prefecture": "東京都",
    "city": "新宿区",
    "subAddress": "新宿3-1-99 見本ビル501",
}
OTHER_ADDRESS = {
    "zipCode1": "100",
    "zipCode2": "1401",
    "prefecture": "東京都",
    "city": "八丈島八丈町",
    "subAddress": "大賀郷4999-5",
}
REMARKS = "[配送日時指定:]\n2031-11-08(土)\n14:00-16:00\n不在時は管理人室へお願いします\n[ご要望:]\n手提げ袋を同封\n"
MODEL: dict[str, Any] = {
    "orderNumber": "400001-20311104-0000000001", "orderProgress": 300, "subStatusId": 11, "subStatusName": "出荷準備中",
    "orderDatetime": "2031-11-04T21:17:05+0900", "shopOrderCfmDatetime": "2031-11-04T21:50:12+0900",
    "orderFixDatetime": "2031-11-04T21:56:40+0900", "shippingInstDatetime": "2031-11-04T21:56:40+0900",
    "shippingCmplRptDatetime": "2031-11-08T00:05:06+0900", "cancelDueDate": "2031-11-18", "deliveryDate": "2031-11-08",
    "shippingTerm": 1416, "remarks": REMARKS,
    "giftCheckFlag": 1, "socialGiftFlag": 1, "severalSenderFlag": 1, "equalSenderFlag": 0, "isolatedIslandFlag": 1,
    "rakutenMemberFlag": 1, "carrierCode": 12, "emailCarrierCode": 1, "orderType": 4,
    "reserveNumber": "400001-20311104-0000000001-r", "reserveDeliveryCount": 3, "cautionDisplayType": 1,
    "cautionDisplayDetailType": 103, "rakutenConfirmFlag": 0, "goodsPrice": 0, "postagePrice": 0, "deliveryPrice": 0,
    "paymentCharge": 108, "paymentChargeTaxRate": 0.1, "totalPrice": 0, "requestPrice": 0, "couponAllTotalPrice": 0,
    "couponShopPrice": 0, "couponOtherPrice": 0, "additionalFeeOccurAmountToUser": 0,
    "additionalFeeOccurAmountToShop": 50, "asurakuFlag": 1, "drugFlag": 1, "dealFlag": 1, "deliveryCertPrgFlag": 1,
    "oneDayOperationFlag": 1, "membershipType": 1, "memo": "常連のお客様", "operator": "担当鈴木",
    "mailPlugSentence": "いつもありがとうございます。", "modifyFlag": 1, "receiptIssueCount": 2,
    "receiptIssueHistoryList": ["2031-11-05T10:00:00+0900", "2031-11-06T11:30:00+0900"],
    "OrdererModel": _person(
        "見本", "花子", ("ミホン", "ハナコ"), **BUYER_ADDRESS, phoneNumber1="090", phoneNumber2="0000", phoneNumber3="0001",
        emailAddress="0123456789abcdef0123456789abcdefs1@pc.fw.mall.example", sex="女", birthYear=1990, birthMonth=1, birthDay=31,
    ),
    "SettlementModel": {
        "settlementMethodCode": 1, "settlementMethod": "クレジットカード", "rpaySettlementFlag": 1, "cardName": "VISA",
        "cardNumber": "XXXX-XXXX-XXXX-0000", "cardOwner": "HANAKO MIHON", "cardYm": "2034-01", "cardPayType": 2,
        "cardInstallmentDesc": 103,
    },
    "DeliveryModel": {"deliveryName": "クール便", "deliveryClass": 2}, "PointModel": {"usedPoint": 500},
    "WrappingModel1": _wrapping(1, "和柄包装紙", 110), "WrappingModel2": _wrapping(2, "赤リボン", 55),
    "PackageModelList": [
        _package(
            1,
            _person(
                "例示", "一郎", ("レイジ", "イチロウ"), **OTHER_ADDRESS, phoneNumber1="090", phoneNumber2="0000",
                phoneNumber3="0002", isolatedIslandFlag=1,
            ),
            [
                _line(
                    1, itemName="今治フェイスタオル 3枚組", itemNumber="TWL-3", manageNumber="towel-imabari-3", price=2980,
                    selectedChoice="のし:内祝い\n名入れ:見本", taxRate=0.1,
                    SkuModelList=[{"variantId": "towel-imabari-3-bl", "merchantDefinedSkuId": "TWL-3-BL", "skuInfo": "カラー:ブルー"}],
                ),
                _line(
                    2, itemName="静岡 深蒸し煎茶 200g", itemNumber="TEA-S200", manageNumber="tea-sencha-200", price=1620,
                    selectedChoice="袋:要", taxRate=0.08,
                    SkuModelList=[{"variantId": "tea-sencha-200", "merchantDefinedSkuId": "TEA-S200", "skuInfo": "内容量:200g"}],
                ),
            ],
        ),
        _package(
            2,
            _person(
                "架空", "さくら", ("カクウ", "サクラ"), **BUYER_ADDRESS, phoneNumber1="090", phoneNumber2="0000",
                phoneNumber3="0003", isolatedIslandFlag=0,
            ),
            [
                _line(
                    3, itemName="棚受け金具 2本組", itemNumber="BRK-2", manageNumber="bracket-2", price=1200,
                    selectedChoice="ネジ:付き", taxRate=0.1, includeTaxFlag=0, includePostageFlag=1,
                    SkuModelList=[{"variantId": "bracket-2-15", "merchantDefinedSkuId": "BRK-2-15", "skuInfo": "長さ:15cm"}],
                ),
            ],
        ),
    ],
    "CouponModelList": [_coupon("ショップ", 1, 300, 1), _coupon("メーカー", 2, 100, 2)],
    "ChangeReasonModelList": [
        {
            "changeId": 90_000_001, "changeType": 6, "changeTypeDetail": 0, "changeReason": 1, "changeReasonDetail": 6,
            "changeApplyDatetime": "2031-11-04T22:10:00+0900", "changeFixDatetime": "2031-11-04T22:20:00+0900",
            "changeCmplDatetime": "2031-11-04T22:20:00+0900",
        }
    ],
    "TaxSummaryModelList": [],
    "DueDateModelList": [{"dueDateType": 0, "dueDate": "2031-11-11"}, {"dueDateType": 1, "dueDate": "2031-11-12"}],
}  # fmt: skip
