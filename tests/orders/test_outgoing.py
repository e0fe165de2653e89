"""What still leaves for an order that was deleted, cancelled or shipped meanwhile. None of these tests gets as far as the mall."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection

from automation.engine import run_pass
from automation.engine import work as judge
from hub.effects import deliver, operations
from hub.effects.handlers import handler_for
from hub.models import AuditEntry, Effect, Lane, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import CancelReason
from orders.models import Order, Parcel, Shop, TaskMark
from orders.operations.leaving import cancel_at_mall, cancel_here, delete, take_back
from orders.operations.shipments import Package, record_shipment
from orders.operations.undo import undo_entries
from tests.conftest import NOW, TESTER
from tests.factories import changed, make_shop, mall_line, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")
PACKAGE = Package(carrier="yamato", number="123456789012", shipped_on=date(2026, 11, 22))


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def reason_of(tenant: Tenant, kind: str) -> str:
    """Return what the handler says of the one effect of the kind, as the stage asks it just before sending."""
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(kind=kind)
        return handler_for(kind).reasons([effect], NOW)[effect.pk]


def test_shipment_is_reported_though_its_order_was_deleted(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        record_shipment(Parcel.objects.get().pk, packages=[PACKAGE], by=TESTER, now=NOW)
        Order.objects.update(deleted_at=NOW)  # as an undo leaves it

    assert reason_of(tenant, "mall.report") == ""


def deliver_to_mall(tenant: Tenant) -> Effect:
    """Run the delivery of what is due at the shop; return the effect."""
    with tenant_transaction(tenant.pk):
        lane = Lane.objects.get(name__startswith="shop:").pk
    deliver.work(tenant.pk, lane)
    with tenant_transaction(tenant.pk):
        return Effect.objects.get(kind__startswith="mall.")


@pytest.mark.parametrize("way", ["deleted", "cancelled"])
def test_confirm_of_an_order_taken_out_waits_until_it_is_handled_again(tenant: Tenant, shop: Shop, way: str) -> None:
    take_in(tenant, shop, mall_order(state="new", code="100"))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        assert (delete if way == "deleted" else cancel_here)([pk], by=TESTER, now=NOW).changed == [pk]
    held = deliver_to_mall(tenant)
    assert (held.state, held.hold_reason) == ("waiting", f"order_{way}")
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get().hold_reason == f"order_{way}", "nobody handles it again yet"

    with tenant_transaction(tenant.pk):
        if way == "deleted":
            take_back([pk], by=TESTER, now=NOW)
        else:
            entry = AuditEntry.objects.get(order_id=pk, verb="order.let_go").pk
            assert undo_entries([entry], by=TESTER, now=NOW).changed == [pk]
        Order.objects.filter(judge_at=None).update(judge_at=NOW)  # an undo leaves it to the next reading of the mall
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert (Effect.objects.get().state, Effect.objects.get().hold_reason) == ("waiting", "")
    assert reason_of(tenant, "mall.confirm") == "", "it leaves now"


def test_confirm_does_not_wait_for_what_came_while_it_was_looked_at(tenant: Tenant, shop: Shop) -> None:
    """The order is handled again, and its pass over, between the look at it and the lock of it: nobody would let it go later."""
    take_in(tenant, shop, mall_order(state="new", code="100"))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        cancel_here([pk], by=TESTER, now=NOW)
        lane = Lane.objects.get(name__startswith="shop:").pk
    delivery = threading.Thread(target=in_thread(deliver.work), args=(tenant.pk, lane))
    with tenant_transaction(tenant.pk):
        undo_entries([AuditEntry.objects.get(verb="order.let_go").pk], by=TESTER, now=NOW)
        run_pass([pk], now=NOW)
        delivery.start()
        wait_for_a_lock()
    delivery.join()

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.confirm").hold_reason == ""


def in_thread(act: Callable[..., object]) -> Callable[..., None]:
    """Return the act with its connection closed behind it."""

    def run(*args: object) -> None:
        try:
            act(*args)
        finally:
            connection.close()

    return run


def wait_for_a_lock() -> None:
    """Wait until somebody else waits for a lock of this transaction."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)) AND NOT granted)"
            )
            if cursor.fetchone() == (True,):
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("way", ["deleted", "cancelled"])
def test_confirm_leaves_for_an_order_whose_goods_left_in_part_before_it_was_taken_out(
    tenant: Tenant, shop: Shop, way: str
) -> None:
    mall = mall_order(state="new", code="100")
    rest = replace(mall.parcels[0], key="70002", lines=(mall_line("2"),))
    take_in(tenant, shop, changed(mall, parcels=(mall.parcels[0], rest)))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        record_shipment(Parcel.objects.order_by("pk")[0].pk, packages=[PACKAGE], by=TESTER, now=NOW)
        if way == "cancelled":
            assert cancel_here([Order.objects.get().pk], by=TESTER, now=NOW).changed
        else:
            Order.objects.update(deleted_at=NOW)
        assert Effect.objects.get(kind="mall.report").after == [Effect.objects.get(kind="mall.confirm").pk]

    assert reason_of(tenant, "mall.confirm") == "", "its report waits for it"


def test_confirm_that_the_mall_does_not_wait_for_is_dropped(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order(state="new", code="100"))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        delete([Order.objects.get().pk], by=TESTER, now=NOW)
        Order.objects.update(mall_state="ready")

    assert reason_of(tenant, "mall.confirm") == "already_moved"


@pytest.mark.parametrize(
    ("state", "reason"), [("shipped", "shipped_meanwhile"), ("accepted", "requested_meanwhile")]
)  # fmt: skip
def test_cancel_that_goods_have_overtaken_does_not_leave(tenant: Tenant, shop: Shop, state: str, reason: str) -> None:
    take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        cancel_at_mall([pk], reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=TESTER, now=NOW)
        if state == "shipped":
            record_shipment(Parcel.objects.get().pk, packages=[PACKAGE], by=TESTER, now=NOW)
            Effect.objects.filter(kind="mall.report").delete()
        else:
            Parcel.objects.update(state="requested")
            Parcel.objects.update(state=state)
    effect = deliver_to_mall(tenant)

    assert (effect.state, effect.reason) == ("dropped", reason)
    assert marks(tenant) == {"cancel_refused": reason}


def test_cancel_given_up_by_hand_holds_the_order_no_more(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        cancel_at_mall([Order.objects.get().pk], reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=TESTER, now=NOW)
    assert set(marks(tenant)) == {"cancel_asked"}
    with tenant_transaction(tenant.pk):
        operations.drop([Effect.objects.get(kind="mall.cancel").pk], reason="やはり売る", by=TESTER, now=NOW)

    assert marks(tenant) == {}


def marks(tenant: Tenant) -> dict[str, str]:
    """Return the open marks about cancelling, and the reason of each."""
    with tenant_transaction(tenant.pk):
        found = TaskMark.objects.filter(task__key__startswith="cancel_", closed_at__isnull=True)
        return dict(found.values_list("task__key", "detail__reason"))
