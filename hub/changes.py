"""The change feed: audit entries in the order of (epoch, transaction, id), so that a reader misses none (finding 23).

Only entries of transactions older than every open one are given out: nothing can appear behind a cursor. A cursor of another
epoch (a logical restore began a new one) is refused; the reader begins again.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from hub.models import AuditSeal
from hub.problems import Refusal
from hub.tenancy import current_tenant


class FeedRestarted(Refusal):
    """The data was restored since the cursor was given: read everything again."""

    code = "feed_restarted"
    status = 410


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a reader stands: behind this entry of this transaction."""

    epoch: int
    xid: int = 0
    entry: int = 0


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Orders that changed, each once, in the order of their last change on this page; where to go on, and whether there is more."""

    order_ids: tuple[int, ...]
    place: Place
    more: bool


_READ = """
SELECT order_id, xid::text::bigint AS number, id FROM hub_auditentry
WHERE tenant_id = %(tenant)s AND xid >= %(xid)s::text::xid8 AND (xid > %(xid)s::text::xid8 OR id > %(entry)s)
  AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, id LIMIT %(limit)s"""


def epoch() -> int:
    """Return the epoch of the tenant's audit."""
    return AuditSeal.objects.aggregate(last=Max("epoch"))["last"] or 1


def read_changes(place: Place | None, *, limit: int) -> Changes:
    """Return the orders named by the next `limit` entries after the place (from the very first without one). Raises FeedRestarted."""
    now_in = epoch()
    place = place or Place(epoch=now_in)
    if place.epoch != now_in:
        raise FeedRestarted
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"tenant": current_tenant(), "xid": place.xid, "entry": place.entry, "limit": limit})
        rows = cursor.fetchall()
    last: dict[int, None] = {}
    for order_id, _, _ in rows:
        if order_id is not None:
            last.pop(order_id, None)
            last[order_id] = None
    if rows:
        place = Place(epoch=now_in, xid=rows[-1][1], entry=rows[-1][2])
    return Changes(order_ids=tuple(last), place=place, more=len(rows) == limit)
