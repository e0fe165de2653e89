"""What is said to warehouses: send a request, withdraw one. Handlers of effects (`hub/effects/handlers.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, datetime

from django.conf import settings

from hub.audit import SYSTEM
from hub.effects import Absent_, Delivery, Found, NotDone, Outcome, Receipt, Refused, StillOpen, Unsure
from hub.models import Effect
from orders.channels import MallBlind, MallDown
from orders.models import OrderLine, Warehouse
from orders.outgoing.observed import Observed
from warehouses.adapters import RequestState, WarehouseAbility, WarehouseAdapter, adapter_for
from warehouses.models import WarehouseRequest
from warehouses.operations import (
    accept,
    answer_withdrawal,
    give_up_request,
    give_up_withdrawal,
    refuse,
    request_of,
)


class WarehouseHandler(Observed):
    """Effects of one lane are of one warehouse."""

    can_look = True

    def quiet_seconds(self) -> float:
        return float(settings.QUIET_WAREHOUSE_SECONDS)

    def prepare(self, effects: Sequence[Effect]) -> Warehouse:
        request = WarehouseRequest.objects.select_related("warehouse").get(pk=effects[0].payload["request"])
        warehouse: Warehouse = request.warehouse
        return warehouse

    def reasons(self, effects: Sequence[Effect], now: datetime) -> Mapping[int, str]:
        """Nothing is said any more about a request that has ended: its parcel may be on its way under another reference."""
        ended = _ended(effects)
        return {pk: "ended" if pk in ended else reason for pk, reason in super().reasons(effects, now).items()}

    def order_ids(self, effect: Effect) -> list[int]:
        parcel = WarehouseRequest.objects.filter(pk=effect.payload.get("request")).values_list("parcel_id", flat=True)
        lines = OrderLine.objects.filter(parcel_id__in=parcel).values_list("order_id", flat=True)
        return sorted({*lines, *([effect.order_id] if effect.order_id else [])})

    def states(
        self, adapter: WarehouseAdapter, effects: Sequence[Effect]
    ) -> Mapping[str, RequestState | None] | NotDone | Unsure:
        """Ask what the warehouse knows of the effects' references."""
        if WarehouseAbility.ASKABLE not in adapter.abilities:
            return Unsure(reason="cannot_be_asked")
        references = sorted({_reference(effect) for effect in effects})
        try:
            return adapter.find(references=references)
        except MallBlind as blind:
            return NotDone(reason=blind.reason, detail=blind.function, blind=True)
        except MallDown as down:
            return NotDone(reason="warehouse_down", detail=str(down), retry_after=down.retry_after)


def _reference(effect: Effect) -> str:
    payload = effect.payload
    return str(payload["reference"] if "reference" in payload else payload["content"]["reference"])


def _request(effect: Effect) -> WarehouseRequest:
    request: WarehouseRequest = WarehouseRequest.objects.get(pk=effect.payload["request"])
    return request


def _ended(effects: Sequence[Effect]) -> set[int]:
    """Return the ids of the effects whose request has ended."""
    requests = {effect.pk: effect.payload.get("request") for effect in effects}
    ended = set(
        WarehouseRequest.objects.filter(pk__in=set(requests.values()), ended_at__isnull=False).values_list(
            "pk", flat=True
        )
    )
    return {pk for pk, request in requests.items() if request in ended}


class SendRequest(WarehouseHandler):
    kind = "warehouse.send"
    batch_size = call_size = 100
    function = "send"

    def perform(self, delivery: Delivery, prepared: Warehouse, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        with closing(adapter_for(prepared)) as adapter:
            return self._send(delivery, adapter, effects)

    def _send(self, delivery: Delivery, adapter: WarehouseAdapter, effects: Sequence[Effect]) -> dict[int, Outcome]:
        answers: dict[int, Outcome] = {}
        for start in range(0, len(effects), adapter.send_size):
            part = effects[start : start + adapter.send_size]
            requests = [request_of(effect.payload["content"]) for effect in part]
            delivery.mark([effect.pk for effect in part])
            told = adapter.send(requests=requests)
            missing = Unsure(reason="not_in_answer")
            answers.update({effect.pk: told.get(_reference(effect), missing) for effect in part})
        return answers

    def look(self, delivery: Delivery, prepared: Warehouse, effects: Sequence[Effect]) -> Mapping[int, Found]:
        with closing(adapter_for(prepared)) as adapter:
            states = self.states(adapter, effects)
        if isinstance(states, NotDone | Unsure):
            return {effect.pk: states for effect in effects}
        return {effect.pk: self._verdict(states.get(_reference(effect))) for effect in effects}

    def _verdict(self, state: RequestState | None) -> Found:
        if state is None:
            return Absent_()
        if state.state in ("refused", "cannot_ship"):
            return Refused(reason=state.reason or state.state, detail=state.detail)
        return Receipt(data={"ship_on": state.ship_on.isoformat() if state.ship_on else None, "found": True})

    def over(self, effects: Sequence[Effect]) -> Mapping[int, str]:
        return dict.fromkeys(_ended(effects), "request_ended")

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        day = receipt.data.get("ship_on")
        accept(_request(effect), now=now, ship_on=date.fromisoformat(day) if day else None)

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        refuse(_request(effect), now=now, reason=refused.reason, detail=refused.detail)

    def dropped(self, effect: Effect, now: datetime) -> None:
        """Give back the right to ship; never that of a request which may have arrived: that one is withdrawn."""
        if effect.sent_at is None:
            give_up_request(_request(effect), by=SYSTEM, now=now)


class WithdrawRequest(WarehouseHandler):
    kind = "warehouse.withdraw"
    function = "withdraw"

    def perform(self, delivery: Delivery, prepared: Warehouse, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        with closing(adapter_for(prepared)) as adapter:
            return self._withdraw(delivery, adapter, effects)

    def _withdraw(self, delivery: Delivery, adapter: WarehouseAdapter, effects: Sequence[Effect]) -> dict[int, Outcome]:
        answers: dict[int, Outcome] = {}
        if WarehouseAbility.WITHDRAW not in adapter.abilities:
            return {effect.pk: Refused(reason="withdraw_unsupported") for effect in effects}
        for effect in effects:
            payload = effect.payload
            delivery.mark([effect.pk])
            answers[effect.pk] = adapter.withdraw(
                reference=payload["reference"], accept_fee=payload["accept_fee"], reason=payload["reason"]
            )
        return answers

    def look(self, delivery: Delivery, prepared: Warehouse, effects: Sequence[Effect]) -> Mapping[int, Found]:
        with closing(adapter_for(prepared)) as adapter:
            states = self.states(adapter, effects)
        if isinstance(states, NotDone | Unsure):
            return {effect.pk: states for effect in effects}
        verdicts: dict[int, Found] = {}
        for effect in effects:
            state = states.get(_reference(effect))
            if state is None:
                verdicts[effect.pk] = Receipt(data={"answer": "agreed", "fee_yen": 0})
            elif state.state == "withdrawn":
                verdicts[effect.pk] = Absent_(detail="asking again repeats the answer with its fee")
            elif state.state == "shipped":
                verdicts[effect.pk] = Receipt(data={"answer": "too_late", "fee_yen": 0})
            else:
                verdicts[effect.pk] = Absent_(detail=state.state) if state.state != "withdrawing" else StillOpen()
        return verdicts

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        answer = str(receipt.data.get("answer", "agreed"))
        answer_withdrawal(_request(effect), answer, fee_yen=int(receipt.data.get("fee_yen", 0) or 0), now=now)

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        answer_withdrawal(_request(effect), "refused", fee_yen=0, now=now)

    def dropped(self, effect: Effect, now: datetime) -> None:
        give_up_withdrawal(_request(effect), effect.key, was=effect.payload["was"], by=SYSTEM, now=now)
