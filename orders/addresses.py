"""住所警告 (F082): does the postal code fit the address, and does it have a house number? Pure: text in, a code out.

Doubt is a reason to look, so known spellings of one place must not raise it (`folding`), and a wrong pair must.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.folding import fold
from orders.postal import City, Postal, prefecture_key, table

DOUBTS: Mapping[str, Promise] = {
    "no_address": _("住所がありません"),
    "zip_missing": _("郵便番号がないか、7桁ではありません"),
    "zip_unknown": _("この郵便番号はありません"),
    "zip_prefecture": _("郵便番号と都道府県が合いません"),
    "zip_city": _("郵便番号と市区町村が合いません"),
    "zip_town": _("郵便番号と町名が合いません"),
    "no_number": _("番地がないようです"),
}

_NOT_DIGITS = re.compile(r"\D")
_DIGITS = re.compile(r"\d+")
_NO_NUMBER_NEEDED = re.compile("番外地|無番|官有地|番地ナシ|私書箱|局留|郵便局留")
_ONLY_CHOME = re.compile(r"-?\d+丁")
_CHOME = re.compile(r"-?(\d+)(丁|-\d+-)")
_BUILDING = re.compile(r"[ァ-ヺー]{3,}|[A-Za-z]{2,}|ビル|マンション|[荘館寮]|号室")
_STREET = re.compile("上ル|下ル|上カル|下カル|東入|西入|上ケル|下ケル")
_KYOTO = "京都市"
_NEAR = 40


def doubt(postal_code: str, prefecture: str, city: str, street: str) -> str:
    """Return an empty text, or the code of the gravest doubt (a key of DOUBTS). `city` and `street` may be cut anywhere."""
    if not (city.strip() or street.strip()):
        return "no_address"
    digits = postal_code if postal_code.isascii() and postal_code.isdigit() else _NOT_DIGITS.sub("", fold(postal_code))
    if len(digits) != 7:
        return "zip_missing"
    postal = table()
    rows = postal.rows(int(digits))
    if not rows:
        return "zip_unknown"
    return _check(postal, rows, prefecture, fold(city + street))


def _check(postal: Postal, rows: range, prefecture: str, place: str) -> str:
    cities = {postal.city[row]: postal.cities[postal.city[row]] for row in rows}
    wanted = prefecture_key(prefecture)
    if wanted:
        cities = {number: city for number, city in cities.items() if city.prefecture_key == wanted}
        if not cities:
            return "zip_prefecture"
    rest = {number: left for number, city in cities.items() if (left := _after_city(city, place)) is not None}
    if not rest:
        return "zip_city"
    best: tuple[int, str] | None = None
    for row in rows:
        left = rest.get(postal.city[row])
        tail = _after_town(postal, row, left) if left is not None else None
        if tail is not None and (best is None or len(tail) < len(best[1])):
            best = (row, tail)
    if best is None:
        return "zip_town"
    row, tail = best
    if row in postal.numberless or has_number(tail, town_known=bool(postal.key(row))):
        return ""
    return "no_number"


def _after_city(city: City, place: str) -> str | None:
    """Return what follows the municipality, or None if the text does not begin with it (perhaps after its prefecture)."""
    for _again in range(2):
        for key in city.keys:
            if place.startswith(key):
                left = place[len(key) :]
                return left[1:] if left[:1] == "字" else left
        whole = fold(city.prefecture)
        if not place.startswith(whole):
            return None
        place = place[len(whole) :]
    return None


def _after_town(postal: Postal, row: int, place: str) -> str | None:
    key = postal.key(row)
    if place.startswith(key):
        tail = place[len(key) :]
        if key and _cuts_a_name(postal, row, key, place, tail):
            return None
    else:
        found = _inside(postal, row, key, place)
        if found is None:
            return None
        tail = found
    spans = postal.chome.get(row)
    return None if spans and _other_chome(postal, row, key, spans, tail) else tail


def _cuts_a_name(postal: Postal, row: int, key: str, place: str, tail: str) -> bool:
    """Say whether the text names another town that only begins like this one (大町東, 豊岡10条)."""
    if tail[:1].isdigit() and key[-1].isdigit():
        return True
    return row in postal.begins_others and _names_another(postal, row, key, place)


def _names_another(postal: Postal, row: int, begin: str, place: str) -> bool:
    return place.startswith(_longer_names(postal, postal.city[row], begin))


@lru_cache(maxsize=8_192)
def _longer_names(postal: Postal, city: int, begin: str) -> tuple[str, ...]:
    """Return the towns of a municipality that go on, with no digit, where another one's name ends."""
    names = {postal.key(other) for other in postal.rows_of_city(city)}
    return tuple(
        name for name in names if len(name) > len(begin) and name.startswith(begin) and not name[len(begin)].isdigit()
    )


def _inside(postal: Postal, row: int, key: str, place: str) -> str | None:
    """Find the town further in: after a former town or 字 that the official form leaves out, or the other way round."""
    if "町" in key[:-1] or "村" in key[:-1]:
        for cut in (i + 1 for i, sign in enumerate(key[:-1]) if sign in "町村"):
            part = key[cut:]
            if len(part) >= 2 and place.startswith(part) and not _names_another(postal, row, part, place):
                return place[len(part) :]
    number = _DIGITS.search(place)
    head = place[: number.start()] if number else place
    at = head.find(key)
    if at > 0 and len(key) >= 2 and head[at - 1] in "町村字":
        return place[at + len(key) :]
    if postal.cities[postal.city[row]].name.startswith(_KYOTO):
        return _in_kyoto(postal, row, key, place)
    return None


def _in_kyoto(postal: Postal, row: int, key: str, place: str) -> str | None:
    """In Kyoto the way along the streets stands before the town, or instead of it."""
    at = place.rfind(key)
    if at > 0:
        return place[at + len(key) :]
    way = list(_STREET.finditer(place))
    if not way:
        return None
    left = place[way[-1].end() :]
    for other in postal.rows_of_city(postal.city[row]):
        name = postal.key(other)
        if len(name) >= 2 and left.startswith(name):
            return None
    return left


def _other_chome(postal: Postal, row: int, key: str, spans: Iterable[tuple[int, int]], tail: str) -> bool:
    """Say whether the 丁目 belongs to another code of the same town."""
    found = _CHOME.match(tail)
    if found is None or _within(int(found[1]), spans):
        return False
    city = postal.city[row]
    return any(
        _within(int(found[1]), others)
        for other, others in postal.chome.items()
        if other != row and postal.city[other] == city and postal.key(other) == key
    )


def _within(number: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first <= number <= last for first, last in spans)


def has_number(tail: str, *, town_known: bool = True) -> bool:
    """Say whether what follows the town begins with a house number; a bare 丁目 or the number of a room is none."""
    chome = _ONLY_CHOME.match(tail)
    after = tail[chome.end() :] if chome else tail
    number = _DIGITS.search(after)
    if number is None:
        return bool(_NO_NUMBER_NEEDED.search(tail))
    between = after[: number.start()]
    if not between or not (town_known or chome):
        return True
    return "字" in between or not _BUILDING.search(between)


# Proposals.


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A way the address may have been meant. `by`: code (another postal code) or address (another place)."""

    postal_code: str
    prefecture: str
    city: str
    street: str
    by: str


def suggest(postal_code: str, prefecture: str, city: str, street: str, *, most: int = 5) -> list[Proposal]:
    """Return proposals for a doubtful address, each free of doubt about its code: first other codes, then other places."""
    found = [*_other_codes(prefecture, city, street), *_other_places(postal_code, street)]
    given = (_NOT_DIGITS.sub("", fold(postal_code)), prefecture, city, street)
    fresh = dict.fromkeys(p for p in found if (p.postal_code, p.prefecture, p.city, p.street) != given)
    good = [p for p in fresh if doubt(p.postal_code, p.prefecture, p.city, p.street) in ("", "no_number")]
    return good[:most]


def places_of(postal_code: str) -> list[Proposal]:
    """Return the places that a postal code names, as Japan Post writes them."""
    return list(dict.fromkeys(_other_places(postal_code, "")))


def _other_codes(prefecture: str, city: str, street: str) -> Iterator[Proposal]:
    """The place stands, the code is wrong."""
    postal, place, wanted = table(), fold(city + street), prefecture_key(prefecture)
    hits: list[tuple[int, int]] = []
    for number, candidate in enumerate(postal.cities):
        if wanted and candidate.prefecture_key != wanted:
            continue
        left = _after_city(candidate, place)
        if left is None:
            continue
        for row in postal.rows_of_city(number):
            key = postal.key(row)
            if key and row not in postal.numberless and left.startswith(key):
                hits.append((len(place) - len(left) + len(key), row))
    for _length, row in sorted(hits, key=lambda hit: (-hit[0], hit[1]))[:_NEAR]:
        at = postal.cities[postal.city[row]]
        same = at.prefecture if not prefecture.strip() else prefecture
        yield Proposal(postal_code=f"{postal.codes[row]:07}", prefecture=same, city=city, street=street, by="code")


def _other_places(postal_code: str, street: str) -> Iterator[Proposal]:
    """The code stands, the place is wrong: what the code names, with the house number as it was given."""
    postal, digits = table(), _NOT_DIGITS.sub("", fold(postal_code))
    number = re.search(r"[0-9０-９]", street)
    tail = street[number.start() :] if number else ""
    for row in postal.rows(int(digits))[:_NEAR] if len(digits) == 7 else range(0):
        at = postal.cities[postal.city[row]]
        yield Proposal(
            postal_code=digits, prefecture=at.prefecture, city=at.name, street=postal.town(row) + tail, by="address"
        )
