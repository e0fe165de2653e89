"""Kinds of fields: which comparisons each knows, and how the JSON of a value becomes an exact value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.clock import JAPAN
from hub.ids import NotAnId, decode

MAX_TEXT = 1_000
MAX_LIST = 1_000
MAX_NUMBER = 10**12
MAX_DAYS = 3_660


class Kind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    WORDS = "words"
    NUMBER = "number"
    YEN = "yen"
    DAY = "date"
    INSTANT = "datetime"
    FLAG = "flag"
    ROW = "row"
    ROWS = "rows"


class Of(StrEnum):
    """Which of an order's lines (or parcels) a test asks: one at least, all of them (and there is one), or none."""

    ANY = "any"
    EVERY = "every"
    NONE = "none"


class BadValue(ValueError):
    """A value does not fit its field. `code` names why, `params` hold what a sentence about it needs."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, order=True)
class Relative:
    """A day told from today: negative days lie in the past. JSON: {"days_ago": 3} or {"days_ahead": 2}."""

    days: int

    def on(self, today: date) -> date:
        return today + timedelta(days=self.days)


@dataclass(frozen=True, kw_only=True)
class Op:
    """A comparison. `takes`: one value, many, two (a range) or none. `says`: a pattern over %(field)s and %(value)s."""

    key: str
    label: Promise
    says: Promise
    takes: str = "one"


def _op(key: str, label: Any, says: Any, takes: str = "one") -> tuple[str, Op]:
    return key, Op(key=key, label=label, says=says, takes=takes)


OPS: Mapping[str, Op] = dict([
    _op("is", _("が次と等しい"), _("%(field)s が %(value)s")),
    _op("is_not", _("が次と異なる"), _("%(field)s が %(value)s 以外")),
    _op("in", _("が次のどれか"), _("%(field)s が %(value)s のどれか"), "many"),
    _op("not_in", _("が次のどれでもない"), _("%(field)s が %(value)s のどれでもない"), "many"),
    _op("contains", _("に次を含む"), _("%(field)s に %(value)s を含む")),
    _op("not_contains", _("に次を含まない"), _("%(field)s に %(value)s を含まない")),
    _op("starts_with", _("が次で始まる"), _("%(field)s が %(value)s で始まる")),
    _op("ends_with", _("が次で終わる"), _("%(field)s が %(value)s で終わる")),
    _op("lt", _("が次より前・小さい"), _("%(field)s が %(value)s より前")),
    _op("lte", _("が次まで・以下"), _("%(field)s が %(value)s まで")),
    _op("gt", _("が次より後・大きい"), _("%(field)s が %(value)s より後")),
    _op("gte", _("が次から・以上"), _("%(field)s が %(value)s から")),
    _op("between", _("が次の範囲"), _("%(field)s が %(value)s の間"), "two"),
    _op("has", _("に次のどれかがある"), _("%(field)s に %(value)s がある"), "some"),
    _op("has_all", _("に次のすべてがある"), _("%(field)s に %(value)s がすべてある"), "many"),
    _op("has_not", _("に次がない"), _("%(field)s に %(value)s がない"), "some"),
    _op("empty", _("が空"), _("%(field)s が 空"), "none"),
    _op("not_empty", _("が空でない"), _("%(field)s が 空でない"), "none"),
])  # fmt: skip

NUMBER_WORDS: Mapping[str, Promise] = {
    "lt": _("%(field)s が %(value)s 未満"),
    "lte": _("%(field)s が %(value)s 以下"),
    "gt": _("%(field)s が %(value)s を超える"),
    "gte": _("%(field)s が %(value)s 以上"),
}
"""How the same comparisons read over amounts instead of days."""

_EQUAL = ("is", "is_not", "in", "not_in")
_RANGE = ("lt", "lte", "gt", "gte", "between")
_SETS = ("has", "has_all", "has_not", "empty", "not_empty")
OPS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: (*_EQUAL, "contains", "not_contains", "starts_with", "ends_with", "empty", "not_empty"),
    Kind.CHOICE: _EQUAL,
    Kind.WORDS: _SETS,
    Kind.NUMBER: ("is", "is_not", *_RANGE),
    Kind.YEN: ("is", "is_not", *_RANGE),
    Kind.DAY: ("is", "is_not", *_RANGE),
    Kind.INSTANT: ("is", "is_not", *_RANGE),
    Kind.FLAG: ("is",),
    Kind.ROW: _EQUAL,
    Kind.ROWS: _SETS,
}
NEGATED: Mapping[str, str] = {
    "is_not": "is", "not_in": "in", "not_contains": "contains", "not_empty": "empty", "has_not": "has",
}  # fmt: skip
"""Each of these is the exact complement of another comparison."""


def start_of(day: date) -> datetime:
    """Return the first instant of a day in Japan."""
    return datetime.combine(day, time.min, JAPAN)


def day_of(moment: datetime) -> date:
    """Return the day in Japan on which an instant lies."""
    return moment.astimezone(JAPAN).date()


def _text(raw: Any) -> str:
    if type(raw) is not str:
        raise BadValue("not_text")
    if not raw:
        raise BadValue("empty_text")
    if len(raw) > MAX_TEXT:
        raise BadValue("too_long", limit=MAX_TEXT)
    if "\0" in raw:
        raise BadValue("bad_character")
    return raw


def _number(raw: Any) -> int:
    if type(raw) is not int:
        raise BadValue("not_number")
    if abs(raw) > MAX_NUMBER:
        raise BadValue("too_large", limit=MAX_NUMBER)
    return raw


def _flag(raw: Any) -> bool:
    if type(raw) is not bool:
        raise BadValue("not_flag")
    return raw


def _row(raw: Any) -> int:
    """Read a row's id: our own number, or the form that the outside sees."""
    if type(raw) is int and 0 < raw < 1 << 63:
        return raw
    if type(raw) is str:
        try:
            return decode(raw)
        except NotAnId:
            pass
    raise BadValue("not_id")


def _relative(raw: dict[Any, Any]) -> Relative:
    if len(raw) != 1 or next(iter(raw)) not in ("days_ago", "days_ahead"):
        raise BadValue("not_day")
    ((word, days),) = raw.items()
    if type(days) is not int:
        raise BadValue("not_number")
    if not 0 <= days <= MAX_DAYS:
        raise BadValue("too_large", limit=MAX_DAYS)
    return Relative(-days if word == "days_ago" else days)


def _day(raw: Any) -> date | Relative:
    if type(raw) is dict:
        return _relative(raw)
    if type(raw) is str and len(raw) == 10:
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise BadValue("not_day")


def _instant(raw: Any) -> date | Relative | datetime:
    if type(raw) is str and len(raw) > 10:
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            raise BadValue("not_instant") from None
        if moment.tzinfo is None:
            raise BadValue("no_offset")
        return moment
    return _day(raw)


_READ: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text, Kind.CHOICE: _text, Kind.WORDS: _text, Kind.NUMBER: _number, Kind.YEN: _number, Kind.DAY: _day,
    Kind.INSTANT: _instant, Kind.FLAG: _flag, Kind.ROW: _row, Kind.ROWS: _row,
}  # fmt: skip


def read_value(kind: Kind, op: str, raw: Any) -> Any:
    """Return the exact value of a test: one, a tuple, or None where the comparison takes none. Raises BadValue."""
    takes, read = OPS[op].takes, _READ[kind]
    if takes == "none":
        if raw is not None:
            raise BadValue("takes_no_value")
        return None
    if takes == "one":
        value = read(raw)
        if isinstance(value, datetime) and op in ("is", "is_not"):
            raise BadValue("not_day")
        return value
    if takes == "two":
        return _range(read, raw)
    items = [raw] if takes == "some" and type(raw) is not list else raw
    if type(items) is not list:
        raise BadValue("not_list")
    if not items:
        raise BadValue("empty_list")
    if len(items) > MAX_LIST:
        raise BadValue("too_many", limit=MAX_LIST)
    return tuple(dict.fromkeys(read(item) for item in items))


def _range(read: Callable[[Any], Any], raw: Any) -> tuple[Any, Any]:
    if type(raw) is not list or len(raw) != 2:
        raise BadValue("not_range")
    low, high = read(raw[0]), read(raw[1])
    if type(low) is type(high) and low > high:
        raise BadValue("range_reversed")
    return low, high


def write_value(value: Any) -> Any:
    """Return the JSON of an exact value; the reverse of `read_value`."""
    if isinstance(value, tuple):
        return [write_value(item) for item in value]
    if isinstance(value, Relative):
        return {"days_ago": -value.days} if value.days <= 0 else {"days_ahead": value.days}
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return value
