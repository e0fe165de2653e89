"""Hourly housekeeping: warnings of keys and unconfirmed orders, and what is dropped (promise G4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from hub.models import AuditEntry, Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders import keeping
from orders.models import Order, PollWindow, Shop, StatusDelta, TaskMark
from orders.queries.counts import status_counts
from tests.conftest import NOW, at
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.mark.feature("K14")
def test_key_is_warned_of_once_at_each_mark(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    with tenant_transaction(tenant.pk):
        owner = User.objects.create_user(f"owner{tenant.pk}@example.com", "x" * 20)
        Member.objects.create(user=owner, role=Role.OWNER)
        Shop.objects.filter(pk=shop.pk).update(key_expires_at=NOW + timedelta(days=22), polling=True, wanted_from=None)
    mail.outbox.clear()
    for day in range(24):
        at(NOW + timedelta(days=day))
        keeping.work(tenant.pk)

    with tenant_transaction(tenant.pk):
        days = [entry.params["days"] for entry in AuditEntry.objects.filter(verb="shop.key_ends").order_by("pk")]
    assert days == [21, 14, 7, 3, 1]
    assert len([message for message in mail.outbox if message.to == [f"owner{tenant.pk}@example.com"]]) == 5


def test_order_unconfirmed_for_ten_days_is_marked_once(tenant: Tenant) -> None:
    shop = make_shop(tenant, confirm_by="other")
    take_in(
        tenant,
        shop,
        mall_order(state="new", payment_state="open", placed_at=NOW - timedelta(days=11)),
        mall_order(state="new", payment_state="open"),
    )
    for hours in (0, 2):
        at(NOW + timedelta(hours=hours))
        keeping.work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.filter(task__key="confirm_late").count() == 1
        assert not Order.objects.filter(held=True).exists()


def test_old_windows_go_and_counts_are_folded_without_changing(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    for _ in range(6):
        take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        for days in (1, 8):
            done = NOW - timedelta(days=days)
            PollWindow.objects.create(
                shop=shop, from_at=done - timedelta(minutes=9), until_at=done, state="done", done_at=done
            )
        before, deltas = status_counts(), StatusDelta.objects.count()

    keeping.work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert status_counts() == before
        assert StatusDelta.objects.count() < deltas
        assert PollWindow.objects.count() == 1
