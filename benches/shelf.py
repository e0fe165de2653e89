"""The tables at one size, and the statements that a call of the product sends to them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from benches.measuring import gate
from benches.shops import House
from hub.clock import JAPAN
from hub.tenancy import tenant_transaction


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """`orders` in all, half of them the house's. `last`: the largest size; `full`: sizes at which every goal is asserted."""

    name: str
    house: House
    orders: int
    last: bool
    full: bool

    @property
    def today(self) -> date:
        return self.house.now.astimezone(JAPAN).date()


@dataclass
class Statements:
    """What was sent: text, parameters and milliseconds of each statement."""

    sent: list[tuple[str, Any, float]] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.sent.append((sql, params, (time.perf_counter() - began) * 1000))

    def ms(self, part: str = "") -> float:
        """Return the milliseconds of the statements that contain a text."""
        return sum(ms for sql, _, ms in self.sent if part in sql)


@contextmanager
def watched() -> Iterator[Statements]:
    """Note the statements sent inside."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        yield statements


def calls(shelf: Shelf, act: Callable[[], Any], part: str, times: int = 200) -> tuple[list[float], list[float]]:
    """Call in a transaction of the tenant each time; return milliseconds of the statements with a text, and of the whole calls."""
    inside, whole = [], []
    for number in range(times + 10):
        with tenant_transaction(shelf.house.tenant_id), watched() as statements:
            began = time.perf_counter()
            act()
            took = (time.perf_counter() - began) * 1000
        if number >= 10:
            inside.append(statements.ms(part))
            whole.append(took)
    return inside, whole


def plan(sql: str, params: Any) -> dict[str, Any]:
    """Return the plan of a statement as it ran, inside the open transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def nodes(top: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Walk a plan."""
    yield top
    for inner in top.get("Plans", ()):
        yield from nodes(inner)


def check_plan(shelf: Shelf, statements: Statements, *, page: int) -> None:
    """Above 10,000 rows no statement may read orders or lines from end to end, nor throw away more than 50 rows for each it shows."""
    if shelf.orders < 10_000:
        return
    for sql, params, _ in statements.sent:
        if not sql.lstrip().upper().startswith("SELECT") or "orders_" not in sql:
            continue
        for node in nodes(plan(sql, params)):
            table = node.get("Relation Name", "")
            if table in ("orders_order", "orders_orderline"):
                gate(node["Node Type"] != "Seq Scan", f"a sequential scan of {table}: {sql[:200]}")
                gone = node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)
                gate(gone <= 50 * page, f"{gone} rows of {table} read and thrown away: {sql[:200]}")
