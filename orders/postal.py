"""Japan Post's codes in memory: which places a code names, which codes a place has. Compact: worker processes hold it all the time.

Loaded when first asked for, from `data/postal.json.gz`. Texts are sliced out of two long strings, so a row costs some 20 bytes.
"""

from __future__ import annotations

import gzip
import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from orders.folding import fold

_FILE = Path(__file__).with_name("data") / "postal.json.gz"
_GUN = re.compile(r"^.{1,5}?郡(.+[町村])$")
_ISLAND = re.compile(r"^.+島(.+島?.+[町村])$")
_WARD = re.compile(r"^(.+?市)(.+区)$")


@dataclass(frozen=True, slots=True)
class City:
    """A municipality (a ward, in the large cities). `keys`: folded ways to write it, the longest first."""

    prefecture: str
    name: str
    prefecture_key: str
    keys: tuple[str, ...]


class Postal:
    """The table. A row is a number: its code, city, town as it is printed, and the town's key."""

    def __init__(self, content: dict[str, Any]) -> None:
        cities: list[tuple[str, str]] = content["cities"]
        self.cities = [City(p, name, prefecture_key(p), _keys(name)) for p, name in cities]
        self.codes = array("I", accumulate(content["codes"]))
        self.city = array("H", content["city"])
        self._towns, self._town_at = _packed(content["towns"])
        self._keys, self._key_at = _packed(content["keys"])
        self.numberless = frozenset(content["numberless"])
        self.begins_others = frozenset(content["begins_others"])
        chome: dict[str, list[tuple[int, int]]] = content["chome"]
        self.chome = {int(row): tuple((a, b) for a, b in spans) for row, spans in chome.items()}
        order = sorted(range(len(self.city)), key=self.city.__getitem__)
        self._by_city = array("I", order)
        self._city_at = array(
            "I", [bisect_left(order, n, key=self.city.__getitem__) for n in range(len(self.cities) + 1)]
        )

    def rows(self, code: int) -> range:
        """Return the rows of a code."""
        first = bisect_left(self.codes, code)
        if first == len(self.codes) or self.codes[first] != code:
            return range(0)
        return range(first, bisect_right(self.codes, code, first))

    def rows_of_city(self, city: int) -> Iterator[int]:
        """Return the rows of a municipality."""
        return iter(self._by_city[self._city_at[city] : self._city_at[city + 1]])

    def key(self, row: int) -> str:
        """Return the folded town of a row; empty where the code stands for the rest of a municipality."""
        return self._keys[self._key_at[row] : self._key_at[row + 1] - 1]

    def town(self, row: int) -> str:
        """Return the town of a row as Japan Post writes it."""
        return self._towns[self._town_at[row] : self._town_at[row + 1] - 1]


def _packed(text: str) -> tuple[str, array[int]]:
    starts = [0, *(found.end() for found in re.finditer("\n", text)), len(text) + 1]
    return text, array("I", starts)


@lru_cache(maxsize=1_024)
def prefecture_key(text: str) -> str:
    """Return the folded name without its last sign 都, 府 or 県."""
    key = fold(text)
    return key[:-1] if len(key) > 2 and key[-1] in "都府県" else key


def _keys(name: str) -> tuple[str, ...]:
    keys = {fold(name)}
    for pattern in (_GUN, _ISLAND, _WARD):
        if found := pattern.match(name):
            keys.add(fold(found[1]))
    return tuple(sorted(keys, key=len, reverse=True))


@lru_cache(maxsize=1)
def table() -> Postal:
    """Return the table, loaded once in a process."""
    with gzip.open(_FILE) as file:
        return Postal(json.load(file))
