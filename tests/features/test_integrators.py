"""What a program that follows the hub relies on: a feed in which nothing is missing, however late it was committed, and without names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel
from orders.operations import labels, leaving
from tests.api.conftest import Caller, caller_of, second_connection
from tests.conftest import NOW, TESTER
from tests.orders.making import make_order, make_shop

__all__ = ["second_connection"]
SECOND = Callable[[Tenant], AbstractContextManager[Callable[[int], None]]]


def pages(call: Caller, after: str, wanted: set[str]) -> Iterator[dict[str, Any]]:
    """Follow the feed in pages of two until everything wanted was on one, or ten seconds are over."""
    missing, end = set(wanted), time.monotonic() + 10
    while missing and time.monotonic() < end:
        page = call.get(f"orders?after={after}&limit=2").json()
        yield from page["items"]
        missing -= {one["id"] for one in page["items"]}
        after = page["next"]
        if not page["more"]:
            time.sleep(0.2)


@pytest.mark.feature("N11")
def test_the_feed_misses_nothing_committed_late_and_holds_deleted_and_erased_orders_without_names(
    tenant: Tenant, second_connection: SECOND
) -> None:
    call = caller_of(tenant, "orders:read")
    with tenant_transaction(tenant.pk):
        shop = make_shop()
        late, early, gone = (make_order(shop, buyer_name="秘密 花子", memo="秘密") for _ in range(3))
        erased = Order.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1_000_000
    start = call.get("orders?after=").json()["next"]
    ids = {
        name: encode(pk) for name, pk in (("late", late.pk), ("early", early.pk), ("gone", gone.pk), ("erased", erased))
    }

    with second_connection(tenant) as note:
        note(late.pk)
        note(erased)
        with tenant_transaction(tenant.pk):
            labels.set_memo([early.pk], text="先に確定", add=True, by=TESTER, now=NOW)
            leaving.delete([gone.pk], by=TESTER, now=NOW)
        during = call.get(f"orders?after={start}").json()
    seen = [*during["items"], *pages(call, during["next"], set(ids.values()) - {one["id"] for one in during["items"]})]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(s) < pg_snapshot_xmax(s) FROM pg_current_snapshot() AS s")
        if cursor.fetchone()[0] and not set(ids.values()) <= {one["id"] for one in seen}:
            pytest.skip("another session of this cluster keeps a transaction open")

    found = {one["id"]: one for one in seen}
    assert set(found) >= set(ids.values())
    assert found[ids["erased"]] == {"id": ids["erased"], "erased": True}
    assert found[ids["gone"]]["deleted_at"] is not None
    assert found[ids["late"]]["deleted_at"] is None
    assert "秘密" not in str(seen)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.filter(order=late).exists()
