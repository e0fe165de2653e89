"""The rows of chaos: what each places, which stops the day has, and the fault that strikes. Numbers are those of the reliability page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers import strikes

if TYPE_CHECKING:
    from drivers.chaos import Chaos

Stops = tuple[tuple[int, int], ...]

MORNING: Stops = ((9, 25), (9, 56), (10, 8), (10, 20), (10, 35))
"""Taken in; past the wait and confirmed; paid and read again; requested; stragglers."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row."""

    number: int
    what: str
    fault: Callable[[Chaos], strikes.Fault]
    place: Callable[[Chaos, int], list[str]] = lambda chaos, n: chaos.place_clean(n)
    stops: Stops = MORNING
    patience: float = 45.0
    """True seconds after which the same things being due no longer stop the clock."""
    dedupe: bool = True
    """Whether the warehouse answers a repeated reference with the first outcome."""


def _table(*rows: Row) -> dict[int, Row]:
    return {row.number: row for row in rows}


ROWS: dict[int, Row] = _table(
    Row(number=1, what="worker children killed anywhere", fault=strikes.KilledChildren),
    Row(
        number=5,
        what="worker children frozen for 1 to 11 s, also between mark and send",
        fault=strikes.FrozenChildren,
        patience=60,
    ),
    Row(number=7, what="graceful stop of all workers under load", fault=strikes.GracefulStops),
    Row(number=9, what="database sessions ended in the middle", fault=strikes.EndedSessions),
    Row(number=15, what="the broker flushed", fault=strikes.FlushedBroker, patience=120),
    Row(number=18, what="every doorbell three times, in any order", fault=strikes.TripledBells),
    Row(number=19, what="no doorbell at all", fault=strikes.DroppedBells, patience=150),
    Row(number=23, what="the mall applies and stays silent, one call in ten", fault=strikes.SilentMall, patience=90),
    Row(
        number=27,
        what="storm of 429",
        fault=strikes.TooManyRequests,
        stops=(*MORNING, (10, 50), (11, 10)),
        patience=700,
    ),
    Row(number=34, what="poison orders among the others", fault=strikes.Poison, place=strikes.place_poison),
    Row(
        number=40,
        what="a warehouse that knows no double, silent after accepting",
        fault=strikes.SilentWarehouse,
        dedupe=False,
        patience=90,
    ),
)


def chosen(text: str) -> Sequence[int]:
    """Read `1,5,23`. Raises ValueError for a row that there is not."""
    numbers = [int(part) for part in text.split(",") if part.strip()]
    for number in numbers:
        if number not in ROWS:
            raise ValueError(f"there is no row {number}; there are {', '.join(map(str, ROWS))}")
    return numbers
