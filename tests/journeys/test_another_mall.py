"""A mall unlike Rakuten (tests/sample_mall) through the whole hub: what it has no function for is not done, all else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse

from hub.conf.registry import Plug
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from hub.throttle import Pacer
from orders.channels import CancelReason, channel_for
from orders.models import MallReport, Order, Parcel, RejectedPayload, Shop
from orders.models.shops import ConfirmBy
from orders.operations import shops as shop_operations
from orders.operations.leaving import cancel_at_mall
from orders.operations.shipments import Package, record_shipment
from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.server import Server
from tests.browsing import Browser, text_of
from tests.journeys.conftest import START, World
from tests.journeys.world_steps import BY, map_all, run
from tests.sample_mall.simulator.mall import SampleMall

TOKEN = "right-token"
_numbers = count(1)  # no two tenants hold one account
SAMPLE = Plug(
    label="見本モール", adapter="tests.sample_mall.channel.adapter.SampleMall", base_url="https://sample.invalid"
)


@pytest.fixture
def mall(world: World) -> Iterator[SampleMall]:
    """The sample mall on loopback, on the world's clock, as if its line stood in the registry."""
    clock = Clock()
    mall = SampleMall(clock=clock, ledger=Ledger(None, clock), seller=f"mihon-{next(_numbers)}", token=TOKEN)
    server = Server(mall.app, "127.0.0.1", 0)
    world.clocks.append(clock)
    world.at(START)
    with override_settings(
        CHANNELS={**settings.CHANNELS, "sample": SAMPLE},
        CHANNEL_BASE_URLS={**settings.CHANNEL_BASE_URLS, "sample": server.url},
    ):
        yield mall
    server.close()


def connect(tenant: Tenant, mall: SampleMall) -> None:
    """Connect a live shop at the sample mall; by its settings the hub confirms its orders."""
    keys = {"seller_id": mall.seller, "token": mall.token}
    with tenant_transaction(tenant.pk):
        shop = shop_operations.create_shop(
            channel="sample", name="見本の店", credentials=keys, by=BY, now=START, confirm_by=ConfirmBy.HUB
        )
    with closing(channel_for(shop, pace=Pacer(tenant.pk, f"shop:{shop.pk}"))) as channel:
        test = channel.test()
    with tenant_transaction(tenant.pk):
        shop_operations.save_test(shop, test, by=BY, now=START)
        shop.refresh_from_db()
        shop_operations.go_live(shop, since=START, by=BY, now=START)
        shop_operations.start_intake(shop, by=BY, now=START)


def effects(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_transaction(tenant.pk):
        return list(Effect.objects.order_by("pk").values_list("kind", "state"))


def taken_in(world: World, tenant: Tenant, mall: SampleMall, n: int = 1) -> list[str]:
    """Have orders placed, seen by the mall's people, and read."""
    connect(tenant, mall)
    placed = [mall.place() for _ in range(n)]
    world.pass_time(minutes=45)
    for order in placed:
        order.see()
    run(rounds=2)
    map_all(tenant)
    run(rounds=2)
    return [order.number for order in placed]


def test_orders_come_in_and_nothing_is_confirmed(world: World, tenant: Tenant, mall: SampleMall) -> None:
    connect(tenant, mall)
    numbers = [mall.place().number for _ in range(5)]
    bad = mall.place(bad=True).number
    world.pass_time(minutes=45)

    run(rounds=3)

    with tenant_transaction(tenant.pk):
        assert Shop.objects.get().account == mall.seller
        found = list(
            Order.objects.order_by("number").values_list(
                "number", "mall_state", "mall_block", "sums_differ_yen", "confirm_state"
            )
        )
    assert found == [(number, "new", "review", 0, "") for number in numbers]
    assert bad not in numbers
    assert effects(tenant) == []


def test_shipment_is_reported_into_the_malls_places(world: World, tenant: Tenant, mall: SampleMall) -> None:
    [number] = taken_in(world, tenant, mall)
    with tenant_transaction(tenant.pk):
        now = world.clocks[0].now()
        packages = [
            Package(carrier="yamato", number=text, shipped_on=now.date()) for text in ("400000000006", "400000000017")
        ]
        record_shipment(Parcel.objects.get().pk, packages=packages, by=BY, now=now)

    run(rounds=2)

    assert ("mall.report", "done") in effects(tenant)
    ship = mall.orders[number].ship
    assert {ship["InvoiceNumber1"], ship["InvoiceNumber2"]} == {"400000000006", "400000000017"}
    assert ship["ShipCompanyCode"] == "1001"
    assert len(mall.ledger.lines("ship")) == 1
    world.pass_time(minutes=60)
    run(rounds=2)
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().mall_state == "shipped"
        assert MallReport.objects.get().seen_at is not None


def test_cancellation_is_asked_and_seen(world: World, tenant: Tenant, mall: SampleMall) -> None:
    [number] = taken_in(world, tenant, mall)
    with tenant_transaction(tenant.pk):
        now = world.clocks[0].now()
        outcome = cancel_at_mall(
            [Order.objects.get().pk], reason=CancelReason.OUT_OF_STOCK, restock=True, by=BY, now=now
        )

    run(rounds=2)
    world.pass_time(minutes=30)
    run(rounds=2)

    assert outcome.issues == []
    assert [(line["number"], line["reason"], line["restock"]) for line in mall.ledger.lines("cancel")] == [
        (number, "210", "true")
    ]
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().phase == "cancelled"


def test_shop_is_connected_on_the_page_with_the_malls_own_form(world: World, tenant: Tenant, mall: SampleMall) -> None:
    owner = Browser(tenant, "owner")
    page = owner.get(reverse("orders:shop_new"), channel="sample")
    form = {
        "channel": "sample", "name": "見本の店", "colour": "red", "wait_minutes": "30", "every_seconds": "60", "back_days": "7",
        "next_day_name": "きょうつく", "seller_id": mall.seller, "token": mall.token,
    }  # fmt: skip

    answer = owner.post(reverse("orders:shop_new"), form, do="save", start="on")

    assert "ストアアカウント" in text_of(page)
    assert "confirm_by" not in page.content.decode()
    assert answer.status_code == 302
    told = text_of(owner.get(answer.url))
    assert "見本モール" in told
    assert "orderList 注文を探す" in told
    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get()
        assert (shop.channel, shop.account, shop.confirm_by, shop.polling) == ("sample", mall.seller, "other", True)
        assert shop.key_hint == mall.token[-4:]


def test_pages_show_an_order_of_the_mall_and_one_it_cannot_read(world: World, tenant: Tenant, mall: SampleMall) -> None:
    owner = Browser(tenant, "owner")
    [number] = taken_in(world, tenant, mall)
    mall.place(bad=True)
    world.pass_time(minutes=45)
    run(rounds=2)
    with tenant_transaction(tenant.pk):
        order, rejected = Order.objects.get(), RejectedPayload.objects.get()

    told = text_of(owner.get(reverse("orders:detail", args=[order.pk])))
    bad = text_of(owner.get(reverse("orders:rejected", args=[rejected.pk])))

    assert number in told
    assert "りんごジュース" in told
    assert "Item[0]/Quantity" in bad
    assert "CardLast4" not in bad
