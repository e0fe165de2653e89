"""A page of the order list: by keyset in both directions, with everything its rows show in a fixed number of statements."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from hub.ids import NotAnId, decode, encode
from orders.models import Order
from orders.queries.filters import Filter
from orders.queries.rows import OrderRow, rows_of
from orders.search import Found

MOST_ROWS = 200
NEWS_SHOWN = 100
MOST_BRANCHES = 24


class BadCursor(ValueError):
    """The text is no cursor of ours, or it belongs to another order of the list."""


@dataclass(frozen=True, kw_only=True)
class Sort:
    """An order of the list: a column or expression, then the id, both in the same direction."""

    column: str
    descending: bool
    expression: Callable[[], Combinable] | None = None


SORTS = {
    "newest": Sort(column="placed_at", descending=True),
    "oldest": Sort(column="placed_at", descending=False),
    "next_day": Sort(column="placed_at", descending=True),
    "number": Sort(column="number", descending=False),
    "number_down": Sort(column="number", descending=True),
    "yen": Sort(column="sort_yen", descending=False, expression=lambda: Coalesce(F("total_yen"), Value(0))),
    "yen_down": Sort(column="sort_yen", descending=True, expression=lambda: Coalesce(F("total_yen"), Value(0))),
}
"""`newest` and `oldest` cost the same at any size; `number` and `yen` sort what the filter leaves.
`next_day` puts open next-day orders before all others, each part by time."""


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: after (or before) this row of this part of the list."""

    sort: str
    value: Any
    order: str
    part: int = 0
    back: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows in the order shown; cursors for the pages beside it; `marker` for *how many came since*."""

    rows: tuple[OrderRow, ...]
    next: str | None
    previous: str | None
    marker: str
    found: Found | None = None


def page_of_orders(filter: Filter, *, today: date, cursor: str = "", size: int = 50, sort: str = "newest") -> Page:
    """Return up to `size` (at most 200) orders of the filter from the cursor on. Raises BadCursor.

    Seven statements at most, whatever the size. `today` is what relative days in a condition are told from.
    """
    size = max(1, min(size, MOST_ROWS))
    place = _read(cursor, sort)
    keys = _Keys(filter, today, sort)
    hits = keys.from_place(place, size + 1)
    more = len(hits) > size
    hits = hits[:size]
    back = place is not None and place.back
    if back:
        hits.reverse()
    rows = rows_of([hit.order_id for hit in hits])
    first, last = (hits[0], hits[-1]) if hits else (None, None)
    return Page(
        rows=tuple(rows),
        next=_write(sort, last) if last and (more or back) else None,
        previous=_write(sort, first, back=True) if first and (more if back else place is not None) else None,
        marker=marker(),
        found=filter.found,
    )


def marker() -> str:
    """Return the newest order there is, as the mark from which `newer_orders` counts."""
    newest = Order.objects.order_by("-pk").values_list("pk", flat=True)[:1]
    return encode(next(iter(newest), 0))


def newer_orders(filter: Filter, since: str, *, today: date) -> int:
    """Return how many orders of the filter came after the marker, counting to 100. Raises BadCursor."""
    try:
        after = decode(since)
    except NotAnId:
        raise BadCursor(since) from None
    return filter.orders(today=today).filter(pk__gt=after).order_by()[:NEWS_SHOWN].count()


def count_orders(filter: Filter, *, today: date, limit: int = 100_001) -> int:
    """Return how many orders the filter leaves, counting to `limit`."""
    return filter.orders(today=today).order_by()[:limit].count()


def ids_of_orders(filter: Filter, *, today: date, limit: int) -> list[int]:
    """Return the ids of the filter's orders in id order, at most `limit`: what a bulk act or an export takes."""
    return list(filter.orders(today=today).order_by("pk").values_list("pk", flat=True)[:limit])


@dataclass(frozen=True)
class _Hit:
    order_id: int
    value: Any
    part: int


class _Keys:
    """Finds ids and sort values of a page, part by part of the list."""

    def __init__(self, chosen: Filter, today: date, sort: str) -> None:
        self.filter, self.today, self.sort = chosen, today, SORTS[sort]
        self.statuses = chosen.statuses()
        urgent = Q(is_open=True, next_day=True)
        self.parts = (urgent, ~urgent) if sort == "next_day" else (Q(),)

    def from_place(self, place: _Place | None, limit: int) -> list[_Hit]:
        """Return the hits after the place (before it, nearest first, when it points back)."""
        back = place is not None and place.back
        part, step = (place.part if place else 0), (-1 if back else 1)
        found: list[_Hit] = []
        while 0 <= part < len(self.parts) and len(found) < limit:
            found += self._of_part(part, place if place and place.part == part else None, limit - len(found), back=back)
            part += step
        return found

    def _of_part(self, part: int, place: _Place | None, limit: int, *, back: bool) -> list[_Hit]:
        descending = self.sort.descending != back
        rows = self.filter.orders(today=self.today, apart_from_status=True).filter(self.parts[part])
        if self.sort.expression is not None:
            rows = rows.annotate(**{self.sort.column: self.sort.expression()})
        if place is not None:
            rows = rows.filter(_beyond(self.sort.column, place, descending=descending))
        return [_Hit(pk, value, part) for pk, value in self._over_statuses(rows, limit, descending=descending)]

    def _over_statuses(self, rows: QuerySet[Order], limit: int, *, descending: bool) -> QuerySet[Any]:
        """Order and cut. With several statuses each has its own branch, so that each reads its index for `limit` rows only."""
        column = self.sort.column
        by = (f"-{column}", "-pk") if descending else (column, "pk")
        few = self.filter.found is not None and self.filter.found.few
        if few or len(self.statuses) > MOST_BRANCHES:
            rows = rows.filter(status__in=self.statuses) if self.statuses else rows
            return rows.order_by(*by).values_list("pk", column)[:limit]
        if len(self.statuses) < 2:
            rows = rows.filter(status=self.statuses[0]) if self.statuses else rows
            return rows.order_by(*by).values_list("pk", column)[:limit]
        branches = [
            rows.filter(status=status).order_by(*by).values_list("pk", column)[:limit] for status in self.statuses
        ]
        return branches[0].union(*branches[1:], all=True).order_by(*by)[:limit]


class _Row(Func):
    """Several values compared as one, by the first that differs: the index itself finds where a page begins."""

    template = "(%(expressions)s)"
    output_field = TextField()


def _beyond(column: str, place: _Place, *, descending: bool) -> Q:
    """Return the rows beyond a place."""
    here, there = _Row(F(column), F("pk")), _Row(Value(place.value), Value(decode(place.order)))
    return Q(LessThan(here, there) if descending else GreaterThan(here, there))


def _write(sort: str, hit: _Hit, *, back: bool = False) -> str:
    place = _Place(sort, hit.value, encode(hit.order_id), hit.part, back)
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(cursor: str, sort: str) -> _Place | None:
    if sort not in SORTS:
        raise BadCursor(sort)
    if not cursor:
        return None
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=_Place)
        decode(place.order)
        if SORTS[sort].column == "placed_at":
            place = msgspec.structs.replace(place, value=msgspec.convert(place.value, datetime))
        elif type(place.value) is not (str if SORTS[sort].column == "number" else int):
            raise BadCursor(cursor)
    except (binascii.Error, msgspec.MsgspecError, NotAnId, ValueError):
        raise BadCursor(cursor) from None
    if place.sort != sort:
        raise BadCursor(cursor)
    return place
