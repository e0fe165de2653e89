"""RSL's words against the core's: pure translation, no HTTP."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.effects.outcomes import Receipt, Refused, Unsure
from orders.carriers import CARRIERS
from warehouses.adapters import (
    BadResult,
    RequestState,
    ShipLine,
    ShippedPackage,
    ShipRequest,
    ShipResult,
    WarehouseAbility,
)
from warehouses.rsl import mapping
from warehouses.rsl.form import RslForm, contract_abilities


def ship_request(**changes: Any) -> ShipRequest:
    whole: dict[str, Any] = {
        "reference": "P17-2",
        "order_numbers": ("123456-20261125-0000000001", "123456-20261125-0000000002"),
        "shop_name": "テスト商店",
        "name": "楽天 花子",
        "kana": "ラクテン ハナコ",
        "phone": "０３-1234-5678",
        "postal_code": "158-0094",
        "prefecture": "東京都",
        "city": "世田谷区",
        "street": "玉川1-14-1",
        "lines": (ShipLine(line_id=5, sku="A-1", name="りんご", quantity=2),),
    }
    return ShipRequest(**whole | changes)


@pytest.mark.feature("N04", "R11")
def test_request_carries_everything_the_warehouse_needs() -> None:
    request = ship_request(
        wish_on=date(2026, 11, 28), wish_time="1416", delivery_method="宅配便", carrier="yamato", cod_yen=3300,
        drop_off="玄関前", noshi="内祝", gift=True, wrapping="包装紙", options=("色: 赤",), note="壊れ物",
    )  # fmt: skip

    assert mapping.to_request(request) == {
        "reference": "P17-2",
        "recipient": {
            "name": "楽天 花子", "kana": "ラクテン ハナコ", "postal_code": "1580094", "prefecture": "東京都",
            "city": "世田谷区", "street": "玉川1-14-1", "phone": "0312345678",
        },
        "sender": {"name": "テスト商店"},
        "lines": [{"sku": "A-1", "quantity": 2, "name": "りんご"}],
        "wish": {"date_on": "2026-11-28", "time": "14-16"},
        "delivery_method": "parcel",
        "carrier": "YAMATO",
        "cod_yen": 3300,
        "drop_off": "玄関前",
        "gift": {"gift": True, "noshi": "内祝", "wrapping": "包装紙"},
        "slip": {
            "reference": "P17-2",
            "order_numbers": ["123456-20261125-0000000001", "123456-20261125-0000000002"],
        },
        "memo": "色: 赤\n壊れ物",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slot", "written"),
    [
        ("", ""),
        ("午前中", "am"),
        ("pm", "pm"),
        ("1416", "14-16"),
        ("708", "07-08"),
        ("１４：００～１６：００", "14-16"),
        ("14-16", "14-16"),
        ("18時-21時", "18-21"),
    ],
)
def test_wished_time(slot: str, written: str) -> None:
    assert mapping.to_time(slot) == written


@pytest.mark.parametrize("slot", ["夜中", "16-14", "14:00", "2528", "9"])
def test_wished_time_that_rsl_has_no_word_for(slot: str) -> None:
    with pytest.raises(mapping.Unfit) as unfit:
        mapping.to_time(slot)

    assert (unfit.value.reason, unfit.value.params) == ("wish_time_unsupported", {"time": slot})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pick_up": {"store": "1234"}}, "pick_up_unsupported"),
        ({"carrier": "seino"}, "carrier_unsupported"),
        ({"delivery_method": "自転車便"}, "delivery_method_unsupported"),
    ],
)
def test_request_that_rsl_cannot_do_is_not_shortened(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(mapping.Unfit, match=reason):
        mapping.to_request(ship_request(**change))


def test_carriers_are_words_of_the_hub() -> None:
    assert set(mapping.CARRIERS.values()) | set(mapping.CARRIER_CODES) <= set(CARRIERS)


def test_outcomes_are_one_for_each_reference() -> None:
    answers = [
        {"reference": "B", "outcome": "refused", "code": "E107", "message": "電話番号がありません"},
        {"reference": "A", "outcome": "accepted", "ship_day_on": "2026-11-25", "repeated": True},
        {"reference": "C", "outcome": "maybe"},
        "nonsense",
    ]

    outcomes = mapping.to_outcomes(["A", "B", "C", "D"], {"answers": answers})

    assert outcomes["A"] == Receipt(data={"ship_on": "2026-11-25", "repeated": True})
    assert outcomes["B"] == Refused(
        reason="warehouse_refused", detail="E107 電話番号がありません", params={"code": "E107"}
    )
    assert [type(outcomes[name]) for name in "CD"] == [Unsure, Unsure]


@pytest.mark.parametrize("data", [{}, {"answers": None}, {"answers": {}}])
def test_answer_without_rows_leaves_all_unsure(data: dict[str, Any]) -> None:
    assert isinstance(mapping.to_outcomes(["A"], data)["A"], Unsure)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"outcome": "agreed", "fee_yen": 330}, Receipt(data={"answer": "agreed", "fee_yen": 330})),
        ({"outcome": "too_late"}, Receipt(data={"answer": "too_late", "fee_yen": 0})),
        ({"outcome": "perhaps"}, Unsure(reason="unclear_answer", detail="outcome 'perhaps'")),
        ({"outcome": "agreed", "fee_yen": "330"}, Unsure(reason="unclear_answer", detail="outcome 'agreed'")),
    ],
)
def test_withdrawal(data: dict[str, Any], expected: Any) -> None:
    assert mapping.to_withdrawal(data) == expected


def test_state() -> None:
    row = {"state": "cannot_ship", "code": "E301", "reason": "在庫不足", "ship_day_on": "2026-11-25"}

    assert mapping.to_state("A", row) == RequestState(
        reference="A", state="cannot_ship", reason="cannot_ship", detail="E301 在庫不足", ship_on=date(2026, 11, 25)
    )
    assert mapping.to_state("A", None) is None


@pytest.mark.parametrize("row", [{}, {"state": "lost"}, "accepted", {"state": "accepted", "ship_day_on": "soon"}])
def test_state_that_cannot_be_understood_is_not_absence(row: Any) -> None:
    with pytest.raises(mapping.Odd):
        mapping.to_state("A", row)


def result_row(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "P17-2",
        "outcome": "shipped",
        "lines": [{"sku": "A-1", "quantity": 2}, {"sku": "B-2", "quantity": 1}, {"sku": "A-1", "quantity": 3}],
        "packages": [
            {"carrier_code": "YAMATO", "tracking_number": "480000000012", "shipped_on": "2026-11-25"},
            {"carrier_code": "JAPANPOST", "tracking_number": "620000000014", "shipped_on": "2026-11-25"},
        ],
        "code": "",
        "reason": "",
        "at": "2026-11-25T17:30:00+09:00",
    } | changes


def test_result() -> None:
    assert mapping.to_result(result_row(), "results[0]") == ShipResult(
        reference="P17-2",
        outcome="shipped",
        packages=(
            ShippedPackage(carrier="yamato", number="480000000012", shipped_on=date(2026, 11, 25)),
            ShippedPackage(carrier="japan_post", number="620000000014", shipped_on=date(2026, 11, 25)),
        ),
        quantities={"A-1": 5, "B-2": 1},
        at=datetime(2026, 11, 25, 8, 30, tzinfo=UTC),
    )


def test_result_that_will_not_come() -> None:
    row = result_row(outcome="cannot_ship", lines=[], packages=[], code="E301", reason="在庫不足")

    result = mapping.to_result(row, "results[0]")

    assert isinstance(result, ShipResult)
    assert (result.outcome, result.reason, result.packages, result.quantities) == (
        "cannot_ship",
        "E301 在庫不足",
        (),
        {},
    )


GOOD_PACKAGE = {"carrier_code": "YAMATO", "tracking_number": "480000000012", "shipped_on": "2026-11-25"}


@pytest.mark.parametrize(
    ("row", "path", "reason"),
    [
        ("nonsense", "results[3]", "not_an_object"),
        (result_row(reference=None), "results[3].reference", "missing"),
        (result_row(outcome="eaten"), "results[3].outcome", "unknown_outcome"),
        (result_row(packages=[]), "results[3].packages", "missing"),
        (result_row(packages={}), "results[3].packages", "not_a_list"),
        (result_row(packages=[GOOD_PACKAGE, 5]), "results[3].packages[1]", "not_an_object"),
        (
            result_row(packages=[GOOD_PACKAGE | {"carrier_code": "PIGEON"}]),
            "results[3].packages[0].carrier_code",
            "unknown_carrier",
        ),
        (
            result_row(packages=[GOOD_PACKAGE | {"tracking_number": ""}]),
            "results[3].packages[0].tracking_number",
            "missing",
        ),
        (
            result_row(packages=[GOOD_PACKAGE | {"tracking_number": "4800\x00"}]),
            "results[3].packages[0].tracking_number",
            "not_a_number",
        ),
        (
            result_row(packages=[GOOD_PACKAGE | {"tracking_number": "４８００"}]),
            "results[3].packages[0].tracking_number",
            "not_a_number",
        ),
        (
            result_row(packages=[GOOD_PACKAGE | {"shipped_on": "2026-02-30"}]),
            "results[3].packages[0].shipped_on",
            "not_a_day",
        ),
        (result_row(lines=[{"sku": "A-1", "quantity": "2"}]), "results[3].lines[0].quantity", "not_a_quantity"),
        (result_row(lines=[{"sku": "A-1", "quantity": True}]), "results[3].lines[0].quantity", "not_a_quantity"),
        (result_row(lines=[{"quantity": 1}]), "results[3].lines[0].sku", "missing"),
        (result_row(outcome="short", lines=[]), "results[3].lines", "missing"),
        (result_row(at="2026-11-25T17:30:00"), "results[3].at", "not_an_instant"),
    ],
)
def test_bad_result_is_named_by_its_place(row: Any, path: str, reason: str) -> None:
    result = mapping.to_result(row, "results[3]")

    assert isinstance(result, BadResult)
    assert (result.path, result.reason) == (path, reason)


def test_contract_terms_decide_the_abilities() -> None:
    form = RslForm({"shop_code": "shop-1", "token": "t", "dedupes": "", "askable": "on"})

    assert form.is_valid(), form.errors
    assert WarehouseAbility.DEDUPES not in contract_abilities(form.cleaned_data)
    assert WarehouseAbility.ASKABLE in contract_abilities(form.cleaned_data)
    assert {WarehouseAbility.DEDUPES, WarehouseAbility.ASKABLE} <= contract_abilities({"shop_code": "x", "token": "t"})
