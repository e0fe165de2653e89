"""Which orders are due for erasing: finished for longer than the tenant's days, with nothing open, and their bundle with them.

Orders that share a parcel go together or not at all: the recipient belongs to each of them. What waits only until an order is
taken back keeps none: by then nobody can, or will.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from hub.models import EffectState
from hub.tenancy import current_tenant
from orders.lookups import as_array
from orders.operations.leaving import BACK_WITHIN, BUSY
from orders.outgoing.held import TAKEN_OUT

EXACT = 1_000
"""Up to so many due orders are counted one by one."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is due now: finished before `before`; taken out of the hub before `removed_before`, as it may be taken back until then."""

    before: datetime
    removed_before: datetime


def rule_of(days: int, *, now: datetime) -> Rule:
    """Return the rule of so many days."""
    return Rule(before=now - timedelta(days=days), removed_before=now - max(timedelta(days=days), BACK_WITHIN))


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a run has looked: behind this order."""

    finished_at: datetime
    order_id: int


BEGINNING = Place(finished_at=datetime.min.replace(tzinfo=UTC), order_id=0)

_FINISHED_AT = """CASE WHEN o.deleted_at IS NOT NULL THEN o.deleted_at WHEN o.phase = 'cancelled' THEN o.status_at
    WHEN o.shipped_at IS NOT NULL THEN o.shipped_at ELSE o.status_at END"""
"""The same expression as `FINISHED_AT` of the model, whose index this walks."""

_OVER = f"""o.tenant_id = %(tenant)s AND o.erased_at IS NULL AND NOT o.is_open AND NOT o.scratch AND {_FINISHED_AT} < %(before)s
 AND (o.deleted_at IS NULL OR o.deleted_at < %(removed_before)s) AND NOT o.unreported"""

_NEXT = f"""SELECT o.id, {_FINISHED_AT} FROM orders_order o WHERE {_OVER}
 AND ({_FINISHED_AT}, o.id) > (%(at)s::timestamptz, %(id)s) ORDER BY 2, 1 LIMIT %(limit)s"""

_COUNT = f"SELECT count(*) FROM orders_order o WHERE {_OVER}"

_WAITS = """EXISTS (SELECT 1 FROM hub_effect e WHERE e.tenant_id = o.tenant_id AND e.order_id = o.id AND e.state = ANY(%(open)s::text[])
    AND NOT (e.state = 'waiting' AND e.hold_reason = ANY(%(taken_out)s::text[])))
 OR EXISTS (SELECT 1 FROM orders_parcel p WHERE p.tenant_id = o.tenant_id AND p.order_id = o.id AND p.state = ANY(%(busy)s::text[]))
 OR EXISTS (SELECT 1 FROM orders_orderline l JOIN orders_parcel p ON p.tenant_id = l.tenant_id AND p.id = l.parcel_id
    WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND p.state = ANY(%(busy)s::text[]))
 OR EXISTS (SELECT 1 FROM orders_orderline l JOIN warehouses_warehouserequest r ON r.tenant_id = l.tenant_id AND r.parcel_id = l.parcel_id
    WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND r.ended_at IS NULL)"""

_AMONG = f"""SELECT o.id, o.erased_at IS NOT NULL FROM orders_order o WHERE o.tenant_id = %(tenant)s AND o.id = ANY(%(ids)s::bigint[])
 AND (o.erased_at IS NOT NULL OR ({_OVER} AND NOT ({_WAITS})))"""

_PARCELS = """SELECT l.parcel_id, l.order_id FROM orders_orderline l WHERE l.tenant_id = %(tenant)s AND l.parcel_id IN (
    SELECT m.parcel_id FROM orders_orderline m WHERE m.tenant_id = %(tenant)s AND m.order_id = ANY(%(ids)s::bigint[])
    UNION SELECT p.id FROM orders_parcel p WHERE p.tenant_id = %(tenant)s AND p.order_id = ANY(%(ids)s::bigint[]))
 UNION SELECT p.id, p.order_id FROM orders_parcel p WHERE p.tenant_id = %(tenant)s AND p.id IN (
    SELECT m.parcel_id FROM orders_orderline m WHERE m.tenant_id = %(tenant)s AND m.order_id = ANY(%(ids)s::bigint[]))"""

_OPEN = [EffectState.WAITING, EffectState.SENDING, EffectState.UNSURE, EffectState.STOPPED]


def next_due(rule: Rule, after: Place | None, *, limit: int) -> tuple[list[int], Place | None]:
    """Return the next due orders by when they were finished, with those they share parcels with, and where to go on (None: the end).

    Orders that wait for something, and those whose bundle holds one that is not due, are left out.
    """
    after = after or BEGINNING
    asked = _asked(rule, at=after.finished_at, id=after.order_id, limit=limit)
    rows = _rows(_NEXT, asked)
    place = Place(finished_at=rows[-1][1], order_id=rows[-1][0]) if len(rows) == limit else None
    return still_due([row[0] for row in rows], rule), place


def still_due(order_ids: Collection[int], rule: Rule) -> list[int]:
    """Return these orders and those they share parcels with, as far as the whole of each bundle is due."""
    bundles = bundles_of(order_ids)
    members = {order_id for bundle in bundles for order_id in bundle}
    gone = dict(_rows(_AMONG, _asked(rule, ids=as_array(sorted(members)))))
    return sorted(pk for bundle in bundles if bundle <= gone.keys() for pk in bundle if not gone[pk])


def bundles_of(order_ids: Collection[int]) -> list[frozenset[int]]:
    """Return the orders in bundles: those that share a parcel, directly or through others, are one."""
    known, asked = set(order_ids), set(order_ids)
    neighbours: dict[int, set[int]] = defaultdict(set)
    while asked:
        inside: dict[int, set[int]] = defaultdict(set)
        for parcel_id, order_id in _rows(_PARCELS, {"tenant": current_tenant(), "ids": as_array(sorted(asked))}):
            inside[parcel_id].add(order_id)
        for orders in inside.values():
            for order_id in orders:
                neighbours[order_id] |= orders
        asked = {order_id for orders in inside.values() for order_id in orders} - known
        known |= asked
    return list(_together(known, neighbours))


def _together(ids: Iterable[int], neighbours: dict[int, set[int]]) -> Iterable[frozenset[int]]:
    left = set(ids)
    while left:
        bundle, edge = set[int](), {left.pop()}
        while edge:
            bundle |= edge
            edge = {other for order_id in edge for other in neighbours[order_id]} - bundle
        left -= bundle
        yield frozenset(bundle)


def count_due(rule: Rule) -> int:
    """Return how many orders are due; of very many those that wait for something are counted as well."""
    ids, place = next_due(rule, None, limit=EXACT)
    return len(ids) if place is None else int(_rows(_COUNT, _asked(rule))[0][0])


def _asked(rule: Rule, **more: Any) -> dict[str, Any]:
    return {"tenant": current_tenant(), "before": rule.before, "removed_before": rule.removed_before, "open": as_array(_OPEN),
            "taken_out": as_array(list(TAKEN_OUT)), "busy": as_array([state.value for state in BUSY]), **more}  # fmt: skip


def _rows(statement: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()
