"""Live counts of orders by status: the sum of differences that the database writes with each change, and their folding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Sum

from hub.tenancy import current_tenant
from orders.models import Order, Status, StatusDelta, StatusGroup
from orders.queries.late import past_limit


@dataclass(frozen=True, kw_only=True)
class StatusNode:
    """A status with the number of its live orders, and how many of them are past its limit."""

    status: Status
    count: int
    late: int


@dataclass(frozen=True, kw_only=True)
class GroupNode:
    """A group with its statuses; its count is their sum."""

    group: StatusGroup
    statuses: tuple[StatusNode, ...]

    @property
    def count(self) -> int:
        return sum(node.count for node in self.statuses)


def status_counts(shop_ids: Sequence[int] = ()) -> dict[int, int]:
    """Return how many live orders each status holds, in one statement whose cost does not depend on the number of orders."""
    deltas = StatusDelta.objects.filter(shop_id__in=shop_ids) if shop_ids else StatusDelta.objects.all()
    rows = deltas.order_by().values("status_id").annotate(total=Sum("n")).values_list("status_id", "total")
    return {status_id: int(total) for status_id, total in rows if total}


def status_tree(now: datetime, shop_ids: Sequence[int] = ()) -> tuple[GroupNode, ...]:
    """Return groups and statuses in their order with live counts. Retired ones appear only while orders are in them."""
    counts, late = status_counts(shop_ids), late_counts(now, shop_ids)
    nodes: dict[int, list[StatusNode]] = {}
    groups: dict[int, StatusGroup] = {}
    statuses = Status.objects.select_related("group").order_by("group__position", "group_id", "position", "pk")
    for status in statuses:
        count = counts.get(status.pk, 0)
        if count or (status.retired_at is None and status.group.retired_at is None):
            groups[status.group_id] = status.group
            nodes.setdefault(status.group_id, []).append(
                StatusNode(status=status, count=count, late=late.get(status.pk, 0))
            )
    return tuple(GroupNode(group=groups[pk], statuses=tuple(found)) for pk, found in nodes.items())


def late_counts(now: datetime, shop_ids: Sequence[int] = ()) -> dict[int, int]:
    """Return how many open orders of each status are past the status's limit."""
    rows = Order.objects.filter(past_limit(now))
    if shop_ids:
        rows = rows.filter(shop_id__in=shop_ids)
    return dict(rows.order_by().values("status_id").annotate(n=Count("pk")).values_list("status_id", "n"))


_FOLD = """WITH gone AS (
    DELETE FROM orders_statusdelta WHERE id IN (
        SELECT id FROM orders_statusdelta WHERE tenant_id = %(tenant)s ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
    RETURNING shop_id, status_id, n),
 folded AS (
    INSERT INTO orders_statusdelta (tenant_id, shop_id, status_id, n, base)
    SELECT %(tenant)s, shop_id, status_id, sum(n), true FROM gone GROUP BY shop_id, status_id HAVING sum(n) <> 0
    RETURNING 1)
 SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM folded)"""
MOST_FOLDED = 50_000


def fold_deltas() -> tuple[int, int]:
    """Replace the tenant's differences by their sums; return how many rows went and how many stand now.

    For the housekeeping job. Only these rows are locked, nobody else ever waits for them, and what another folder holds is left
    to it. Readers see either the differences or their sum, never both.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, {"tenant": current_tenant(), "most": MOST_FOLDED})
        row = cursor.fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def recount() -> dict[int, int]:
    """Return the counts from the orders themselves: slow, and what the differences must always add up to."""
    rows = (
        Order.objects.filter(is_live=True)
        .order_by()
        .values("status_id")
        .annotate(n=Count("pk"))
        .values_list("status_id", "n")
    )
    return dict(rows)
