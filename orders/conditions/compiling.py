"""From nodes to SQL, the only evaluator: a filter, a mask over many conditions at once, and the reason why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from django.contrib.postgres.aggregates import BitOr
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    Aggregate,
    BigIntegerField,
    BooleanField,
    Case,
    Expression,
    Field,
    Func,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from hub.tenancy import current_tenant
from orders.conditions.nodes import AllOf, Node, Not, Test, fields_of, tests_of
from orders.fields import FIELDS
from orders.fields.base import ALONE, Beside, Source
from orders.lookups import as_array
from orders.models import Order

K = TypeVar("K")


def to_q(node: Node, *, today: date, beside: Beside = ALONE) -> Q:
    """Return the condition as one Q. No test in it can be NULL, so `Not` is the exact complement.

    Inside a group, tests on the order's own row stand before those that look beside it; `beside` says how these look.
    """
    if isinstance(node, Test):
        return FIELDS[node.field].test(node.op, node.value, today=today, of=node.of, beside=beside)
    if isinstance(node, Not):
        return ~to_q(node.node, today=today, beside=beside)
    found = Q()
    for one in sorted(node.nodes, key=_costly):
        asked = to_q(one, today=today, beside=beside)
        found = found & asked if isinstance(node, AllOf) else found | asked
    return found


def _costly(node: Node) -> bool:
    return any(FIELDS[test.field].costly for test in tests_of(node))


def matching(node: Node, today: date, *, live: bool | None = None) -> QuerySet[Order]:
    """Return the tenant's orders that meet the condition. A condition can only take away from them.

    Live orders only, unless the condition itself asks about `deleted` or `live` is false; scratch orders never.
    """
    if live is None:
        live = "deleted" not in fields_of(node)
    base = Order.objects.filter(is_live=True) if live else Order.objects.filter(scratch=False)
    return base.filter(to_q(node, today=today))


def masks(nodes: Mapping[K, Node], order_ids: Iterable[int], today: date) -> dict[int, tuple[K, ...]]:
    """Return, for each order, the keys of the conditions it meets, in the order of `nodes`. One statement.

    The statement's text is kept for each set of nodes and day; only the ids are bound. Orders that do not exist are left out.
    """
    ids = list(order_ids)
    if not ids:
        return {}
    keys = tuple(nodes)
    with connection.cursor() as cursor:
        cursor.execute(*_masks_text(current_tenant(), today, tuple(nodes.values())).bound(ids))
        rows = cursor.fetchall()
    told: dict[int, tuple[K, ...]] = {}  # orders that meet the same conditions share one answer
    found = {}
    for order_id, *words in rows:
        bits = words[0] if len(words) == 1 else sum(word << BITS * number for number, word in enumerate(words))
        hits = told.get(bits)
        found[order_id] = told.setdefault(bits, _keys_of(bits, keys)) if hits is None else hits
    return found


def _keys_of(bits: int, keys: tuple[K, ...]) -> tuple[K, ...]:
    """Return the keys whose bits are set, in their order."""
    hits = []
    while bits:
        lowest = bits & -bits
        hits.append(keys[lowest.bit_length() - 1])
        bits ^= lowest
    return tuple(hits)


@dataclass(frozen=True)
class Explained:
    """Whether the condition holds for an order, and each of its tests in the order of `tests_of`."""

    holds: bool
    tests: tuple[bool, ...]


def explain(node: Node, orders: Iterable[int], today: date) -> dict[int, Explained]:
    """Return why the condition holds or does not, for each order. One statement for one order or a thousand."""
    return {order_id: found[0] for order_id, found in explain_many({0: node}, orders, today).items()}


def explain_many(nodes: Mapping[K, Node], orders: Iterable[int], today: date) -> dict[int, dict[K, Explained]]:
    """Return the same for many conditions, still in one statement."""
    ids = [order.pk if isinstance(order, Order) else order for order in orders]
    if not ids or not nodes:
        return {order_id: {} for order_id in ids}
    with connection.cursor() as cursor:
        cursor.execute(*_explain_text(current_tenant(), today, tuple(nodes.values())).bound(ids))
        return {
            row[0]: {key: Explained(said[0], tuple(said[1:])) for key, said in zip(nodes, row[1:], strict=True)}
            for row in cursor.fetchall()
        }


BITS = 63
"""Answers that fit in one bigint."""
_IDS = "\x01ids\x01"
"""Stands in a statement where the ids will be."""


@dataclass(frozen=True)
class _Text:
    """A compiled statement, or a piece of one."""

    sql: str
    params: tuple[Any, ...]


@dataclass(frozen=True)
class _Kept:
    """A statement with everything in it but the ids: what is the same each time is written out once."""

    sql: str
    places: int

    @classmethod
    def of(cls, text: _Text) -> _Kept:
        """Write the values of a statement into it."""
        operations: Any = connection.ops
        whole = operations.compose_sql(text.sql, text.params).replace("%", "%%")
        place = f"'{_IDS}'"
        return cls(whole.replace(place, "%s"), whole.count(place))

    def bound(self, ids: Sequence[int]) -> tuple[str, list[Any]]:
        return self.sql, [as_array(list(ids))] * self.places


class _Column(Expression):
    """A column of rows that are joined: one row an order, to which the rows beside it were reduced."""

    def __init__(self, sql: str, kind: Field[Any, Any]) -> None:
        super().__init__(output_field=kind)
        self.sql = sql

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return self.sql, ()


@dataclass(frozen=True)
class _Reduced:
    """What is asked of the rows of one kind: tests that some row meets, and aggregates over all of them."""

    key: str
    every: Callable[[], QuerySet[Any]]
    tests: list[Q] = dataclass_field(default_factory=list)
    totals: list[Aggregate] = dataclass_field(default_factory=list)


class _Together(Beside):
    """Collects what many conditions ask of rows beside the orders, so that each row is read once for all of them."""

    def __init__(self) -> None:
        self.asked: dict[Callable[[], QuerySet[Any]], _Reduced] = {}

    def some(self, source: Source, asked: Q) -> Q:
        reduced = self._reduced(source)
        if reduced is None:
            return super().some(source, asked)
        word, place = divmod(_place_in(reduced.tests, asked), BITS)
        held = f'"{reduced.key}_beside"."hits_{word}" & {1 << place}'
        return Q(_Column(f"(coalesce({held}, 0) <> 0)", BooleanField()))

    def over(self, source: Source, value: Aggregate, kind: Field[Any, Any]) -> Combinable:
        reduced = self._reduced(source)
        if reduced is None:
            return super().over(source, value, kind)
        return _Column(f'"{reduced.key}_beside"."total_{_place_in(reduced.totals, value)}"', kind)

    def _reduced(self, source: Source) -> _Reduced | None:
        every = source.every
        return self.asked.setdefault(every, _Reduced(source.key, every)) if every else None

    def joins(self) -> _Text:
        """Return the joins that bring, for each order, its one row of each kind."""
        parts, params = [], []
        for reduced in self.asked.values():
            hits = {f"hits_{number}": BitOr(word) for number, word in enumerate(_words(reduced.tests))}
            totals = {f"total_{place}": total for place, total in enumerate(reduced.totals)}
            names = ("order_id", *hits, *totals)
            rows = reduced.every().filter(order_id__among=_IDS).order_by().values("order_id")
            sql, own = rows.annotate(**hits, **totals).values_list(*names).query.sql_with_params()
            columns = ", ".join(f'"{name}"' for name in names)
            alias = f'"{reduced.key}_beside"'
            parts.append(f' LEFT JOIN ({sql}) AS {alias}({columns}) ON {alias}."order_id" = "orders_order"."id"')
            params += own
        return _Text("".join(parts), tuple(params))


def _place_in(known: list[Any], one: Any) -> int:
    if one not in known:
        known.append(one)
    return known.index(one)


def _truth(asked: Q) -> Combinable:
    """Return a Q as an expression that is true or false; an empty one is true."""
    if not asked:
        return Value(True, output_field=BooleanField())
    return Case(When(asked, then=Value(True)), default=Value(False), output_field=BooleanField())


_FROM = ' FROM "orders_order"'
_PLACEHOLDER = re.compile("%s|%%")


def _text_of(columns: Mapping[str, Combinable], beside: _Together) -> _Kept:
    """Return the statement: the orders, joined with what lies beside them, and the columns."""
    rows = Order.objects.filter(pk__among=_IDS).annotate(**columns).order_by().values_list("pk", *columns)
    sql, params = rows.query.sql_with_params()
    head, found, tail = sql.partition(_FROM)
    assert found, "the statement reads the orders"
    assert _FROM not in tail, "and reads them once"
    before = sum(mark == "%s" for mark in _PLACEHOLDER.findall(head))
    joins = beside.joins()
    return _Kept.of(_Text(head + found + joins.sql + tail, (*params[:before], *joins.params, *params[before:])))


@lru_cache(maxsize=256)
def _masks_text(tenant_id: int, today: date, nodes: tuple[Node, ...]) -> _Kept:
    beside = _Together()
    words = _words([to_q(node, today=today, beside=beside) for node in nodes])
    return _text_of({f"bits_{number}": word for number, word in enumerate(words)}, beside)


def _words(asked: Sequence[Q]) -> list[Combinable]:
    """Return which of these hold, as bits of as many numbers as it takes."""
    bits = [_bit_if(one, place % BITS) for place, one in enumerate(asked)]
    return [
        Func(
            *bits[start : start + BITS], template="(%(expressions)s)", arg_joiner=" | ", output_field=BigIntegerField()
        )
        for start in range(0, len(bits), BITS)
    ]


def _bit_if(asked: Q, place: int) -> Combinable:
    kind = BigIntegerField()
    bit = Cast(Value(1 << place), kind)
    return Case(When(asked, then=bit), default=Cast(Value(0), kind), output_field=kind) if asked else bit


@lru_cache(maxsize=64)
def _explain_text(tenant_id: int, today: date, nodes: tuple[Node, ...]) -> _Kept:
    beside, columns = _Together(), {}
    for place, node in enumerate(nodes):
        each = [_truth(to_q(one, today=today, beside=beside)) for one in (node, *tests_of(node))]
        columns[f"said_{place}"] = Func(
            *each, template="ARRAY[%(expressions)s]", output_field=ArrayField(BooleanField())
        )
    return _text_of(columns, beside)
