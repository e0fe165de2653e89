"""The list of late orders: past the limit of the status, past the cut-off, or not counted by the mall at 09:00; and nothing else."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from hub.models import Clock, Tenant
from hub.tenancy import tenant_transaction
from orders.fields.kinds import day_of
from orders.models import MallReport, Order, Parcel, Warehouse
from tests.browsing import text_of
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop
from tests.pages import browser

EVENING = NOW.replace(hour=7)
"""16:00 in Japan: after the cut-off of 15:30, after 09:00."""


@pytest.fixture
def at_evening() -> None:
    Clock.objects.all().delete()
    Clock.objects.create(real_start=timezone.now(), business_start=EVENING, speed=0.0)


def parcel_of(order: Order) -> Parcel:
    parcel: Parcel = Parcel.objects.get(order=order)
    return parcel


def report(order: Order, *, at: datetime, counted: bool) -> None:
    MallReport.objects.create(
        order=order, parcel=parcel_of(order), shipment=1, created_at=at, counted_at=EVENING if counted else None
    )


@pytest.mark.usefixtures("at_evening")
def test_the_late_list_holds_the_three_kinds_of_late_and_nothing_else(tenant: Tenant) -> None:
    yesterday = EVENING - timedelta(days=1)
    with tenant_transaction(tenant.pk):
        shop = make_shop(warehouse=Warehouse.objects.create(name="倉庫", kind="own"))
        too_long = make_order(shop, at=EVENING - timedelta(minutes=241))
        make_order(shop, at=EVENING - timedelta(minutes=239))
        past_cutoff, due_tomorrow = (
            make_order(shop, at=EVENING - timedelta(hours=3), status="ready") for _ in range(2)
        )
        Parcel.objects.filter(order=past_cutoff).update(ship_on=day_of(EVENING))
        Parcel.objects.filter(order=due_tomorrow).update(ship_on=day_of(EVENING) + timedelta(days=1))
        uncounted, counted, of_today = (make_order(shop, at=yesterday, status="shipped") for _ in range(3))
        report(uncounted, at=yesterday, counted=False)
        report(counted, at=yesterday, counted=True)
        report(of_today, at=EVENING - timedelta(hours=2), counted=False)

    page = browser(tenant).get("/orders/?late=1").content.decode()

    shown = set(re.findall(r'aria-label="([A-Z0-9]+-[0-9]{8}-[0-9]+)"', page))
    assert shown == {too_long.number, past_cutoff.number, uncounted.number}
    assert re.search(r'late=1"[^>]*>.*?期限を過ぎた</span>\s*<span class="n[^"]*">3<', page, re.S), (
        "the tree counts the same three"
    )
    home = text_of(browser(tenant).get("/"))
    assert "期限を過ぎた 3件" in home, "and so does home, one click away"
    assert "すべて順調です" not in home
    assert '<a class="button" href="/orders/?late=1">' in browser(tenant).get("/").content.decode()
    Clock.objects.all().delete()
