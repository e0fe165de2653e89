"""Row *search*: numbers, phones and names by their keys under row security, against LIKE over the same rows."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import Any

from django.db import connection

from benches.filling import COMMON, RARE
from benches.measuring import Figure, Ratio, gate, many, p95, ratios
from benches.shelf import Shelf, calls
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.queries.filters import Filter
from orders.queries.pages import page_of_orders
from orders.search import look_up

PAGE = 50
NOBODY = "龍馬"
"""Nobody is called so: after the names, words of open orders are searched, which is printed by itself."""

NAMES = ("common name", "rare name", "nobody")


class Searches:
    """Milliseconds of each kind of search at the last size, and what LIKE takes there."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[float, float]] = {}

    def at(self, shelf: Shelf) -> None:
        """Measure the largest size."""
        if not shelf.last:
            return
        self.shelf = shelf
        with tenant_transaction(shelf.house.tenant_id):
            order = Order.objects.order_by("-pk")[100]
        self.asked = {
            "number": order.number,
            "number's last 8": order.number[-8:],
            "phone": order.buyer_phone,
            "phone's last 4": order.buyer_phone[-4:],
            "common name": COMMON[0],
            "rare name": RARE[0],
            "nobody": NOBODY,
        }
        for what, text in self.asked.items():
            self._right(text, what)
            inside, whole = calls(shelf, partial(self._search, text), "", times=100)
            self.found[what] = (median(inside), p95(inside))
            self.found[f"{what}, page"] = (median(whole), p95(whole))
        self.like = {
            "number": self._rounds("number LIKE %s", f"%{order.number[-8:]}", order.number[-8:]),
            "phone": self._rounds("buyer_phone LIKE %s", f"%{order.buyer_phone[-4:]}", order.buyer_phone[-4:]),
            "name": self._rounds("buyer_name LIKE %s", f"%{RARE[0]}%", RARE[0]),
        }

    def _search(self, text: str) -> Any:
        """Look the text up and find the ids of the first page: what a search costs before its rows are read."""
        found = look_up(text)
        rows = Filter(found=found).orders(today=self.shelf.today).order_by("-placed_at", "-pk")
        return list(rows.values_list("pk", flat=True)[: PAGE + 1])

    def _right(self, text: str, what: str) -> None:
        """The first page is that of LIKE over the same columns."""
        with tenant_transaction(self.shelf.house.tenant_id):
            column = "buyer_name" if what in NAMES else "buyer_phone" if "phone" in what else "number"
            like = f"%{text}%" if what in NAMES else f"%{text}"
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT id FROM orders_order WHERE {column} LIKE %s AND is_live ORDER BY placed_at DESC, id DESC LIMIT {PAGE}",
                    [like],
                )
                wanted = [row[0] for row in cursor.fetchall()]
            page = page_of_orders(Filter(found=look_up(text)), today=self.shelf.today, size=PAGE)
            shown = [row.pk for row in page.rows]
        gate(set(wanted) <= set(shown) or len(shown) == PAGE, f"search for {what} does not show what LIKE finds")

    def _rounds(self, where: str, like: str, text: str) -> tuple[float, Ratio]:
        """Five rounds: LIKE under row security, then the search."""
        slow, quick = [], []
        for _ in range(5):
            with tenant_transaction(self.shelf.house.tenant_id), connection.cursor() as cursor:

                def act(cursor: Any = cursor) -> None:
                    cursor.execute(
                        f"SELECT id FROM orders_order WHERE {where} AND is_live ORDER BY placed_at DESC, id DESC LIMIT {PAGE}",
                        [like],
                    )
                    cursor.fetchall()

                slow.append(median(many(act, 3, warm=1)))
            quick.append(median(calls(self.shelf, lambda: self._search(text), "", times=20)[0]))
        return median(slow), ratios(slow, quick)

    def figures(self) -> list[Figure]:
        full = self.shelf.full
        exact = [what for what in self.asked if what not in NAMES]
        worst = max(self.found[what][1] for what in exact)
        names = max(self.found[what][1] for what in NAMES[:2])
        shown = ", ".join(f"{what} {self.found[what][0]:.2f}" for what in exact)
        said = ", ".join(f"{what} {self.found[what][0]:.2f}" for what in NAMES[:2])
        number, phone, name = self.like["number"], self.like["phone"], self.like["name"]
        least = min(number[1].mid, phone[1].mid)
        return [
            Figure(
                row="search",
                goal="15",
                what=f"number and phone, whole or by the end, {self.shelf.orders:,} orders",
                limit="time",
                product=f"{shown} ms; p95 {worst:.2f} ms",
                ratio="–",
                bar="p95 ≤ 2 ms",
                met=worst <= 2,
                data={"ms": self.found},
            ),
            Figure(
                row="search",
                goal="15",
                what="the same",
                limit=f"LIKE under row security: {number[0]:.0f}, {phone[0]:.0f} ms",
                product="by keys",
                ratio=f"{number[1]}; {phone[1]}",
                bar="≥ 100 (at 1M)",
                met=least >= 100 if full else None,
                data={"number": number[1].data(), "phone": phone[1].data()},
            ),
            Figure(
                row="search",
                goal="16",
                what="name of two characters: one order in twenty, one in 25,000",
                limit="time",
                product=f"{said} ms; p95 {names:.2f} ms; nobody's name, then words in open orders: {self.found['nobody'][0]:.0f} ms",
                ratio="–",
                bar="p95 ≤ 10 ms",
                met=names <= 10,
                data={},
            ),
            Figure(
                row="search",
                goal="16",
                what="the rare name",
                limit=f"LIKE under row security: {name[0]:.0f} ms; pg_trgm is not used",
                product="by hashed pairs of letters",
                ratio=str(name[1]),
                bar="≥ 100 (at 1M)",
                met=name[1].mid >= 100 if full else None,
                data=name[1].data(),
            ),
        ]
