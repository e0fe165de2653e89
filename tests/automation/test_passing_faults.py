"""A passing fault of the database (a connection lost, a lock not got, a deadlock) holds no order and blames no rule (promise G24)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from django.db import DatabaseError, connection

from automation import engine
from automation.engine import work
from automation.models import Rule, RuleMark
from automation.operations import create_group, create_rule, publish_rule
from automation.passing import Pass
from automation.rulebook import Rulebook
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Shop, TaskMark
from tests.conftest import NOW, TESTER
from tests.elsewhere import Elsewhere, wait_for_a_waiter
from tests.factories import changed, make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.fixture(autouse=True)
def _whole_connection() -> Iterator[None]:
    yield
    connection.close()


def expect_judged_and_not_held(tenant: Tenant) -> None:
    """It was due all the time: the next turn judges it, and nobody is held or blamed."""
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().judge_at is not None
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        assert (order.held, order.judge_at, order.status.name) == (False, None, "発送待ち")
        assert not TaskMark.objects.filter(task__key="rule_failed").exists()
        assert not Rule.objects.exclude(failures=0).exists()


def test_connection_that_the_server_ends_leaves_the_order_due(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(tenant, shop, mall_order())
    real, calls = Pass.note_judged, []

    def end_once(judging: Pass) -> None:
        real(judging)
        calls.append(judging)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(Pass, "note_judged", end_once)
    with pytest.raises(DatabaseError):
        work(tenant.pk)
    connection.close()
    expect_judged_and_not_held(tenant)


def test_lock_not_got_in_time_leaves_the_order_due(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    locked, judged = threading.Event(), threading.Event()

    def hold_the_parcel() -> None:
        with tenant_transaction(tenant.pk):
            Parcel.objects.select_for_update(no_key=True).get()
            locked.set()
            judged.wait(20)

    with Elsewhere(hold_the_parcel):
        assert locked.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(DatabaseError, match="lock"):
            work(tenant.pk)
        judged.set()
    expect_judged_and_not_held(tenant)


def test_order_that_fails_no_more_stays_due(tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(tenant, shop, mall_order())
    real, calls = engine.run_pass, []

    def fail_once(order_ids: Sequence[int], *, now: object) -> Rulebook:
        calls.append(order_ids)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        return real(order_ids, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "run_pass", fail_once)
    work(tenant.pk)
    expect_judged_and_not_held(tenant)


def test_rule_published_while_a_pass_runs_over_its_orders(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_transaction(tenant.pk):
        dear = {"all": [{"field": "total_yen", "op": "gt", "value": 5000}]}
        group = create_group(name="札", by=TESTER, now=NOW)
        rule = create_rule(group=group, name="高額", condition=dear, actions=memo("高額"), by=TESTER, now=NOW).rule
    order = mall_order(total_yen=1000, subtotal_yen=1000)
    take_in(tenant, shop, order)
    work(tenant.pk)
    take_in(tenant, shop, changed(order, total_yen=9000, subtotal_yen=9000))

    def publish() -> None:
        with tenant_transaction(tenant.pk):
            present = Rule.objects.select_related("group").get(pk=rule.pk)
            publish_rule(present, values={"actions": memo("高額です")}, by=TESTER, now=NOW)

    real, publishing = Pass._open_marks, Elsewhere(publish)

    def begin_publishing(judging: Pass) -> dict[int, dict[int, int]]:
        found = real(judging)
        if not publishing.began:
            publishing.begin()
            wait_for_a_waiter()
        return found

    monkeypatch.setattr(Pass, "_open_marks", begin_publishing)
    work(tenant.pk)
    publishing.end()

    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        judged = Order.objects.get()
        assert (judged.held, judged.memo, judged.judge_at) == (False, "高額", None), (
            "the rule acted once, as it stood then"
        )
        assert RuleMark.objects.filter(rule_id=rule.pk, closed_at__isnull=True).count() == 1
        assert Rule.objects.get(pk=rule.pk).version == 2


def memo(text: str) -> list[dict[str, str]]:
    return [{"do": "add_memo", "text": text}]
