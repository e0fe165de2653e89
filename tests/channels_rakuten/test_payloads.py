"""Payloads: card data never kept, bytes otherwise as sent, unknown fields named, broken texts survived."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_rakuten.codes import NEVER_STORED
from channels_rakuten.mapping.orders import order_from
from channels_rakuten.mapping.payloads import cleaned, hash_of
from orders.channels import BadPayload, MallOrder
from tests.channels_rakuten.conftest import Model, read, sent

CARD = {
    "cardName": "VISA",
    "cardNumber": "XXXX-0000",
    "cardOwner": 'HANAKO "M" \\',
    "cardYm": "2034-01",
    "cardPayType": 2,
}


def without_cards(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: without_cards(value) for key, value in data.items() if key not in NEVER_STORED}
    return [without_cards(item) for item in data] if isinstance(data, list) else data


def test_payload_of_an_order_without_card_data_is_the_malls_bytes(plain: Model) -> None:
    plain["SettlementModel"] = {"settlementMethodCode": 2, "settlementMethod": "代金引換", "rpaySettlementFlag": 0}
    raw = sent(plain)

    order = order_from(raw)

    assert isinstance(order, MallOrder)
    assert order.payload == raw
    assert order.hash == hash_of(raw)


def test_card_data_is_in_no_payload(full: Model) -> None:
    order = read(full)

    assert json.loads(order.payload) == without_cards(full)
    assert b"HANAKO" not in order.payload


def test_card_data_is_not_in_the_hash(full: Model) -> None:
    before = read(full).hash
    full["SettlementModel"]["cardYm"] = "2040-12"

    assert read(full).hash == before
    assert read(full, requestPrice=1).hash != before


def test_card_data_is_not_in_a_refused_payload(full: Model) -> None:
    bad = order_from(sent({**full, "orderProgress": "?"}))

    assert isinstance(bad, BadPayload)
    assert b"HANAKO" not in bad.payload
    assert b"2034-01" not in bad.payload


@pytest.mark.parametrize(
    "settlement",
    [
        CARD,
        {"a": 1, **CARD},
        {**CARD, "z": [1]},
        {"a": 1, **CARD, "z": {}},
        {"cardName": None, "b": 1, "cardYm": "x", "c": 2},
        {"cardNumber": {"deep": "XXXX"}, "b": 1},
        {"cardNumber": ["XXXX"]},
        {"deeper": {**CARD, "more": CARD}},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", " :\t")])
def test_cleaned_takes_out_card_data_wherever_it_stands(
    settlement: dict[str, Any], separators: tuple[str, str]
) -> None:
    data = {"first": CARD, "SettlementModel": settlement, "last": 1}

    payload = cleaned(json.dumps(data, separators=separators).encode())

    assert json.loads(payload) == without_cards(data)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(['"cardName":"x"', '\\"cardYm\\":', "card"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(NEVER_STORED), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)  # on a busy machine any example may take a while
@given(st.dictionaries(st.text(max_size=5) | st.sampled_from(NEVER_STORED), json_values, max_size=5), st.booleans())
def test_cleaned_agrees_with_the_plain_way(data: dict[str, Any], ascii_only: bool) -> None:
    payload = cleaned(json.dumps(data, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))

    assert json.loads(payload.decode("utf-8", "surrogatepass")) == without_cards(data)


def test_unknown_fields_are_named_by_path_and_stay_in_the_payload(full: Model) -> None:
    full["newFlag"] = 1
    full["PackageModelList"][1]["ItemModelList"][0]["newPrice"] = {"yen": 5}
    full["PackageModelList"][0]["NewModel"] = None

    order = read(full)

    assert order.unknown_fields == (
        "PackageModelList[].ItemModelList[].newPrice",
        "PackageModelList[].NewModel",
        "newFlag",
    )
    assert json.loads(order.payload)["newFlag"] == 1
    assert order.total_yen == full["requestPrice"]


def test_full_order_has_no_unknown_field(full: Model) -> None:
    assert read(full).unknown_fields == ()


def test_empty_text_where_a_number_is_wanted_is_none(plain: Model) -> None:
    plain["PackageModelList"][0]["ItemModelList"][0]["pointRate"] = ""

    assert read(plain).parcels[0].lines[0].extra["point_rate"] is None


def test_nul_characters_are_dropped_from_texts(plain: Model) -> None:
    assert read(plain, remarks="門の\0前に").remarks == "門の前に"


@pytest.mark.parametrize(
    "raw",
    [b'{"orderNumber":"400001-20311104-0000000001","remarks":"\\ud800"}',
     b'{"orderNumber":"400001-20311104-0000000001","remarks":"\xff"}', b"[]", b"5", b"{}", b'{"OrdererModel":' + b"[" * 5000],
)  # fmt: skip
def test_unreadable_orders_are_bad_payloads(raw: bytes) -> None:
    assert isinstance(order_from(raw), BadPayload)


def test_null_is_a_name_like_any_other(plain: Model) -> None:
    plain["OrdererModel"].update(familyName="null", firstName="Null")

    assert read(plain).buyer.name == "null Null"
