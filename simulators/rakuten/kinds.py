"""The kinds of orders that the mall invents: how each differs from a plain card order, how often, and how it should end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.rakuten import people, remarks
from simulators.rakuten.catalogue import products
from simulators.rakuten.state import UNFIXED

if TYPE_CHECKING:
    from simulators.rakuten.generate import Draft

COUNTED, CANCELLED = "counted", "cancelled"
SUBSCRIPTION, PRE_ORDER = 4, 6
COD_FEE = 330
METHODS = {
    2: "代金引換", 8: "ポイント", 9: "銀行振込", 12: "Apple Pay", 13: "セブンイレブン（前払）",
    14: "ファミリーマート、ローソン等（前払）",
}  # fmt: skip
DROP_OFF = ("宅配ボックス", "玄関前", "玄関前鍵付容器", "ポスト（郵便受箱）", "メーターボックス", "物置", "車庫")
NOSHI = ("内祝い", "御祝", "御礼", "お中元", "お歳暮")


def _plain(_: Draft) -> None:
    """Leave it a card order."""


def _pay(draft: Draft, method: int, *, common: int = 1) -> None:
    blank = dict.fromkeys(("cardName", "cardNumber", "cardOwner", "cardYm", "cardPayType", "cardInstallmentDesc"))
    draft.model["SettlementModel"] = {
        "settlementMethodCode": method, "settlementMethod": METHODS[method], "rpaySettlementFlag": common, **blank,
    }  # fmt: skip


def _cod(draft: Draft) -> None:
    _pay(draft, 2, common=0)
    draft.package["deliveryPrice"] = COD_FEE
    draft.plan["payment_minutes"] = round(draft.dice.uniform(1, 3), 2)


def _prepaid(method: int, first: float, last: float) -> Callable[[Draft], None]:
    def twist(draft: Draft) -> None:
        _pay(draft, method)
        draft.plan.update(payment="buyer", payment_minutes=round(draft.dice.uniform(first, last)))

    return twist


def _bank_never(draft: Draft) -> None:
    _pay(draft, 9)
    draft.plan["payment"] = "never"


def _apple_pay(draft: Draft) -> None:
    _pay(draft, 12)


def _next_day(draft: Draft) -> None:
    draft.model.update(deliveryCertPrgFlag=1, oneDayOperationFlag=1, deliveryDate=draft.day(1))
    draft.model["remarks"] = remarks.block(draft.day(1), "")


def _remark(maker: Callable[[Draft], str]) -> Callable[[Draft], None]:
    def twist(draft: Draft) -> None:
        draft.model["remarks"] = maker(draft)

    return twist


def _date_only(draft: Draft) -> None:
    _wish(draft, draft.day(draft.dice.randint(*draft.generator.wish_days)), None)


def _wished(draft: Draft) -> None:
    _wish(
        draft,
        draft.day(draft.dice.randint(*draft.generator.wish_days)),
        draft.dice.choice((1, 1214, 1416, 1618, 1820, 1921)),
    )


def _wish(draft: Draft, day: str, term: int | None) -> None:
    draft.model.update(deliveryDate=day, shippingTerm=term)
    draft.model["remarks"] = remarks.block(day, remarks.show_term(term))


def _gift(draft: Draft) -> None:
    wrapping = {"includeTaxFlag": 1, "deleteWrappingFlag": 0, "taxRate": 0.1, "taxPrice": 0}
    draft.model.update(
        giftCheckFlag=1,
        WrappingModel1={"title": 1, "name": "和柄包装紙", "price": 110, **wrapping},
        WrappingModel2={"title": 2, "name": "赤リボン", "price": 55, **wrapping} if draft.dice.random() < 0.5 else None,
    )
    draft.package["noshi"] = draft.dice.choice(NOSHI)
    for item in draft.package["ItemModelList"]:
        item["selectedChoice"] = f"のし:{draft.package['noshi']}\nメッセージカード:なし"
    _send_elsewhere(draft)


def _send_elsewhere(draft: Draft) -> None:
    person = {**people.address(draft.dice), **people.name(draft.dice), **people.phone(draft.dice)}
    draft.package["SenderModel"] = people.sender_of(person)
    draft.model["equalSenderFlag"] = 0


def _several(draft: Draft) -> None:
    for _ in range(draft.dice.choice((1, 2))):
        person = {**people.address(draft.dice), **people.name(draft.dice), **people.phone(draft.dice)}
        lines = [draft.generator.line(draft.dice, product) for product in draft.some(1)]
        draft.model["PackageModelList"].append(draft.generator.destination(people.sender_of(person), lines))
    draft.model.update(severalSenderFlag=1, equalSenderFlag=0)


def _far(region: str) -> Callable[[Draft], None]:
    def twist(draft: Draft) -> None:
        island = int(region == "island")
        draft.model["OrdererModel"].update(people.address(draft.dice, region))
        draft.package["SenderModel"] = people.sender_of(draft.model["OrdererModel"], bool(island))
        draft.package["postagePrice"] = 1_650
        draft.model["isolatedIslandFlag"] = island

    return twist


def _zip_mismatch(draft: Draft) -> None:
    sender = draft.package["SenderModel"]
    places = people.places("")
    other = draft.dice.choice([place for place in places if place.prefecture != sender["prefecture"]])
    sender.update(zipCode1=other.code[:3], zipCode2=other.code[3:])
    draft.model["equalSenderFlag"] = 0


def _no_house_number(draft: Draft) -> None:
    place = draft.dice.choice(people.places(""))
    draft.package["SenderModel"].update(
        zipCode1=place.code[:3],
        zipCode2=place.code[3:],
        prefecture=place.prefecture,
        city=place.city,
        subAddress=place.town,
    )
    draft.model["equalSenderFlag"] = 0


def _same_buyer(draft: Draft) -> None:
    """Every second such order of a shop is of the buyer of the one before."""
    generator, shop = draft.generator, draft.shop.id
    if generator.pairs.get(shop):
        draft.model["OrdererModel"] = dict(generator.last_buyer[shop])
        draft.package["SenderModel"] = people.sender_of(draft.model["OrdererModel"])
    generator.last_buyer[shop] = draft.model["OrdererModel"]
    generator.pairs[shop] = not generator.pairs.get(shop)


def _coupon(capital_code: int, capital: str) -> Callable[[Draft], None]:
    def twist(draft: Draft) -> None:
        line = draft.package["ItemModelList"][0]
        bound = capital_code == 1
        draft.model["CouponModelList"] = [{
            "couponCode": "-".join(f"{draft.dice.getrandbits(16):04X}" for _ in range(4)),
            "itemId": line["itemId"] if bound else 0, "couponName": f"{capital}クーポン", "couponSummary": "定額割引",
            "couponCapital": capital, "couponCapitalCode": capital_code, "expiryDate": draft.day(20),
            "couponPrice": draft.dice.choice((100, 200, 300)), "couponUnit": 1, "couponTotalPrice": 0,
            "itemDetailId": line["itemDetailId"] if bound else 0,
        }]  # fmt: skip
        draft.model["PointModel"]["usedPoint"] = draft.dice.choice((50, 100, 150))

    return twist


def _points(draft: Draft) -> None:
    draft.model["PointModel"]["usedPoint"] = draft.dice.randint(1, 400)


def _points_only(draft: Draft) -> None:
    _pay(draft, 8)
    draft.package["postagePrice"] = 550
    total = sum(item["price"] * item["units"] for item in draft.package["ItemModelList"]) + 550
    draft.model["PointModel"]["usedPoint"] = total


def _tax_excluded(draft: Draft) -> None:
    stock = [product for product in products() if not product.tax_included and not product.unmapped]
    draft.put_lines(*draft.dice.sample(stock, 2))


def _mixed_tax(draft: Draft) -> None:
    draft.put_lines(*draft.some(1, tax_percent=8), *draft.some(1, tax_percent=10))


def _multi_line(draft: Draft) -> None:
    draft.put_lines(*draft.some(draft.dice.randint(4, 8)))


def _unmapped(draft: Draft) -> None:
    draft.put_lines(*draft.some(1, unmapped=True))


def _unmapped_part(draft: Draft) -> None:
    draft.put_lines(*draft.some(1), *draft.some(1, unmapped=True))


def _postage_open(draft: Draft) -> None:
    draft.package["postagePrice"] = UNFIXED


def _postage_later(draft: Draft) -> None:
    _postage_open(draft)
    draft.plan.update(postage_minutes=round(draft.dice.uniform(40, 240)), postage_yen=880)


def _social_gift(draft: Draft) -> None:
    number = draft.model["orderNumber"]
    draft.model.update(socialGiftFlag=1, equalSenderFlag=0)
    draft.package["SenderModel"] = people.awaited_sender()
    draft.package["SocialGiftModel"] = {
        "sgMngNumber": f"{number}-sg", "inputDueDate": draft.day(10), "inputFlag": 0, "inputCompDatetime": None,
        "receiverEmailAddress": f"{draft.dice.getrandbits(128):032x}s1@pc.fw.mall.example",
    }  # fmt: skip


def _social_gift_typed(draft: Draft) -> None:
    _social_gift(draft)
    person = {**people.address(draft.dice), **people.name(draft.dice), **people.phone(draft.dice)}
    draft.plan.update(gift_minutes=round(draft.dice.uniform(60, 600)), gift_sender=people.sender_of(person))


def _review(draft: Draft) -> None:
    draft.model["rakutenConfirmFlag"] = 1
    draft.plan["review_minutes"] = round(draft.dice.uniform(60, 300))


def _change(draft: Draft) -> None:
    draft.plan.update(
        change_minutes=round(draft.dice.uniform(1, 20), 1), change_fix_minutes=round(draft.dice.uniform(10, 90))
    )


def _payment_ng(draft: Draft) -> None:
    draft.plan.update(payment="ng", payment_minutes=round(draft.dice.uniform(3, 90)))


def _self_cancel(draft: Draft) -> None:
    draft.plan["self_cancel_minutes"] = round(draft.dice.uniform(1, 29), 1)


def _staff_cancel(when: str, first: float, last: float) -> Callable[[Draft], None]:
    def twist(draft: Draft) -> None:
        draft.plan.update(staff_cancel=when, staff_cancel_minutes=round(draft.dice.uniform(first, last), 1))
        if when == "at_rakuten":
            draft.plan["payment_minutes"] = 180

    return twist


def _drop_off(draft: Draft) -> None:
    draft.package.update(dropOffFlag=1, dropOffLocation=draft.dice.choice(DROP_OFF))


def _store_pickup(draft: Draft) -> None:
    code, store = draft.dice.choice(((1, "ファミリーマート"), (50, "ローソン"), (60, "郵便局")))
    place = draft.dice.choice(people.places(""))
    draft.package["DeliveryCvsModel"] = {
        "cvsCode": code, "storeGenreCode": "01", "storeCode": f"{draft.dice.randrange(100_000):05}",
        "storeName": f"{store} {place.town}店", "storeZip": place.code, "storePrefecture": place.prefecture,
        "storeAddress": f"{place.city}{people.street(draft.dice, place)}", "areaCode": "012", "depo": "3",
        "openTime": "00:00", "closeTime": "24:00", "cvsRemarks": None,
    }  # fmt: skip
    draft.model["equalSenderFlag"] = 0


def _subscription(draft: Draft) -> None:
    draft.model.update(
        orderType=SUBSCRIPTION,
        reserveNumber=f"{draft.model['orderNumber']}-r",
        reserveDeliveryCount=draft.dice.randint(1, 6),
    )


def _special_characters(draft: Draft) -> None:
    family, kana = draft.dice.choice(people.SPECIAL_FAMILY)
    for person in (draft.model["OrdererModel"], draft.package["SenderModel"]):
        person.update(familyName=family, familyNameKana=kana)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of order."""

    name: str
    twist: Callable[[Draft], None]
    end: str = COUNTED
    weight: float = 1.0  # its share beyond the one in a hundred that every kind has


def _table(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, Kind] = _table(
    Kind(name="card", twist=_plain, weight=30),
    Kind(name="cod", twist=_cod, weight=10),
    Kind(name="bank_paid", twist=_prepaid(9, 60, 1500), weight=2),
    Kind(name="bank_never", twist=_bank_never, end="held:unpaid"),
    Kind(name="convenience_paid", twist=_prepaid(14, 30, 600), weight=2),
    Kind(name="seven_eleven_paid", twist=_prepaid(13, 30, 600)),
    Kind(name="apple_pay", twist=_apple_pay, weight=3),
    Kind(name="next_day", twist=_next_day, weight=6),
    Kind(name="remark_free", twist=_remark(remarks.free), end="held:remark", weight=2),
    Kind(name="remark_date_only", twist=_date_only),
    Kind(name="remark_harmless", twist=_remark(remarks.harmless)),
    Kind(name="remark_empty_labels", twist=_remark(remarks.empty_labels)),
    Kind(name="remark_long", twist=_remark(remarks.long), end="held:remark", weight=0),
    Kind(name="wished", twist=_wished, weight=5),
    Kind(name="gift", twist=_gift, weight=2),
    Kind(name="several_destinations", twist=_several),
    Kind(name="island", twist=_far("island")),
    Kind(name="okinawa", twist=_far("okinawa")),
    Kind(name="zip_mismatch", twist=_zip_mismatch, end="held:address"),
    Kind(name="no_house_number", twist=_no_house_number, end="held:address"),
    Kind(name="same_buyer", twist=_same_buyer, weight=3),
    Kind(name="coupon_shop", twist=_coupon(1, "ショップ")),
    Kind(name="coupon_maker", twist=_coupon(2, "メーカー")),
    Kind(name="points", twist=_points, weight=4),
    Kind(name="points_only", twist=_points_only),
    Kind(name="tax_excluded", twist=_tax_excluded),
    Kind(name="mixed_tax", twist=_mixed_tax, weight=3),
    Kind(name="multi_line", twist=_multi_line, weight=3),
    Kind(name="unmapped_all", twist=_unmapped, end="held:unmapped"),
    Kind(name="unmapped_part", twist=_unmapped_part, end="held:unmapped"),
    Kind(name="postage_later", twist=_postage_later),
    Kind(name="postage_never", twist=_postage_open, end="held:amount_open", weight=0),
    Kind(name="social_gift", twist=_social_gift_typed),
    Kind(name="social_gift_never", twist=_social_gift, end="held:social_gift", weight=0),
    Kind(name="review", twist=_review),
    Kind(name="change", twist=_change),
    Kind(name="payment_ng", twist=_payment_ng, end=CANCELLED),
    Kind(name="self_cancel", twist=_self_cancel, end=CANCELLED),
    Kind(name="cancel_unconfirmed", twist=_staff_cancel("unconfirmed", 5, 28), end=CANCELLED),
    Kind(name="cancel_at_rakuten", twist=_staff_cancel("at_rakuten", 5, 90), end=CANCELLED),
    Kind(name="cancel_ready", twist=_staff_cancel("ready", 5, 120), end=CANCELLED),
    Kind(name="drop_off", twist=_drop_off, weight=3),
    Kind(name="store_pickup", twist=_store_pickup),
    Kind(name="subscription", twist=_subscription),
    Kind(name="special_characters", twist=_special_characters),
)


def labelled() -> dict[str, Any]:
    """Return what a hub's settings need to know of the mix: labels whose answers ask nothing of anyone."""
    return {"harmless_answers": [{"label": label, "answer": answer} for label, answer in remarks.HARMLESS]}
