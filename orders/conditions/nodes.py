"""The four shapes of a condition, as frozen values, and walks over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.ids import encode
from orders.fields import FIELDS, Kind, Of, write_value


@dataclass(frozen=True)
class Test:
    """One comparison. `of` says which lines or parcels it asks, for fields that lie beside the order."""

    field: str
    op: str
    value: Any = None
    of: Of = Of.ANY


@dataclass(frozen=True)
class AllOf:
    """Every one holds. Empty only at the root, where it means every order."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one holds; never empty."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """The exact complement."""

    node: Node


Node = Test | AllOf | AnyOf | Not

EVERYTHING = AllOf(())
"""The condition that every order meets."""


def tests_of(node: Node) -> Iterator[Test]:
    """Yield the tests from left to right; `explain` answers in this order."""
    if isinstance(node, Test):
        yield node
    elif isinstance(node, Not):
        yield from tests_of(node.node)
    else:
        for one in node.nodes:
            yield from tests_of(one)


def reads(node: Node) -> frozenset[str]:
    """Return what the condition depends on: columns of the order (`status_id`) and words for what lies beside it (`tags`,
    `tasks`, `lines`, `parcels.warehouse_id`). Two rules are independent when neither writes what the other reads."""
    return frozenset().union(*(FIELDS[test.field].reads for test in tests_of(node)))


def fields_of(node: Node) -> frozenset[str]:
    """Return the keys of the fields that are tested."""
    return frozenset(test.field for test in tests_of(node))


def dump(node: Node, *, outside: bool = False) -> dict[str, Any]:
    """Return the JSON of a condition; `parse` gives the same node back. `outside`: ids in the form that the outside sees."""
    if isinstance(node, Test):
        return _dump_test(node, outside)
    if isinstance(node, Not):
        return {"not": dump(node.node, outside=outside)}
    return {"all" if isinstance(node, AllOf) else "any": [dump(one, outside=outside) for one in node.nodes]}


def _dump_test(test: Test, outside: bool) -> dict[str, Any]:
    value = write_value(test.value)
    if outside and FIELDS[test.field].kind in (Kind.ROW, Kind.ROWS) and value is not None:
        value = [encode(one) for one in value] if isinstance(value, list) else encode(value)
    found: dict[str, Any] = {"field": test.field, "op": test.op, "value": value}
    if test.of is not Of.ANY:
        found["of"] = test.of.value
    return found
