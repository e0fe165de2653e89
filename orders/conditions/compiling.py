"""From nodes to SQL, the only evaluator: a filter, a mask over many conditions at once, and the reason why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from django.contrib.postgres.aggregates import BoolOr
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, Case, Expression, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from hub.tenancy import current_tenant
from orders.conditions.nodes import AllOf, Node, Not, Test, fields_of, tests_of
from orders.fields import FIELDS
from orders.fields.base import Some, Source, exists
from orders.lookups import as_array
from orders.models import Order

K = TypeVar("K")


def to_q(node: Node, *, today: date, some: Some = exists) -> Q:
    """Return the condition as one Q. No test in it can be NULL, so `Not` is the exact complement.

    Inside a group, tests on the order's own row stand before those that look beside it; `some` says how these look.
    """
    if isinstance(node, Test):
        return FIELDS[node.field].test(node.op, node.value, today=today, of=node.of, some=some)
    if isinstance(node, Not):
        return ~to_q(node.node, today=today, some=some)
    found = Q()
    for one in sorted(node.nodes, key=_costly):
        asked = to_q(one, today=today, some=some)
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
        return {order_id: tuple([keys[place] for place in hits]) for order_id, hits in cursor.fetchall()}


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


class _Ids:
    """Stands in a kept statement where the ids will be."""


_IDS = _Ids()


@dataclass(frozen=True)
class _Text:
    """A compiled statement with a place for the ids."""

    sql: str
    params: tuple[Any, ...]

    def bound(self, ids: Sequence[int]) -> tuple[str, list[Any]]:
        asked = as_array(list(ids))
        return self.sql, [asked if param is _IDS else param for param in self.params]


class _Hit(Expression):
    """Whether some row beside the order meets a test: a place in the array that the joined rows were reduced to."""

    def __init__(self, source: str, place: int) -> None:
        super().__init__(output_field=BooleanField())
        self.source, self.place = source, place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return f'coalesce("{self.source}_hits"."hits"[{self.place}], false)', ()


class _Beside:
    """Collects what many conditions ask of rows beside the orders, so that each row is read once for all of them."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[Source, list[Q]]] = {}

    def some(self, source: Source, asked: Q) -> Q:
        if source.every is None:
            return exists(source, asked)
        known = self.asked.setdefault(source.key, (source, []))[1]
        if asked not in known:
            known.append(asked)
        return Q(_Hit(source.key, known.index(asked) + 1))

    def joins(self) -> _Text:
        """Return the joins that bring, for each order, an array with the answers of each source."""
        parts, params = [], []
        for key, (source, asked) in self.asked.items():
            assert source.every is not None
            held = [BoolOr(_truth(one)) for one in asked]
            hits = Func(*held, template="ARRAY[%(expressions)s]", output_field=ArrayField(BooleanField()))
            rows = source.every().filter(order_id__among=_IDS).order_by().values("order_id").annotate(hits=hits)
            sql, own = rows.values_list("order_id", "hits").query.sql_with_params()
            parts.append(
                f' LEFT JOIN ({sql}) AS "{key}_hits"("order_id", "hits") ON "{key}_hits"."order_id" = "orders_order"."id"'
            )
            params += own
        return _Text("".join(parts), tuple(params))


def _truth(asked: Q) -> Combinable:
    """Return a Q as an expression that is true or false; an empty one is true."""
    if not asked:
        return Value(True, output_field=BooleanField())
    return Case(When(asked, then=Value(True)), default=Value(False), output_field=BooleanField())


_FROM = ' FROM "orders_order"'
_PLACEHOLDER = re.compile("%s|%%")


def _text_of(columns: Mapping[str, Combinable], beside: _Beside) -> _Text:
    """Return the statement: the orders, joined with what lies beside them, and the columns."""
    rows = Order.objects.filter(pk__among=_IDS).annotate(**columns).order_by().values_list("pk", *columns)
    sql, params = rows.query.sql_with_params()
    head, found, tail = sql.partition(_FROM)
    assert found, "the statement reads the orders"
    assert _FROM not in tail, "and reads them once"
    before = sum(mark == "%s" for mark in _PLACEHOLDER.findall(head))
    joins = beside.joins()
    return _Text(head + found + joins.sql + tail, (*params[:before], *joins.params, *params[before:]))


@lru_cache(maxsize=256)
def _masks_text(tenant_id: int, today: date, nodes: tuple[Node, ...]) -> _Text:
    beside = _Beside()
    hits = [_place_if(to_q(node, today=today, some=beside.some), place) for place, node in enumerate(nodes)]
    held = Func(
        *hits, template="array_remove(ARRAY[%(expressions)s]::integer[], NULL)", output_field=ArrayField(IntegerField())
    )
    return _text_of({"hits": held}, beside)


def _place_if(asked: Q, place: int) -> Combinable:
    return Case(When(asked, then=Value(place)), output_field=IntegerField()) if asked else Value(place)


@lru_cache(maxsize=64)
def _explain_text(tenant_id: int, today: date, nodes: tuple[Node, ...]) -> _Text:
    beside, columns = _Beside(), {}
    for place, node in enumerate(nodes):
        each = [_truth(to_q(one, today=today, some=beside.some)) for one in (node, *tests_of(node))]
        columns[f"said_{place}"] = Func(
            *each, template="ARRAY[%(expressions)s]", output_field=ArrayField(BooleanField())
        )
    return _text_of(columns, beside)
