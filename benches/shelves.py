"""Rows *list*, *search*, *counts* and *bulk*: the same tables at growing sizes; half of the orders are the large tenant's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Protocol

from benches import bulk, counts, lists, places, searches
from benches.filling import fill
from benches.measuring import Figure
from benches.shelf import Shelf
from benches.shops import make_house

SIZES = {"small": (2_000, 10_000), "full": (10_000, 100_000, 1_000_000)}
OTHERS = 5


class Measure(Protocol):
    """A row that is measured at every size of the tables."""

    def at(self, shelf: Shelf) -> None: ...

    def figures(self) -> list[Figure]: ...


def run(size: str, rows: Sequence[str]) -> list[Figure]:
    """Grow the tables step by step and measure the rows at each step."""
    chosen = [measure for row, measure in MEASURES.items() if row in rows]
    with ExitStack() as stack:
        name = stack.enter_context(places.fresh("shelf"))
        house, others = make_house(), [make_house(f"隣店{n}") for n in range(OTHERS)]
        measures = [measure() for measure in chosen]
        full = 0
        for wanted in SIZES[size]:
            fill(name, house, (wanted - full) // 2, seed=wanted)
            for other in others:
                fill(name, other, (wanted - full) // 2 // OTHERS, seed=wanted + other.tenant_id)
            full = wanted
            places.settle(name)
            shelf = Shelf(name=name, house=house, orders=wanted, last=wanted == SIZES[size][-1], full=size == "full")
            for measure in measures:
                measure.at(shelf)
        return [figure for measure in measures for figure in measure.figures()]


MEASURES: dict[str, Callable[[], Measure]] = {
    "list": lists.Lists,
    "search": searches.Searches,
    "counts": counts.Counts,
    "bulk": bulk.Bulk,
}
