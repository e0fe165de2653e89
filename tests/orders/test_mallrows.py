"""Which rows at the mall a report fills, changes or adds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from orders.channels import MallTracking
from orders.outgoing.mallrows import Wanted, compare

DAY = date(2026, 11, 24)


def theirs(number: str, key: str, **changes: Any) -> MallTracking:
    return MallTracking(**{"row_key": key, "carrier": "yamato", "number": number, "shipped_on": DAY, **changes})


def ours(number: str, key: str = "") -> dict[str, Any]:
    return {"tracking": 1, "mall_row_key": key, "carrier": "yamato", "number": number, "shipped_on": DAY.isoformat()}


@pytest.mark.parametrize(
    ("rows", "former", "others", "there", "written"),
    [
        ([ours("N1")], [], [], [], [("N1", "")]),
        ([ours("N1")], [], [], [theirs("N1", "k1")], []),
        ([ours("N1")], [], [], [theirs("", "k1")], [("N1", "k1")]),
        ([ours("N1")], [], [], [theirs("X", "k1")], [("N1", "")]),
        ([ours("N2", "k1")], [], [], [theirs("N1", "k1")], [("N2", "k1")]),
        ([ours("N2")], ["N1"], [], [theirs("N1", "k1")], [("N2", "k1")]),
        ([ours("N2")], ["N1"], ["N1"], [theirs("N1", "k1")], [("N2", "")]),
        ([ours("N2", "k1")], ["N1"], ["N1"], [theirs("N1", "k1")], [("N2", "")]),
        ([ours("N2", "k1"), ours("N3")], ["N1"], [], [theirs("N1", "k1")], [("N2", "k1"), ("N3", "")]),
        ([ours("N3"), ours("N2", "k1")], ["N1"], [], [theirs("N1", "k1")], [("N3", ""), ("N2", "k1")]),
        ([ours("N1"), ours("N2")], [], [], [theirs("N1", "k1"), theirs("", "k2")], [("N2", "k2")]),
        ([ours("N1")], [], [], [theirs("N1", "k1", carrier="sagawa")], [("N1", "k1")]),
    ],
    ids=[
        "nothing there", "there", "an empty row", "a row of somebody else", "corrected, its row known", "corrected, its row not known",
        "the old number is another parcel's", "the known row carries another parcel's number", "a row is filled once",
        "a known row is kept for its number", "one there, one empty", "another carrier",
    ],
)  # fmt: skip
def test_compare(
    rows: list[dict[str, Any]], former: list[str], others: list[str], there: list[MallTracking], written: list[Any]
) -> None:
    missing = compare(Wanted(rows=rows, former=former, others=others), there)
    assert [(row.number, row.row_key) for row in missing] == written
