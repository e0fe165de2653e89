"""When an order is next read from its mall. There is no "changed since" at the mall, so open orders are read again by number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from hub.clock import JAPAN
from orders.models.statuses import OPEN_PHASES

SOON = timedelta(minutes=5)
OPEN = timedelta(minutes=30)
COUNT_AT = time(0, 10)
"""Malls count shipments in a nightly job a few minutes after midnight; ten past is when the answer can be read."""


def next_reread(row: Mapping[str, Any], *, now: datetime) -> datetime | None:
    """Return when to read the order next, or None when nothing more is expected.

    Waiting: when the wait ends. The mall still works on it: 5 minutes. Open: 30 minutes. Shipped and not counted: after the nightly job,
    then every 30 minutes. `row` names deleted_at, ready_at, phase, mall_state, mall_block and unreported.
    """
    if row["deleted_at"] is not None or row["mall_state"] in ("none", "cancelled"):
        return None
    if row["phase"] in OPEN_PHASES:
        if row["ready_at"] > now:
            return row["ready_at"]
        busy = row["mall_state"] in ("new", "processing", "changing", "cancelling") or row["mall_block"]
        return now + (SOON if busy else OPEN)
    if row["unreported"] and row["phase"] in ("shipped", "done"):
        return next_count(now) if row["mall_state"] == "ready" else now + OPEN
    return None


def next_count(now: datetime) -> datetime:
    """Return the next moment after a nightly count: ten past midnight in Japan; in the small hours every 30 minutes."""
    local = now.astimezone(JAPAN)
    if local.time() < time(9, 0) and local.time() >= COUNT_AT:
        return now + OPEN
    day = local.date() if local.time() < COUNT_AT else local.date() + timedelta(days=1)
    return datetime.combine(day, COUNT_AT, tzinfo=JAPAN)
