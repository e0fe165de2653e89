"""CSV of the order list: chosen columns of FIELDS, for spreadsheets or for programs, in UTF-8 or in the cp932 of Japanese Windows.

A spreadsheet must not run what a stranger wrote, so there a cell that could be a formula is made text. Programs get it untouched.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orders.fields import FIELDS, Field, Kind
from orders.fields.showing import show
from orders.queries.facts import facts_of

MOST_ROWS = 100_000
CHUNK = 500
ENCODINGS = ("utf-8", "cp932")
PROFILES = ("spreadsheet", "machine")
DEFAULT_COLUMNS = ("number", "shop", "status", "placed_at", "buyer_name", "total_yen")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_INSTEAD = str.maketrans({
    "𠮷": "吉", "𠮟": "叱", "鷗": "鴎", "噓": "嘘", "頰": "頬", "剝": "剥", "塡": "填",
    "繫": "繋", "瘦": "痩", "屛": "屏", "蟬": "蝉", "摑": "掴",
    "麵": "麺",
    "—": "―", "–": "-", "‑": "-", "\u00a0": " ", "\u200b": "", "¥": "\\", "〻": "々", "♡": "", "♥": "", "❤": "", "€": "EUR",
    "©": "(C)", "®": "(R)", "™": "TM",
} | {chr(code): "" for code in [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]})  # fmt: skip
UNKNOWN = "〓"


class UnknownColumn(ValueError):
    """A column is none of FIELDS."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How an export is written."""

    columns: tuple[str, ...]
    profile: str = "spreadsheet"
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        for key in self.columns:
            if key not in FIELDS:
                raise UnknownColumn(key)
        if not self.columns or self.profile not in PROFILES or self.encoding not in ENCODINGS:
            raise UnknownColumn("layout")

    @property
    def fields(self) -> list[Field]:
        return [FIELDS[key] for key in self.columns]


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A cell that the encoding cannot hold: which order, which column, which characters."""

    order_id: int
    number: str
    column: str
    characters: str


def rows_of(order_ids: Sequence[int], layout: Layout) -> list[tuple[int, str, list[str]]]:
    """Return (id, number, cells) of these orders, within the open transaction. Ask for at most CHUNK at a time."""
    fields = layout.fields
    return [
        (order_id, facts.order.number, [_cell(show(field, facts), field, layout) for field in fields])
        for order_id, facts in facts_of(order_ids).items()
    ]


def _cell(text: str, field: Field, layout: Layout) -> str:
    if layout.profile == "machine":
        return "".join(sign for sign in text if sign == "\n" or ord(sign) >= 32)
    is_number = (
        field.kind in (Kind.NUMBER, Kind.YEN) and text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()
    )
    return f"'{text}" if _is_formula(text, layout) and not is_number else text


def _is_formula(text: str, layout: Layout) -> bool:
    """Say whether a spreadsheet could run the cell, as the encoding will write it and behind what cannot be seen."""
    written = _replaced(text) if layout.encoding == "cp932" else iter(text)
    for signs in written:
        for sign in signs:
            if sign in _FORMULA:
                return True
            if unicodedata.category(sign)[0] not in "CZ":
                return False
    return False


def header(layout: Layout) -> list[str]:
    """Return the column titles: labels for people, keys for programs."""
    return [str(field.label) if layout.profile == "spreadsheet" else field.key for field in layout.fields]


def encode(rows: Iterable[Sequence[str]], layout: Layout) -> bytes:
    """Write rows as CSV with CRLF. Characters the encoding lacks are replaced by their usual form, or by 〓."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    text = target.getvalue()
    if layout.encoding == "utf-8":
        return text.encode("utf-8")
    return "".join(_replaced(text)).encode("cp932")


def _replaced(text: str) -> Iterator[str]:
    for sign in text:
        yield sign if _fits(sign) else sign.translate(_INSTEAD) if ord(sign) in _INSTEAD else UNKNOWN


def _fits(text: str) -> bool:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def lost_in(rows: Iterable[tuple[int, str, Sequence[str]]], layout: Layout) -> list[Lost]:
    """Return the cells that the layout's encoding cannot hold as they are."""
    if layout.encoding == "utf-8":
        return []
    titles = header(layout)
    return [
        Lost(
            order_id=order_id,
            number=number,
            column=titles[n],
            characters="".join(dict.fromkeys(s for s in cell if not _fits(s))),
        )
        for order_id, number, cells in rows
        for n, cell in enumerate(cells)
        if not _fits(cell)
    ]
