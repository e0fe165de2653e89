"""Whether a function of a lane answers (promise G14): five failures of the line in a row open its breaker for 60 s, doubling to 15 min.

While it is open nothing of that function is claimed; afterwards one effect goes as a probe. All functions need a tenant transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.clock import true_now
from hub.effects.handlers import kinds_of
from hub.models import Breaker, Effect
from hub.models import EffectState as State

OPENS_AFTER = 5
FIRST_SECONDS = 60
MOST_SECONDS = 900
LINE_DOWN = "line_down"
"""The reason of WAITING effects that wait for a breaker."""


def failed(lane: str, function: str, *, reason: str, blind: bool = False) -> Breaker:
    """Count a failure of the line, once for each call. `blind` (the key is refused) opens at once."""
    now = true_now()
    Breaker.objects.get_or_create(lane=lane, function=function)
    breaker: Breaker = Breaker.objects.select_for_update(no_key=True).get(lane=lane, function=function)
    breaker.failures += 1
    breaker.reason = reason
    is_open = breaker.open_until is not None and breaker.open_until > now
    if not is_open and (blind or breaker.open_until is not None or breaker.failures >= OPENS_AFTER):
        breaker.open_seconds = min(MOST_SECONDS, 2 * breaker.open_seconds) if breaker.open_seconds else FIRST_SECONDS
        breaker.open_until = now + timedelta(seconds=breaker.open_seconds)
        breaker.opened_at = breaker.opened_at or now
    breaker.save(update_fields=["failures", "reason", "open_seconds", "open_until", "opened_at"])
    return breaker


def answered(lane: str, function: str) -> None:
    """Close the breaker: the line answers. Effects that waited for it are due now."""
    closed = Breaker.objects.filter(lane=lane, function=function, failures__gt=0).update(
        failures=0, open_seconds=0, open_until=None, opened_at=None, reason=""
    )
    if closed:
        Effect.objects.filter(
            lane=lane, kind__in=kinds_of(function), reason=LINE_DOWN, state__in=[State.WAITING, State.UNSURE]
        ).update(due_at=true_now(), reason="")


def open_now(lane: str) -> dict[str, datetime]:
    """Return the functions of the lane whose breaker is open, with the moment of the next probe."""
    return dict(Breaker.objects.filter(lane=lane, open_until__gt=true_now()).values_list("function", "open_until"))


def is_half_open(lane: str, function: str) -> bool:
    """Return whether the next call of the function is the probe."""
    return bool(Breaker.objects.filter(lane=lane, function=function, open_until__lte=true_now()).exists())
