"""Where orders wait and how fast they leave: each step with count and time, the worst by name; from order to request by shop."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub.audit import SYSTEM
from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Status
from orders.operations.door import note
from tests.orders.making import make_order, make_shop
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.mark.feature("F174")
def test_each_step_says_how_many_wait_and_how_long_and_the_worst_is_named(tenant: Tenant) -> None:
    now = business_now()
    stands = {"check": (10, 20), "payment": (1, 2, 3), "ready": (2,), "waiting": (500, 500, 500), "done": (900,)}
    with tenant_transaction(tenant.pk):
        shop = make_shop()
        for status, hours in stands.items():
            for one in hours:
                make_order(shop, status=status, status_at=now - timedelta(hours=one))
        ids = {s.name: encode(s.pk) for s in Status.objects.filter(default_for__in=stands)}
        Status.objects.filter(default_for="ready").update(name="出荷を待つ")

    page = browser(tenant).get("/").content.decode()
    card = page[page.index('id="waits"') : page.index("人の手なしで出荷")]
    rows = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in re.findall(r"<li>.*?</li>", card, re.S)
    ]

    assert rows == [
        "待機 平均 20日 · 最長 20日 3",
        "確認待 一番の滞り 平均 15時間 · 最長 20時間 2",
        "入金待ち 平均 2時間 · 最長 3時間 3",
        "出荷を待つ 平均 2時間 · 最長 2時間 1",
    ]
    assert f'href="/orders/?status={ids["確認待"]}"' in card


@pytest.mark.feature("F106")
def test_from_order_to_request_is_measured_by_shop_as_median_and_ninetieth_percentile(tenant: Tenant) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        fast, slow, idle = (make_shop(name) for name in ("速い店", "遅い店", "休みの店"))
        for shop, unit in ((fast, timedelta(minutes=1)), (slow, timedelta(hours=1))):
            for n in range(1, 12):  # 1 to 11: half within 6, nine of ten within 10
                order = make_order(shop, at=now - timedelta(days=2))
                for later in (0, 100):  # asked for twice: the first time counts
                    asked_at = order.placed_at + n * unit + timedelta(hours=later)
                    note([order.pk], verb="parcel.requested", by=SYSTEM, now=asked_at)
            make_order(shop, at=now - timedelta(days=2))  # never asked for
    client = browser(tenant)

    pages = [client.get(f"/settings/shops/{encode(shop.pk)}/").content.decode() for shop in (fast, slow, idle)]

    assert "中央値 6分 · 9割は 10分以内（直近11件）" in pages[0]
    assert "中央値 6時間 · 9割は 10時間以内（直近11件）" in pages[1]
    assert "注文から出荷依頼まで" not in pages[2]
