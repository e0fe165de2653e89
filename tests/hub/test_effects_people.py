"""What people do to effects, and what they are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.audit import Actor
from hub.clock import true_now
from hub.effects import NotDone, Refused, Unsure, operations, queries
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from tests.hub.counterpart import Counterpart, Tell, change, decide, deliver_all, effect, states

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def stop(tenant: Tenant, other_side: Counterpart, key: str = "a", kind: str = "test.tell") -> int:
    [pk] = decide(tenant.pk, [key], kind=kind, now=NOW)
    other_side.answers[key] = Refused(reason="no")
    deliver_all(tenant.pk)
    assert states(tenant.pk)[key] == "stopped:no"
    del other_side.answers[key]
    return pk


def test_send_again_looks_first_and_does_not_repeat_what_happened(
    tenant: Tenant, other_side: Counterpart, by: Actor
) -> None:
    pk = stop(tenant, other_side)
    other_side.done["a"] = 1
    with tenant_transaction(tenant.pk):
        outcome = operations.send_again([pk], by=by, now=NOW)

    deliver_all(tenant.pk)

    assert outcome == operations.Changed(changed=[pk])
    assert states(tenant.pk) == {"a": "done"}
    assert other_side.done == {"a": 1}
    with tenant_transaction(tenant.pk):
        assert AuditEntry.objects.get(verb="effect.sent_again").params == {
            "effect": pk,
            "kind": "test.tell",
            "key": "a",
        }


@pytest.mark.parametrize("kind", ["test.tell", "test.blindfold"])
def test_send_again_sends_what_is_absent(tenant: Tenant, other_side: Counterpart, by: Actor, kind: str) -> None:
    pk = stop(tenant, other_side, kind=kind)
    with tenant_transaction(tenant.pk):
        operations.send_again([pk], by=by, now=NOW)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done"}
    assert other_side.done == {"a": 1}


def test_send_again_sends_at_once_what_surely_never_left(
    tenant: Tenant, other_side: Counterpart, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ten tries leave it that did not get as far as a call. Some counterparts cannot be asked: it would stop again for ever."""
    monkeypatch.setattr(
        Tell, "look", lambda self, delivery, prepared, effects: {one.pk: Unsure(reason="x") for one in effects}
    )
    [pk] = decide(tenant.pk, "a", now=NOW)
    change(tenant.pk, pk, state="stopped", reason="not_answered", attempts=10, sent_at=None)
    with tenant_transaction(tenant.pk):
        assert operations.send_again([pk], by=by, now=NOW).changed == [pk]
    assert (effect(tenant.pk, pk).state, effect(tenant.pk, pk).sent_at) == ("waiting", None)

    deliver_all(tenant.pk)
    assert (states(tenant.pk), other_side.done) == ({"a": "done"}, {"a": 1})


def test_send_again_looks_when_the_quiet_time_is_over_and_not_before(
    tenant: Tenant, other_side: Counterpart, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the sweep leaves an effect whose worker died the third time, a minute after its bytes left."""
    monkeypatch.setattr(Tell, "quiet_seconds", lambda self: 120.0)
    [pk] = decide(tenant.pk, "a", now=NOW)
    sent = true_now() - timedelta(seconds=61)
    change(tenant.pk, pk, state="stopped", reason="killed_worker", sent_at=sent, claims=3)
    with tenant_transaction(tenant.pk):
        assert operations.send_again([pk], by=by, now=NOW).changed == [pk]

    deliver_all(tenant.pk)
    assert (states(tenant.pk), other_side.done) == ({"a": "unsure"}, {})
    assert effect(tenant.pk, pk).due_at == sent + timedelta(seconds=120)

    other_side.done["a"] = 1
    change(tenant.pk, pk, due_at=true_now(), sent_at=sent - timedelta(seconds=60))
    deliver_all(tenant.pk)
    assert (states(tenant.pk), other_side.done) == ({"a": "done"}, {"a": 1})


def test_mark_done_takes_the_consequences_and_keeps_the_proof(
    tenant: Tenant, other_side: Counterpart, by: Actor
) -> None:
    pk = stop(tenant, other_side)

    with tenant_transaction(tenant.pk):
        operations.mark_done([pk], proof="RMS で確認", by=by, now=NOW)

    done = effect(tenant.pk, pk)
    assert (done.state, done.result) == ("done", {"by_hand": "RMS で確認"})


def test_acts_refuse_what_they_may_not_touch(tenant: Tenant, other_side: Counterpart, by: Actor) -> None:
    [waiting, sending, done, unsure] = decide(tenant.pk, "wsdu", now=NOW, hold_seconds=30.0)
    change(tenant.pk, sending, state="sending")
    change(tenant.pk, done, state="done")
    change(tenant.pk, unsure, state="unsure")
    everything = [waiting, sending, done, unsure, 0]

    with tenant_transaction(tenant.pk):
        again = operations.send_again(everything, by=by, now=NOW)
        released = operations.release(everything, by=by, now=NOW)
        back = operations.take_back(everything, by=by, now=NOW)
        dropped = operations.drop(everything, reason="x", by=by, now=NOW)
        marked = operations.mark_done(everything, proof="", by=by, now=NOW)

    no = {0: "unknown", sending: "in_flight", done: "over"}
    assert again == operations.Changed(unchanged={**no, waiting: "not_stopped", unsure: "not_stopped"})
    assert marked == operations.Changed(changed=[unsure], unchanged={**no, waiting: "over"})
    assert released == operations.Changed(unchanged={**no, waiting: "not_held", unsure: "not_held"})
    assert back == operations.Changed(changed=[waiting], unchanged={**no, unsure: "left_already"})
    assert dropped == operations.Changed(unchanged={**no, waiting: "over", unsure: "maybe_done"})


def test_released_effect_goes(tenant: Tenant, other_side: Counterpart, by: Actor) -> None:
    ids = decide(tenant.pk, "ab", now=NOW, hold_reason="flood")
    with tenant_transaction(tenant.pk):
        assert [row.code for row in queries.held()] == ["flood", "flood"]
        operations.release(ids[:1], by=by, now=NOW)

    deliver_all(tenant.pk)

    assert states(tenant.pk) == {"a": "done", "b": "waiting"}


def test_stopped_list_shows_what_was_asked_and_answered(
    tenant: Tenant, other_tenant: Tenant, other_side: Counterpart
) -> None:
    pk = stop(tenant, other_side)
    stop(other_tenant, other_side)

    with tenant_transaction(tenant.pk):
        [row] = queries.stopped()
        counts = queries.counts_by_state()

    assert (row.id, row.code, row.kind) == (pk, "no", "test.tell")
    assert [(item.act, item.outcome) for item in row.tries] == [("call", "refused")]
    assert counts == {"waiting": 0, "sending": 0, "unsure": 0, "stopped": 1, "held": 0}


def test_order_shows_what_is_open_for_it(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW, order_id=3)
    decide(tenant.pk, ["b"], now=NOW, order_id=4)
    other_side.down = NotDone(reason="expired", blind=True)
    deliver_all(tenant.pk)

    with tenant_transaction(tenant.pk):
        [row] = queries.of_order(3)
        [line] = queries.lines_down()

    assert (row.key, row.state, row.code) == ("a", "waiting", "line_down")
    assert (line.lane, line.function, line.code, line.waiting) == ("shop:1", "tell", "expired", 2)
