"""What people may do to effects: send again, mark done, drop, release what is held, take back what has not left (promise G17).

Each works on a set, in the caller's tenant transaction, and is audited. What is in flight is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub import stages
from hub.audit import Actor, Entry, record
from hub.clock import true_now
from hub.current import current_tenant
from hub.effects.handlers import handler_for, known_kinds
from hub.effects.late import TRYING_SINCE
from hub.effects.outcomes import Receipt
from hub.effects.queue import lanes
from hub.effects.settling import lock_orders, wake
from hub.models import Effect, EffectTry
from hub.models import EffectState as State

TAKEN_BACK = "taken_back"
DROPPED_BY_HAND = "dropped_by_hand"
SOON = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Which effects the act changed, and why not the others: `in_flight`, `over`, `not_stopped`, `not_held`, `left_already`, `unknown`."""

    changed: list[int] = field(default_factory=list)
    unchanged: dict[int, str] = field(default_factory=dict)


def send_again(ids: Iterable[int], *, by: Actor, now: datetime) -> Changed:
    """Let stopped effects go again with fresh tries. Where the other side can be asked, it is asked first what became of those that
    left: of one whose last call was not answered never before the quiet time is over, as it may still be taken (promise G13).
    """

    def again(effect: Effect) -> dict[str, Any]:
        kept = {key: value for key, value in effect.result.items() if key not in ("refused", "unsure_since")}
        result = {**kept, TRYING_SINCE: true_now().isoformat()}
        if handler_for(effect.kind).can_look and effect.sent_at is not None:
            asked = {**result, "unsure_since": true_now().isoformat()}
            due = true_now() if _was_answered(effect) else _shown_from(effect)
            return {"state": State.UNSURE, "result": asked, "due_at": due}
        return {"state": State.WAITING, "result": result, "sent_at": None, "due_at": true_now()}

    return _change(
        ids, verb="effect.sent_again", by=by, now=now, may=_may_send_again, ring=True,
        values=lambda effect: {
            **again(effect), "attempts": 0, "claims": 0, "settled_at": None, "reason": "", "reason_params": {},
        },
    )  # fmt: skip


def look_now(ids: Iterable[int], *, by: Actor, now: datetime) -> Changed:
    """Look at once what became of effects whose answer was lost; those that surely did not arrive go again.

    Never before the quiet time is over: until then the other side may not show yet what it has taken (promise G13).
    """

    def may(effect: Effect) -> str:
        if effect.state != State.UNSURE:
            return _refusal(effect, "not_unsure")
        return "" if _shown_from(effect) <= true_now() + SOON else "quiet_time"

    return _change(
        ids, verb="effect.looked_for", by=by, now=now, may=may, ring=True, values=lambda effect: {"due_at": _shown_from(effect)},
    )  # fmt: skip


def _shown_from(effect: Effect) -> datetime:
    """Return when the other side shows for sure what it has taken of the effect: now, or when the quiet time is over."""
    quiet = timedelta(seconds=handler_for(effect.kind).quiet_seconds())
    return max(true_now(), (effect.sent_at or true_now()) + quiet)


def _was_answered(effect: Effect) -> bool:
    """Say whether the last call was answered, or looked for, since it left: then nothing of it is on its way any more."""
    since = EffectTry.objects.filter(effect_id=effect.pk, at__gte=effect.sent_at)
    return since.exclude(act="call", outcome="unsure").exists()


def try_now(ids: Iterable[int], *, by: Actor, now: datetime) -> Changed:
    """Try at once what waits for its next try. Where the line is known to be down, it waits for the line all the same."""

    def may(effect: Effect) -> str:
        return "" if effect.state == State.WAITING and not effect.hold_reason else _refusal(effect, "not_waiting")

    return _change(
        ids, verb="effect.tried_now", by=by, now=now, may=may, ring=True, values=lambda effect: {"due_at": true_now()},
    )  # fmt: skip


def mark_done(ids: Iterable[int], *, proof: str, by: Actor, now: datetime) -> Changed:
    """Say that effects happened that stopped, or whose answer was lost; `proof` is what the person saw.

    The consequences follow as if they had been answered.
    """

    def consequences(effect: Effect) -> None:
        handler_for(effect.kind).settle(effect, Receipt(data={"by_hand": proof}), now)

    return _change(
        ids, verb="effect.marked_done", by=by, now=now, may=_may_mark_done, typed={"proof": proof}, then=consequences,
        values=lambda effect: {
            "state": State.DONE, "result": {**effect.result, "by_hand": proof}, "settled_at": true_now(), "reason": "", "reason_params": {},
        },
    )  # fmt: skip


def drop(ids: Iterable[int], *, reason: str, by: Actor, now: datetime) -> Changed:
    """Give effects up that are stopped, held or waiting. What may have happened (UNSURE) is looked up first and cannot be dropped."""
    return _change(
        ids, verb="effect.dropped", by=by, now=now, may=_may_drop, typed={"reason": reason}, then=_given_up(now),
        values=lambda effect: {
            "state": State.DROPPED, "reason": DROPPED_BY_HAND, "reason_params": {"detail": reason}, "settled_at": true_now(),
            "hold_reason": "",
        },
    )  # fmt: skip


def release(ids: Iterable[int], *, by: Actor, now: datetime) -> Changed:
    """Let held effects go. They are checked again when they are sent."""
    return _change(
        ids, verb="effect.released", by=by, now=now, may=_may_release, ring=True,
        values=lambda effect: {
            "hold_reason": "", "due_at": true_now(), "result": {**effect.result, TRYING_SINCE: true_now().isoformat()},
        },
    )  # fmt: skip


def take_back(ids: Iterable[int], *, by: Actor, now: datetime) -> Changed:
    """Undo effects that have not begun to leave (bulk acts wait 30 seconds for that)."""
    return _change(
        ids, verb="effect.taken_back", by=by, now=now, may=_may_take_back, then=_given_up(now),
        values=lambda effect: {
            "state": State.DROPPED, "reason": TAKEN_BACK, "reason_params": {}, "settled_at": true_now(), "hold_reason": "",
        },
    )  # fmt: skip


def _given_up(now: datetime) -> Callable[[Effect], None]:
    """Return what writes the consequences of giving an effect up; a kind that only a newer version knows has none here."""

    def consequences(effect: Effect) -> None:
        if effect.kind in known_kinds():
            handler_for(effect.kind).dropped(effect, now)

    return consequences


# What stands in the way of an act: an empty text if nothing does.


def _may_send_again(effect: Effect) -> str:
    if effect.state != State.STOPPED:
        return _refusal(effect, "not_stopped")
    return handler_for(effect.kind).over([effect]).get(effect.pk, "")


def _may_mark_done(effect: Effect) -> str:
    return "" if effect.state in (State.STOPPED, State.UNSURE) else _refusal(effect, "not_stopped")


def _may_drop(effect: Effect) -> str:
    return "" if effect.state in (State.STOPPED, State.WAITING) else _refusal(effect, "maybe_done")


def _may_release(effect: Effect) -> str:
    return "" if effect.state == State.WAITING and effect.hold_reason else _refusal(effect, "not_held")


def _may_take_back(effect: Effect) -> str:
    return (
        ""
        if effect.state == State.WAITING and not effect.attempts and not effect.claims
        else _refusal(effect, "left_already")
    )


def _refusal(effect: Effect, otherwise: str) -> str:
    if effect.state == State.SENDING:
        return "in_flight"
    return "over" if effect.state in (State.DONE, State.DROPPED) else otherwise


def _change(
    ids: Iterable[int],
    *,
    verb: str,
    by: Actor,
    now: datetime,
    may: Callable[[Effect], str],
    values: Callable[[Effect], dict[str, Any]],
    typed: dict[str, str] | None = None,
    then: Callable[[Effect], None] | None = None,
    ring: bool = False,
) -> Changed:
    """Lock orders, then effects, both in id order; change what may be changed; leave an audit entry for each, with what a person
    `typed` as its detail."""
    wanted = sorted(set(ids))
    if then is not None:
        _lock_orders_of(wanted)
    outcome = Changed(unchanged=dict.fromkeys(wanted, "unknown"))
    rows: list[Effect] = []
    for effect in Effect.locked(wanted):
        outcome.unchanged[effect.pk] = may(effect)
        if not outcome.unchanged[effect.pk]:
            del outcome.unchanged[effect.pk]
            rows.append(effect)
    for effect in rows:
        _write(effect, values(effect))
        if then is not None:
            then(effect)
        outcome.changed.append(effect.pk)
    _leave_traces(rows, verb=verb, by=by, now=now, typed=typed or {}, ring=ring)
    return outcome


def _lock_orders_of(ids: Sequence[int]) -> None:
    effects = Effect.objects.filter(pk__in=ids, kind__in=known_kinds())
    lock_orders([order_id for effect in effects for order_id in handler_for(effect.kind).order_ids(effect)])


def _write(effect: Effect, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(effect, name, value)
    effect.save(update_fields=list(values))
    if effect.state in (State.DONE, State.DROPPED):
        wake(effect)


def _leave_traces(
    rows: Sequence[Effect], *, verb: str, by: Actor, now: datetime, typed: dict[str, str], ring: bool
) -> None:
    record(
        [
            Entry(verb=verb, order_id=row.order_id, params={"effect": row.pk, "kind": row.kind, "key": row.key}, after=typed)
            for row in rows
        ],
        by=by, now=now,
    )  # fmt: skip
    if ring:
        for lane_id in lanes({row.lane for row in rows}):
            stages.kick("deliver", current_tenant(), lane_id)
