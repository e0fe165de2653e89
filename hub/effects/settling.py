"""What each outcome makes of an effect, written where the token still matches (promise G12, step 5), with its consequences."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Q

from hub import stages
from hub.clock import true_now
from hub.effects import breakers
from hub.effects.claims import BEHIND
from hub.effects.handlers import HOLD, Absent_, Found, Handler, StillOpen
from hub.effects.late import VERY_LATE
from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from hub.http import Departure
from hub.models import Effect, EffectTry
from hub.models import EffectState as State

MOST_TRIES = 10
FIRST_BACKOFF_SECONDS = 5.0
MOST_BACKOFF_SECONDS = 900.0
MOST_OPEN = timedelta(minutes=30)
KEPT_TRIES = 3
LOUDER = "keep"
"""The stage that tells people of what has been trying for hours (promise G16); it looks by itself once an hour."""
NO_FAULT = frozenset({"stopping", "line_down", "no_slot"})
"""Reasons of NotDone for which nothing was tried: no breaker, no try, the effect is given back."""


class Lost(Exception):
    """The effect's token is not ours any more; the transaction must roll back."""


def backoff_seconds(n: int) -> float:
    """Return how long to wait before try n + 1, spread over the whole span so that retries do not come together."""
    return random.uniform(0.0, min(MOST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**n))


def lock_orders(ids: list[int]) -> None:
    """Lock the orders in id order, before any effect row. The hub knows no order; it only keeps the order of locks."""
    if ids:
        orders: Any = apps.get_model("orders", "Order")
        list(
            orders.objects.filter(pk__in=sorted(set(ids)))
            .order_by("pk")
            .select_for_update(no_key=True)
            .values_list("pk")
        )


class Settling:
    """Settles effects of one claim. Each method needs an open tenant transaction and raises Lost when the token is gone."""

    def __init__(self, *, handler: Handler, token: UUID, now: datetime) -> None:
        self.handler = handler
        self.token = token
        self.now = now

    def after_call(
        self, effect: Effect, outcome: Outcome, departure: Departure | None, breaker_until: datetime | None
    ) -> None:
        """Write what a call came to. A refusal comes here only when looking did not explain it or is not possible."""
        lock_orders(self.handler.order_ids(effect))
        match outcome:
            case Receipt():
                self._done(effect, outcome)
            case NotDone():
                self._not_done(effect, outcome, breaker_until, back=State.WAITING)
            case Refused():
                self._refused(effect, outcome)
            case Unsure():
                self._unsure(effect, outcome)
        _keep_try(effect, "call", outcome, departure)

    def after_look(self, effect: Effect, found: Found, breaker_until: datetime | None) -> None:
        """Write what looking came to."""
        lock_orders(self.handler.order_ids(effect))
        refused = _remembered_refusal(effect)
        match found:
            case Receipt():
                self._done(effect, found)
            case Refused():
                self._refused(effect, found)
            case Absent_() if refused is not None:
                self._refused(effect, refused)
            case Absent_():
                result = {key: value for key, value in effect.result.items() if key not in ("unsure_since", "open_id")}
                self._write(
                    effect, state=State.WAITING, sent_at=None, due_at=true_now(), result=result, reason="absent"
                )
            case StillOpen():
                self._still_open(effect, found)
            case Unsure():
                self._stop(effect, "maybe_done", {"detail": found.detail or found.reason})
            case NotDone():
                self._not_done(effect, found, breaker_until, back=State.UNSURE)
        _keep_try(effect, "look", found, None)

    def remember_refusal(self, effect: Effect, refused: Refused) -> None:
        """Keep a refusal that looking could not explain yet; the next look decides."""
        lock_orders(self.handler.order_ids(effect))
        memo = {"reason": refused.reason, "detail": refused.detail, "params": dict(refused.params)}
        self._write(
            effect, state=State.UNSURE, due_at=true_now() + timedelta(seconds=self.handler.quiet_seconds()), reason=refused.reason,
            reason_params={"detail": refused.detail}, result={**effect.result, "refused": memo, "unsure_since": true_now().isoformat()},
        )  # fmt: skip

    def drop(self, effect: Effect, reason: str) -> None:
        """The effect is not true any more: it never leaves. Or it waits for a person, where the reason says so.

        Its orders are locked.
        """
        if reason.startswith(HOLD):
            self._write(effect, state=State.WAITING, hold_reason=reason.removeprefix(HOLD), reason="")
            return
        self._write(effect, state=State.DROPPED, reason=reason, settled_at=true_now())
        self.handler.dropped(effect, self.now)
        wake(effect)

    def stop_unsettled(self, effect: Effect, outcome: Outcome | Found, error: Exception) -> None:
        """Give an effect to a person whose outcome is known but whose consequences could not be written. The receipt is kept."""
        if isinstance(outcome, Receipt):
            effect.result = {**effect.result, **outcome.data}
        kind = type(outcome).__name__.strip("_").lower()
        self._stop(effect, "settle_failed", {"error": type(error).__name__, "outcome": kind}, result=effect.result)

    def give_back(self, effect: Effect, *, looking: bool, seconds: float, reason: str) -> None:
        """Put back an effect of which nothing was sent, or whose look was not made."""
        back: dict[str, Any] = {"state": State.UNSURE} if looking else {"state": State.WAITING, "sent_at": None}
        self._write(effect, **back, due_at=true_now() + timedelta(seconds=seconds), reason=reason)

    def _done(self, effect: Effect, receipt: Receipt) -> None:
        self._write(
            effect, state=State.DONE, settled_at=true_now(), result={**effect.result, **receipt.data}, reason=""
        )
        self.handler.settle(effect, receipt, self.now)
        wake(effect)

    def _refused(self, effect: Effect, refused: Refused) -> None:
        params = {**refused.params, "detail": refused.detail} if refused.detail else dict(refused.params)
        if refused.reason in self.handler.moot:
            self.drop(effect, refused.reason)
        else:
            self._stop(effect, refused.reason, params, attempts=effect.attempts + 1)
        self.handler.refused(effect, refused, self.now)

    def _not_done(self, effect: Effect, outcome: NotDone, breaker_until: datetime | None, *, back: State) -> None:
        attempts = effect.attempts + (not outcome.line)
        if attempts >= MOST_TRIES:
            surely = {"sent_at": None} if back is State.WAITING else {}
            self._stop(
                effect, outcome.reason, {"detail": outcome.detail, "tries": attempts}, attempts=attempts, **surely
            )
            return
        values: dict[str, Any] = {"state": back, "reason": outcome.reason, "reason_params": {"detail": outcome.detail}}
        if back is State.WAITING:
            values["sent_at"] = None
        at = true_now()
        due = at + timedelta(seconds=max(backoff_seconds(max(attempts, 1)), outcome.retry_after or 0.0))
        if breaker_until is not None and breaker_until > due:
            due = breaker_until + timedelta(seconds=random.uniform(0.0, 5.0))
            values["reason"] = breakers.LINE_DOWN
            values["reason_params"] = {"detail": outcome.detail, "cause": outcome.reason}
        self._write(effect, **values, attempts=attempts, due_at=due)
        if at - effect.created_at > VERY_LATE:
            stages.kick(LOUDER, effect.tenant_id)

    def _unsure(self, effect: Effect, outcome: Unsure) -> None:
        params = {"detail": outcome.detail}
        if not self.handler.can_look:
            self._stop(effect, "maybe_done", {"detail": outcome.detail or outcome.reason})
            return
        result = {**effect.result, "unsure_since": true_now().isoformat()}
        if outcome.open_id:
            result["open_id"] = outcome.open_id
        due = true_now() + timedelta(seconds=self.handler.quiet_seconds())
        self._write(effect, state=State.UNSURE, due_at=due, reason=outcome.reason, reason_params=params, result=result)

    def _still_open(self, effect: Effect, found: StillOpen) -> None:
        now = true_now()
        began = effect.result.get("unsure_since")
        since = datetime.fromisoformat(began) if began else (effect.sent_at or now)
        if now - since > MOST_OPEN:
            self._stop(effect, "still_open", {"detail": found.detail})
            return
        again = min(60.0, max(1.0, self.handler.quiet_seconds())) * random.uniform(0.5, 1.0)
        result = {**effect.result, "unsure_since": since.isoformat()}
        self._write(
            effect, state=State.UNSURE, due_at=now + timedelta(seconds=again), reason="still_open", result=result
        )

    def _stop(self, effect: Effect, reason: str, params: Mapping[str, Any], **more: Any) -> None:
        self._write(
            effect, state=State.STOPPED, reason=reason, reason_params=dict(params), settled_at=true_now(), **more
        )
        wake(effect)

    def _write(self, effect: Effect, **values: Any) -> None:
        """Update the row if it is still ours; whatever is written, it is claimed no more."""
        values = {"reason_params": {}, **values, "token": None, "claimed_until": None, "claims": 0}
        if Effect.objects.filter(pk=effect.pk, token=self.token, state=State.SENDING).update(**values) != 1:
            raise Lost
        for name, value in values.items():
            setattr(effect, name, value)


def wake(effect: Effect) -> None:
    """Make due now what waited behind this effect."""
    waiting = Effect.objects.filter(state=State.WAITING, reason=BEHIND)
    if effect.order_id is None:
        waiting.filter(lane=effect.lane, after__contains=[effect.pk]).update(due_at=true_now())
    else:
        waiting.filter(Q(order_id=effect.order_id)).update(due_at=true_now())


def _remembered_refusal(effect: Effect) -> Refused | None:
    memo = effect.result.get("refused")
    return Refused(reason=memo["reason"], detail=memo["detail"], params=memo["params"]) if memo else None


def _keep_try(effect: Effect, act: str, outcome: Outcome | Found, departure: Departure | None) -> None:
    """Keep what was asked and answered; the last three of each effect."""
    answer: dict[str, Any] = dict(departure.answer) if departure else {}
    for name in ("reason", "detail", "open_id"):
        if value := getattr(outcome, name, ""):
            answer[name] = value
    if data := getattr(outcome, "data", None) or getattr(outcome, "params", None):
        answer["data"] = dict(data)
    EffectTry.objects.create(
        effect_id=effect.pk, act=act, request=dict(departure.request) if departure else {}, answer=answer,
        outcome=type(outcome).__name__.strip("_").lower(),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_TRIES, {"tenant": effect.tenant_id, "effect": effect.pk, "kept": KEPT_TRIES})


_FORGET_TRIES = """
DELETE FROM hub_effecttry WHERE tenant_id = %(tenant)s AND effect_id = %(effect)s AND id NOT IN (
    SELECT id FROM hub_effecttry WHERE tenant_id = %(tenant)s AND effect_id = %(effect)s ORDER BY at DESC, id DESC LIMIT %(kept)s)"""
