"""Carrying out one claim: drop what is not true any more, call or look, and settle each effect by itself.

Whatever breaks, each effect gets the outcome that is certain for it: what was not marked was surely not sent.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError

from hub.clock import business_now
from hub.crash import crash
from hub.effects import breakers
from hub.effects.claims import Claim
from hub.effects.delivery import Delivery, LineDown, LostClaim, Stopping
from hub.effects.handlers import Found
from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from hub.effects.settling import NO_FAULT, Lost, Settling, lock_orders
from hub.http import CounterpartBlind, CounterpartDown, LineFailure, expect_departure
from hub.models import Effect
from hub.tenancy import tenant_transaction
from hub.throttle import Later

log = logging.getLogger(__name__)

SETTLE_TRIES = 3
DATABASE_FAULTS = (OperationalError, InterfaceError)
"""Not the effect's fault: the lease runs out and the sweep takes everything back."""

Write = Callable[[Effect, datetime | None], None]


class Carrier:
    """One claim at work. Raises LostClaim when another worker has taken over; then nothing more is written."""

    def __init__(self, claim: Claim) -> None:
        now = business_now()
        self.claim = claim
        self.handler = claim.handler
        self.settling = Settling(handler=claim.handler, token=claim.token, now=now)
        self.delivery = Delivery(
            tenant_id=claim.tenant_id,
            lane_id=claim.lane_id,
            lane=claim.lane,
            token=claim.token,
            now=now,
            settle=self._settle_early,
        )
        self._effects = {effect.pk: effect for effect in claim.effects}
        self._settled: set[int] = set()
        self._counted: set[int] = set()

    def carry(self, effects: Sequence[Effect]) -> None:
        """Send the effects, or look for them when an answer was lost."""
        try:
            if self.claim.looking:
                self._look(effects)
            else:
                self._send(effects)
        finally:
            expect_departure(None)

    # Sending.

    def _send(self, effects: Sequence[Effect]) -> None:
        try:
            prepared, wanted = self._prepare(effects)
            outcomes = self.handler.perform(self.delivery, prepared, wanted) if wanted else {}
        except (LostClaim, *DATABASE_FAULTS):
            raise
        except Exception as error:  # noqa: BLE001  each effect gets the outcome that is certain for it; the fault is logged
            crash("effects.after_call")
            self._interrupted(effects, error)
            return
        crash("effects.after_call")
        left = [effect for effect in wanted if effect.pk not in self._settled]
        self._settle_all([(effect, outcomes.get(effect.pk) or self._unanswered(effect)) for effect in left])

    def _prepare(self, effects: Sequence[Effect]) -> tuple[Any, list[Effect]]:
        """Drop what is not true any more; load what the calls need."""
        left = [effect for effect in effects if effect.pk not in self._settled]
        try:
            with tenant_transaction(self.claim.tenant_id):
                reasons = self.handler.reasons(left, self.delivery.now)
                lock_orders([pk for effect in left if reasons[effect.pk] for pk in self.handler.order_ids(effect)])
                for effect in left:
                    if reasons[effect.pk]:
                        self.settling.drop(effect, reasons[effect.pk])
                wanted = [effect for effect in left if not reasons[effect.pk]]
                prepared = self.handler.prepare(wanted) if wanted else None
        except Lost:
            raise LostClaim from None
        crash("effects.after_prepare")
        self._settled.update(pk for pk, reason in reasons.items() if reason)
        return prepared, wanted

    def _interrupted(self, effects: Sequence[Effect], error: Exception) -> None:
        """Settle effects whose handler raised: by what was marked, and by whose fault it was."""
        left = [effect for effect in effects if effect.pk not in self._settled]
        unsent = set(self.delivery.unsent)
        marked = {effect.pk for effect in left if effect.pk in self.delivery.departures} - unsent
        fault = fault_of(error)
        if fault is None:
            log.error("handler of %s broke", self.handler.kind, exc_info=error)
            fault = NotDone(reason="handler_fault", detail=type(error).__name__, line=False)
            if len(left) > 1 and not marked:
                for effect in left:  # apart from each other, so that a bad one stops only itself
                    self.carry([effect])
                return
        self._settle_all([(effect, self._certain(effect, marked, fault, error)) for effect in left])

    def _certain(self, effect: Effect, marked: set[int], fault: NotDone, error: Exception) -> Outcome:
        if effect.pk not in marked:
            return fault
        departure = self.delivery.departures[effect.pk]
        last = next(reversed(self.delivery.departures.values()))
        if departure.late or (departure is last and isinstance(error, LineFailure) and not error.maybe_done):
            return fault
        return Unsure(reason="interrupted", detail=type(error).__name__)

    def _unanswered(self, effect: Effect) -> Outcome:
        """Return the outcome of an effect that the handler said nothing about."""
        if effect.pk in self.delivery.departures:
            return Unsure(reason="not_answered")
        return NotDone(reason="not_answered", line=False)

    # Looking.

    def _look(self, effects: Sequence[Effect]) -> None:
        found = self._found(effects)
        for effect in effects:
            verdict: Found = found.get(effect.pk) or NotDone(reason="not_answered")
            self._settle_look(effect, verdict)

    def _found(self, effects: Sequence[Effect]) -> Mapping[int, Found]:
        """Ask the other side; a look that could not be made is NotDone for each."""
        if not self.handler.can_look:
            return {effect.pk: Unsure(reason="maybe_done") for effect in effects}
        try:
            with tenant_transaction(self.claim.tenant_id):
                prepared = self.handler.prepare(effects)
            crash("effects.before_look")
            found = self.handler.look(self.delivery, prepared, effects)
        except (LostClaim, *DATABASE_FAULTS):
            raise
        except Exception as error:  # the look is repeated; only an effect that breaks it ten times stops
            fault = fault_of(error)
            if fault is None:
                log.error("handler of %s broke while looking", self.handler.kind, exc_info=error)
                fault = NotDone(reason="handler_fault", detail=type(error).__name__, line=False)
            return dict.fromkeys((effect.pk for effect in effects), fault)
        crash("effects.after_look")
        return found

    # Settling.

    def _settle_early(self, effect_id: int, outcome: Outcome) -> None:
        crash("effects.after_call")
        self._settle_all([(self._effects[effect_id], outcome)])

    def _settle_all(self, outcomes: Sequence[tuple[Effect, Outcome]]) -> None:
        """Settle each effect; what was refused is looked at first, because it may be there already."""
        doubtful: list[tuple[Effect, Refused]] = []
        for effect, outcome in outcomes:
            self._settled.add(effect.pk)
            if isinstance(outcome, Refused) and self.handler.can_look:
                doubtful.append((effect, outcome))
            else:
                self._settle(effect, outcome)
        self.delivery.disarm(effect.pk for effect, _ in outcomes)
        if doubtful:
            found = self._found([effect for effect, _ in doubtful])
            for effect, refused in doubtful:
                self._settle_refused(effect, refused, found.get(effect.pk))

    def _settle(self, effect: Effect, outcome: Outcome) -> None:
        departure = self.delivery.departures.get(effect.pk)
        self._note_pause(outcome)
        if isinstance(outcome, NotDone) and outcome.reason in NO_FAULT:
            self._give_back(effect, outcome, looking=False)
        else:
            self._write(effect, outcome, lambda row, until: self.settling.after_call(row, outcome, departure, until))

    def _settle_refused(self, effect: Effect, refused: Refused, found: Found | None) -> None:
        if isinstance(found, Receipt):
            self._settle_look(effect, found)
        elif found is None or isinstance(found, NotDone):
            self._write(effect, refused, lambda row, _: self.settling.remember_refusal(row, refused))
        else:
            self._settle(effect, refused)

    def _settle_look(self, effect: Effect, found: Found) -> None:
        self._note_pause(found)
        if isinstance(found, NotDone) and found.reason in NO_FAULT:
            self._give_back(effect, found, looking=True)
        else:
            self._write(effect, found, lambda row, until: self.settling.after_look(row, found, until))

    def _give_back(self, effect: Effect, outcome: NotDone, *, looking: bool) -> None:
        seconds = outcome.retry_after or (5.0 if outcome.reason == breakers.LINE_DOWN else 0.0)
        self._write(
            effect,
            outcome,
            lambda row, _: self.settling.give_back(row, looking=looking, seconds=seconds, reason=outcome.reason),
        )

    def _note_pause(self, outcome: Outcome | Found) -> None:
        if isinstance(outcome, NotDone) and outcome.line and outcome.retry_after and outcome.reason not in NO_FAULT:
            self.delivery.pace.pause(outcome.retry_after)

    def _write(self, effect: Effect, outcome: Outcome | Found, write: Write) -> None:
        """Settle in one transaction with the consequences. A consequence that fails gives the effect to a person."""
        for left in reversed(range(SETTLE_TRIES)):
            try:
                with tenant_transaction(self.claim.tenant_id):
                    write(copy.copy(effect), self._count_line(effect, outcome))
                crash("effects.after_settle")
                return
            except Lost:
                raise LostClaim from None
            except DATABASE_FAULTS:  # a deadlock, or a lock not got in time: nothing was written
                if not left:
                    raise
                time.sleep(0.2)
            except (
                Exception
            ) as error:  # the consequences are at fault: repeating would not help, losing the receipt would harm
                log.exception("settling %s %s failed", effect.kind, effect.pk)
                self._stop_unsettled(effect, outcome, error)
                return

    def _stop_unsettled(self, effect: Effect, outcome: Outcome | Found, error: Exception) -> None:
        crash("effects.before_stop")
        try:
            with tenant_transaction(self.claim.tenant_id):
                self.settling.stop_unsettled(copy.copy(effect), outcome, error)
        except Lost:
            raise LostClaim from None

    def _count_line(self, effect: Effect, outcome: Outcome | Found) -> datetime | None:
        """Tell the breaker whether the line answered, once for each call. Return until when it is open, if it is."""
        departure = self.delivery.departures.get(effect.pk)
        call = 0 if departure is None else id(departure)
        counts = call not in self._counted
        self._counted.add(call)
        lane, function = self.claim.lane, self.handler.function
        failed = isinstance(outcome, NotDone) and outcome.line and outcome.reason not in NO_FAULT
        lost = isinstance(outcome, Unsure) and not outcome.open_id and not self.claim.looking and departure is not None
        if failed or lost:
            assert isinstance(outcome, NotDone | Unsure)
            blind = isinstance(outcome, NotDone) and outcome.blind
            breaker = breakers.failed(lane, function, reason=outcome.reason, blind=blind) if counts else None
            self.delivery.line_down = self.delivery.line_down or bool(breaker and breaker.open_until)
            return breakers.open_now(lane).get(function)
        if counts and not isinstance(outcome, Unsure) and getattr(outcome, "reason", "") not in NO_FAULT:
            breakers.answered(lane, function)
        return None


def fault_of(error: Exception) -> NotDone | None:
    """Return what an exception says about the line or the process, or None if the handler itself is at fault."""
    match error:
        case Stopping():
            return NotDone(reason="stopping")
        case LineDown():
            return NotDone(reason=breakers.LINE_DOWN)
        case Later():
            return NotDone(reason="no_slot", retry_after=error.seconds)
        case LineFailure():
            return NotDone(reason=error.reason)
        case CounterpartDown():
            return NotDone(reason="down", detail=str(error), retry_after=error.retry_after)
        case CounterpartBlind():
            return NotDone(reason=error.reason, detail=error.function, blind=True)
    return None
