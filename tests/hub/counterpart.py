"""A counterpart with a memory, and the handler that speaks to it: it can lose an answer after having accepted, or freeze, or refuse.

It stands outside: what it holds in `done` is the truth that the hub's rows are compared with.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test import override_settings

from hub.clock import true_now
from hub.effects import (
    Absent_,
    Delivery,
    Found,
    Handler,
    NotDone,
    Outcome,
    Receipt,
    Refused,
    StillOpen,
    Unsure,
    deliver,
    enqueue,
)
from hub.models import Effect, Lane
from hub.tenancy import tenant_transaction

LANE = "shop:1"


class Counterpart:
    """What the other side did, and how it behaves. `answers` maps a key to what it says instead of doing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.done: Counter[str] = Counter()
        self.calls: list[tuple[str, ...]] = []
        self.looks = 0
        self.answers: dict[str, Outcome | Exception] = {}
        self.lost: set[str] = set()
        self.open: set[str] = set()
        self.down: NotDone | None = None
        self.slow_seconds = 0.0
        self.most_at_once = 0
        self.on_call: Callable[[Sequence[str]], None] = lambda keys: None
        self._now = 0

    def tell(self, keys: Sequence[str]) -> dict[str, Outcome]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.calls.append(tuple(keys))
        try:
            self.on_call(keys)
            time.sleep(self.slow_seconds)
            return {key: self._one(key) for key in keys}
        finally:
            with self._lock:
                self._now -= 1

    def _one(self, key: str) -> Outcome:
        if self.down is not None:
            return self.down
        if (answer := self.answers.get(key)) is not None:
            if isinstance(answer, Exception):
                raise answer
            return answer
        with self._lock:
            self.done[key] += 1
        return Unsure(reason="ReadTimeout") if key in self.lost else Receipt(data={"number": f"N-{key}"})

    def knows(self, key: str) -> Found:
        self.looks += 1
        if self.down is not None:
            return self.down
        if key in self.open:
            return StillOpen()
        return Receipt(data={"found": True}) if self.done[key] else Absent_()


WORLD = Counterpart()


class Tell(Handler):
    kind = "test.tell"
    batch_size = 5
    call_size = 1
    function = "tell"
    can_look = True

    def quiet_seconds(self) -> float:
        """Longer than any test: `make_due` lets it pass, however slow the machine is."""
        return 60.0

    def order_ids(self, effect: Effect) -> list[int]:
        return []

    def prepare(self, effects: Sequence[Effect]) -> Counterpart:
        assert connection.in_atomic_block
        if any(effect.payload.get("unloadable") for effect in effects):
            raise KeyError("unloadable")
        return WORLD

    def still_true(self, effect: Effect, now: datetime) -> str:
        return str(effect.payload.get("untrue", ""))

    def perform(self, delivery: Delivery, prepared: Counterpart, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        assert not connection.in_atomic_block
        answers: dict[int, Outcome] = {}
        for effect in effects:
            delivery.mark([effect.pk])
            answers[effect.pk] = prepared.tell([effect.key])[effect.key]
        return answers

    def look(self, delivery: Delivery, prepared: Counterpart, effects: Sequence[Effect]) -> Mapping[int, Found]:
        assert not connection.in_atomic_block
        return {effect.pk: prepared.knows(effect.key) for effect in effects}

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        if effect.payload.get("unsettled"):
            raise ValueError("consequences fail")

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        Effect.objects.filter(pk=effect.pk).update(shop_id=4711)


class Blindfold(Tell):
    """As mail: nobody can be asked what became of it."""

    kind = "test.blindfold"
    function = "blindfold"
    can_look = False


class TellMany(Tell):
    """All of a claim in one call."""

    kind = "test.many"
    call_size = 5
    function = "many"

    def perform(self, delivery: Delivery, prepared: Counterpart, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        delivery.mark([effect.pk for effect in effects])
        told = prepared.tell([effect.key for effect in effects])
        return {effect.pk: told[effect.key] for effect in effects}


class TellEarly(Tell):
    """Settles each outcome as it comes."""

    kind = "test.early"
    function = "early"

    def perform(self, delivery: Delivery, prepared: Counterpart, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        for effect in effects:
            delivery.mark([effect.pk])
            delivery.settle(effect.pk, prepared.tell([effect.key])[effect.key])
        return {}


EFFECTS = {
    kind: f"tests.hub.counterpart.{name}"
    for kind, name in {
        "test.tell": "Tell", "test.blindfold": "Blindfold", "test.many": "TellMany", "test.early": "TellEarly",
    }.items()
}  # fmt: skip


@contextmanager
def world() -> Iterator[Counterpart]:
    """A fresh counterpart, reached by the test kinds alone."""
    WORLD.forget()
    with override_settings(EFFECTS=EFFECTS, MALL_GAP_SECONDS=0.01):
        yield WORLD


def decide(
    tenant_id: int, keys: Iterable[str], *, kind: str = "test.tell", now: datetime, lane: str = LANE, **more: Any
) -> list[int]:
    """Enqueue one effect for each key; return their ids."""
    payload = more.pop("payload", {})
    with tenant_transaction(tenant_id):
        made = [enqueue(kind, lane=lane, key=key, payload=payload, now=now, **more) for key in keys]
    return [effect.pk for effect in made if effect is not None]


def lane_id(tenant_id: int, lane: str = LANE) -> int:
    with tenant_transaction(tenant_id):
        return int(Lane.objects.get(name=lane).pk)


def effect(tenant_id: int, pk: int) -> Effect:
    with tenant_transaction(tenant_id):
        return Effect.objects.get(pk=pk)


def states(tenant_id: int) -> dict[str, str]:
    """Each key's state and reason, as `state` or `state:reason`."""
    with tenant_transaction(tenant_id):
        rows = list(Effect.objects.order_by("pk").values_list("key", "state", "reason"))
    return {key: f"{state}:{reason}" if reason else state for key, state, reason in rows}


def change(tenant_id: int, pk: int, **values: Any) -> None:
    """Set columns of an effect, as time or a dead worker would."""
    with tenant_transaction(tenant_id):
        assert Effect.objects.filter(pk=pk).update(**values) == 1


def deliver_all(tenant_id: int, lane: str = LANE) -> int:
    """Run the deliver stage for the lane; return how many effects were taken up."""
    return deliver.work(tenant_id, lane_id(tenant_id, lane))


def make_due(tenant_id: int) -> None:
    """Let the time pass that open effects wait for."""
    with tenant_transaction(tenant_id):
        Effect.objects.filter(state__in=["waiting", "unsure"]).update(due_at=true_now() - timedelta(seconds=1))


def lose_worker(tenant_id: int) -> None:
    """Let the lease of whoever holds the lane run out."""
    with tenant_transaction(tenant_id):
        past = true_now() - timedelta(seconds=1)
        Lane.objects.filter(claimed_until__isnull=False).update(claimed_until=past)
        Effect.objects.filter(state="sending").update(claimed_until=past)
