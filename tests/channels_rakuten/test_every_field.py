"""Every field of the order data model reaches the hub's words: changing any single one changes what comes out, and has a label."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import pytest

from channels_rakuten import labels
from channels_rakuten.codes import NEVER_STORED
from channels_rakuten.mapping.orders import order_from
from orders.channels import MallOrder
from simulators.rakuten.full_order import full_order
from tests.channels_rakuten.conftest import sent

Path = tuple[str | int, ...]


def leaves(data: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list) and data and isinstance(data[0], dict | list | str):
        yield from leaves(data[0], (*path, 0))
    else:
        yield path


PATHS = [path for path in leaves(full_order()) if path[-1] not in NEVER_STORED]


def changed(value: Any) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, str):
        if len(value) == 24 and value[10:11] == "T":
            return "2032-01-02T03:04:05+0900"
        if len(value) == 10 and value[4:5] == "-":
            return "2032-01-02"
        return {"1001": "1002"}.get(value, value + "ｘ")
    if isinstance(value, float):
        return 0.05
    return {0: 1, 1: 0, 300: 500}.get(value, 1) if not isinstance(value, bool) else not value


def outcome(model: dict[str, Any]) -> dict[str, Any]:
    order = order_from(sent(model))
    assert isinstance(order, MallOrder), order
    found = asdict(order)
    for name in ("payload", "hash"):
        found.pop(name)
    return found


@pytest.mark.parametrize("path", PATHS, ids=[".".join(map(str, path)) for path in PATHS])
def test_field_reaches_the_hubs_words(path: Path) -> None:
    model = full_order()
    before = outcome(model)
    place: Any = model
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = changed(place[path[-1]])

    assert outcome(model) != before


def test_extra_is_json_and_stable() -> None:
    first, again = outcome(full_order()), outcome(deepcopy(full_order()))

    assert json.loads(json.dumps(first["extra"])) == first["extra"]
    assert first == again


def extras(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield order["extra"]
    for parcel in order["parcels"]:
        yield parcel["extra"]
        yield parcel["pick_up"]
        for line in parcel["lines"]:
            yield line["extra"]


def keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from keys(item)


def test_every_key_has_a_label_in_both_languages_and_no_label_is_spare() -> None:
    used = {key for extra in extras(outcome(full_order())) for key in keys(extra)}

    assert used <= labels.FIELDS.keys()
    assert labels.FIELDS.keys() - used == {"further_skus", "variation"}
    for field in labels.FIELDS.values():
        assert field.name("ja")
        assert field.name("en").isascii()


def test_rows_show_the_full_order_in_words() -> None:
    extra = outcome(full_order())["extra"]

    ja = {label: text for depth, label, text in labels.rows(extra, "ja") if depth == 0}
    en = {label: text for depth, label, text in labels.rows(extra, "en") if depth == 0}

    assert ja["利用端末"] == "Android"
    assert ja["注意表示の詳細"] == "長期不在による受取拒否"
    assert ja["配送区分"] == "冷蔵"
    assert ja["決済手数料"] == "108円"
    assert en["Caution detail"] == "Long absence"
    assert en["Tax on payment charge"] == "10%"
    assert en["Super DEAL"] == "Yes"
