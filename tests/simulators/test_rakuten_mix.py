"""The orders that the simulated mall invents: their mix, their sums, and the one that fills every field."""

import re
from collections import Counter
from typing import Any

import pytest

from simulators.rakuten.catalogue import products
from simulators.rakuten.formats import has_machine_dependent
from simulators.rakuten.full_order import full_order
from simulators.rakuten.kinds import KINDS
from simulators.rakuten.people import places
from tests.simulators.rakuten_bench import Bench

ENDS = re.compile(r"counted|cancelled|held:(unpaid|unmapped|address|remark|social_gift|amount_open)")


@pytest.fixture(scope="module")
def models() -> dict[str, list[dict[str, Any]]]:
    """300 orders by kind."""
    bench = Bench()
    bench.control("orders", n=300)
    found: dict[str, list[dict[str, Any]]] = {}
    for order in bench.look("state", full="1")["orders"]:
        found.setdefault(order["kind"], []).append(order["model"])
    return found


def check_sums(model: dict[str, Any]) -> None:
    """Check the sums as the example of the data model does."""
    wrappings = [w for w in (model["WrappingModel1"], model["WrappingModel2"]) if w]
    goods = taxed = 0
    for package in model["PackageModelList"]:
        for item in package["ItemModelList"]:
            percent = round(item["taxRate"] * 100)
            expected = item["price"] if item["includeTaxFlag"] else item["price"] * (100 + percent) // 100
            assert item["priceTaxIncl"] == expected
            goods += item["price"] * item["units"]
            taxed += expected * item["units"]
    wrapping = sum(w["price"] for w in wrappings)
    assert model["goodsPrice"] == goods + wrapping == sum(p["goodsPrice"] for p in model["PackageModelList"])
    assert model["totalPrice"] == taxed + wrapping + model["postagePrice"]
    fees = model["deliveryPrice"] + model["paymentCharge"] + model["additionalFeeOccurAmountToUser"]
    points, coupons = model["PointModel"]["usedPoint"], model["couponAllTotalPrice"]
    assert model["requestPrice"] == model["totalPrice"] + fees - coupons - points
    assert model["couponAllTotalPrice"] == sum(c["couponTotalPrice"] for c in model["CouponModelList"] or [])
    summary = model["TaxSummaryModelList"]
    assert sum(row["totalPrice"] for row in summary) == model["totalPrice"]
    assert sum(row["reqPrice"] for row in summary) == model["totalPrice"] + fees - coupons
    for row in summary:
        percent = round(row["taxRate"] * 100)
        assert row["reqPriceTax"] == row["reqPrice"] * percent // (100 + percent)


def test_every_kind_is_there_in_every_hundred(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()

    mix = bench.control("orders", n=100)["mix"]

    assert {row["kind"] for row in mix} == set(KINDS)
    assert sum(row["count"] for row in mix) == 100
    assert all(ENDS.fullmatch(row["expected_end"]) for row in mix)
    printed = capsys.readouterr().out
    assert all(re.search(rf"mix: {row['kind']} +{row['count']} +{row['expected_end']}\n", printed) for row in mix)
    assert bench.look("mix")["mix"] == mix


@pytest.mark.parametrize("seed", range(40))
def test_waves_of_a_hundred_orders_have_each_kind_and_a_pair_of_one_buyer_at_one_shop(seed: int) -> None:
    """As a journey of 100 orders places them: 54, then 36, then 10 of chosen kinds, at four shops."""
    bench = Bench(seed=seed, shop={"next_day": True})
    for number in range(3):
        bench.control("shops", id=f"42000{number}", next_day=True)
    bench.control("orders", n=54)
    bench.control("orders", n=36)
    bench.control("orders", n=10, kinds=["card", "cod"])

    orders = bench.look("state", full="1")["orders"]
    buyers = Counter(
        (order["shop"], order["model"]["OrdererModel"]["emailAddress"])
        for order in orders
        if order["kind"] == "same_buyer"
    )

    assert {order["kind"] for order in orders} == set(KINDS)
    assert max(buyers.values()) >= 2


def test_same_seed_places_the_same_orders_and_another_seed_others() -> None:
    def place(seed: int) -> list[dict[str, Any]]:
        bench = Bench(seed=seed, shop={"next_day": True})
        bench.control("orders", n=120)
        return [line["model"] for line in bench.mall.ledger.lines("order_placed")]

    assert place(3) == place(3)
    assert place(3)[0]["OrdererModel"] != place(4)[0]["OrdererModel"]


def test_kinds_and_weights_can_be_chosen() -> None:
    bench = Bench(shop={"next_day": False})

    assert {row["kind"] for row in bench.control("orders", n=50, mix={"card": 3, "cod": 1})["mix"]} == {"card", "cod"}
    assert bench.control("orders", n=3, kinds=["gift"])["mix"] == [
        {"kind": "gift", "count": 3, "expected_end": "counted"}
    ]
    assert "next_day" not in {row["kind"] for row in bench.control("orders", n=200)["mix"]}


def test_all_sums_add_up(models: dict[str, list[dict[str, Any]]]) -> None:
    for kind, found in models.items():
        for model in found:
            if kind.startswith("postage_"):
                assert (model["postagePrice"], model["totalPrice"], model["requestPrice"]) == (-9999, -9999, -9999)
                assert model["goodsPrice"] > 0
            else:
                check_sums(model)
                assert model["requestPrice"] >= 0


def test_numbers_are_of_the_usual_form_and_unique(models: dict[str, list[dict[str, Any]]]) -> None:
    numbers = [model["orderNumber"] for found in models.values() for model in found]

    assert all(re.fullmatch(r"400001-20261124-\d{10}", number) for number in numbers)
    lines = [
        i["itemDetailId"] for f in models.values() for m in f for p in m["PackageModelList"] for i in p["ItemModelList"]
    ]
    assert len(set(numbers)) == len(numbers) == 300
    assert len(set(lines)) == len(lines)


def test_addresses_agree_with_the_postal_data_but_where_the_kind_says_so(
    models: dict[str, list[dict[str, Any]]],
) -> None:
    by_code = {place.code: place for place in places()}
    for kind, found in models.items():
        for sender in (p["SenderModel"] for model in found for p in model["PackageModelList"]):
            if kind.startswith("social_gift"):
                assert sender["zipCode1"] == "999"
                continue
            place = by_code[sender["zipCode1"] + sender["zipCode2"]]
            assert (place.prefecture == sender["prefecture"]) == (kind != "zip_mismatch")
            assert bool(re.search(r"\d", sender["subAddress"].removeprefix(place.town))) == (kind != "no_house_number")
            assert (sender["phoneNumber1"], sender["phoneNumber2"]) == ("090", "0000")


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("cod", lambda m: m["SettlementModel"]["settlementMethodCode"] == 2 and m["deliveryPrice"] == 330),
        ("apple_pay", lambda m: m["SettlementModel"]["settlementMethodCode"] == 12),
        ("points_only", lambda m: m["requestPrice"] == 0),
        ("next_day", lambda m: m["deliveryCertPrgFlag"] == m["oneDayOperationFlag"] == 1),
        ("gift", lambda m: m["giftCheckFlag"] and m["WrappingModel1"] and m["PackageModelList"][0]["noshi"]),
        ("several_destinations", lambda m: len(m["PackageModelList"]) in (2, 3) and m["severalSenderFlag"]),
        ("island", lambda m: m["isolatedIslandFlag"] == m["PackageModelList"][0]["SenderModel"]["isolatedIslandFlag"] == 1),
        ("okinawa", lambda m: m["PackageModelList"][0]["SenderModel"]["prefecture"] == "沖縄県"),
        ("coupon_shop", lambda m: m["couponShopPrice"] > 0 and m["couponOtherPrice"] == 0 and m["PointModel"]["usedPoint"]),
        ("coupon_maker", lambda m: m["couponOtherPrice"] > 0 and m["couponShopPrice"] == 0),
        ("mixed_tax", lambda m: {row["taxRate"] for row in m["TaxSummaryModelList"]} == {0.1, 0.08}),
        ("multi_line", lambda m: len(m["PackageModelList"][0]["ItemModelList"]) >= 4),
        ("social_gift", lambda m: m["PackageModelList"][0]["SocialGiftModel"]["inputFlag"] == 0),
        ("review", lambda m: m["rakutenConfirmFlag"] == 1),
        ("drop_off", lambda m: m["PackageModelList"][0]["dropOffFlag"] == 1),
        ("store_pickup", lambda m: m["PackageModelList"][0]["DeliveryCvsModel"]["storeName"]),
        ("subscription", lambda m: m["orderType"] == 4 and m["reserveNumber"].endswith("-r")),
        ("special_characters", lambda m: has_machine_dependent(m["OrdererModel"]["familyName"])),
        ("remark_long", lambda m: len(m["remarks"]) > 2000),
        ("remark_date_only", lambda m: m["remarks"].startswith(f"[配送日時指定:]\n{m['deliveryDate']}(")),
        ("wished", lambda m: m["shippingTerm"]),
    ],
)  # fmt: skip
def test_kind_shows_what_it_is_named_after(models: dict[str, list[dict[str, Any]]], kind: str, holds: Any) -> None:
    assert models[kind]
    assert all(holds(model) for model in models[kind])


def test_unmapped_kinds_sell_what_the_catalogue_marks(models: dict[str, list[dict[str, Any]]]) -> None:
    unmapped = {product.manage_number for product in products() if product.unmapped}

    def marks(kind: str) -> set[tuple[bool, ...]]:
        lists = [model["PackageModelList"][0]["ItemModelList"] for model in models[kind]]
        return {tuple(item["manageNumber"] in unmapped for item in items) for items in lists}

    assert marks("unmapped_all") == {(True,)}
    assert marks("unmapped_part") == {(False, True)}
    assert all(not any(flags) for kind in set(models) - {"unmapped_all", "unmapped_part"} for flags in marks(kind))


def test_every_second_order_of_the_same_buyer_is_of_the_one_before(models: dict[str, list[dict[str, Any]]]) -> None:
    buyers = [model["OrdererModel"]["emailAddress"] for model in models["same_buyer"]]

    assert buyers[0:-1:2] == buyers[1::2]
    assert len(set(buyers)) == (len(buyers) + 1) // 2


def test_full_order_leaves_no_field_empty_and_adds_up() -> None:
    def empty(value: Any, path: str) -> list[str]:
        if isinstance(value, dict):
            return [hit for key, inner in value.items() for hit in empty(inner, f"{path}.{key}")]
        if isinstance(value, list) and value:
            return [hit for index, inner in enumerate(value) for hit in empty(inner, f"{path}[{index}]")]
        return [path] if value in (None, "", []) else []

    model = full_order()

    assert empty(model, "") == []
    check_sums(model)


def test_full_order_has_the_fields_of_a_common_one_and_can_be_placed() -> None:
    bench = Bench()

    number = bench.control("orders", fixture="full")["orders"][0]["number"]
    full, common = bench.get(number), bench.get(bench.place("store_pickup"))

    assert set(full) == set(common)
    assert set(full["PackageModelList"][0]) == set(common["PackageModelList"][0])
    pick_up = "DeliveryCvsModel"
    assert set(full["PackageModelList"][0][pick_up]) == set(common["PackageModelList"][0][pick_up])
    assert full["orderNumber"] == number
    assert bench.status(number) == 300


def test_override_makes_odd_orders_as_wished() -> None:
    bench = Bench()

    number = bench.place(
        override={"remarks": "あ" * 300_000, "totalPrice": 1, "PackageModelList": "壊れた"},
        expected_end="held:rejected",
    )
    model = bench.get(number)

    assert (len(model["remarks"]), model["totalPrice"], model["PackageModelList"]) == (300_000, 1, "壊れた")
    assert bench.look("state", number=number)["orders"][0]["expected_end"] == "held:rejected"
