"""Shipping as a shop sees it: the cut-off, a paused warehouse, one order from two houses, withdrawals by stage, numbers that reach the mall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from automation.engine import work as judge
from hub import troubles
from hub.ids import encode
from hub.models import Clock, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.carriers import CARRIERS
from orders.models import (
    Listing,
    Order,
    OrderLine,
    OrderTag,
    Parcel,
    Product,
    Shop,
    Task,
    TaskMark,
    TrackingNumber,
    Warehouse,
)
from orders.operations.parcels import split_parcel
from orders.operations.shipments import NotRecordable, Package
from tests.api.conftest import caller_of
from tests.browsing import text_of
from tests.conftest import NOW, TESTER, at
from tests.factories import make_shop, mall_line, mall_order, take_in, the_order
from tests.features.steps import let_pass
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run
from tests.pages import browser
from warehouses.adapters import ShippedPackage, ShipResult
from warehouses.models import WarehouseRequest
from warehouses.operations import answer_withdrawal, ask_withdrawal
from warehouses.requesting import work as request
from warehouses.results import apply_result, enter_result


@pytest.fixture
def clock() -> Iterator[None]:
    at(NOW)
    yield
    Clock.objects.all().delete()


def wanted(tenant: Tenant, shop: Shop, **order: Any) -> str:
    """Take an order in and judge it: its shipment is wished for. Return its number."""
    placed = mall_order(**order)
    take_in(tenant, shop, placed)
    judge(tenant.pk)
    return placed.number


@pytest.mark.feature("F101")
@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("cutoffs", "cutoff"),
    [({}, "15:30"), ({"tue": "12:00"}, "12:00"), ({"mon": "12:00", "wed": "12:00"}, "15:30")],
    ids=["every day", "a Tuesday's own", "other days' own"],
)
def test_one_second_at_the_cut_off_is_a_day_and_the_page_counts_down_what_is_not_requested(
    tenant: Tenant, cutoffs: dict[str, str], cutoff: str
) -> None:
    """The day is a Tuesday."""
    shop, days = make_shop(tenant, warehouse="rsl"), []
    at(NOW)
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.get(kind="rsl")
    assert caller_of(tenant).patch(f"warehouses/{encode(house.pk)}", {"cutoffs": cutoffs}).status_code == 200
    for second in (-1, 0):
        moment = datetime.fromisoformat(f"2026-11-24T{cutoff}:00+09:00") + timedelta(seconds=second)
        at(moment)
        order = mall_order(placed_at=moment - timedelta(hours=1))
        take_in(tenant, shop, order, now=moment)
        judge(tenant.pk)
        if second == -1:
            with tenant_transaction(tenant.pk):
                Parcel.objects.update(warehouse=Warehouse.objects.get(kind="rsl"))
            page = browser(tenant).get("/shipping/")
        request(tenant.pk)
        with tenant_transaction(tenant.pk):
            days.append(Parcel.objects.get(order__number=order.number).ship_on)

    assert days == [date(2026, 11, 24), date(2026, 11, 25)]
    assert 'data-seconds="1"' in page.content.decode(), "a countdown"
    assert f"{cutoff} まで" in text_of(page)
    assert "これから依頼 1" in text_of(page)


@pytest.mark.feature("F118")
@pytest.mark.usefixtures("clock")
def test_a_paused_warehouse_queues_instead_of_failing_and_goes_on_by_itself(tenant: Tenant) -> None:
    number = wanted(tenant, make_shop(tenant, warehouse="rsl"))
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.get(kind="rsl")
        Warehouse.objects.filter(pk=house.pk).update(paused_at=NOW)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        paused = Parcel.objects.get()
        Warehouse.objects.filter(pk=house.pk).update(paused_at=None)

    request(tenant.pk)

    assert (paused.state, paused.ship_fault, paused.ship_wanted_at is not None) == ("draft", "paused", True)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "requested"
    assert the_order(tenant, number).phase == "shipping"


@pytest.mark.feature("F090", "F119", "F109")
@pytest.mark.usefixtures("clock")
def test_an_order_of_two_owners_is_split_shipped_from_both_and_closed_with_the_last(tenant: Tenant) -> None:
    shop = make_shop(tenant, warehouse="rsl")
    with tenant_transaction(tenant.pk):
        own, rsl = Warehouse.objects.get(name="自社倉庫"), Warehouse.objects.get(kind="rsl")
        for sku, house in (("SKU-A", rsl), ("SKU-B", own)):
            product = Product.objects.create(sku=sku, name=sku, warehouse=house)
            Listing.objects.create(shop=shop, key=sku, name=sku, product=product)
    number = wanted(
        tenant, shop, lines=(mall_line("A", quantity=2), mall_line("B", quantity=3)), postage_yen=500, total_yen=5500
    )
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert parcel.ship_fault == "several_warehouses", "nobody is asked while it is unclear who ships"
        line = OrderLine.objects.get(sku="SKU-B")
        split_parcel(parcel.pk, take={line.pk: 3}, by=TESTER, now=NOW)
    client = browser(tenant)
    client.post(f"/orders/{encode(the_order(tenant, number).pk)}/want/")
    for _ in range(2):  # the first request moves the order on, which is judged before the second
        judge(tenant.pk)
        request(tenant.pk)

    page = client.get(f"/orders/{encode(the_order(tenant, number).pk)}/").content.decode()
    with tenant_transaction(tenant.pk):
        owners = {p.warehouse_id: p.pk for p in Parcel.objects.filter(state="requested")}
        reference = WarehouseRequest.objects.get(parcel=owners[rsl.pk]).reference
        sent = ShippedPackage(carrier="yamato", number="123456789012", shipped_on=NOW.date())
        done = ShipResult(reference=reference, outcome="shipped", packages=(sent,))
        apply_result(rsl, done, now=NOW)
        half = Order.objects.get().phase
        numbers = [Package(carrier="sagawa", number="222222222222", shipped_on=NOW.date())]
        enter_result(owners[own.pk], packages=numbers, by=TESTER, now=NOW)

    assert page.count('<section class="card" id="parcel-') == 2
    assert (half, the_order(tenant, number).phase) == ("shipping", "shipped")
    with tenant_transaction(tenant.pk):
        lines = OrderLine.objects.filter(closed_at__isnull=True)
        assert sorted(lines.values_list("sku", "quantity")) == [("SKU-A", 2), ("SKU-B", 3)]
        assert Order.objects.get().total_yen == 5500, "the buyer pays once"
        assert TrackingNumber.objects.count() == 2


@pytest.mark.feature("F109", "F096")
@pytest.mark.usefixtures("clock")
def test_an_order_handed_to_another_system_is_requested_by_no_path_here(tenant: Tenant) -> None:
    number = wanted(tenant, make_shop(tenant, warehouse="rsl"))
    with tenant_transaction(tenant.pk):
        other = Warehouse.objects.create(name="ロボットイン", kind="other")
    client, call = browser(tenant), caller_of(tenant)
    pk = encode(the_order(tenant, number).pk)

    handed = call.post(
        "orders/actions/choose-warehouse", {"orders": [{"id": pk}], "params": {"warehouse": encode(other.pk)}}
    )
    for _ in range(2):
        client.post(f"/orders/{pk}/want/")
        judge(tenant.pk)
        request(tenant.pk)

    assert handed.json()["changed"] == 1, handed.content
    with tenant_transaction(tenant.pk):
        assert not WarehouseRequest.objects.exists()
        assert Parcel.objects.get().warehouse_id == other.pk
        assert list(Order.objects.values_list("number", flat=True)) == [number]


@pytest.mark.feature("F117")
@pytest.mark.usefixtures("clock")
def test_checked_orders_are_requested_from_the_list_with_a_result_for_each(tenant: Tenant) -> None:
    shop = make_shop(tenant, warehouse="rsl")
    good = [wanted(tenant, shop) for _ in range(2)]
    gone = wanted(tenant, shop)
    with tenant_transaction(tenant.pk):
        Order.objects.filter(number=gone).update(phase="cancelled")
        Parcel.objects.update(ship_wanted_at=None)
    ids = ",".join(encode(the_order(tenant, number).pk) for number in (*good, gone))
    client = browser(tenant)

    preview = client.post("/orders/bulk/", {"orders": ids, "want_shipment": "1"}).content.decode()
    client.post("/orders/bulk/", {"orders": ids, "want_shipment": "1", "confirmed": "1", "client_key": "k"})
    judge(tenant.pk)
    request(tenant.pk)

    assert "変わる 2件" in preview
    assert gone in preview
    with tenant_transaction(tenant.pk):
        assert set(Parcel.objects.filter(state="requested").values_list("order__number", flat=True)) == set(good)


@pytest.fixture
def asked(tenant: Tenant, clock: None) -> int:
    """A parcel that was requested from the warehouse."""
    wanted(tenant, make_shop(tenant, warehouse="rsl"))
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        return Parcel.objects.get(state="requested").pk


@pytest.mark.feature("F116", "F127", "F132")
def test_what_is_at_the_warehouse_is_not_edited_but_withdrawn_from_the_page(tenant: Tenant, asked: int) -> None:
    client = browser(tenant)
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
    url = f"/orders/{encode(order.pk)}/"

    page = client.get(url).content.decode()
    refused = client.post(
        f"{url}give-up/", {"verb": "cancel_at_mall", "why": "out_of_stock"}, follow=True
    ).content.decode()
    client.post(f"{url}give-up/", {"verb": "withdraw", "parcel": encode(asked)})

    assert "出荷作業中" in page
    assert "取下げ" in page
    assert "先に取下げを依頼してください" in refused or "倉庫に出荷を依頼中です" in refused
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "cancel_asked"
        assert Effect.objects.filter(kind="warehouse.withdraw").count() == 1
        answer_withdrawal(WarehouseRequest.objects.get(), "agreed", fee_yen=0, now=NOW)
    assert "取下げ済" in client.get(url).content.decode()


@pytest.mark.feature("F128")
def test_a_withdrawal_that_came_too_late_is_said_on_the_order(tenant: Tenant, asked: int) -> None:
    with tenant_transaction(tenant.pk):
        ask = ask_withdrawal(asked, accept_fee=False, reason="", by=TESTER, now=NOW)
    with tenant_transaction(tenant.pk):
        answer_withdrawal(ask, "too_late", fee_yen=0, now=NOW)
        order = Order.objects.get()
        assert Parcel.objects.get().state not in ("cancelled", "draft")
        task = encode(Task.objects.get(key="withdraw_late").pk)

    history = browser(tenant).get(f"/orders/{encode(order.pk)}/").content.decode()

    assert "間に合いませんでした" in history
    assert "荷物はそのまま出荷されます。お客様へ知らせ、受け取りや返品を相談してください。" in history
    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.filter(task__key="withdraw_late", closed_at__isnull=True).count() == 1
    listed = browser(tenant).get(f"/orders/?task={task}").content.decode()
    assert f'aria-label="{order.number}"' in listed


@pytest.mark.feature("F103")
def test_an_order_without_a_result_by_the_limit_is_listed(tenant: Tenant, asked: int) -> None:
    found = []
    for hours in (0, 36):
        at(NOW + timedelta(hours=hours))
        with tenant_transaction(tenant.pk):
            found.append(troubles.counts(NOW + timedelta(hours=hours))["missing"])

    page = browser(tenant).get("/attention/errors/").content.decode()

    assert found == [0, 1]
    assert "出荷実績が届いていません" in page


@pytest.mark.feature("F104", "F156", "F159")
def test_carrier_day_and_number_are_at_the_mall_the_same_day_once_also_on_a_holiday(
    world: World, tenant: Tenant
) -> None:
    world.at(datetime(2027, 1, 11, 0, 0, tzinfo=UTC))  # 成人の日, a Monday
    shop_id = connect(world, tenant, since=datetime(2027, 1, 11, 0, 0, tzinfo=UTC))
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    let_pass(world, minutes=5 * 60, step=15)
    let_pass(world, minutes=9 * 60, step=30)

    (added,) = world.mall_ledger("shipping_add")
    (asked_for,) = world.warehouse_ledger("request")
    with tenant_transaction(tenant.pk):
        row = TrackingNumber.objects.get()
    assert asked_for["ship_day_on"] == "2027-01-11"
    assert added["number"] == number
    assert (added["row"]["shippingNumber"], added["row"]["shippingDate"]) == (row.number, "2027-01-11")
    assert added["row"]["deliveryCompany"]
    assert added["at"].startswith("2027-01-11"), "the same day"
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.report").state == "done"


@pytest.mark.feature("F159")
@pytest.mark.usefixtures("clock")
def test_a_pasted_list_of_numbers_alone_decides_the_report_to_the_mall(tenant: Tenant) -> None:
    number = wanted(tenant, make_shop(tenant, warehouse="own"))
    request(tenant.pk)
    client = browser(tenant, "packing")
    values = {"text": f"{number}\t400000000000\n", "carrier": "yamato", "shipped_on": "2026-11-22", "step": "check"}

    page = client.post("/orders/tracking/", values).content.decode()
    token = page.split('name="token" value="')[1].split('"')[0]
    client.post("/orders/tracking/", {"token": token, "step": "record"})

    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(kind="mall.report")
        assert effect.payload["rows"][0]["number"] == "400000000000"
    assert the_order(tenant, number).status.name == "出荷済"


@pytest.mark.feature("F088")
@pytest.mark.usefixtures("clock")
def test_a_carrier_with_numbers_is_not_recorded_without_one_and_one_without_is(tenant: Tenant) -> None:
    shop = make_shop(tenant, warehouse="own")
    wanted(tenant, shop)
    request(tenant.pk)
    silent = next(code for code, carrier in CARRIERS.items() if not carrier.has_numbers)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
    with pytest.raises(NotRecordable, match="number_missing"), tenant_transaction(tenant.pk):
        nameless = Package(carrier="yamato", number="", shipped_on=NOW.date())
        enter_result(parcel.pk, packages=[nameless], by=TESTER, now=NOW)
    with tenant_transaction(tenant.pk):
        enter_result(
            parcel.pk, packages=[Package(carrier=silent, number="", shipped_on=NOW.date())], by=TESTER, now=NOW
        )
        assert Order.objects.get().phase == "shipped"
        assert not TaskMark.objects.filter(closed_at__isnull=True).exists()
        assert not OrderTag.objects.exists()
