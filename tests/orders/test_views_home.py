"""Home and shipping: figures that open their list, each warehouse's day, and what these pages cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.audit import SYSTEM, Actor
from hub.clock import JAPAN, business_now
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import MallReport, Parcel, Shop, Status, Task, Warehouse
from orders.operations import holds
from orders.operations.door import note
from tests.browsing import Browser, text_of
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop, order_in
from tests.orders.order_page import BY, read
from tests.pages import browser


@pytest.mark.feature("F033")
def test_home_has_five_figures_that_open_their_list(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    held, shipped = (
        order_in(tenant, shop),
        order_in(tenant, shop, status="shipped", unreported=True, total_yen=7000, shipped_at=now),
    )
    order_in(tenant, shop, ready_at=now + timedelta(minutes=20), status="waiting")
    with tenant_transaction(tenant.pk):
        holds.hold([held.pk], reason="返事待ち", by=BY, now=now - timedelta(hours=30))
        MallReport.objects.create(order=shipped, parcel=Parcel.objects.get(order=shipped), shipment=1, created_at=now)
        Effect.objects.create(kind="mail.send", lane="mail:1", key="m", state="stopped", decided_at=now)
    client = browser(tenant)

    page = read(client, "/")

    for url in (
        "/attention/",
        "/orders/?to_ship=all",
        "/attention/errors/",
        "/orders/?unreported=1",
    ):
        assert f'<a href="{url}"' in page, url
        assert client.get(url).status_code == 200
    new = re.search(r'<a href="([^"]+)">(\d+)', page)
    assert new is not None
    assert (new[2], _numbers(client, new[1])) == ("1", {held.number}), "what still waits is told beside it"
    assert "ほか待機 1件" in page
    assert "入金待ちの売上 7,000円" in page
    assert "止まった送信" in page
    assert f'href="/orders/{encode(held.pk)}/"' in page, "the oldest held order is one click away"
    assert "すべて順調です" not in page


def test_what_needed_a_hand_is_told_of_touched_orders_only(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        called, unpaid = (Task.objects.get(key=key) for key in ("hold", "mall_payment"))
    touched, untouched = (
        order_in(tenant, shop, status="shipped", shipped_at=now, tasks=[task]) for task in (called, unpaid)
    )
    with tenant_transaction(tenant.pk):
        note([touched.pk], verb="order.memo", by=BY, now=now)
        note([untouched.pk], verb="order.confirmed", by=SYSTEM, now=now)

    page = read(browser(tenant), "/")
    card = page[page.index("人の手なしで出荷") :]

    assert "50.0" in card
    assert called.name in card
    assert unpaid.name not in card


def test_home_tells_of_the_shop_that_is_looked_at_as_its_lists_do(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        other = make_shop("別の店")
        task = Task.objects.get(key="unmapped")
    for where, n in ((shop, 1), (other, 3)):
        for _ in range(n):
            order_in(tenant, where, status="intake")
            order_in(tenant, where, status="check", tasks=[task], held=True)
            order_in(tenant, where, status="shipped", unreported=True, shipped_at=now, total_yen=1000)
    client = browser(tenant)

    def figures() -> dict[str, str]:
        page = read(client, "/")
        return {what: re.search(rf">{what}</h2>.*?<a[^>]*>(\d+)", page, re.S)[1] for what in ("新着", "要対応", "出荷待ち")} | {  # type: ignore[index]
            "waits": ",".join(re.findall(r'class="num strong">(\d+)', page)), "tries": re.search(r"(\d+)件中", page)[1],  # type: ignore[index]
        }  # fmt: skip

    assert figures() == {"新着": "8", "要対応": "4", "出荷待ち": "0", "waits": "4,4", "tries": "4"}
    client.post("/shop/", {"shop": encode(shop.pk)})

    assert figures() == {"新着": "2", "要対応": "1", "出荷待ち": "0", "waits": "1,1", "tries": "1"}
    assert "すべて順調です" not in read(client, "/")


@pytest.mark.usefixtures("at_now")
def test_home_draws_the_orders_of_each_hour_beside_those_of_a_week_ago(tenant: Tenant, shop: Shop) -> None:
    at = NOW.astimezone(JAPAN)
    last_week = at - timedelta(days=7)
    for moment, n in ((at.replace(hour=0, minute=59), 1), (at, 3), (last_week, 2), (at - timedelta(days=1), 5)):
        for _ in range(n):
            order_in(tenant, shop, placed_at=moment)

    page = read(browser(tenant), "/")

    drawn = re.findall(r"<title>(\d+)時 (\d+)件\(先週 (\d+)件\)</title>", page)
    assert [int(hour) for hour, _, _ in drawn] == list(range(24))
    assert {int(hour): (int(n), int(then)) for hour, n, then in drawn if (n, then) != ("0", "0")} == {
        0: (1, 0),
        at.hour: (3, 2),
    }
    heights = dict(zip(range(24), re.findall(r'<rect class="bar[^"]*"[^>]* height="([\d.]+)"', page), strict=True))
    assert float(heights[at.hour]) == pytest.approx(3 * float(heights[0]), abs=0.2)


def test_each_shop_says_when_it_was_read_last_and_when_it_is_next(tenant: Tenant, shop: Shop) -> None:
    last = business_now() - timedelta(minutes=3)
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(
            polling=True, last_poll_at=last, next_poll_at=last + timedelta(minutes=4)
        )
    reader = Browser(tenant, "owner")
    said = [f"{moment.astimezone(JAPAN):%H:%M}" for moment in (last, last + timedelta(minutes=4))]

    home, listed, page = (
        text_of(reader.get(path)) for path in ("/", "/settings/shops/", f"/settings/shops/{encode(shop.pk)}/")
    )

    assert f"最終 {said[0]} 次回 {said[1]}" in home
    assert f"{said[0]} → {said[1]}" in listed
    assert re.search(rf"最終 [^ ]* ?{said[0]} 次回 [^ ]* ?{said[1]} ", page)


def test_home_says_when_all_is_well(tenant: Tenant, shop: Shop) -> None:
    assert "すべて順調です" in read(browser(tenant), "/")


def test_home_teaches_a_tenant_that_has_only_begun(tenant: Tenant) -> None:
    page = read(browser(tenant), "/")

    assert "はじめの4つ" in page
    assert "まだショップがつながっていません" in page


def test_home_counts_orders_shipped_without_a_hand(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    touched = order_in(tenant, shop, status="shipped", shipped_at=now)
    for _ in range(3):
        order_in(tenant, shop, status="shipped", shipped_at=now)
    with tenant_transaction(tenant.pk):
        holds.hold([touched.pk], reason="返事待ち", by=Actor(kind="member", id=1, name="私"), now=now)

    page = read(browser(tenant), "/")

    assert re.search(r"75\.0<small>%</small>", page)


def test_shipping_counts_each_warehouses_day_and_what_misses_it(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.create(name="南の倉庫", kind="own")
        free, held = make_order(shop), make_order(shop)
        Parcel.objects.all().update(warehouse=house, ship_wanted_at=now)
        holds.hold([held.pk], reason="返事待ち", by=BY, now=now)
    client = browser(tenant)

    page = read(client, "/shipping/")

    wanted = re.findall(r'href="(/orders/\?(?:condition|to_ship)=[^"]+)">(\d+)</a>', page)
    figures = {int(n) for _, n in wanted}
    assert figures == {0, 1, 2}
    two = next(url for url, n in wanted if n == "2")
    found = read(client, two)
    assert free.number in found
    assert held.number in found


@pytest.mark.feature("F033")
def test_waiting_to_ship_counts_our_own_orders_as_the_list_it_opens_shows_them(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        north, south = (Warehouse.objects.create(name=name, kind="own") for name in ("北の倉庫", "南の倉庫"))
        away = Warehouse.objects.create(name="よそ", kind="other")
        Status.objects.filter(default_for="payment").update(not_ours=True)
        split, plain, unplaced, held = make_order(shop, recipients=({}, {})), *(make_order(shop) for _ in range(3))
        before, theirs, cancelled, elsewhere = (
            make_order(shop, ours=False), make_order(shop, status="payment"), make_order(shop, status="cancelled"), make_order(shop),
        )  # fmt: skip
        Parcel.objects.all().update(ship_wanted_at=now)
        for order, house in (
            (split, north),
            (plain, south),
            (held, south),
            (before, south),
            (theirs, north),
            (cancelled, south),
        ):
            Parcel.objects.filter(order=order).update(warehouse=house)
        Parcel.objects.filter(order=elsewhere).update(warehouse=away)
        Parcel.objects.filter(order=split, position=2).update(warehouse=south)
        holds.hold([held.pk], reason="返事待ち", by=BY, now=now)
    client = browser(tenant)

    home, shipping = read(client, "/"), read(client, "/shipping/")

    assert _listed(client, home, "/orders/?to_ship=all") == (
        4,
        {split.number, plain.number, unplaced.number, held.number},
    )
    assert "ほか、他システムの分 3件" in home
    assert "倉庫が決まらない受注が 1件あります" in shipping
    assert re.search(rf'href="/orders/\?to_ship={encode(south.pk)}">3</a>', shipping)
    for house, few, held_ones in ((north, {split}, set()), (south, {split, plain, held}, {held})):
        asked = f"/orders/?to_ship={encode(house.pk)}"
        assert _listed(client, shipping, asked) == (len(few), {order.number for order in few})
        assert _listed(client, shipping, f"{asked}&held=1") == (
            len(held_ones),
            {order.number for order in held_ones},
        )
    assert _numbers(client, "/orders/?to_ship=none") == {unplaced.number}


@pytest.mark.feature("F033")
def test_shipping_tells_of_the_shop_that_is_looked_at_and_each_figure_opens_its_list(
    tenant: Tenant, shop: Shop
) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        other, task = make_shop("別の店"), Task.objects.get(key="unmapped")
        house, far = (Warehouse.objects.create(name=name, kind="own") for name in ("南の倉庫", "北の倉庫"))
        for where, n in ((shop, 1), (other, 2)):
            for _ in range(n):
                wanted, asked, unplaced = make_order(where), make_order(where, recipients=({}, {})), make_order(where)
                shipped = make_order(where, status="shipped", unreported=True, total_yen=7000)
                held, elsewhere = (make_order(where, held=True, tasks=[task]) for _ in range(2))
                Parcel.objects.filter(order__in=[wanted, unplaced, held, elsewhere]).update(ship_wanted_at=now)
                Parcel.objects.filter(order__in=[wanted, held]).update(warehouse=house)
                Parcel.objects.filter(order=elsewhere).update(warehouse=far)
                Parcel.objects.filter(order=asked).update(warehouse=house, state="requested")
                report = {"order": shipped, "parcel": Parcel.objects.get(order=shipped), "shipment": 1}
                MallReport.objects.create(**report, created_at=now)
    client = browser(tenant)

    for of_all, words in ((3, "21,000円"), (1, "7,000円")):
        page = read(client, "/shipping/")
        card = page.partition(f'id="warehouse-{encode(house.pk)}"')[2].partition("今日出荷済")[0]
        figures = re.findall(r'href="(/orders/[^"]+)">(\d+)</a>', card)
        assert [int(n) for _url, n in figures] == [2 * of_all, of_all, 0]
        for url, n in figures:
            assert len(_numbers(client, url)) == int(n), url
        causes = re.findall(r'href="(/orders/[^"]+&task=[^"]+)"[^>]*>[^<]*</a><span>(\d+)', page)
        assert [int(n) for _url, n in causes] == [of_all, of_all], (
            "what holds an order of another warehouse is told there"
        )
        assert all(len(_numbers(client, url)) == int(n) for url, n in causes)
        assert f"倉庫が決まらない受注が {of_all}件あります" in page
        assert len(_numbers(client, "/orders/?to_ship=none")) == of_all
        assert f"{of_all}件 · {words}" in page
        assert len(_numbers(client, "/orders/?unreported=1")) == of_all
        waits = re.search(r'要対応</span><span class="count" data-tone="wait">(\d+)<', page)
        assert waits is not None
        assert int(waits[1]) == 2 * of_all, "the figure in the frame is that of the page it opens"
        client.post("/shop/", {"shop": encode(shop.pk)})


def test_a_warehouse_at_home_leads_to_its_day(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        Warehouse.objects.create(name="南の倉庫", kind="own")
    client = browser(tenant)

    to = re.search(r'href="/shipping/#([^"]+)"', read(client, "/"))

    assert to is not None
    assert f'id="{to[1]}"' in read(client, "/shipping/")


def _listed(client: Client, page: str, url: str) -> tuple[int, set[str]]:
    """Return the figure that stands on a page for an address, and the numbers of the orders that the address shows."""
    figure = re.search(rf'href="{re.escape(url)}">(\d+)<', page)
    assert figure is not None, url
    return int(figure[1]), _numbers(client, url)


def _numbers(client: Client, url: str) -> set[str]:
    return set(re.findall(r"338866-\d{8}-\d{10}", read(client, url)))


def test_pages_around_orders_cost_few_statements(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)
    for _ in range(5):
        order_in(tenant, shop)
    costs = {}
    for url in ("/", "/attention/", "/attention/errors/", "/shipping/", "/account/"):
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        costs[url] = len(queries)

    assert costs["/account/"] <= 35, costs
    assert max(costs.values()) <= 75, costs
