"""Looking at the hub's database from outside, as its owner: what is due or in flight, how far each order came, how often shops are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row


@dataclass(frozen=True, kw_only=True)
class Look:
    """What keeps the hub busy at a moment, by kind, and when its shops are read next."""

    busy: dict[str, int]
    next_poll: datetime | None
    oldest_poll: datetime | None
    """Of the shops being read, when the one was read that waits longest."""
    polled: dict[int, datetime]

    @property
    def idle(self) -> bool:
        """Nothing is due and nothing is in flight."""
        return not any(self.busy.values())

    def next_reading(self, gather: timedelta) -> datetime | None:
        """Return when to read next: as late as no shop waits longer than `gather` since its last reading, so that many are read at once."""
        if self.next_poll is None or self.oldest_poll is None:
            return self.next_poll
        return max(self.next_poll, self.oldest_poll + gather)


@dataclass(kw_only=True)
class Gaps:
    """The longest business time between two readings of each shop."""

    last: dict[int, datetime] = field(default_factory=dict)
    longest: dict[int, timedelta] = field(default_factory=lambda: defaultdict(timedelta))

    def note(self, look: Look) -> None:
        for shop_id, at in look.polled.items():
            before = self.last.get(shop_id)
            if before is not None:
                self.longest[shop_id] = max(self.longest[shop_id], at - before)
            self.last[shop_id] = at


_LOOK = """
WITH alive AS (SELECT id FROM hub_tenant WHERE suspended_at IS NULL),
shop AS (SELECT * FROM orders_shop WHERE tenant_id IN (SELECT id FROM alive) AND retired_at IS NULL)
SELECT
  (SELECT count(*) FROM shop WHERE polling AND (next_poll_at <= %(now)s OR lease_until > clock_timestamp())) AS poll,
  (SELECT count(*) FROM shop WHERE reread_token IS NOT NULL AND reread_until > clock_timestamp())
     + (SELECT count(*) FROM orders_order o JOIN shop s ON s.id = o.shop_id
        WHERE o.reread_at <= %(now)s AND s.blind_since IS NULL) AS reread,
  (SELECT count(*) FROM orders_order WHERE judge_at <= %(now)s AND tenant_id IN (SELECT id FROM alive)) AS judge,
  (SELECT count(*) FROM hub_stagelease WHERE until > clock_timestamp()) AS stage,
  (SELECT count(*) FROM orders_parcel p JOIN orders_order o ON o.id = p.order_id
     WHERE p.state = 'draft' AND p.closed_at IS NULL AND p.ship_wanted_at <= %(now)s AND p.ship_fault = ''
       AND p.tenant_id IN (SELECT id FROM alive)
       AND o.is_open AND NOT o.held AND o.mall_block = '' AND o.ours) AS request,
  (SELECT count(*) FROM hub_effect e WHERE e.state IN ('waiting', 'sending', 'unsure') AND e.hold_reason = ''
     AND e.tenant_id IN (SELECT id FROM alive)) AS effects,
  (SELECT count(*) FROM orders_warehouse WHERE retired_at IS NULL AND kind NOT IN ('own', 'other')
     AND tenant_id IN (SELECT id FROM alive) AND (next_collect_at <= %(now)s OR lease_until > clock_timestamp())) AS collect,
  (SELECT count(*) FROM orders_batch WHERE state IN ('waiting', 'running') AND tenant_id IN (SELECT id FROM alive)) AS batch,
  (SELECT min(next_poll_at) FROM shop WHERE polling) AS next_poll,
  (SELECT min(last_poll_at) FROM shop WHERE polling) AS oldest_poll,
  (SELECT json_object_agg(id, last_poll_at) FROM shop WHERE last_poll_at IS NOT NULL) AS polled"""

_ORDERS = """
SELECT o.id, o.tenant_id, o.number, o.phase, o.held, o.unreported, o.mall_state, o.mall_block,
  o.taken_in_at, o.placed_at, o.ready_at, o.shipped_at,
  coalesce((SELECT array_agg(CASE WHEN t.key = '' THEN t.name ELSE t.key END) FROM orders_taskmark m JOIN orders_task t ON t.id = m.task_id
            WHERE m.order_id = o.id AND m.closed_at IS NULL AND t.holds), '{}') AS holds
FROM orders_order o WHERE o.deleted_at IS NULL"""

_EFFECTS = """SELECT kind, state, reason, hold_reason, count(*) AS n FROM hub_effect
WHERE state <> 'done' AND (%(tenants)s::bigint[] IS NULL OR tenant_id = ANY(%(tenants)s)) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2"""


class Watcher:
    """One connection as the database's owner, across tenants."""

    def __init__(self, owner_url: str) -> None:
        self._connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
            owner_url, autocommit=True, row_factory=dict_row
        )

    def close(self) -> None:
        self._connection.close()

    def look(self, now: datetime) -> Look:
        """Look once, in one statement, so that work handed from one stage to the next is never missed."""
        row = self._connection.execute(_LOOK, {"now": now}).fetchone()
        assert row is not None
        polled = {int(key): datetime.fromisoformat(value) for key, value in (row.pop("polled") or {}).items()}
        return Look(next_poll=row.pop("next_poll"), oldest_poll=row.pop("oldest_poll"), polled=polled, busy=row)

    def orders(self) -> dict[str, dict[str, Any]]:
        """Return how far each order came, by its number."""
        return {row["number"]: row for row in self._connection.execute(_ORDERS).fetchall()}

    def open_effects(self, tenant_ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
        """Count the effects that are not done, by kind, state and reason; of these tenants, or of all."""
        tenants = None if tenant_ids is None else list(tenant_ids)
        return self._connection.execute(_EFFECTS, {"tenants": tenants}).fetchall()

    def rows(self, query: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Ask anything else."""
        return self._connection.execute(query, values).fetchall()

    def shop_names(self) -> dict[int, str]:
        return {
            row["id"]: row["name"] for row in self._connection.execute("SELECT id, name FROM orders_shop").fetchall()
        }
