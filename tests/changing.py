"""The fields of an order as a mall sends it, and the same order with one of them changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def leaves(data: Any, path: tuple[Any, ...] = (), *, whole: bool = False) -> Iterator[tuple[Any, ...]]:
    """Yield where each value stands; of a list only the first row's, unless the whole is wanted."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key), whole=whole)
    elif isinstance(data, list) and data and isinstance(data[0], dict | list | str):
        for place, value in enumerate(data if whole else data[:1]):
            yield from leaves(value, (*path, place), whole=whole)
    else:
        yield path


def changed(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) == 24 and value[10:11] == "T":
            return "2032-01-02T03:04:05+0900"
        if len(value) == 10 and value[4:5] == "-":
            return "2032-01-02"
        return {"1001": "1002"}.get(value, value + "ｘ")
    if isinstance(value, float):
        return 0.05
    return {0: 1, 1: 0, 300: 500}.get(value, 1) if not isinstance(value, bool) else not value


def with_another(model: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """Return the order with another value in this field, and nothing else changed."""
    place: Any = model
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = changed(place[path[-1]])
    return model
