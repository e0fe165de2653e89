"""Doorbells are only doorbells: a broker that is dead or deaf costs a page next to nothing, and ticks find what was not rung."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from hub import jobs, stages
from hub.conf.registry import STAGES, Stage
from hub.models import AuditEntry, StageLease, System, Tenant
from hub.stages import Bell
from hub.tenancy import tenant_transaction
from tests.hub.counterpart import Counterpart, decide, deliver_all, states
from tests.hub.forks import Child

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WIDE = {**STAGES, "judge": Stage(module="tests.hub.test_jobs", due="due_judge")}

worked: list[tuple[int, int]] = []
during: list[object] = []


def work(tenant_id: int, unit_id: int) -> None:
    """Stands for a stage whose unit is the whole tenant."""
    worked.append((tenant_id, unit_id))
    while during:
        during.pop()()  # type: ignore[operator]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Bell]:
    bells: list[Bell] = []
    monkeypatch.setattr(stages, "_publisher", bells.extend)
    return bells


@pytest.fixture
def deaf_broker() -> Iterator[str]:
    """A broker that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.fixture
def dead_broker() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_kick_rings_once_for_each_unit_after_the_commit(tenant: Tenant, rung: list[Bell]) -> None:
    with tenant_transaction(tenant.pk):
        for _ in range(3):
            stages.kick("judge", tenant.pk)
            stages.kick("deliver", tenant.pk, 7)
        assert rung == []

    assert rung == [("judge", tenant.pk, 0), ("deliver", tenant.pk, 7)]


def test_kick_outside_a_transaction_rings_at_once(tenant: Tenant, rung: list[Bell]) -> None:
    stages.kick("judge", tenant.pk)

    assert rung == [("judge", tenant.pk, 0)]


def test_kick_after_a_rolled_back_savepoint_still_rings(tenant: Tenant, rung: list[Bell]) -> None:
    with tenant_transaction(tenant.pk):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            stages.kick("judge", tenant.pk)
            1 / 0  # noqa: B018
        stages.kick("request", tenant.pk)

    assert rung == [("request", tenant.pk, 0)]


@pytest.mark.parametrize(("broker", "most_seconds"), [("deaf_broker", 1.8), ("dead_broker", 0.8)])
def test_broker_that_is_away_does_not_hold_a_page(
    tenant: Tenant, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, broker: str, most_seconds: float
) -> None:
    monkeypatch.setattr(stages, "_publisher", jobs._Publisher())
    with override_settings(CELERY_BROKER_URL=request.getfixturevalue(broker)):
        began = time.monotonic()
        with tenant_transaction(tenant.pk):
            stages.kick("judge", tenant.pk)
        first = time.monotonic() - began
        stages.kick("judge", tenant.pk)
        second = time.monotonic() - began - first

    assert first < most_seconds
    assert second < 0.05


def test_published_doorbell_carries_ids_only_and_expires_after_a_tick(tenant: Tenant) -> None:
    queue = f"test-{tenant.pk}-{time.monotonic_ns()}"
    jobs._Publisher()([(queue, tenant.pk, 5)])

    with current_app.connection_for_read() as connection:
        message = connection.SimpleQueue(queue).get(timeout=5)
        message.ack()

    args, kwargs, _ = message.payload
    assert (message.headers["task"], args, kwargs) == ("hub.jobs.work", [queue, tenant.pk, 5], {})
    expires = datetime.fromisoformat(message.headers["expires"]) - datetime.now(UTC)
    assert 0 < expires.total_seconds() <= 5


def test_beat_ticks_each_stage_and_its_messages_expire() -> None:
    current_app.finalize()  # as every start of a program does
    schedule = current_app.conf.beat_schedule

    assert {entry["args"][0] for entry in schedule.values()} == set(STAGES)
    assert {name: entry["schedule"] for name, entry in schedule.items()}["tick-keep"] == 30.0
    assert all(entry["options"]["expires"] == entry["schedule"] for entry in schedule.values())
    assert {queue.name for queue in current_app.conf.task_queues} == set(STAGES)


def test_tick_task_rings_what_is_due(tenant: Tenant, rung: list[Bell], other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    rung.clear()

    jobs.tick("deliver")

    mine = [bell for bell in rung if bell[1] == tenant.pk]
    assert len(mine) == 1
    jobs.work(*mine[0])
    assert states(tenant.pk) == {"a": "done"}


@override_settings(STAGES=WIDE)
def test_tenant_wide_unit_is_worked_by_one_and_once_more_when_rung_meanwhile(tenant: Tenant) -> None:
    worked.clear()
    inner: list[int] = []

    def ring_meanwhile() -> None:
        def run() -> None:
            stages.run("judge", tenant.pk, 0)
            inner.append(len(worked))
            connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    during.append(ring_meanwhile)

    stages.run("judge", tenant.pk, 0)

    assert inner == [1]  # the second ring did not work, it asked the first to look again
    assert worked == [(tenant.pk, 0)] * 2
    with tenant_transaction(tenant.pk):
        assert StageLease.objects.get(stage="judge").until is None


@override_settings(STAGES=WIDE, LEASE_SECONDS=0.05)
def test_lease_of_a_dead_worker_runs_out(tenant: Tenant) -> None:
    worked.clear()
    assert stages._take(
        {"tenant": tenant.pk, "stage": "judge", "token": "00000000-0000-4000-8000-000000000000", "lease": 0.05}
    )
    time.sleep(0.06)

    stages.run("judge", tenant.pk, 0)

    assert worked == [(tenant.pk, 0)]


@override_settings(STAGES=WIDE)
def test_failing_unit_frees_its_lease_and_leaves_the_others_their_turn(tenant: Tenant) -> None:
    during.append(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        stages.run("judge", tenant.pk, 0)

    with tenant_transaction(tenant.pk):
        assert StageLease.objects.get(stage="judge").until is None


def test_silent_worker_ticks_by_itself(
    tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    monkeypatch.setattr(jobs, "SILENCE_SECONDS", 0.0)
    ends = time.monotonic() + 20.0
    monkeypatch.setattr(jobs, "_is_stopping", lambda: time.monotonic() > ends or states(tenant.pk) == {"a": "done"})

    jobs._listen()

    assert states(tenant.pk) == {"a": "done"}


def test_asked_to_end_begins_nothing(tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    monkeypatch.setattr(stages, "_stopping", lambda: True)

    assert deliver_all(tenant.pk) == 0
    assert other_side.calls == []


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 0.4), (0.6, 1.2), (5.0, 2.4)])
def test_worker_asked_to_end_waits_for_what_is_under_way_and_no_longer(seconds: float, most: float) -> None:
    """In a process of its own: the handler stays in place. The third is at work for longer than it may be."""

    def ask_to_end() -> tuple[float, bool, bool]:
        jobs._shared = mmap.mmap(-1, 16 + jobs.CHILDREN)  # what it says must not reach the process of the tests
        ended: list[float] = []
        signal.signal(signal.SIGTERM, lambda number, frame: ended.append(time.monotonic()))
        jobs._end_when_idle()
        current_app.conf.worker_soft_shutdown_timeout = 2.0
        if seconds:
            threading.Thread(target=be_at_work, args=(seconds,), daemon=True).start()
            time.sleep(0.1)
        began = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        return ended[0] - began, stages.stopping(), current_app.conf.worker_soft_shutdown_timeout == 0

    code, (waited, stopping, at_once) = Child(ask_to_end).join()

    assert code == 0
    assert min(seconds, 2.0) - 0.2 < waited < most
    assert stopping
    assert at_once


def test_worker_that_hangs_while_it_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery's own ending may wait for a message that its loop, which no longer runs, would have had to hand on."""
    monkeypatch.setattr(jobs, "LAST_SECONDS", 0.5)

    def ask_to_end() -> None:
        jobs._shared = mmap.mmap(-1, 16 + jobs.CHILDREN)
        signal.signal(signal.SIGTERM, lambda number, frame: time.sleep(60))
        jobs._end_when_idle()
        os.kill(os.getpid(), signal.SIGTERM)

    began = time.monotonic()

    assert Child(ask_to_end).join() == (0, None)
    assert 0.4 < time.monotonic() - began < 10


def be_at_work(seconds: float) -> None:
    with jobs._at_work():
        time.sleep(seconds)


def test_tick_command_prints_what_each_stage_did(tenant: Tenant, other_side: Counterpart) -> None:
    decide(tenant.pk, ["a"], now=NOW)
    out = StringIO()

    call_command("tick", "--once", stdout=out)

    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == list(STAGES)
    assert states(tenant.pk) == {"a": "done"}


@pytest.fixture
def _own_switch() -> Iterator[None]:
    """The installation's switch is as never touched afterwards."""
    yield
    System.objects.all().delete()


@pytest.mark.usefixtures("_own_switch")
def test_outgoing_command_switches_one_tenant_or_all(tenant: Tenant) -> None:
    call_command("outgoing", "off", tenant=tenant.pk, reason="棚卸し", stdout=StringIO())

    tenant.refresh_from_db()
    assert (tenant.outgoing, tenant.outgoing_reason) == (False, "棚卸し")
    with tenant_transaction(tenant.pk):
        assert AuditEntry.objects.get(verb="outgoing.off").params == {"reason": "棚卸し"}
    call_command("outgoing", "off", stdout=StringIO())
    assert not System.objects.get().outgoing
    call_command("outgoing", "on", stdout=StringIO())
    assert System.objects.get().outgoing
    with pytest.raises(CommandError, match="no tenant 0"):
        call_command("outgoing", "on", tenant=0)


@pytest.mark.parametrize("stage", list(STAGES))
def test_idle_tick_is_one_statement(tenant: Tenant, rung: list[Bell], stage: str) -> None:
    with CaptureQueriesContext(connection) as statements:
        stages.ring_due(stage)

    assert len(statements) == 1
