"""What is late: past its status's limit, past the warehouse's cut-off, or not counted by the mall at 09:00."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression, Q
from django.db.models.sql.compiler import SQLCompiler

from hub.clock import JAPAN
from hub.tenancy import current_tenant
from orders.fields.kinds import day_of, start_of
from orders.models import MallReport, Order, Status

COUNTED_BY = time(9, 0)
"""What was shipped before today must be counted by the mall at this time in Japan."""


def past_limit(now: datetime) -> Q:
    """Return the Q of open orders that are in their status for longer than it allows. One statement, for the limits."""
    limits = Status.objects.filter(limit_minutes__isnull=False, not_ours=False).values_list("pk", "limit_minutes")
    late = [Q(status=pk, status_at__lt=now - timedelta(minutes=minutes)) for pk, minutes in limits]
    return Q(is_open=True) & reduce(or_, late) if late else Q(pk__in=[])


# Only what has a day or a wish, and next-day orders, can be past a cut-off: each is found by a small index of its own, so the
# thousands of open orders that wait for something else are not looked at for it.
_CUTOFF = "coalesce((w.cutoffs ->> to_char({day}, 'dy'))::time, w.cutoff_at)"
"""A warehouse's cut-off of a day, as `Warehouse.cutoff_on` reads it."""
_LATE = f"""
SELECT o.id FROM orders_order o JOIN orders_status s ON s.id = o.status_id
WHERE o.tenant_id = %(tenant)s AND o.is_open AND s.limit_minutes IS NOT NULL AND NOT s.not_ours
  AND o.status_at < %(now)s - s.limit_minutes * interval '1 minute'
UNION ALL
SELECT x.id FROM (
    SELECT d.id, (s.day + {_CUTOFF.format(day="s.day")}) AT TIME ZONE 'Asia/Tokyo' AS due
    FROM (
        SELECT o.id, o.shop_id, p.warehouse_id, p.ship_on, coalesce(p.ship_wanted_at, CASE WHEN o.next_day THEN o.ready_at END) AS at
        FROM orders_parcel p JOIN orders_order o ON o.id = p.order_id
        WHERE p.tenant_id = %(tenant)s AND p.state = 'draft' AND p.closed_at IS NULL
          AND (p.ship_on IS NOT NULL OR p.ship_wanted_at IS NOT NULL) AND o.is_open AND o.ours
        UNION ALL
        SELECT o.id, o.shop_id, p.warehouse_id, NULL, o.ready_at
        FROM orders_order o JOIN orders_parcel p ON p.order_id = o.id
        WHERE o.tenant_id = %(tenant)s AND o.is_open AND o.ours AND o.next_day AND o.ready_at < %(now)s
          AND p.state = 'draft' AND p.closed_at IS NULL AND p.ship_on IS NULL AND p.ship_wanted_at IS NULL) d
    JOIN orders_shop h ON h.id = d.shop_id
    JOIN orders_warehouse w ON w.id = coalesce(d.warehouse_id, h.warehouse_id)
    CROSS JOIN LATERAL (SELECT d.at AT TIME ZONE 'Asia/Tokyo' AS at) l
    CROSS JOIN LATERAL (
        SELECT coalesce(d.ship_on, l.at::date + (l.at::time >= {_CUTOFF.format(day="l.at")})::integer) AS day) s) x
WHERE x.due <= %(now)s
UNION ALL
SELECT r.order_id FROM orders_mallreport r JOIN orders_order o ON o.id = r.order_id
WHERE r.tenant_id = %(tenant)s AND r.counted_at IS NULL AND r.created_at < %(shipped_before)s AND o.is_live
"""


class _LateIds(Expression):
    """The ids of late orders, as a part of a larger statement."""

    def __init__(self, now: datetime) -> None:
        super().__init__(output_field=BigIntegerField())
        self.now = now

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        params = _params(self.now)
        statement = re.sub(r"%\(\w+\)s", "%s", f"(SELECT id FROM ({_LATE}) late)")
        return statement, [params[name] for name in re.findall(r"%\((\w+)\)s", _LATE)]


def is_late(now: datetime) -> Q:
    """Return the Q of orders that are late, for whatever cause."""
    return Q(pk__in=_LateIds(now))


def count_late(now: datetime, shop_ids: Sequence[int] = ()) -> int:
    """Return how many orders are late, for whatever cause."""
    if shop_ids:
        return Order.objects.filter(is_late(now), shop_id__in=shop_ids).count()
    return int(_ask(f"SELECT count(DISTINCT id) FROM ({_LATE}) late", now)[0][0])


def any_uncounted(now: datetime, shop_ids: Sequence[int] = ()) -> bool:
    """Return whether a shipment is late because the mall has not counted it."""
    reports = MallReport.objects.filter(
        counted_at__isnull=True, created_at__lt=uncounted_before(now), order__is_live=True
    )
    return bool((reports.filter(order__shop_id__in=shop_ids) if shop_ids else reports).exists())


def _ask(statement: str, now: datetime, **params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params | _params(now))
        return list(cursor.fetchall())


def _params(now: datetime) -> dict[str, Any]:
    return {"tenant": current_tenant(), "now": now, "shipped_before": uncounted_before(now)}


def uncounted_before(now: datetime) -> datetime:
    """Return the moment before which every shipment should be counted by now: the start of the day that 09:00 last closed."""
    today = day_of(now)
    return start_of(today if now.astimezone(JAPAN).time() >= COUNTED_BY else today - timedelta(days=1))
