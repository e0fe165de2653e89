"""Effects that have been trying for too long. Age makes them louder, step by step; it never stops or drops one (promise G16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, F, Func, JSONField, Min, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Greatest, Now

from hub.clock import true_now
from hub.models import Clock, Effect, System, Tenant
from hub.models import EffectState as State

LATE = timedelta(minutes=30)
"""After so long of trying an effect is shown as late."""
VERY_LATE = timedelta(hours=4)
"""After so long the people of the tenant are told by mail."""
ON_ITS_WAY = timedelta(minutes=10)
"""What was decided so shortly before the evening's look is on its way, not late."""
TRYING_SINCE = "trying_since"
"""In `Effect.result`: when a person let it go, from which on it has been trying. Without it, since it was decided."""


@dataclass(frozen=True, kw_only=True)
class LateLane:
    """A lane with effects that have been trying for too long: how many, and since when the first of them."""

    lane: str
    effects: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class EveningRow:
    """How many effects of a kind are not done in the evening, and how many of them have stopped."""

    kind: str
    effects: int
    stopped: int


def trying_for(age: timedelta) -> QuerySet[Effect]:
    """Return the effects that have been trying to leave by themselves for longer than this, with `since`.

    What a person holds or has switched off is not trying. Age follows true time, as retries and quiet times do.
    """
    open_ones = Q(state__in=[State.WAITING, State.UNSURE]) | Q(state=State.SENDING)
    let_go = Cast(KeyTextTransform(TRYING_SINCE, "result"), DateTimeField())
    switched_on = System.objects.filter(~Exists(Clock.objects.all())).values("outgoing_changed_at")[:1]
    found = (
        Effect.objects.filter(
            open_ones, Exists(Tenant.objects.filter(pk=OuterRef("tenant_id"), outgoing=True)),
            ~Exists(System.objects.filter(outgoing=False)), hold_reason="", created_at__lt=Now() - age,
        )
        .annotate(since=Greatest(Coalesce(let_go, F("created_at")), switched_on))
        .filter(since__lt=Now() - age)
    )  # fmt: skip
    return found.none() if settings.OUTGOING == "off" else found


def lanes_late(age: timedelta) -> list[LateLane]:
    """Return the lanes with effects that have been trying for longer than this. One statement."""
    rows = trying_for(age).order_by().values("lane").annotate(n=Count("pk"), first=Min("since"))
    return [LateLane(lane=lane, effects=n, since=first) for lane, n, first in rows.values_list("lane", "n", "first")]


def not_done_by(evening: datetime, *, day: datetime) -> list[EveningRow]:
    """Return what was decided before this evening and is not done, by kind: what still tries, and what stopped of the day that
    began at `day`. Both are business time, as decisions are."""
    before = Q(decided_at__lte=evening - ON_ITS_WAY)
    open_ids = trying_for(timedelta()).filter(before).values("pk")
    stopped = Q(state=State.STOPPED, decided_at__gte=day)
    rows = Effect.objects.filter(before, Q(pk__in=open_ids) | stopped).order_by().values("kind")
    counted = rows.annotate(n=Count("pk"), stopped=Count("pk", filter=Q(state=State.STOPPED)))
    return [
        EveningRow(kind=kind, effects=n, stopped=stopped)
        for kind, n, stopped in counted.order_by("kind").values_list("kind", "n", "stopped")
    ]


def let_go(effects: QuerySet[Effect]) -> int:
    """Let effects go that a person held; they have been trying since now. Return how many."""
    return effects.update(hold_reason="", due_at=true_now(), result=_since_now())


def begin_anew(effects: QuerySet[Effect]) -> int:
    """Count the age of effects from now on: nothing of theirs could leave until now."""
    return effects.update(result=_since_now())


def _since_now() -> Func:
    mark = Value({TRYING_SINCE: true_now().isoformat()}, output_field=JSONField())
    return Func(F("result"), mark, arg_joiner=" || ", template="(%(expressions)s)", output_field=JSONField())
