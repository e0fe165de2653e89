"""A decision becomes a row: written in the caller's transaction, once for each key (promise G10)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from hub import stages
from hub.current import current_tenant
from hub.models import Effect


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One act wanted outside. `key` decides once for ever; `payload` is the content itself, not a pointer to look up later.

    `after`: effects that must be over first. `hold_seconds`: how long people may take it back before it goes.
    `hold_reason`: a code; while it is set the effect waits for a person.
    """

    kind: str
    lane: str
    key: str
    payload: Mapping[str, Any]
    order_id: int | None = None
    shop_id: int | None = None
    after: Iterable[int] = field(default=())
    hold_seconds: float = 0.0
    hold_reason: str = ""


def enqueue(
    kind: str,
    *,
    lane: str,
    key: str,
    payload: Mapping[str, Any],
    now: datetime,
    order_id: int | None = None,
    shop_id: int | None = None,
    after: Iterable[int] = (),
    hold_seconds: float = 0.0,
    hold_reason: str = "",
) -> Effect | None:
    """Write one effect in the caller's tenant transaction; None if the key was decided before. `now` is business time."""
    wish = Wish(
        kind=kind, lane=lane, key=key, payload=payload, order_id=order_id, shop_id=shop_id,
        after=tuple(after), hold_seconds=hold_seconds, hold_reason=hold_reason,
    )  # fmt: skip
    written = enqueue_all([wish], now=now)
    return written[0] if written else None


def enqueue_all(wishes: Iterable[Wish], *, now: datetime) -> list[Effect]:
    """Write many effects in three statements; return those that were not decided before."""
    rows = [
        {
            "kind": wish.kind, "lane": wish.lane, "key": wish.key, "order_id": wish.order_id, "shop_id": wish.shop_id,
            "payload": dict(wish.payload), "after": list(wish.after), "hold_seconds": wish.hold_seconds,
            "hold_reason": wish.hold_reason,
        }
        for wish in wishes
    ]  # fmt: skip
    if not rows:
        return []
    tenant_id = current_tenant()
    text = json.dumps(rows, cls=DjangoJSONEncoder)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"tenant": tenant_id, "rows": text, "now": now})
        ids = [row[0] for row in cursor.fetchall()]
    written = sorted(Effect.objects.filter(pk__in=ids), key=lambda effect: effect.pk)
    for lane_id in lanes({effect.lane for effect in written if not effect.hold_reason}):
        stages.kick("deliver", tenant_id, lane_id)
    return written


_INSERT = """
INSERT INTO hub_effect (tenant_id, kind, lane, key, order_id, shop_id, payload, state, hold_reason, after, attempts, claims,
                        due_at, decided_at, result, reason, reason_params)
SELECT %(tenant)s, r.kind, r.lane, r.key, r.order_id, r.shop_id, r.payload, 'waiting', r.hold_reason,
       ARRAY(SELECT jsonb_array_elements_text(r.after)::bigint), 0, 0,
       clock_timestamp() + make_interval(secs => r.hold_seconds), %(now)s, '{}', '', '{}'
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(kind text, lane text, key text, order_id bigint, shop_id bigint, payload jsonb,
                                            after jsonb, hold_seconds float8, hold_reason text)
ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id"""

_LANES = """
WITH made AS (
    INSERT INTO hub_lane (tenant_id, name) SELECT %(tenant)s, unnest(%(names)s::text[]) ON CONFLICT (tenant_id, name) DO NOTHING
    RETURNING id)
SELECT id FROM made UNION SELECT id FROM hub_lane WHERE tenant_id = %(tenant)s AND name = ANY(%(names)s)"""


def lanes(names: Iterable[str]) -> list[int]:
    """Make sure the lanes exist; return their ids."""
    wanted = sorted(set(names))
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LANES, {"tenant": current_tenant(), "names": wanted})
        return [row[0] for row in cursor.fetchall()]
