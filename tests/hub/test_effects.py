"""One lane at work: claimed once, marked before each call, settled with its consequences, and put off in the right order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from hub import stages
from hub.clock import true_now
from hub.effects import NotDone, Refused, deliver, enqueue
from hub.effects.switches import switch_system, switch_tenant
from hub.models import Breaker, EffectTry, Lane, Tenant
from hub.stages import Bell
from hub.tenancy import tenant_transaction
from tests.conftest import TESTER
from tests.hub.counterpart import LANE, Counterpart, change, decide, deliver_all, effect, lane_id, make_due, states

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def bells() -> Iterator[list[Bell]]:
    """The doorbells rung, instead of a broker."""
    before = stages._publisher, stages._stopping
    rung: list[Bell] = []
    stages.connect_bells(rung.extend, lambda: False)
    yield rung
    stages._publisher, stages._stopping = before


def test_enqueue_decides_a_key_once_and_rings_after_the_commit(
    tenant: Tenant, other_side: Counterpart, bells: list[Bell]
) -> None:
    with tenant_transaction(tenant.pk):
        first = enqueue("test.tell", lane=LANE, key="a", payload={"day": NOW}, now=NOW)
        second = enqueue("test.tell", lane=LANE, key="b", payload={}, now=NOW)
        again = enqueue("test.tell", lane=LANE, key="a", payload={}, now=NOW)
        assert bells == []

    assert [made is None for made in (first, second, again)] == [False, False, True]
    assert bells == [("deliver", tenant.pk, lane_id(tenant.pk))]


def test_enqueue_rolled_back_rings_nothing(tenant: Tenant, other_side: Counterpart, bells: list[Bell]) -> None:
    with pytest.raises(ZeroDivisionError), tenant_transaction(tenant.pk):
        enqueue("test.tell", lane=LANE, key="a", payload={}, now=NOW)
        1 / 0  # noqa: B018

    assert bells == []
    assert states(tenant.pk) == {}


@pytest.mark.parametrize("kind", ["test.tell", "test.many", "test.early"])
def test_due_effects_are_sent_once_and_done(tenant: Tenant, other_side: Counterpart, kind: str) -> None:
    decide(tenant.pk, "abcdefg", kind=kind, now=NOW)

    taken = deliver_all(tenant.pk)

    assert taken == 7
    assert states(tenant.pk) == dict.fromkeys("abcdefg", "done")
    assert other_side.done == dict.fromkeys("abcdefg", 1)


def test_result_and_try_keep_what_was_answered(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)

    deliver_all(tenant.pk)

    done = effect(tenant.pk, pk)
    assert (done.result, done.attempts, done.claims, done.token) == ({"number": "N-a"}, 0, 0, None)
    with tenant_transaction(tenant.pk):
        kept = EffectTry.objects.get(effect_id=pk)
    assert (kept.act, kept.outcome, kept.answer) == ("call", "receipt", {"data": {"number": "N-a"}})


def test_four_workers_send_each_effect_once_and_one_at_a_time(tenant: Tenant, other_side: Counterpart) -> None:
    other_side.slow_seconds = 0.004
    decide(tenant.pk, [f"k{n}" for n in range(40)], now=NOW)
    lane = lane_id(tenant.pk)

    def worker() -> None:
        for _ in range(200):
            deliver.work(tenant.pk, lane)
            if sum(other_side.done.values()) >= 40:
                break
        connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(states(tenant.pk).values()) == {"done"}
    assert set(other_side.done.values()) == {1}
    assert other_side.most_at_once == 1


def test_mark_is_committed_before_the_call(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    seen = []
    other_side.on_call = lambda keys: seen.append(effect(tenant.pk, pk))

    deliver_all(tenant.pk)

    assert [(row.state, row.sent_at is not None, row.token is not None) for row in seen] == [("sending", True, True)]


def test_refusal_stops_with_its_code_and_consequences(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = Refused(reason="unknown_order", detail="ERROR_105", params={"number": "1"})

    deliver_all(tenant.pk)

    stopped = effect(tenant.pk, pk)
    assert (stopped.state, stopped.reason, stopped.attempts) == ("stopped", "unknown_order", 1)
    assert stopped.reason_params == {"number": "1", "detail": "ERROR_105"}
    assert stopped.shop_id == 4711
    assert other_side.looks == 1


def test_refusal_of_what_is_there_already_is_done(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    other_side.done["a"] = 1
    other_side.answers["a"] = Refused(reason="already_moved_on")

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done"}


def test_refusal_that_cannot_be_looked_at_now_is_decided_by_the_next_look(
    tenant: Tenant, other_side: Counterpart
) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = Refused(reason="already_moved_on")
    other_side.knows = lambda key: NotDone(reason="mall_down")  # type: ignore[method-assign]
    deliver_all(tenant.pk)
    assert states(tenant.pk) == {"a": "unsure:already_moved_on"}
    del other_side.knows
    change(tenant.pk, pk, due_at=true_now())

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "stopped:already_moved_on"}


def test_not_done_uses_tries_and_stops_at_the_tenth(tenant: Tenant, other_side: Counterpart) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW)
    other_side.answers["a"] = NotDone(reason="busy", line=False)

    for attempts in range(1, 11):
        deliver_all(tenant.pk)
        assert effect(tenant.pk, pk).attempts == attempts
        change(tenant.pk, pk, due_at=true_now())

    stopped = effect(tenant.pk, pk)
    assert (stopped.state, stopped.reason, stopped.reason_params["tries"]) == ("stopped", "busy", 10)
    assert other_side.done == {}
    with tenant_transaction(tenant.pk):
        assert EffectTry.objects.filter(effect_id=pk).count() == 3


def test_sick_line_opens_the_breaker_and_costs_no_tries(tenant: Tenant, other_side: Counterpart) -> None:
    ids = decide(tenant.pk, "abcdefgh", now=NOW)
    other_side.down = NotDone(reason="ConnectError")

    for _ in range(3):
        deliver_all(tenant.pk)
        make_due(tenant.pk)
    calls = len(other_side.calls)
    deliver_all(tenant.pk)

    assert len(other_side.calls) == calls
    with tenant_transaction(tenant.pk):
        breaker = Breaker.objects.get(lane=LANE, function="tell")
    assert breaker.open_seconds == 60
    assert breaker.open_until > true_now() + timedelta(seconds=50)
    assert {effect(tenant.pk, pk).attempts for pk in ids} == {0}
    assert set(states(tenant.pk).values()) == {"waiting:line_down"}


def test_half_open_breaker_lets_one_probe_through_then_all(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, "abcdef", now=NOW)
    other_side.down = NotDone(reason="wrong_key", blind=True)
    deliver_all(tenant.pk)
    assert len(other_side.calls) == 5  # one claim; the sixth was not begun
    with tenant_transaction(tenant.pk):
        assert Breaker.objects.get(lane=LANE).open_seconds == 60
        Breaker.objects.update(open_until=true_now() - timedelta(seconds=1))
    make_due(tenant.pk)
    deliver_all(tenant.pk)
    assert len(other_side.calls) == 6
    with tenant_transaction(tenant.pk):
        assert Breaker.objects.get(lane=LANE).open_seconds == 120
        Breaker.objects.update(open_until=true_now() - timedelta(seconds=1))
    other_side.down = None
    make_due(tenant.pk)

    deliver_all(tenant.pk)

    assert set(states(tenant.pk).values()) == {"done"}


def test_later_effect_waits_for_those_it_names_while_they_are_open(tenant: Tenant, other_side: Counterpart) -> None:
    [first] = decide(tenant.pk, ["first"], now=NOW)
    other_side.answers["first"] = NotDone(reason="busy", line=False)
    [second] = decide(tenant.pk, ["second"], now=NOW, after=[first])
    deliver_all(tenant.pk)
    assert states(tenant.pk) == {"first": "waiting:busy", "second": "waiting:behind"}
    other_side.answers["first"] = Refused(reason="no")
    change(tenant.pk, first, due_at=true_now())

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"first": "stopped:no", "second": "done"}
    assert effect(tenant.pk, second).state == "done"


def test_effects_of_one_order_keep_their_order_and_do_not_hold_up_others(
    tenant: Tenant, other_side: Counterpart
) -> None:
    [pk] = decide(tenant.pk, ["one"], now=NOW, order_id=7)
    decide(tenant.pk, ["two"], now=NOW, order_id=7)
    decide(tenant.pk, ["other"], now=NOW, order_id=8)
    other_side.answers["one"] = NotDone(reason="busy", line=False)

    deliver_all(tenant.pk)
    assert states(tenant.pk) == {"one": "waiting:busy", "two": "waiting:behind", "other": "done"}
    del other_side.answers["one"]
    change(tenant.pk, pk, due_at=true_now())
    deliver_all(tenant.pk)

    assert [key for keys in other_side.calls for key in keys] == ["one", "other", "one", "two"]


def test_held_effect_is_never_claimed(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["flood"], now=NOW, hold_reason="flood")
    decide(tenant.pk, ["soon"], now=NOW, hold_seconds=30.0)

    assert deliver_all(tenant.pk) == 0
    assert states(tenant.pk) == {"flood": "waiting", "soon": "waiting"}


def test_untrue_effect_is_dropped_not_sent(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW, payload={"untrue": "cancelled"})
    decide(tenant.pk, ["b"], now=NOW)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "dropped:cancelled", "b": "done"}
    assert other_side.done == {"b": 1}


def test_effect_that_breaks_its_handler_stops_only_itself(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["bad"], now=NOW, payload={"unloadable": True})
    decide(tenant.pk, ["good"], now=NOW)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"bad": "waiting:handler_fault", "good": "done"}


def test_consequences_that_fail_give_the_effect_to_a_person_with_its_receipt(
    tenant: Tenant, other_side: Counterpart
) -> None:
    [pk] = decide(tenant.pk, ["a"], now=NOW, payload={"unsettled": True})

    deliver_all(tenant.pk)

    stopped = effect(tenant.pk, pk)
    assert (stopped.state, stopped.reason, stopped.result) == ("stopped", "settle_failed", {"number": "N-a"})
    assert other_side.done == {"a": 1}


def test_nothing_is_claimed_while_outgoing_is_off(
    tenant: Tenant, other_tenant: Tenant, other_side: Counterpart
) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    decide(other_tenant.pk, ["b"], now=NOW)
    with tenant_transaction(tenant.pk):
        switch_tenant(False, reason="rest", by=TESTER, now=NOW)
    assert (deliver_all(tenant.pk), deliver_all(other_tenant.pk)) == (0, 1)
    assert [unit for unit in stages.due("deliver") if unit.tenant_id == tenant.pk] == []

    with tenant_transaction(tenant.pk):
        switch_tenant(True, reason="", by=TESTER, now=NOW)
    switch_system(False, reason="drill", now=NOW)
    try:
        assert deliver_all(tenant.pk) == 0
    finally:
        switch_system(True, reason="", now=NOW)

    assert deliver_all(tenant.pk) == 1
    assert states(tenant.pk) == {"a": "done"}


def test_due_names_a_lane_until_it_is_claimed(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    lane = lane_id(tenant.pk)

    def due_here() -> list[int]:
        return [unit.unit_id for unit in stages.due("deliver", n=1_000) if unit.tenant_id == tenant.pk]

    assert due_here() == [lane]
    with tenant_transaction(tenant.pk):
        Lane.objects.filter(pk=lane).update(claimed_until=true_now() + timedelta(minutes=1))
    assert due_here() == []
