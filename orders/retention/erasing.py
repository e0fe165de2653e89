"""Erasing a chunk: every table of these orders inside one transaction, the orders themselves through the door. Or only counting it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from hub.audit import SYSTEM
from orders.models import Order
from orders.operations.door import Row, lock, write
from orders.outgoing.held import give_up
from orders.retention.due import Rule, still_due
from orders.retention.places import TABLES, Table

ERASED = "retention.erased"
"""The verb of a run's entry, and of each order's."""
AT_ONCE = 1_000
"""Rows that go by their age, in one transaction."""

ORDERS = next(table for table in TABLES if table.model == "orders.Order")
BESIDE = [table for table in TABLES if table.of is not None and table is not ORDERS]
AGED = [table for table in TABLES if table.older is not None]


def erase_orders(ids: Collection[int], rule: Rule, *, now: datetime) -> Counter[str]:
    """Lock the orders, see that they are due still, and erase all that is about their persons; return rows by table."""
    locked = {order.pk: order for order in lock(ids, "coupons", "revision")}
    due = [pk for pk in still_due(locked, rule) if pk in locked]
    counts = Counter({table.model: _erase(table, _of(table, due, rule), now=now) for table in BESIDE if due})
    give_up(due)
    rows = [Row(order_id=pk, quiet={**ORDERS.nothing(), "erased_at": now, **_blanked(locked[pk])}) for pk in due]
    write(rows, verb=ERASED, by=SYSTEM, now=now, judge=False)
    counts[ORDERS.model] = len(due)
    return +counts


def erase_aged(rule: Rule, *, now: datetime) -> Counter[str]:
    """Erase some of what goes by its age; nothing is returned when nothing is left."""
    for table in AGED:
        ids = list(_aged(table, rule).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if ids:
            return Counter({table.model: _erase(table, table.rows.objects.filter(pk__in=ids), now=now)})
    return Counter()


class Counting:
    """What a run would erase: the same rows, only counted."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.counts = Counter({table.model: _aged(table, rule).count() for table in AGED})
        self._seen: dict[str, set[int]] = defaultdict(set)

    def add(self, ids: Sequence[int]) -> None:
        """Count a chunk of due orders."""
        for table in BESIDE:
            rows = _of(table, ids, self.rule)
            if table.shared:
                found = set(rows.values_list("pk", flat=True)) - self._seen[table.model]
                self._seen[table.model] |= found
                self.counts[table.model] += len(found)
            else:
                self.counts[table.model] += rows.count()
        self.counts[ORDERS.model] += len(ids)


def _of(table: Table, ids: Sequence[int], rule: Rule) -> QuerySet[Any]:
    """Return the rows of these orders that hold something, less those that go by their age."""
    assert table.of is not None
    rows = table.rows.objects.filter(table.of(ids), table.full())
    return rows.exclude(table.older(rule.before)) if table.older is not None else rows


def _aged(table: Table, rule: Rule) -> QuerySet[Any]:
    assert table.older is not None
    return table.rows.objects.filter(table.older(rule.before), table.full())


def _erase(table: Table, rows: QuerySet[Any], *, now: datetime) -> int:
    if table.delete:
        return rows.delete()[0]
    return rows.update(**table.values(), **({"erased_at": now} if table.stamped else {}))


def _blanked(order: Order) -> dict[str, Any]:
    return {
        column: [{**entry, **dict.fromkeys(names, "")} for entry in getattr(order, column)]
        for column, names in ORDERS.blank.items()
    }
