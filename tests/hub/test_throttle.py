"""The mall's limit holds across processes, and classes go in their order of precedence (promise G15, J11)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
from django.test import override_settings

from hub.clock import true_now
from hub.models import Tenant, Throttle
from hub.tenancy import tenant_transaction
from hub.throttle import DatabaseClock, Later, Pacer, late_seconds
from tests.hub.forks import Child

ACCOUNT = "shop:1"


def caller(
    tenant_id: int, klass: str, until: float, *, seed: int, late_rate: float = 0.0
) -> Callable[[], list[tuple[float, str]]]:
    """Return a process that takes slots until a moment and says when each call left. Some are delayed between slot and call."""

    def run() -> list[tuple[float, str]]:
        chance = random.Random(seed)
        pacer = Pacer(tenant_id, ACCOUNT)
        left: list[tuple[float, str]] = []
        while time.monotonic() < until:
            if chance.random() < late_rate:
                pacer.before_leaving(partial(late_once, [0.4]))
            pacer.wait(klass)
            left.append((time.monotonic(), klass))
        return left

    return run


def late_once(delays: list[float]) -> None:
    """Sleep the first time, so that the slot is missed."""
    if delays:
        time.sleep(delays.pop())


def departures(
    tenant: Tenant, classes: list[str], *, seconds: float, late_rate: float = 0.0
) -> list[tuple[float, str]]:
    until = time.monotonic() + seconds
    children = [Child(caller(tenant.pk, klass, until, seed=n, late_rate=late_rate)) for n, klass in enumerate(classes)]
    ended = [child.join() for child in children]
    assert [code for code, _ in ended] == [0] * len(classes)
    return sorted(left for _, result in ended for left in result)


@override_settings(MALL_GAP_SECONDS=0.4)
def test_gap_holds_across_processes_some_of_which_are_late(tenant: Tenant) -> None:
    left = departures(tenant, ["report", "intake", "intake", "reread"], seconds=8.0, late_rate=0.2)

    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(left)]
    assert len(gaps) >= 8
    assert min(gaps) >= 0.95 * 0.4


@override_settings(MALL_GAP_SECONDS=0.4)
def test_reports_go_first_and_intake_keeps_its_third(tenant: Tenant) -> None:
    left = departures(tenant, ["report", "report", "intake", "reread", "reconcile"], seconds=8.0)

    shared = Counter(klass for moment, klass in left if moment - left[0][0] < 7.5)
    total = sum(shared.values())
    assert total >= 14
    assert shared["intake"] / total >= 0.25
    assert shared["report"] > shared["intake"]
    assert shared["reread"] + shared["reconcile"] <= 1


@override_settings(MALL_GAP_SECONDS=0.2)
def test_one_caller_uses_most_slots(tenant: Tenant) -> None:
    left = departures(tenant, ["reconcile"], seconds=4.0)

    assert len(left) >= 14


def test_pause_of_a_minute_gives_the_work_back_at_once(tenant: Tenant) -> None:
    pacer = Pacer(tenant.pk, ACCOUNT)
    pacer.wait("report")
    pacer.pause(60.0)
    began = time.monotonic()

    with pytest.raises(Later) as caught:
        pacer.wait("report")

    assert 55 < caught.value.seconds < 60
    assert time.monotonic() - began < 2


@override_settings(MALL_GAP_SECONDS=0.2)
def test_confirm_and_cancel_count_as_reports(tenant: Tenant) -> None:
    before = true_now()
    Pacer(tenant.pk, ACCOUNT).wait("confirm")

    with tenant_transaction(tenant.pk):
        row = Throttle.objects.get(account=ACCOUNT)
    assert row.report_at >= before
    assert row.next_slot > row.report_at


def test_unknown_class_is_refused(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match="no class of calls"):
        Pacer(tenant.pk, ACCOUNT).wait("quickly")


@override_settings(MALL_GAP_SECONDS=0.3)
def test_act_runs_after_the_slot_is_got_and_shortly_before_it(tenant: Tenant) -> None:
    pacer = Pacer(tenant.pk, ACCOUNT)
    pacer.wait("report")
    acted: list[float] = []
    pacer.before_leaving(lambda: acted.append(time.monotonic()))
    waited = [pacer.waits_to_leave]

    pacer.wait("report")

    assert [*waited, pacer.waits_to_leave] == [True, False]
    assert 0 < time.monotonic() - acted[-1] < 0.25


@pytest.mark.parametrize(("gap", "late"), [(1.05, 0.05), (0.5, 0.024), (0.01, 0.01)])
def test_lateness_is_fifty_milliseconds_at_the_real_gap(gap: float, late: float) -> None:
    with override_settings(MALL_GAP_SECONDS=gap):
        assert late_seconds() == pytest.approx(late, abs=0.0005)


def test_bounds_of_the_database_clock_narrow_and_are_learnt_anew_when_it_is_set() -> None:
    clock = DatabaseClock()
    clock.learn(asked=100.0, told=1_000.30, heard=100.5)
    assert clock.local(1_001.0) == pytest.approx((100.7, 101.2))

    clock.learn(asked=101.0, told=1_001.05, heard=101.1)
    assert clock.local(1_001.0) == pytest.approx((100.95, 101.05))

    clock.learn(asked=102.0, told=5_000.0, heard=102.1)
    assert clock.local(5_000.0) == pytest.approx((102.0, 102.1))
