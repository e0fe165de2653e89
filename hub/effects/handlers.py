"""What a kind of effect is: the Handler that orders, warehouses and the mailer subclass, and what looking may find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure

if TYPE_CHECKING:
    from hub.effects.delivery import Delivery
    from hub.models import Effect


@dataclass(frozen=True, kw_only=True)
class Absent_:  # noqa: N801  (orders.channels.Absent is the mall's answer; this one is the verdict drawn from it)
    """Surely not there: the effect may be sent again, with the same key."""

    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class StillOpen:
    """The other side has it and does not know the end yet. Asked again for 30 minutes, then a person is."""

    detail: str = ""


Found = Receipt | Absent_ | StillOpen | Refused | NotDone | Unsure
"""What looking may come to. NotDone: the look itself could not be made, look later. Unsure: this one cannot be asked about."""


HOLD = "hold:"
"""A reason of `still_true` that begins so does not drop the effect: it waits for a person, with the rest as its hold reason."""


class Handler:
    """How one kind of effect is carried out. Stateless; one instance serves all tenants.

    `function` names what the breaker of the lane guards, so one missing right at a mall does not stop the others.
    """

    kind: str = ""
    batch_size: int = 1
    call_size: int = 1
    function: str = ""
    can_look: bool = False
    moot: frozenset[str] = frozenset()
    """Refusals after which nothing is left to do for anyone: the effect is dropped, and no person is asked."""

    def quiet_seconds(self) -> float:
        """Return how long the other side may still act after an answer was lost (true seconds)."""
        return float(settings.QUIET_MALL_SECONDS)

    def prepare(self, effects: Sequence[Effect]) -> Any:
        """Load what the calls need, in a tenant transaction of its own. The result is handed to `perform` and `look`."""
        return None

    def still_true(self, effect: Effect, now: datetime) -> str:
        """Return an empty text, or the reason code for which the effect is dropped instead of sent."""
        return ""

    def reasons(self, effects: Sequence[Effect], now: datetime) -> Mapping[int, str]:
        """Return what `still_true` says of each effect of a claim; a kind with many effects may ask for all at once."""
        return {effect.pk: self.still_true(effect, now) for effect in effects}

    def perform(self, delivery: Delivery, prepared: Any, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        """Make the calls, outside any transaction. `delivery.arm` or `.mark` stands before each call that carries effects."""
        raise NotImplementedError

    def look(self, delivery: Delivery, prepared: Any, effects: Sequence[Effect]) -> Mapping[int, Found]:
        """Ask the other side what became of the effects, outside any transaction."""
        raise NotImplementedError

    def order_ids(self, effect: Effect) -> list[int]:
        """Return the orders to lock before settling."""
        return [effect.order_id] if effect.order_id else []

    def over(self, effects: Sequence[Effect]) -> Mapping[int, str]:
        """Return, by id, why stopped effects are not to be sent again: what they were decided for has ended meanwhile."""
        return {}

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        """Write the consequences of DONE, in the settling transaction. Must bear a receipt without data (marked done by hand)."""

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        """Write the consequences of a refusal that stops the effect, in the settling transaction."""

    def dropped(self, effect: Effect, now: datetime) -> None:
        """Write the consequences of giving the effect up, by hand or because it is not true any more, in the same transaction.

        `effect.sent_at` is empty where it surely never left, or surely did not arrive.
        """


@lru_cache(maxsize=64)
def _build(path: str) -> Handler:
    built: Handler = import_string(path)()
    return built


def handler_for(kind: str) -> Handler:
    """Return the handler registered for a kind."""
    return _build(settings.EFFECTS[kind])


def known_kinds() -> list[str]:
    """Return the kinds this version can deliver; others are left alone, for a newer worker."""
    return sorted(settings.EFFECTS)


def kinds_of(function: str) -> list[str]:
    """Return the kinds that speak to one function of a counterpart."""
    return [kind for kind in known_kinds() if handler_for(kind).function == function]
