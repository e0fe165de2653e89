"""The rows that a pass writes by the thousand: marks of rules, labels and marks of tasks, one statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from hub.tenancy import current_tenant
from orders.lookups import as_array

_encode = msgspec.json.Encoder().encode


def open_rule_marks(marks: Sequence[tuple[int, int, int]], *, now: datetime) -> None:
    """Open marks of (rule, order, version)."""
    _insert(
        """INSERT INTO automation_rulemark (tenant_id, rule_id, order_id, version, opened_at, acted)
           SELECT %s, rule, o, version, %s, true FROM unnest(%s::bigint[], %s::bigint[], %s::integer[]) AS x(rule, o, version)""",
        [current_tenant(), now],
        marks,
    )


def add_labels(labels: Sequence[tuple[int, int]]) -> None:
    """Add labels of (order, label); one that is there already stays."""
    _insert(
        """INSERT INTO orders_ordertag (tenant_id, order_id, tag_id)
           SELECT %s, o, tag FROM unnest(%s::bigint[], %s::bigint[]) AS x(o, tag) ON CONFLICT (tenant_id, order_id, tag_id) DO NOTHING""",
        [current_tenant()],
        labels,
    )


def open_task_marks(marks: Sequence[tuple[int, int, Mapping[str, Any]]], *, now: datetime) -> None:
    """Open marks of (order, task, detail); where one is open already, it stays."""
    _insert(
        """INSERT INTO orders_taskmark (tenant_id, order_id, task_id, opened_at, opened_by_kind, reason, detail, by_hand, closed_by_kind)
           SELECT %s, o, task, %s, 'system', '', detail, false, ''
           FROM unnest(%s::bigint[], %s::bigint[], %s::jsonb[]) AS x(o, task, detail) ON CONFLICT DO NOTHING""",
        [current_tenant(), now],
        [(order_id, task_id, _encode(detail).decode() if detail else "{}") for order_id, task_id, detail in marks],
    )


def _insert(statement: str, first: list[Any], rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [*first, *(as_array(list(column)) for column in zip(*rows, strict=True))])
