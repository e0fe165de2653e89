"""Giving up a cancel at the mall lets the order go on: it is not held for an answer that nobody waits for (promise G17)."""

from __future__ import annotations

from datetime import datetime

import pytest

from automation.engine import work as judge
from hub.audit import Actor
from hub.effects import operations
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import CancelReason, Same
from orders.intake import save_mall_orders
from orders.models import Order, Parcel, TaskMark
from orders.operations.leaving import cancel_at_mall
from tests.conftest import NOW
from tests.factories import MALL, make_shop, mall_order, take_in
from warehouses.requesting import work

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def cancelling(tenant: Tenant) -> Effect:
    """The effect that cancels a judged order at its mall."""
    take_in(tenant, make_shop(tenant), mall_order())
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        ask()
        assert Order.objects.get().held
        effect: Effect = Effect.objects.get(kind="mall.cancel")
        return effect


def ask() -> None:
    cancel_at_mall([Order.objects.get().pk], reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=STAFF, now=NOW)


def waits_for_the_mall() -> bool:
    return TaskMark.objects.filter(task__key="cancel_asked", closed_at__isnull=True).exists()


@pytest.mark.parametrize("act", ["drop", "take_back"])
def test_a_cancel_given_up_leaves_the_order_as_it_was(tenant: Tenant, cancelling: Effect, act: str) -> None:
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().ship_wanted_at is None
        [wish] = cancelling.payload["wishes"]
        wanted_at = datetime.fromisoformat(wish["wanted_at"])
        if act == "drop":
            operations.drop([cancelling.pk], reason="やはり売る", by=STAFF, now=NOW)
        else:
            operations.take_back([cancelling.pk], by=STAFF, now=NOW)
        assert not waits_for_the_mall()
        assert not Order.objects.get().held
        assert Parcel.objects.get().ship_wanted_at == wanted_at, "it is wanted as before"
    judge(tenant.pk)
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "requested"


def test_what_became_of_a_cancel_that_left_is_read_at_once(tenant: Tenant, cancelling: Effect) -> None:
    with tenant_transaction(tenant.pk):
        Order.objects.update(reread_at=None)
        Effect.objects.filter(pk=cancelling.pk).update(state="stopped", reason="maybe_done", sent_at=NOW)
        operations.drop([cancelling.pk], reason="x", by=STAFF, now=NOW)

        assert not waits_for_the_mall()
        assert Order.objects.get().reread_at == NOW


def test_after_a_cancel_that_left_nothing_goes_before_the_mall_was_read(tenant: Tenant, cancelling: Effect) -> None:
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(pk=cancelling.pk).update(state="stopped", reason="maybe_done", sent_at=NOW)
        operations.drop([cancelling.pk], reason="やはり売る", by=STAFF, now=NOW)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "draft", "the mall may have cancelled it"
        shop, number = Order.objects.values_list("shop_id", "number").get()

    save_mall_orders(tenant.pk, shop, [Same(number=number)], by=MALL, now=NOW)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "requested"


@pytest.mark.parametrize("order", ["older first", "newer first", "both at once"])
def test_cancels_that_were_all_given_up_leave_the_order_as_it_was(
    tenant: Tenant, cancelling: Effect, order: str
) -> None:
    with tenant_transaction(tenant.pk):
        ask()
        older, newer = Effect.objects.filter(kind="mall.cancel").order_by("pk").values_list("pk", flat=True)
    acts = {"older first": [[older], [newer]], "newer first": [[newer], [older]], "both at once": [[older, newer]]}
    for ids in acts[order]:
        with tenant_transaction(tenant.pk):
            assert Parcel.objects.get().ship_wanted_at is None
            assert operations.drop(ids, reason="やはり売る", by=STAFF, now=NOW).changed == ids

    with tenant_transaction(tenant.pk):
        assert not waits_for_the_mall()
        assert Parcel.objects.get().ship_wanted_at is not None, "it is wanted as before"


def test_a_newer_cancel_still_holds_the_order(tenant: Tenant, cancelling: Effect) -> None:
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(pk=cancelling.pk).update(state="stopped", reason="maybe_done")
        Order.objects.update(revision=99)
        ask()
        operations.drop([cancelling.pk], reason="x", by=STAFF, now=NOW)

        assert Effect.objects.filter(kind="mall.cancel", state="waiting").count() == 1
        assert waits_for_the_mall()
