"""Compiled conditions against the plain evaluator, on random trees. ORACLE_ORDERS and ORACLE_TREES set the size (100000 and 200)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from django.db import connection

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
        _be_patient()
        make_many(ORDERS, seed=1)
        rows = snapshot()
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE")  # without figures a table of hundreds of rows is planned as one row
    return World(tenant.pk, rows, Trees(rows, TODAY, seed=7))


@pytest.fixture
def world(filled: World) -> Iterator[World]:
    with tenant_transaction(filled.tenant_id):
        _be_patient()
        yield filled


def _be_patient() -> None:
    """Let the plain evaluator think inside the transaction for as long as it takes; at 100,000 orders that is minutes."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def wanted(node: Node, world: World) -> set[int]:
    return {pk for pk, row in world.rows.items() if holds(node, row, TODAY)}


def found(node: Node) -> set[int]:
    return set(matching(node, TODAY, live=False).values_list("pk", flat=True))


def masked(nodes: dict[int, Node], world: World) -> dict[int, set[int]]:
    """Ask many conditions of all orders, a thousand a statement."""
    hits: dict[int, set[int]] = {key: set() for key in nodes}
    ids = sorted(world.rows)
    for start in range(0, len(ids), 1_000):
        for pk, keys in masks(nodes, ids[start : start + 1_000], TODAY).items():
            for key in keys:
                hits[key].add(pk)
    return hits


@pytest.mark.parametrize("batch", range(10))
def test_random_trees_match_the_oracle_and_not_is_the_complement(world: World, batch: int) -> None:
    everything = set(world.rows)
    trees = {number: world.trees.tree() for number in range(1, TREES // 10 + 1)}
    expected = {number: wanted(node, world) for number, node in trees.items()}

    plain = masked(trees, world)
    negated = masked({number: Not(node) for number, node in trees.items()}, world)

    for number, node in trees.items():
        assert plain[number] == expected[number], dump(node)
        assert negated[number] == everything - expected[number], dump(node)
        if number % 6 == 0:
            assert found(node) == expected[number], dump(node)
    told_apart = sum(0 < len(hits) < len(everything) for hits in expected.values())
    assert told_apart > len(trees) / 4, "the trees must tell orders apart"


@pytest.mark.parametrize("key", sorted(FIELDS))
def test_every_comparison_of_a_field_matches_the_oracle(world: World, key: str) -> None:
    tests = [
        world.trees.test(key, op) for op in FIELDS[key].ops for _ in range(4 if not FIELDS[key].asked_of_each else 8)
    ]
    nodes: dict[int, Node] = dict(enumerate(tests))

    hits = masked(nodes, world)

    for number, node in nodes.items():
        assert hits[number] == wanted(node, world), dump(node)


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
