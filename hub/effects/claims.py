"""Taking a lane and its oldest due effects, under a fresh token (promise G11), and clearing up behind workers that died.

A claim is one conditional update whose row count decides. No lock is held while speaking.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from hub.crash import crash
from hub.current import current_tenant
from hub.effects import breakers
from hub.effects.handlers import Handler, handler_for, kinds_of, known_kinds
from hub.effects.switches import outgoing_off
from hub.models import Effect
from hub.tenancy import tenant_transaction

MOST_CLAIMS = 3
BEHIND = "behind"
"""The reason of WAITING effects that wait for an earlier one; they are woken when it is over, and look by themselves every 15 s."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Effects of one kind, ours until the lease ends. `looking`: an answer was lost, so ask what became of them first."""

    tenant_id: int
    lane_id: int
    lane: str
    token: uuid.UUID
    handler: Handler
    looking: bool
    effects: Sequence[Effect]


@dataclass(frozen=True, kw_only=True)
class _Choice:
    kind: str
    state: str
    most: int


def take(tenant_id: int, lane_id: int) -> Claim | None:
    """Claim the lane and what is due in it. None when another worker has it, nothing is due, or nothing may leave."""
    with tenant_transaction(tenant_id):
        claim = _take(lane_id)
    crash("effects.after_claim")
    return claim


def release(claim: Claim) -> None:
    """Let the lane go, if it is still ours."""
    crash("effects.before_release")
    with tenant_transaction(claim.tenant_id), connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"tenant": claim.tenant_id, "lane_id": claim.lane_id, "token": claim.token})


def _take(lane_id: int) -> Claim | None:
    values: dict[str, Any] = {
        "tenant": current_tenant(), "lane_id": lane_id, "token": uuid.uuid4(), "lease": settings.LEASE_SECONDS,
        "kinds": known_kinds(), "most_claims": MOST_CLAIMS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_LANE, values)
        row = cursor.fetchone()
        if row is None:
            return None
        values["lane"] = row[0]
        _sweep(cursor, values)
        choice = None if outgoing_off() else _choose(cursor, values)
        effects = _begin(cursor, values, choice) if choice else []
        if choice is None or not effects:
            cursor.execute(_RELEASE, values)
            return None
    return Claim(
        tenant_id=values["tenant"], lane_id=lane_id, lane=values["lane"], token=values["token"],
        handler=handler_for(choice.kind), looking=choice.state == "unsure", effects=effects,
    )  # fmt: skip


def _sweep(cursor: CursorWrapper, values: dict[str, Any]) -> None:
    """Take back what workers left in flight that lost this lane: sent for all we know, or surely not."""
    cursor.execute(_ORPHANS, values)
    for kind, looks in [(row[0], row[0] in values["kinds"]) for row in cursor.fetchall()]:
        quiet = handler_for(kind).quiet_seconds() if looks else float(settings.QUIET_WAREHOUSE_SECONDS)
        cursor.execute(_SWEEP, {**values, "kind": kind, "quiet": quiet})


def _choose(cursor: CursorWrapper, values: dict[str, Any]) -> _Choice | None:
    """Put off what may not go yet; then choose the kind of the oldest due effect, and how many of it may go at once."""
    cursor.execute(_PUT_OFF_BEHIND, values)
    for function, until in breakers.open_now(values["lane"]).items():
        cursor.execute(_PUT_OFF_LINE, {**values, "kinds": kinds_of(function), "until": until})
    cursor.execute(_OLDEST, {**values, "first": ""})
    row = cursor.fetchone()
    if row is None:
        return None
    handler = handler_for(row[0])
    if breakers.is_half_open(values["lane"], handler.function):
        cursor.execute(_OLDEST, {**values, "kinds": kinds_of(handler.function), "first": "unsure"})
        row = cursor.fetchone() or row
        return _Choice(kind=row[0], state=row[1], most=1)
    return _Choice(kind=row[0], state=row[1], most=1 if row[2] else handler.batch_size)


def _begin(cursor: CursorWrapper, values: dict[str, Any], choice: _Choice) -> list[Effect]:
    cursor.execute(_BEGIN, {**values, "kind": choice.kind, "state": choice.state, "most": choice.most})
    ids = [row[0] for row in cursor.fetchall()]
    return list(Effect.objects.filter(pk__in=ids).order_by("due_at", "pk"))


_CLAIM_LANE = """
UPDATE hub_lane SET token = %(token)s, served_at = clock_timestamp(),
    claimed_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE tenant_id = %(tenant)s AND id = %(lane_id)s AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
RETURNING name"""

_RELEASE = """
UPDATE hub_lane SET token = NULL, claimed_until = NULL WHERE tenant_id = %(tenant)s AND id = %(lane_id)s AND token = %(token)s"""

_ORPHANS = """
SELECT DISTINCT kind FROM hub_effect
WHERE tenant_id = %(tenant)s AND lane = %(lane)s AND state = 'sending' AND token IS DISTINCT FROM %(token)s"""

# An effect whose worker died: waiting if nothing was sent, unsure if it may have been; stopped when its workers die again and again.
_SWEEP = """
UPDATE hub_effect SET token = NULL, claimed_until = NULL,
    state = CASE WHEN claims >= %(most_claims)s THEN 'stopped' WHEN sent_at IS NULL THEN 'waiting' ELSE 'unsure' END,
    reason = CASE WHEN claims >= %(most_claims)s THEN 'killed_worker' ELSE 'interrupted' END,
    reason_params = CASE WHEN claims >= %(most_claims)s THEN jsonb_build_object('claims', claims) ELSE '{}' END,
    settled_at = CASE WHEN claims >= %(most_claims)s THEN clock_timestamp() END,
    due_at = CASE WHEN sent_at IS NULL THEN due_at
        ELSE greatest(clock_timestamp(), sent_at + make_interval(secs => %(quiet)s)) END
WHERE tenant_id = %(tenant)s AND lane = %(lane)s AND kind = %(kind)s AND state = 'sending' AND token IS DISTINCT FROM %(token)s"""

_PUT_OFF_BEHIND = """
UPDATE hub_effect e SET due_at = clock_timestamp() + interval '15 seconds', reason = 'behind', reason_params = '{}'
WHERE e.tenant_id = %(tenant)s AND e.lane = %(lane)s AND e.state = 'waiting' AND e.hold_reason = '' AND e.due_at <= clock_timestamp()
  AND (EXISTS (SELECT 1 FROM hub_effect b WHERE b.tenant_id = e.tenant_id AND b.id = ANY(e.after)
               AND b.state IN ('waiting', 'sending', 'unsure'))
       OR EXISTS (SELECT 1 FROM hub_effect b WHERE b.tenant_id = e.tenant_id AND b.order_id = e.order_id AND b.lane = e.lane
                  AND b.id < e.id AND b.hold_reason = '' AND b.state IN ('waiting', 'sending', 'unsure')))"""

_PUT_OFF_LINE = """
UPDATE hub_effect SET due_at = %(until)s + random() * interval '5 seconds', reason = 'line_down', reason_params = '{}'
WHERE tenant_id = %(tenant)s AND lane = %(lane)s AND kind = ANY(%(kinds)s) AND state IN ('waiting', 'unsure')
  AND hold_reason = '' AND due_at <= clock_timestamp()"""

_OLDEST = """
SELECT kind, state, claims FROM hub_effect
WHERE tenant_id = %(tenant)s AND lane = %(lane)s AND kind = ANY(%(kinds)s) AND state IN ('waiting', 'unsure')
  AND hold_reason = '' AND due_at <= clock_timestamp()
ORDER BY state = %(first)s DESC, due_at, id LIMIT 1"""

# The chosen ids are materialized: a planner that runs a locking subquery twice would take more than the limit.
_BEGIN = """
WITH mine AS MATERIALIZED (
    SELECT id FROM hub_effect
    WHERE tenant_id = %(tenant)s AND lane = %(lane)s AND kind = %(kind)s AND state = %(state)s
      AND hold_reason = '' AND due_at <= clock_timestamp()
    ORDER BY due_at, id LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED)
UPDATE hub_effect e SET state = 'sending', token = %(token)s, claims = claims + 1,
    claimed_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM mine WHERE e.tenant_id = %(tenant)s AND e.id = mine.id
RETURNING e.id"""
