"""Row *list*: the first page and a page in the middle by keyset, at growing sizes; the middle by OFFSET beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from statistics import median

from benches import pages
from benches.measuring import Figure, many, p95, ratios, slope
from benches.shelf import Shelf, calls, check_plan, watched
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.queries.filters import Filter
from orders.queries.pages import page_of_orders

PAGE = 100
KEYS = f"LIMIT {PAGE + 1}"
"""What the statement that finds the page has and the statements that read its rows have not."""


def _by_offset(there: int) -> list[tuple[int, datetime]]:
    """Read a page as pages by number do: all that stands before it is read too."""
    rows = Order.objects.filter(is_live=True).order_by("-placed_at", "-pk").values_list("pk", "placed_at")
    return list(rows[there : there + PAGE + 1])


class Lists:
    """Medians and p95 of each size."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.first: list[float] = []
        self.deep: list[float] = []
        self.worst: list[float] = []
        self.whole: list[float] = []
        self.served: list[Figure] = []

    def at(self, shelf: Shelf) -> None:
        """Measure one size; the figures of goal 11 are those of the last."""
        middle = self._middle(shelf)
        first, first_whole = calls(shelf, lambda: page_of_orders(Filter(), today=shelf.today, size=PAGE), KEYS)
        deep, deep_whole = calls(
            shelf, lambda: page_of_orders(Filter(), today=shelf.today, size=PAGE, cursor=middle), KEYS
        )
        self._check(shelf, middle)
        self.sizes.append(shelf.orders)
        self.first.append(median(first))
        self.deep.append(median(deep))
        self.worst.append(max(p95(first), p95(deep)))
        self.whole.append(median(first_whole + deep_whole))
        if shelf.last:
            self._against_offset(shelf, middle)
            self.full = shelf.full
            self.served = pages.served(shelf)

    def _middle(self, shelf: Shelf) -> str:
        """Return the cursor of the middle of the list: orders are spread over a year."""
        with tenant_transaction(shelf.house.tenant_id):
            half = shelf.today - timedelta(days=182)
            return page_of_orders(Filter(placed_until=half), today=shelf.today, size=1).next or ""

    def _check(self, shelf: Shelf, middle: str) -> None:
        with tenant_transaction(shelf.house.tenant_id):
            for cursor in ("", middle):
                with watched() as statements:
                    page = page_of_orders(Filter(), today=shelf.today, size=PAGE, cursor=cursor)
                assert len(page.rows) == PAGE
                check_plan(shelf, statements, page=PAGE)

    def _against_offset(self, shelf: Shelf, middle: str) -> None:
        """Five rounds: OFFSET, the same page by keyset, page one."""
        rounds: dict[str, list[float]] = {"offset": [], "deep": [], "first": []}
        there = shelf.orders // 4
        for _ in range(5):
            with tenant_transaction(shelf.house.tenant_id):
                rounds["offset"].append(median(many(partial(_by_offset, there), 5, warm=1)))
            for what, cursor in (("deep", middle), ("first", "")):
                inside, _ = calls(
                    shelf,
                    partial(page_of_orders, Filter(), today=shelf.today, size=PAGE, cursor=cursor),
                    KEYS,
                    times=40,
                )
                rounds[what].append(median(inside))
        self.jump, self.beside = ratios(rounds["offset"], rounds["deep"]), ratios(rounds["deep"], rounds["first"])
        self.offset_ms = median(rounds["offset"])

    def figures(self) -> list[Figure]:
        sizes = " / ".join(f"{n:,}" for n in self.sizes)
        whole = " / ".join(f"{ms:.0f}" for ms in self.whole)
        slopes = (slope(self.sizes, self.first), slope(self.sizes, self.deep))
        shown = " / ".join(f"{a:.2f}, {b:.2f}" for a, b in zip(self.first, self.deep, strict=True))
        jump_met = self.jump.mid >= 100 if self.full else None
        return [
            Figure(
                row="list",
                goal="10",
                what="page 1 and a deep page of 100, the page's statement, row security on",
                limit=f"table size {sizes}",
                product=f"{shown} ms; p95 {self.worst[-1]:.2f} ms; whole page with its rows {whole} ms",
                ratio=f"slope {slopes[0]:.2f}, {slopes[1]:.2f}",
                bar="slope ≤ 0.10; p95 ≤ 2 ms",
                met=max(slopes) <= 0.10 and self.worst[-1] <= 2,
                data={
                    "sizes": self.sizes,
                    "first_ms": self.first,
                    "deep_ms": self.deep,
                    "p95_ms": self.worst,
                    "slopes": slopes,
                },
            ),
            Figure(
                row="list",
                goal="11",
                what=f"deep page at {self.sizes[-1]:,}",
                limit=f"OFFSET at the same place: {self.offset_ms:.1f} ms",
                product=f"{self.deep[-1]:.2f} ms",
                ratio=str(self.jump),
                bar="≥ 100 (at 1M)",
                met=jump_met,
                data=self.jump.data(),
            ),
            Figure(
                row="list",
                goal="11",
                what="the same",
                limit=f"page 1: {self.first[-1]:.2f} ms",
                product=f"{self.deep[-1]:.2f} ms",
                ratio=str(self.beside),
                bar="≤ 1.2",
                met=self.beside.mid <= 1.2,
                data=self.beside.data(),
            ),
            *self.served,
        ]
