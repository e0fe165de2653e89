"""Build orders: a plain card order for a shop, then what its kind makes of it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from simulators.rakuten import amounts, kinds, people
from simulators.rakuten.catalogue import Product, products
from simulators.rakuten.formats import show_datetime
from simulators.rakuten.state import Order, Shop

POSTAGE, FREE_POSTAGE_FROM = 550, 9_800
SERIAL_STEP = 37
DEVICES = (0, 0, 11, 11, 11, 12, 12, 21, 99)


@dataclass(kw_only=True)
class Draft:
    """An order in the making, as the kinds work on it."""

    shop: Shop
    kind: str
    placed_at: datetime
    dice: Random
    generator: Generator
    model: dict[str, Any]
    end: str
    plan: dict[str, Any] = field(default_factory=dict)

    @property
    def package(self) -> dict[str, Any]:
        """The first destination."""
        first: dict[str, Any] = self.model["PackageModelList"][0]
        return first

    def put_lines(self, *chosen: Product, units: int | None = None) -> None:
        """Replace the lines of the first destination."""
        self.package["ItemModelList"] = [self.generator.line(self.dice, product, units) for product in chosen]

    def some(self, count: int, *, unmapped: bool = False, tax_percent: int | None = None) -> list[Product]:
        """Draw so many different products."""
        stock = [
            product
            for product in products()
            if product.unmapped == unmapped
            and (product.tax_included or tax_percent is not None)
            and (tax_percent is None or product.tax_percent == tax_percent)
        ]
        return self.dice.sample(stock, count)

    def day(self, days: int) -> str:
        """Return the day so many days after the order."""
        return (self.placed_at + timedelta(days=days)).date().isoformat()


class Generator:
    """Make orders that are the same for the same seed, shop and sequence of wishes."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._ids = 70_000_000
        self.last_buyer: dict[str, dict[str, Any]] = {}  # of each shop, for orders that can be bundled
        self.pairs: dict[str, bool] = {}
        self.wish_days = (3, 9)  # how many days ahead buyers wish their delivery

    def next_id(self) -> int:
        """Return a number for a basket or a line."""
        self._ids += 1
        return self._ids

    def order(self, shop: Shop, kind: str, placed_at: datetime) -> Order:
        """Make one order of a kind."""
        shop.serial += SERIAL_STEP
        number = f"{shop.id}-{placed_at:%Y%m%d}-{shop.serial % 10**10:010}"
        dice = Random(f"{self.seed}:{shop.id}:{shop.serial}")
        model = self._plain(dice, number, placed_at)
        what = kinds.KINDS[kind]
        draft = Draft(
            shop=shop, kind=kind, placed_at=placed_at, dice=dice, generator=self, model=model, end=what.end
        )  # fmt: skip
        self._put_default_payment(draft)
        what.twist(draft)
        self._put_postage(draft)
        amounts.settle(model)
        order = Order(
            number=number, shop_id=shop.id, kind=kind, expected_end=draft.end, placed_at=placed_at, plan=draft.plan,
            times={1: placed_at},
        )  # fmt: skip
        order.write(model)
        return order

    def _put_default_payment(self, draft: Draft) -> None:
        draft.plan.update(payment="ok", payment_minutes=round(draft.dice.uniform(2, 12), 2))

    def _put_postage(self, draft: Draft) -> None:
        """Put the postage of a destination where its kind has not."""
        for package in draft.model["PackageModelList"]:
            if package["postagePrice"] is None:
                worth = sum(item["price"] * item["units"] for item in package["ItemModelList"])
                package["postagePrice"] = 0 if worth >= FREE_POSTAGE_FROM else POSTAGE

    def _plain(self, dice: Random, number: str, placed_at: datetime) -> dict[str, Any]:
        person = people.orderer(dice)
        model = deepcopy(TEMPLATE)
        stock = [product for product in products() if not product.unmapped and product.tax_included]
        lines = [self.line(dice, product) for product in dice.sample(stock, dice.choice((1, 1, 1, 2)))]
        model.update(
            orderNumber=number,
            orderDatetime=show_datetime(placed_at),
            cancelDueDate=(placed_at + timedelta(days=14)).date().isoformat(),
            carrierCode=dice.choice(DEVICES),
            rakutenMemberFlag=int(dice.random() < 0.95),
            equalSenderFlag=1,
            OrdererModel=person,
            PackageModelList=[self.destination(people.sender_of(person), lines)],
        )
        card = f"XXXX-XXXX-XXXX-{dice.randrange(10_000):04}"
        model["SettlementModel"].update(cardNumber=card, cardOwner="TEST CARD", cardYm=f"2031-{dice.randint(1, 12):02}")
        return model

    def destination(self, sender: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
        """Return a PackageModel."""
        return {
            "basketId": self.next_id(), "postagePrice": None, "postageTaxRate": 0.1, "deliveryPrice": 0,
            "deliveryTaxRate": 0.1, "goodsPrice": 0, "totalPrice": 0, "noshi": None, "packageDeleteFlag": 0,
            "SenderModel": sender, "ItemModelList": lines, "ShippingModelList": [], "DeliveryCvsModel": None,
            "defaultDeliveryCompanyCode": "1003", "dropOffFlag": 0, "dropOffLocation": None, "SocialGiftModel": None,
        }  # fmt: skip

    def line(self, dice: Random, product: Product, units: int | None = None) -> dict[str, Any]:
        """Return an ItemModel of a product."""
        sku = dice.choice(product.skus)
        return {
            "itemDetailId": self.next_id(), "itemName": product.name, "itemId": product.item_id,
            "itemNumber": product.item_number, "manageNumber": product.manage_number, "price": product.price,
            "units": units or dice.choice((1, 1, 1, 2, 3)), "includePostageFlag": 0,
            "includeTaxFlag": int(product.tax_included), "includeCashOnDeliveryPostageFlag": 0, "selectedChoice": None,
            "pointRate": 1, "pointType": 0, "inventoryType": 2 if len(product.skus) > 1 else 1, "delvdateInfo": None,
            "restoreInventoryFlag": 0, "dealFlag": 0, "drugFlag": 0, "deleteItemFlag": 0,
            "taxRate": product.tax_percent / 100, "priceTaxIncl": 0, "isSingleItemShipping": 0,
            "SkuModelList": [
                {"variantId": sku.variant_id, "merchantDefinedSkuId": sku.merchant_id, "skuInfo": sku.info}
            ],
        }  # fmt: skip


TEMPLATE: dict[str, Any] = {
    "orderNumber": "", "orderProgress": 100, "subStatusId": None, "subStatusName": None, "orderDatetime": "",
    "shopOrderCfmDatetime": None, "orderFixDatetime": None, "shippingInstDatetime": None,
    "shippingCmplRptDatetime": None, "cancelDueDate": None, "deliveryDate": None, "shippingTerm": None,
    "remarks": "[配送日時指定:]\n\n\n", "giftCheckFlag": 0, "socialGiftFlag": 0, "severalSenderFlag": 0,
    "equalSenderFlag": 1, "isolatedIslandFlag": 0, "rakutenMemberFlag": 1, "carrierCode": 0, "emailCarrierCode": 0,
    "orderType": 1, "reserveNumber": None, "reserveDeliveryCount": None, "cautionDisplayType": 0,
    "cautionDisplayDetailType": None, "rakutenConfirmFlag": 0, "goodsPrice": 0, "postagePrice": 0, "deliveryPrice": 0,
    "paymentCharge": 0, "paymentChargeTaxRate": 0.1, "totalPrice": 0, "requestPrice": 0, "couponAllTotalPrice": 0,
    "couponShopPrice": 0, "couponOtherPrice": 0, "additionalFeeOccurAmountToUser": 0,
    "additionalFeeOccurAmountToShop": 0, "asurakuFlag": 0, "drugFlag": 0, "dealFlag": 0, "deliveryCertPrgFlag": 0,
    "oneDayOperationFlag": 0, "membershipType": 0, "memo": None, "operator": None, "mailPlugSentence": None,
    "modifyFlag": 0, "receiptIssueCount": 0, "receiptIssueHistoryList": [], "OrdererModel": {},
    "SettlementModel": {
        "settlementMethodCode": 1, "settlementMethod": "クレジットカード", "rpaySettlementFlag": 1, "cardName": "VISA",
        "cardNumber": None, "cardOwner": None, "cardYm": None, "cardPayType": 0, "cardInstallmentDesc": None,
    },
    "DeliveryModel": {"deliveryName": "宅配便", "deliveryClass": None}, "PointModel": {"usedPoint": 0},
    "WrappingModel1": None, "WrappingModel2": None, "PackageModelList": [], "CouponModelList": None,
    "ChangeReasonModelList": [], "TaxSummaryModelList": [], "DueDateModelList": [],
}  # fmt: skip
