"""What screens show of effects: those that stopped, how many are in which state, what is open for an order. Codes, never sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from hub.effects.handlers import handler_for, known_kinds
from hub.models import Breaker, Effect, EffectTry
from hub.models import EffectState as State

OPEN = (State.WAITING, State.SENDING, State.UNSURE, State.STOPPED)
PAGE = 100


@dataclass(frozen=True, kw_only=True)
class TryRow:
    """One call or look: what was asked, answered and made of it."""

    at: datetime
    act: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]
    outcome: str


@dataclass(frozen=True, kw_only=True)
class EffectRow:
    """An effect as a row of a list or panel. `code` says why it is where it is, `params` are the values for its sentence.

    `over`: why it is not to be sent again, where that makes no sense any more.
    """

    id: int
    kind: str
    lane: str
    key: str
    state: str
    code: str
    params: Mapping[str, Any]
    payload: Mapping[str, Any]
    order_id: int | None
    shop_id: int | None
    attempts: int
    decided_at: datetime
    due_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    over: str = ""
    tries: tuple[TryRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """A function of a lane that does not answer, since when, and when it is tried next."""

    lane: str
    function: str
    code: str
    since: datetime | None
    next_at: datetime | None
    waiting: int


def stopped(
    *, before_id: int | None = None, kind: str = "", shop_id: int | None = None, limit: int = PAGE
) -> list[EffectRow]:
    """Return stopped effects with their last tries, newest first; `before_id` goes on where a page ended."""
    chosen = Effect.objects.filter(state=State.STOPPED)
    if before_id is not None:
        chosen = chosen.filter(pk__lt=before_id)
    if kind:
        chosen = chosen.filter(kind=kind)
    if shop_id is not None:
        chosen = chosen.filter(shop_id=shop_id)
    return rows_of(chosen.order_by("-pk")[:limit])


def held(*, limit: int = PAGE) -> list[EffectRow]:
    """Return effects that wait for a person to let them go, oldest first."""
    return rows_of(Effect.objects.filter(state=State.WAITING).exclude(hold_reason="").order_by("pk")[:limit])


def unsure(*, limit: int = PAGE) -> list[EffectRow]:
    """Return effects whose answer was lost and that are still being looked for, oldest first."""
    return rows_of(Effect.objects.filter(state=State.UNSURE).order_by("pk")[:limit])


def of_order(order_id: int, *, open_only: bool = True) -> list[EffectRow]:
    """Return an order's effects, oldest first: the panel "what leaves for this order"."""
    chosen = Effect.objects.filter(order_id=order_id)
    return rows_of((chosen.filter(state__in=OPEN) if open_only else chosen).order_by("pk"))


def one(effect_id: int) -> EffectRow | None:
    """Return one effect with its tries, or None."""
    return next(iter(rows_of(Effect.objects.filter(pk=effect_id))), None)


def counts_by_state() -> dict[str, int]:
    """Return how many open effects are in each state, and how many of the waiting ones are `held`."""
    found = (
        Effect.objects.filter(state__in=OPEN)
        .values("state")
        .annotate(n=Count("pk"), kept=Count("pk", filter=~Q(hold_reason="")))
    )
    counts = dict.fromkeys([state.value for state in OPEN], 0) | {"held": 0}
    for row in found:
        counts[row["state"]] = row["n"]
        counts["held"] += row["kept"]
    return counts


def lines_down() -> list[LineRow]:
    """Return what does not answer now, with how many effects wait for it."""
    waiting = dict(
        Effect.objects.filter(reason="line_down", state__in=[State.WAITING, State.UNSURE])
        .values_list("lane")
        .annotate(n=Count("pk"))
        .values_list("lane", "n")
    )
    return [
        LineRow(
            lane=row.lane,
            function=row.function,
            code=row.reason,
            since=row.opened_at,
            next_at=row.open_until,
            waiting=waiting.get(row.lane, 0),
        )
        for row in Breaker.objects.filter(open_until__isnull=False).order_by("lane", "function")
    ]


def rows_of(effects: QuerySet[Effect] | Iterable[Effect]) -> list[EffectRow]:
    """Return rows with their tries: two statements, and one more for each kind of stopped effects that can be over."""
    found = list(effects)
    tries: dict[int, list[TryRow]] = {}
    for row in EffectTry.objects.filter(effect_id__in=[effect.pk for effect in found]).order_by("at", "pk"):
        tries.setdefault(row.effect_id, []).append(
            TryRow(at=row.at, act=row.act, request=row.request, answer=row.answer, outcome=row.outcome)
        )
    over = _over([effect for effect in found if effect.state == State.STOPPED])
    return [_row(effect, tries.get(effect.pk, []), over.get(effect.pk, "")) for effect in found]


def _over(stopped: Sequence[Effect]) -> Mapping[int, str]:
    """Return which stopped effects are not to be sent again, and why."""
    kinds: dict[str, list[Effect]] = {}
    for effect in stopped:
        kinds.setdefault(effect.kind, []).append(effect)
    known = set(known_kinds()) & set(kinds)
    return {pk: why for kind in sorted(known) for pk, why in handler_for(kind).over(kinds[kind]).items()}


def _row(effect: Effect, tries: Sequence[TryRow], over: str) -> EffectRow:
    return EffectRow(
        id=effect.pk, kind=effect.kind, lane=effect.lane, key=effect.key, state=effect.state, code=effect.hold_reason or effect.reason,
        params=effect.reason_params, payload=effect.payload, order_id=effect.order_id, shop_id=effect.shop_id, attempts=effect.attempts,
        decided_at=effect.decided_at, due_at=effect.due_at, sent_at=effect.sent_at, settled_at=effect.settled_at,
        over=over, tries=tuple(tries),
    )  # fmt: skip
