"""A bulk act that cannot be done ends all the same, and says of each order why (promise G3)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection

from hub import crash
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import batches
from orders.models import Batch, BatchIssue, Order, Shop, Status, StatusGroup
from orders.operations import labels
from orders.operations.door import Changed
from tests.conftest import NOW, TESTER
from tests.factories import make_shop, mall_order, take_in
from tests.hub.forks import Child

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def orders_in(tenant: Tenant, shop: Shop, n: int) -> list[int]:
    take_in(tenant, shop, *(mall_order() for _ in range(n)))
    with tenant_transaction(tenant.pk):
        return list(Order.objects.order_by("pk").values_list("pk", flat=True))


def start(tenant: Tenant, action: str, ids: Sequence[int], **params: Any) -> int:
    with tenant_transaction(tenant.pk):
        return batches.start(action, ids, params, client_key="k", by=TESTER).pk


def ended(tenant: Tenant, pk: int) -> tuple[str, int, int]:
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get(pk=pk)
        assert (batch.finished_at is not None) == (batch.state == "done")
        assert batch.lease_token is None
        return batch.state, batch.changed, batch.failed


def reasons(tenant: Tenant) -> dict[int, str]:
    with tenant_transaction(tenant.pk):
        return dict(BatchIssue.objects.filter(kind="failed").values_list("order_id", "reason"))


def test_act_that_is_refused_as_a_whole_ends_at_once_and_says_why(tenant: Tenant, shop: Shop) -> None:
    ids = orders_in(tenant, shop, 3)
    with tenant_transaction(tenant.pk):
        status = Status.objects.create(group=StatusGroup.objects.all()[0], name="そのうち", position=99)
    pk = start(tenant, "set-status", ids, status=status.pk)
    with tenant_transaction(tenant.pk):
        Status.objects.filter(pk=status.pk).update(retired_at=NOW)

    batches.work(tenant.pk, pk)

    assert ended(tenant, pk) == ("done", 0, 3)
    assert reasons(tenant) == dict.fromkeys(ids, "retired")


def fail_on(monkeypatch: pytest.MonkeyPatch, bad: Sequence[int]) -> list[list[int]]:
    """Let the memo act break on some orders, as a fault of the program would; return what it is called with."""
    real, calls = labels.set_memo, []

    def set_memo(order_ids: Sequence[int], **arguments: Any) -> Changed:
        calls.append(list(order_ids))
        if set(order_ids) & set(bad):
            raise ZeroDivisionError
        return real(order_ids, **arguments)

    monkeypatch.setattr(labels, "set_memo", set_memo)
    return calls


def test_order_on_which_an_act_breaks_is_left_out_at_the_third_try(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = orders_in(tenant, shop, 4)
    calls = fail_on(monkeypatch, [ids[1]])
    pk = start(tenant, "memo", ids, text="一括", add=False)

    for _ in range(2):
        assert batches.work(tenant.pk, pk)
        assert ended(tenant, pk) == ("running", 0, 0)
        with tenant_transaction(tenant.pk):
            assert Batch.objects.get().due_at > Batch.objects.get().created_at, "not at once again"
    assert batches.work(tenant.pk, pk)

    assert ended(tenant, pk) == ("done", 3, 1)
    assert reasons(tenant) == {ids[1]: "act_failed"}
    assert calls == [ids, ids, *([each] for each in ids)]
    assert batches.work(tenant.pk, pk) is False


def test_act_that_breaks_on_every_order_is_not_tried_on_all(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = orders_in(tenant, shop, batches.MOST_FAILING + 5)
    calls = fail_on(monkeypatch, ids)
    pk = start(tenant, "memo", ids, text="一括", add=False)
    for _ in range(3):
        batches.work(tenant.pk, pk)

    assert ended(tenant, pk) == ("done", 0, len(ids))
    assert reasons(tenant) == dict.fromkeys(ids, "act_failed")
    assert len(calls) == 2 + batches.MOST_FAILING


def test_batch_at_which_workers_die_ends_after_three_deaths(tenant: Tenant, shop: Shop) -> None:
    ids = orders_in(tenant, shop, 2)
    pk = start(tenant, "memo", ids, text="一括", add=False)

    def die() -> None:
        crash._WANTED, crash._NTH, crash._HOW = "batches.after_lease", "1", ""
        batches.work(tenant.pk, pk)

    for _ in range(3):
        assert Child(die).join()[0] != 0
        with tenant_transaction(tenant.pk):
            Batch.objects.update(lease_until=None)
    assert batches.work(tenant.pk, pk)

    assert ended(tenant, pk) == ("done", 0, 2)
    assert reasons(tenant) == dict.fromkeys(ids, "batch_died")


def test_passing_fault_of_the_database_is_no_try(tenant: Tenant, shop: Shop) -> None:
    ids = orders_in(tenant, shop, 2)
    pk = start(tenant, "memo", ids, text="一括", add=False)
    locked, tried = threading.Event(), threading.Event()

    def hold_an_order() -> None:
        with tenant_transaction(tenant.pk):
            Order.objects.select_for_update(no_key=True).get(pk=ids[0])
            locked.set()
            tried.wait(20)
        connection.close()

    holder = threading.Thread(target=hold_an_order)
    holder.start()
    assert locked.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    for _ in range(4):
        batches.work(tenant.pk, pk)
        assert ended(tenant, pk) == ("running", 0, 0)
    tried.set()
    holder.join()
    connection.close()

    batches.work(tenant.pk, pk)
    assert ended(tenant, pk) == ("done", 2, 0)
