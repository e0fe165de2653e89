"""From nodes to SQL, the only evaluator: a filter, a mask over many conditions at once, and the reason why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, Case, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from hub.tenancy import current_tenant
from orders.conditions.nodes import AllOf, Node, Not, Test, fields_of, tests_of
from orders.fields import FIELDS
from orders.models import Order

K = TypeVar("K")


def to_q(node: Node, *, today: date) -> Q:
    """Return the condition as one Q. No test in it can be NULL, so `Not` is the exact complement.

    Inside a group, tests on the order's own row stand before those that look beside it.
    """
    if isinstance(node, Test):
        return FIELDS[node.field].test(node.op, node.value, today=today, of=node.of)
    if isinstance(node, Not):
        return ~to_q(node.node, today=today)
    found = Q()
    for one in sorted(node.nodes, key=_costly):
        asked = to_q(one, today=today)
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
        return self.sql, [ids if param is _IDS else param for param in self.params]


def _truth(node: Node, today: date) -> Combinable:
    """Return the condition as an expression that is true or false."""
    if node == AllOf(()):
        return Value(True, output_field=BooleanField())
    return Case(When(to_q(node, today=today), then=Value(True)), default=Value(False), output_field=BooleanField())


def _text_of(columns: Mapping[str, Combinable]) -> _Text:
    rows = Order.objects.filter(pk__among=_IDS).annotate(**columns).order_by().values_list("pk", *columns)
    sql, params = rows.query.sql_with_params()
    return _Text(sql, params)


@lru_cache(maxsize=256)
def _masks_text(tenant_id: int, today: date, nodes: tuple[Node, ...]) -> _Text:
    hits = [
        Value(place)
        if node == AllOf(())
        else Case(When(to_q(node, today=today), then=Value(place)), output_field=IntegerField())
        for place, node in enumerate(nodes)
    ]
    held = Func(
        *hits, template="array_remove(ARRAY[%(expressions)s]::integer[], NULL)", output_field=ArrayField(IntegerField())
    )
    return _text_of({"hits": held})


@lru_cache(maxsize=64)
def _explain_text(tenant_id: int, today: date, nodes: tuple[Node, ...]) -> _Text:
    columns = {}
    for place, node in enumerate(nodes):
        each = [_truth(node, today), *(_truth(test, today) for test in tests_of(node))]
        columns[f"said_{place}"] = Func(
            *each, template="ARRAY[%(expressions)s]", output_field=ArrayField(BooleanField())
        )
    return _text_of(columns)
