"""J6: no effect is forgotten in flight: none claimed past its lease, none unsure past its time, none due and left."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from automation.judge.findings import OTHER, Case, Looked
from hub.models import Breaker, Effect, EffectState, Lane, System, Tenant

SWEPT_WITHIN = timedelta(minutes=2)
LOOKED_WITHIN = timedelta(minutes=10)
SERVED_WITHIN = timedelta(minutes=5)


def nothing_forgotten(case: Case) -> Looked:
    """J6, in true time. A due effect whose lane is being served in order is not forgotten, nor one behind an open breaker."""
    looked = Looked()
    now = case.true_now
    rows = Effect.objects.filter(
        state__in=[EffectState.SENDING, EffectState.UNSURE, EffectState.WAITING], hold_reason=""
    )
    looked.at = rows.count()
    for effect in rows.filter(state=EffectState.SENDING, claimed_until__lt=now - SWEPT_WITHIN):
        looked.find(OTHER, f"effect {effect.pk} ({effect.kind}) is being sent since {effect.claimed_until:%H:%M:%S}")
    for effect in rows.filter(state=EffectState.UNSURE, due_at__lt=now - LOOKED_WITHIN):
        looked.find(OTHER, f"effect {effect.pk} ({effect.kind}) is unsure since {effect.due_at:%H:%M:%S}")
    _one_at_a_time(looked)
    if _is_stopped(case.tenant_id):
        return looked
    served = dict(Lane.objects.values_list("name", "served_at"))
    shut = set(Breaker.objects.filter(open_until__isnull=False).values_list("lane", flat=True))
    for effect in rows.filter(state=EffectState.WAITING, due_at__lt=now - SERVED_WITHIN):
        last = served.get(effect.lane)
        if effect.lane not in shut and (last is None or last < now - SERVED_WITHIN):
            looked.find(
                OTHER,
                f"effect {effect.pk} ({effect.kind}) is due since {effect.due_at:%H:%M:%S} and its lane is not served",
            )
    return looked


def _one_at_a_time(looked: Looked) -> None:
    """A lane is spoken to by one claim at a time: what is in flight carries one token (promise G11)."""
    tokens: dict[str, set[UUID | None]] = defaultdict(set)
    for lane, token in Effect.objects.filter(state=EffectState.SENDING).values_list("lane", "token"):
        tokens[lane].add(token)
    for lane, claims in sorted(tokens.items()):
        if len(claims) > 1:
            looked.find(OTHER, f"{len(claims)} claims are sending in lane {lane}")


def _is_stopped(tenant_id: int) -> bool:
    """Say whether a switch keeps effects waiting on purpose."""
    return (
        System.objects.filter(outgoing=False).exists()
        or not Tenant.objects.filter(pk=tenant_id, outgoing=True).exists()
    )
