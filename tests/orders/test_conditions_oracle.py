"""Compiled conditions against the plain evaluator, on random trees. ORACLE_ORDERS and ORACLE_TREES set the size (100000 and 200)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hub.tenancy import tenant_transaction
from orders.conditions import AllOf, Node, Not, dump, explain, masks, matching, parse
from orders.conditions import tests_of as leaves
from orders.fields import FIELDS, Of
from orders.fields.kinds import day_of
from tests.conftest import NOW, make_tenant
from tests.orders.making import make_many
from tests.orders.oracle import Row, Trees, holds, snapshot

ORDERS = int(os.environ.get("ORACLE_ORDERS", "150"))
TREES = int(os.environ.get("ORACLE_TREES", "600"))
TODAY = day_of(NOW)


@dataclass
class World:
    tenant_id: int
    rows: dict[int, Row]
    trees: Trees


@pytest.fixture(scope="module")
def filled(django_db_setup: None) -> World:
    tenant, other = make_tenant(), make_tenant()
    with tenant_transaction(other.pk):
        make_many(20, seed=2)
    with tenant_transaction(tenant.pk):
        make_many(ORDERS, seed=1)
        rows = snapshot()
    return World(tenant.pk, rows, Trees(rows, TODAY, seed=7))


@pytest.fixture
def world(filled: World) -> Iterator[World]:
    with tenant_transaction(filled.tenant_id):
        yield filled


def wanted(node: Node, world: World) -> set[int]:
    return {pk for pk, row in world.rows.items() if holds(node, row, TODAY)}


def found(node: Node) -> set[int]:
    return set(matching(node, TODAY, live=False).values_list("pk", flat=True))


@pytest.mark.parametrize("batch", range(10))
def test_random_trees_match_the_oracle_and_not_is_the_complement(world: World, batch: int) -> None:
    everything = set(world.rows)
    hits = 0
    for _ in range(TREES // 10):
        node = world.trees.tree()

        expected = wanted(node, world)

        assert found(node) == expected, dump(node)
        assert found(Not(node)) == everything - expected, dump(node)
        hits += 0 < len(expected) < len(everything)
    assert hits > TREES // 40, "the trees must tell orders apart"


@pytest.mark.parametrize("key", sorted(FIELDS))
def test_every_comparison_of_a_field_matches_the_oracle(world: World, key: str) -> None:
    for op in FIELDS[key].ops:
        for _ in range(4 if FIELDS[key].source is None else 8):
            node = world.trees.test(key, op)

            assert found(node) == wanted(node, world), dump(node)


def test_masks_agree_with_one_query_each(world: World) -> None:
    nodes = {number * 10: world.trees.tree() for number in range(50)}
    nodes[7] = AllOf(())

    held = masks(nodes, list(world.rows)[:1000], TODAY)

    for key, node in nodes.items():
        expected = wanted(node, world) & set(held)
        assert {pk for pk, keys in held.items() if key in keys} == expected, dump(node)


def test_explain_names_each_test_as_the_oracle_does(world: World) -> None:
    ids = list(world.rows)[:50]
    for _ in range(30):
        node = world.trees.tree()

        explained = explain(node, ids, TODAY)

        for pk in ids:
            row = world.rows[pk]
            assert explained[pk].holds == holds(node, row, TODAY), dump(node)
            assert explained[pk].tests == tuple(holds(test, row, TODAY) for test in leaves(node)), dump(node)


def test_parse_gives_back_what_was_dumped(world: World) -> None:
    for _ in range(200):
        node = world.trees.tree()
        if any(test.op == "between" and test.value[0] != test.value[1] for test in leaves(node)):
            continue  # a random range may be reversed, which parse refuses

        assert parse(dump(node)) == node
        assert parse(dump(node, outside=True)) == node


def test_of_every_needs_a_line(world: World) -> None:
    node = parse({"field": "line_quantity", "op": "gte", "value": 0, "of": Of.EVERY.value})

    assert found(node) == {pk for pk, row in world.rows.items() if row.lines}
