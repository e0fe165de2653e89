"""No answer is not a failure: it is looked up. Workers that die or freeze at any point lose nothing and do nothing twice."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hub.clock import true_now
from hub.effects import LineDown, LostClaim, NotDone, Stopping, Unsure, claims
from hub.effects.carrying import Carrier
from hub.http import LineFailure, refuse_late
from hub.models import Breaker, Effect, Lane, Tenant
from hub.tenancy import tenant_transaction
from hub.throttle import Later
from tests.hub.counterpart import (
    LANE,
    Counterpart,
    change,
    decide,
    deliver_all,
    effect,
    lane_id,
    lose_worker,
    make_due,
    states,
)

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_lost_answer_is_found_and_done_without_a_second_call(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.lost.add("a")
    deliver_all(tenant.pk)
    unsure = effect(tenant.pk, pk)
    assert (unsure.state, unsure.reason, unsure.sent_at is not None) == ("unsure", "ReadTimeout", True)
    assert other_side.looks == 0
    make_due(tenant.pk)

    deliver_all(tenant.pk)

    assert effect(tenant.pk, pk).state == "done"
    assert (other_side.done, other_side.looks) == ({"a": 1}, 1)


def test_nobody_looks_before_the_quiet_time_is_over(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = Unsure(reason="ReadTimeout")

    deliver_all(tenant.pk)

    assert deliver_all(tenant.pk) == 0
    assert effect(tenant.pk, pk).due_at > true_now() + timedelta(seconds=55)
    assert other_side.looks == 0


def test_what_is_surely_absent_is_sent_again_once(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = Unsure(reason="ReadTimeout")
    deliver_all(tenant.pk)
    del other_side.answers["a"]
    make_due(tenant.pk)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done"}
    assert (other_side.done, other_side.looks) == ({"a": 1}, 1)


def test_what_is_still_open_is_asked_for_half_an_hour_then_stops(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = Unsure(reason="accepted", open_id="job-1")
    other_side.open.add("a")
    deliver_all(tenant.pk)
    assert effect(tenant.pk, pk).result["open_id"] == "job-1"
    make_due(tenant.pk)
    deliver_all(tenant.pk)
    assert states(tenant.pk) == {"a": "unsure:still_open"}
    before = effect(tenant.pk, pk).result
    change(
        tenant.pk,
        pk,
        due_at=true_now(),
        result={**before, "unsure_since": (true_now() - timedelta(minutes=31)).isoformat()},
    )

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "stopped:still_open"}
    assert len(other_side.calls) == 1


def test_what_cannot_be_asked_about_stops(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], kind="test.blindfold", now=NOW)
    other_side.lost.add("a")

    deliver_all(tenant.pk)

    stopped = effect(tenant.pk, pk)
    assert (stopped.state, stopped.reason, stopped.reason_params) == (
        "stopped",
        "maybe_done",
        {"detail": "ReadTimeout"},
    )


def test_outage_while_looking_leaves_nothing_stopped(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.lost.add("a")
    deliver_all(tenant.pk)
    other_side.down = NotDone(reason="ConnectError")
    for _ in range(15):
        make_due(tenant.pk)
        with tenant_transaction(tenant.pk):
            Breaker.objects.update(open_until=None)
        deliver_all(tenant.pk)
    assert (effect(tenant.pk, pk).state, effect(tenant.pk, pk).attempts) == ("unsure", 0)
    other_side.down = None
    with tenant_transaction(tenant.pk):
        Breaker.objects.update(open_until=None)
    make_due(tenant.pk)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done"}
    assert other_side.done == {"a": 1}


def test_worker_dead_before_the_mark_leaves_effects_to_be_sent(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, "ab", now=NOW)
    claim = claims.take(tenant.pk, lane_id(tenant.pk))
    assert claim is not None
    assert set(states(tenant.pk).values()) == {"sending"}
    assert deliver_all(tenant.pk) == 0  # the lane is still the dead one's
    lose_worker(tenant.pk)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done", "b": "done"}
    assert other_side.looks == 0


def test_worker_dead_after_the_mark_leaves_effects_to_be_looked_for(
    tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.hub.counterpart.Tell.quiet_seconds", lambda self: 30.0)
    first = decide(tenant.pk, "ab", now=NOW)[0]
    claim = claims.take(tenant.pk, lane_id(tenant.pk))
    assert claim is not None
    Carrier(claim).delivery.mark([first])
    other_side.done["a"] += 1
    lose_worker(tenant.pk)

    assert deliver_all(tenant.pk) == 1
    assert states(tenant.pk) == {"a": "unsure:interrupted", "b": "done"}
    make_due(tenant.pk)
    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done", "b": "done"}
    assert (other_side.done, other_side.looks) == ({"a": 1, "b": 1}, 1)


def test_sweep_waits_for_the_quiet_time_after_the_mark(
    tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.hub.counterpart.Tell.quiet_seconds", lambda self: 120.0)
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    claim = claims.take(tenant.pk, lane_id(tenant.pk))
    assert claim is not None
    Carrier(claim).delivery.mark([pk])
    lose_worker(tenant.pk)

    assert deliver_all(tenant.pk) == 0

    swept = effect(tenant.pk, pk)
    assert swept.state == "unsure"
    assert swept.sent_at is not None
    assert swept.due_at - swept.sent_at == timedelta(seconds=120)


def test_effect_that_kills_its_worker_stops_after_three_claims_and_alone(
    tenant: Tenant, other_side: Counterpart
) -> None:
    decide(tenant.pk, ["bad", "good"], now=NOW)
    assert len(take(tenant).effects) == 2
    for _ in range(2):
        lose_worker(tenant.pk)
        alone = take(tenant)
        assert [row.key for row in alone.effects] == ["bad"]
    lose_worker(tenant.pk)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"bad": "stopped:killed_worker", "good": "done"}


def take(tenant: Tenant) -> claims.Claim:
    claim = claims.take(tenant.pk, lane_id(tenant.pk))
    assert claim is not None
    return claim


def test_lost_token_sends_nothing_and_writes_nothing(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    claim = take(tenant)
    change(tenant.pk, pk, token=uuid4())

    with pytest.raises(LostClaim):
        Carrier(claim).carry(claim.effects)

    assert other_side.calls == []
    assert states(tenant.pk) == {"a": "sending"}


def test_lost_lane_sends_nothing(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    claim = take(tenant)
    with tenant_transaction(tenant.pk):
        Lane.objects.update(token=uuid4())

    with pytest.raises(LostClaim):
        Carrier(claim).carry(claim.effects)

    assert other_side.calls == []
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get().sent_at is None


def test_settling_with_a_lost_token_writes_nothing(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    claim = take(tenant)
    other_side.on_call = lambda keys: change(tenant.pk, pk, state="unsure", token=None)

    with pytest.raises(LostClaim):
        Carrier(claim).carry(claim.effects)

    assert states(tenant.pk) == {"a": "unsure"}
    with tenant_transaction(tenant.pk):
        assert not Effect.objects.get().result


def test_each_mark_renews_the_lease_of_the_lane(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    take(tenant)
    with tenant_transaction(tenant.pk):
        Lane.objects.update(claimed_until=None, token=None)
        Effect.objects.update(state="waiting", token=None)
    claim = take(tenant)
    with tenant_transaction(tenant.pk):
        Lane.objects.update(claimed_until=true_now() + timedelta(seconds=1))

    Carrier(claim).delivery.mark([claim.effects[0].pk])

    with tenant_transaction(tenant.pk):
        assert Lane.objects.get(name=LANE).claimed_until > true_now() + timedelta(seconds=50)


def test_worker_frozen_after_the_mark_sends_nothing(
    tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    start = time.clock_gettime(time.CLOCK_BOOTTIME)
    frozen = [0.0]
    monkeypatch.setattr("hub.http.boottime", lambda: start + frozen[0])
    monkeypatch.setattr("hub.effects.delivery.boottime", lambda: start + frozen[0])

    def thaw_late(keys: object) -> None:
        frozen[0] = 2.1
        refuse_late()

    other_side.on_call = thaw_late

    deliver_all(tenant.pk)

    row = effect(tenant.pk, pk)
    assert (row.state, row.reason, row.sent_at, row.attempts) == ("waiting", "late", None, 0)
    assert other_side.done == {}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (LineFailure("ConnectError", maybe_done=False), "waiting:ConnectError"),
        (LineFailure("ReadTimeout", maybe_done=True), "unsure:interrupted"),
        (ValueError("odd answer"), "unsure:interrupted"),
    ],
)
def test_handler_that_raises_leaves_what_is_certain(
    tenant: Tenant, other_side: Counterpart, error: Exception, expected: str
) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = error

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": expected}


@pytest.mark.parametrize(
    ("error", "reason"), [(Later(3.0), "no_slot"), (Stopping(), "stopping"), (LineDown(), "line_down")]
)
def test_interrupted_claim_gives_back_what_is_not_sent(
    tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    ids = decide(tenant.pk, "abc", kind="test.early", now=NOW)

    def mark(delivery: object, effect_ids: list[int]) -> None:
        if effect_ids == [ids[1]]:
            raise error

    monkeypatch.setattr("hub.effects.delivery.Delivery.mark", mark)
    claim = take(tenant)

    Carrier(claim).carry(claim.effects)

    assert states(tenant.pk) == {"a": "done", "b": f"waiting:{reason}", "c": f"waiting:{reason}"}
    assert effect(tenant.pk, ids[1]).attempts == 0
