"""Field: one word of the vocabulary. How it is tested (as Q), shown, sorted and offered; and how a test on lines becomes one on orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import add, and_, or_
from typing import Any

from django.db import models
from django.db.models import Aggregate, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, In, LessThan, LessThanOrEqual, Lookup
from django.utils.functional import Promise

from orders.fields.facts import OrderFacts
from orders.fields.kinds import NEGATED, OPS_OF, Kind, Of, Relative, start_of
from orders.models import OrderLine, OrderTag, TaskMark, TrackingNumber

Left = str | Combinable
"""The left side of a comparison: a column's path, or an expression."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A value that may be picked: its JSON value, the word for it, and a colour where it has one."""

    value: Any
    label: str | Promise
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Rows beside the order that a test asks of. `rows` are those of the order that encloses the query.

    `every` are the rows of all orders, by `order_id`: with them many tests of many orders read each row once. Absent where rows are
    not found by the order's id alone.
    """

    key: str
    rows: Callable[[], QuerySet[Any]]
    every: Callable[[], QuerySet[Any]] | None = None


def _every_open_line() -> QuerySet[Any]:
    return OrderLine.objects.filter(closed_at__isnull=True)


def open_lines() -> QuerySet[Any]:
    """Return the open lines of the order that encloses the query."""
    return _every_open_line().filter(order=OuterRef("pk"))


def _tracking_of_open_lines() -> QuerySet[Any]:
    parcels = _every_open_line().filter(order=OuterRef(OuterRef("pk"))).values("parcel")
    return TrackingNumber.objects.filter(parcel__in=parcels)


def _every_open_mark() -> QuerySet[Any]:
    return TaskMark.objects.filter(closed_at__isnull=True)


LINES = Source(key="lines", rows=open_lines, every=_every_open_line)
PARCELS = Source(key="parcels", rows=open_lines, every=_every_open_line)
TRACKING = Source(key="tracking", rows=_tracking_of_open_lines)
TAGS = Source(key="tags", rows=lambda: OrderTag.objects.filter(order=OuterRef("pk")), every=OrderTag.objects.all)
TASKS = Source(key="tasks", rows=lambda: _every_open_mark().filter(order=OuterRef("pk")), every=_every_open_mark)

Test = Callable[[str, Any, date], Q]


class Beside:
    """How tests look at rows beside the order: here with a subquery for each, which leaves the choice of an index to the database."""

    def some(self, source: Source, asked: Q) -> Q:
        """Return *some row of the source meets this Q* as a Q over orders. An empty Q asks for any row at all."""
        return Q(Exists(source.rows().filter(asked)))

    def over(self, source: Source, value: Aggregate, kind: models.Field[Any, Any]) -> Combinable:
        """Return an aggregate over all rows of the source; NULL where there are none."""
        found = source.rows().order_by().values("order").annotate(over_rows=value).values("over_rows")
        return Subquery(found, output_field=kind)


ALONE = Beside()


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that can be asked of an order and shown of it.

    `q` gives a Q that is never NULL, over the order or over a row of `source`, for a comparison, its exact value and today.
    `value` reads it from the facts. `reads` names the columns and tables it depends on (`status_id`, `tags`, `lines.sku`);
    `empty` says that the tests *empty* and *not_empty* exist. `costly`: beside the order's own row. `whole` gives the Q of a field
    that is counted over all rows of an order, in place of `q`, by the way of looking at them.
    """

    key: str
    label: str | Promise
    subject: str
    kind: Kind
    q: Test | None = None
    whole: Callable[[Beside], Test] | None = None
    value: Callable[[OrderFacts], Any]
    reads: frozenset[str]
    ops: tuple[str, ...] = ()
    empty: bool = False
    source: Source | None = None
    choices: Callable[[], Sequence[Choice]] | None = None
    closed: bool = False
    sort: str = ""
    costly: bool = False

    def __post_init__(self) -> None:
        ops = self.ops or OPS_OF[self.kind]
        if self.empty and "empty" not in ops:
            ops = (*ops, "empty", "not_empty")
        object.__setattr__(self, "ops", ops)

    def test(self, op: str, value: Any, *, today: date, of: Of = Of.ANY, beside: Beside = ALONE) -> Q:
        """Return the Q over orders. It is never NULL, so its negation is its exact complement."""
        q = self.whole(beside) if self.whole else self.q
        assert q is not None, f"{self.key} says how it is tested"
        if self.source is None:
            return q(op, value, today)
        if self.kind is Kind.ROWS:
            return self._of_set(q, self.source, op, value, today, beside)
        asked = q(op, value, today)
        if of is Of.ANY:
            return beside.some(self.source, asked)
        if of is Of.NONE:
            return ~beside.some(self.source, asked)
        return beside.some(self.source, Q()) & ~beside.some(self.source, ~asked)

    def _of_set(self, q: Test, source: Source, op: str, value: Any, today: date, beside: Beside) -> Q:
        """Ask the rows as a set: labels and tasks."""
        if op in NEGATED:
            return ~self._of_set(q, source, NEGATED[op], value, today, beside)
        if op == "empty":
            return ~beside.some(source, Q())
        if op == "has":
            return beside.some(source, q("in", value, today))
        return reduce(and_, (beside.some(source, q("is", one, today)) for one in value))

    @property
    def asked_of_each(self) -> bool:
        """Say whether a test may ask for any, every or none of the rows."""
        return self.source is not None and self.kind is not Kind.ROWS


# How comparisons become Q, by kind of column.


def compare(left: Left, op: str, value: Any) -> Q:
    """Return `left op value` for a positive comparison with one value, a list or a range."""
    if op == "between":
        return compare(left, "gte", value[0]) & compare(left, "lte", value[1])
    if isinstance(left, str):
        word = {"is": "exact", "in": "in", "lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte"}[op]
        return Q(**{f"{left}__{word}": value})
    words: Mapping[str, type[Lookup[Any]]] = {
        "is": Exact, "in": In, "lt": LessThan, "lte": LessThanOrEqual, "gt": GreaterThan, "gte": GreaterThanOrEqual,
    }  # fmt: skip
    return Q(words[op](left, value))


def _whole(left: Left, nullable: bool, positive: Callable[[str, Any, date], Q]) -> Test:
    """Add what every kind shares: negations as complements, *empty* for columns that may be NULL, and never a NULL answer."""
    there = Q(**{f"{left}__isnull": False}) if nullable and isinstance(left, str) else None

    def q(op: str, value: Any, today: date) -> Q:
        if op in NEGATED:
            return ~q(NEGATED[op], value, today)
        if op == "empty" and there is not None:
            return ~there
        asked = positive(op, value, today)
        return asked if there is None else there & asked

    return q


def plain(left: Left, *, nullable: bool = False) -> Test:
    """Compare numbers, choices, flags and rows."""
    return _whole(left, nullable, lambda op, value, today: compare(left, op, value))


def text(column: str) -> Test:
    """Compare a text column, which is '' when empty and never NULL. *contains* does not mind width; the rest is exact."""

    def positive(op: str, value: Any, today: date) -> Q:
        if op == "empty":
            return Q(**{column: ""})
        word = {"contains": "mentions", "starts_with": "begins", "ends_with": "closes"}.get(op)
        return Q(**{f"{column}__{word}": value}) if word else compare(column, op, value)

    return _whole(column, False, positive)


def words(column: str) -> Test:
    """Compare a text column that lists codes parted by spaces."""

    def positive(op: str, value: Any, today: date) -> Q:
        if op == "empty":
            return Q(**{column: ""})
        return reduce(and_ if op == "has_all" else or_, (Q(**{f"{column}__has_word": code}) for code in value))

    return _whole(column, False, positive)


def day(column: str, *, nullable: bool = True) -> Test:
    """Compare a date column with days, which may be told from today."""

    def positive(op: str, value: Any, today: date) -> Q:
        days = tuple(_day(one, today) for one in value) if isinstance(value, tuple) else _day(value, today)
        return compare(column, op, days)

    return _whole(column, nullable, positive)


def _day(value: date | Relative, today: date) -> date:
    return value.on(today) if isinstance(value, Relative) else value


def instant(column: str, *, nullable: bool = False) -> Test:
    """Compare an instant with days in Japan (a day is all its instants) or with instants."""

    def edge(value: Any, today: date, *, end: bool) -> datetime:
        if isinstance(value, datetime):
            return value
        return start_of(_day(value, today) + timedelta(days=1 if end else 0))

    def positive(op: str, value: Any, today: date) -> Q:
        if op == "between":
            return positive("gte", value[0], today) & positive("lte", value[1], today)
        if op == "is":
            return positive("gte", value, today) & positive("lte", value, today)
        word = {"lt": "lt", "gte": "gte", "lte": "lt", "gt": "gte"}[op]
        if isinstance(value, datetime):
            word = op
        return Q(**{f"{column}__{word}": edge(value, today, end=op in ("lte", "gt"))})

    return _whole(column, nullable, positive)


def days_since(column: str) -> Test:
    """Compare how many days in Japan have begun since an instant: 0 is today."""
    since = instant(column)
    turned = {"is": "is", "lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}

    def positive(op: str, value: Any, today: date) -> Q:
        if op == "between":
            return positive("gte", value[0], today) & positive("lte", value[1], today)
        return since(turned[op], Relative(-min(max(value, -10_000), 100_000)), today)

    return _whole(column, False, positive)


def present(column: str) -> Test:
    """A flag: the column that may be NULL holds something."""
    return lambda op, value, today: Q(**{f"{column}__isnull": not value})


def flagged(asked: Callable[[], Q]) -> Test:
    """A flag that is computed: `asked` holds, or its complement."""
    return lambda op, value, today: asked() if value else ~asked()


def total_of(*columns: str) -> Combinable:
    """Return the sum of columns as an expression."""
    return reduce(add, (F(column) for column in columns))


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The fields by key, in the order in which they are offered."""

    entries: dict[str, Field] = field(default_factory=dict)

    def add(self, *fields: Field) -> None:
        """Add fields. Raises ValueError for a key that is taken: one word means one thing."""
        for one in fields:
            if one.key in self.entries:
                raise ValueError(f"there is a field {one.key!r} already")
            self.entries[one.key] = one
