"""The right to ship is taken once per line, pinned by the database, and given back only by an answer (promises G5 to G9)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from automation.engine import work as judge
from hub.audit import Actor
from hub.clock import JAPAN
from hub.effects.operations import drop
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import CancelReason
from orders.models import MallReport, Order, OrderLine, Parcel, Shop, TaskMark, TrackingNumber, Warehouse
from orders.operations.edits import ParcelBusy, edit_parcel
from orders.operations.leaving import cancel_at_mall, cancel_here, delete
from orders.operations.parcels import NothingToSplit, reopen, split_parcel
from orders.operations.shipments import NotRecordable, Package, record_shipment
from orders.operations.status import default_status, set_status
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_line, mall_order, take_in, the_order
from warehouses.adapters import BadResult, ShippedPackage, ShipResult
from warehouses.models import RequestLine, ResultIssue, WarehouseRequest
from warehouses.operations import answer_withdrawal, ask_withdrawal, refuse, ship_day
from warehouses.requesting import try_request, work
from warehouses.results import apply_result, enter_result

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")
YAMATO = Package(carrier="yamato", number="123456789012", shipped_on=date(2026, 11, 22))


@pytest.mark.feature("F099")
def test_wanted_parcel_becomes_one_request_with_a_right_for_each_line(tenant: Tenant, requested: int) -> None:
    work(tenant.pk)
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        request = WarehouseRequest.objects.get()
        assert request.reference == f"{tenant.pk}-{requested}-1"
        assert sorted(RequestLine.objects.values_list("quantity", flat=True)) == [1, 3]
        assert Effect.objects.filter(kind="warehouse.send").count() == 1
        order = Order.objects.select_related("status").get()
        assert (order.status.name, order.phase) == ("出荷作業中", "shipping")


@pytest.mark.feature("F108")
def test_twenty_presses_at_once_make_one_request(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get().pk
    said: list[bool] = []

    def press() -> None:
        try:
            with tenant_transaction(tenant.pk):
                said.append(try_request(parcel, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == [False] * 19 + [True]
    with tenant_transaction(tenant.pk):
        assert WarehouseRequest.objects.count() == 1


@pytest.mark.feature("F108")
@pytest.mark.parametrize("change", [{"quantity": 2}, {"parcel": "other"}])
def test_requested_line_cannot_be_moved_split_or_changed_in_the_database(
    tenant: Tenant, requested: int, change: dict[str, object]
) -> None:
    with tenant_transaction(tenant.pk):
        line = OrderLine.objects.get(sku="SKU-A")
        other = Parcel.objects.create(order_id=line.order_id)

    with pytest.raises(IntegrityError), tenant_transaction(tenant.pk):
        values = {"parcel": other} if change.get("parcel") else change
        OrderLine.objects.filter(pk=line.pk).update(**values)


@pytest.mark.feature("F108")
def test_second_live_request_for_a_line_is_refused_by_the_database(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        line = OrderLine.objects.get(sku="SKU-B")
        fresh = Parcel.objects.create(order_id=line.order_id)
        warehouse = Warehouse.objects.get(kind="rsl")
        request = WarehouseRequest.objects.create(
            parcel=fresh, warehouse=warehouse, reference="x", parcel_revision=1, asked_at=NOW
        )

    with pytest.raises(IntegrityError), tenant_transaction(tenant.pk):
        RequestLine.objects.create(request=request, line=line, parcel_id=line.parcel_id, quantity=line.quantity)


@pytest.mark.feature("F116")
def test_requested_parcel_is_refused_to_edits_splits_cancel_and_delete(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        with pytest.raises(ParcelBusy):
            edit_parcel(requested, values={"street": "x"}, by=STAFF, now=NOW)
        with pytest.raises(ParcelBusy):
            split_parcel(requested, take={OrderLine.objects.get(sku="SKU-A").pk: 1}, by=STAFF, now=NOW)
        assert [i.reason for i in cancel_here([order.pk], by=STAFF, now=NOW).issues] == ["withdraw_first"]
        told = cancel_at_mall([order.pk], reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=STAFF, now=NOW)
        assert [i.reason for i in told.issues] == ["withdraw_first"]
        assert [i.reason for i in delete([order.pk], by=STAFF, now=NOW).issues] == ["shipment_started"]
        with pytest.raises(NotRecordable):
            enter_result(requested, packages=[YAMATO], by=STAFF, now=NOW)


def result(tenant: Tenant, shipped: ShipResult | BadResult) -> str:
    with tenant_transaction(tenant.pk):
        return apply_result(Warehouse.objects.get(kind="rsl"), shipped, now=NOW)


def reference(tenant: Tenant, parcel: int) -> str:
    return f"{tenant.pk}-{parcel}-1"


SHIPPED = ShippedPackage(carrier="yamato", number="123456789012", shipped_on=date(2026, 11, 22))


@pytest.mark.feature("F113", "F115")
def test_result_ships_the_parcel_once_and_decides_one_report(tenant: Tenant, requested: int) -> None:
    whole = ShipResult(reference=reference(tenant, requested), outcome="shipped", packages=(SHIPPED,))

    assert [result(tenant, whole), result(tenant, whole)] == ["done", "same"]

    with tenant_transaction(tenant.pk):
        order = Order.objects.select_related("status").get()
        assert (order.status.name, order.unreported, order.shipped_at) == ("出荷済", True, NOW)
        assert Parcel.objects.get().state == "shipped"
        assert list(TrackingNumber.objects.values_list("number", flat=True)) == ["123456789012"]
        assert Effect.objects.filter(kind="mall.report").count() == MallReport.objects.count() == 1
        assert not RequestLine.objects.filter(released_at__isnull=True).exists()


@pytest.mark.feature("F113")
def test_short_result_splits_the_rest_off_and_keeps_the_order_open(tenant: Tenant, requested: int) -> None:
    part = ShipResult(
        reference=reference(tenant, requested),
        outcome="short",
        packages=(SHIPPED,),
        quantities={"SKU-A": 2, "SKU-B": 1},
    )

    assert result(tenant, part) == "done"

    with tenant_transaction(tenant.pk):
        rest = Parcel.objects.get(state="draft")
        assert list(OrderLine.objects.filter(parcel=rest).values_list("sku", "quantity")) == [("SKU-A", 1)]
        assert sum(OrderLine.objects.values_list("quantity", flat=True)) == 4
        assert Order.objects.get().phase == "shipping"
        assert TaskMark.objects.filter(task__key="short", closed_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (ShipResult(reference="nobody", outcome="shipped", packages=(SHIPPED,)), "unknown_reference"),
        (BadResult(reference="r", path="packages[0]", reason="missing"), "missing"),
    ],
)
def test_odd_result_is_listed_and_changes_nothing(
    tenant: Tenant, requested: int, odd: ShipResult | BadResult, why: str
) -> None:
    assert result(tenant, odd) == "listed"
    with tenant_transaction(tenant.pk):
        assert ResultIssue.objects.get().reason == why
        assert Parcel.objects.get().state == "requested"


def test_too_many_units_are_listed(tenant: Tenant, requested: int) -> None:
    many = ShipResult(
        reference=reference(tenant, requested), outcome="shipped", packages=(SHIPPED,), quantities={"SKU-A": 4}
    )
    assert result(tenant, many) == "listed"
    with tenant_transaction(tenant.pk):
        assert (Parcel.objects.get().state, ResultIssue.objects.get().reason) == ("requested", "too_many_units")


def test_refusal_gives_the_right_back_and_holds_the_order(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        refuse(WarehouseRequest.objects.get(), now=NOW, reason="warehouse_refused", detail="E104 郵便番号")

    judge(tenant.pk)
    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "cannot_ship"
        assert not RequestLine.objects.filter(released_at__isnull=True).exists()
        assert Order.objects.get().held
        assert WarehouseRequest.objects.count() == 1


def test_agreed_withdrawal_never_ships_again_by_a_rule(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        request = ask_withdrawal(requested, accept_fee=False, reason="購入者都合", by=STAFF, now=NOW)
    with tenant_transaction(tenant.pk):
        answer_withdrawal(request, "agreed", fee_yen=0, now=NOW)

    for _ in range(3):
        judge(tenant.pk)
        work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert (Parcel.objects.get().state, WarehouseRequest.objects.count()) == ("cancelled", 1)
        assert Order.objects.get().held
        reopen(requested, by=STAFF, now=NOW)
        assert Parcel.objects.get().revision == 2


@pytest.mark.feature("F128")
def test_withdrawal_that_came_too_late_says_so_and_the_result_still_counts(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        request = ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
    with tenant_transaction(tenant.pk):
        answer_withdrawal(request, "too_late", fee_yen=0, now=NOW)

    whole = ShipResult(reference=reference(tenant, requested), outcome="shipped", packages=(SHIPPED,))
    assert result(tenant, whole) == "done"
    assert the_order(tenant, the_number(tenant)).phase == "shipped"


def the_number(tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        return Order.objects.get().number


def test_cut_off_is_half_past_three_and_one_second_matters(tenant: Tenant) -> None:
    warehouse = Warehouse(tenant_id=tenant.pk, name="x", kind="rsl")
    in_time = NOW.replace(hour=6, minute=29, second=59)
    too_late = NOW.replace(hour=6, minute=30, second=0)

    assert ship_day(warehouse, in_time) == date(2026, 11, 22)
    assert ship_day(warehouse, too_late) == date(2026, 11, 22) + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "hour", "minute", "ships"),
    [
        (21, 11, 59, 21), (21, 12, 0, 22), (22, 11, 0, 22), (22, 11, 59, 23), (22, 15, 29, 23), (23, 15, 29, 23), (23, 15, 30, 24),
    ],
)  # fmt: skip
def test_a_weekday_may_have_a_cut_off_of_its_own(tenant: Tenant, day: int, hour: int, minute: int, ships: int) -> None:
    """The 21st is a Saturday; its night belongs to Sunday in UTC and not in Japan."""
    warehouse = Warehouse(tenant_id=tenant.pk, name="x", kind="rsl", cutoffs={"sat": "12:00", "sun": "11:30"})

    assert ship_day(warehouse, datetime(2026, 11, day, hour, minute, tzinfo=JAPAN)) == date(2026, 11, ships)


def test_own_warehouse_ships_by_hand_entry(tenant: Tenant) -> None:
    shop = make_shop(tenant, warehouse="own")
    take_in(tenant, shop, mall_order())
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(state="requested")
        enter_result(parcel.pk, packages=[YAMATO], by=STAFF, now=NOW)
        again = enter_result(parcel.pk, packages=[YAMATO], by=STAFF, now=NOW)
        assert (again.changed, len(again.unchanged)) == ([], 1)
        assert Parcel.objects.get().state == "shipped"


def test_two_destinations_close_the_order_with_the_last_parcel(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(lines=(mall_line("A"),))
    second = replace(order.parcels[0], key="70002", lines=(mall_line("B"),))
    take_in(tenant, shop, changed(order, parcels=(order.parcels[0], second)))
    with tenant_transaction(tenant.pk):
        first, last = Parcel.objects.order_by("pk")
        record_shipment(first.pk, packages=[YAMATO], by=STAFF, now=NOW)
        assert Order.objects.get().phase != "shipped"
        record_shipment(
            last.pk, packages=[Package(carrier="yamato", number="2", shipped_on=NOW.date())], by=STAFF, now=NOW
        )
        assert Order.objects.get().phase == "shipped"
        assert Effect.objects.filter(kind="mall.report").count() == 2


def test_splitting_moves_pieces_and_refuses_all_or_nothing(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order(lines=(mall_line("A", quantity=3),)))
    with tenant_transaction(tenant.pk):
        parcel, line = Parcel.objects.get(), OrderLine.objects.get()
        for take in ({}, {line.pk: 3}, {line.pk: 4}):
            with pytest.raises(NothingToSplit):
                split_parcel(parcel.pk, take=take, by=STAFF, now=NOW)
        split_parcel(parcel.pk, take={line.pk: 1}, by=STAFF, now=NOW)
        assert sorted(OrderLine.objects.values_list("quantity", flat=True)) == [1, 2]


def test_order_cancelled_at_the_mall_after_the_request_is_withdrawn_by_itself(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    judge(tenant.pk)
    work(tenant.pk)

    take_in(tenant, shop, changed(order, state="cancelled"))
    judge(tenant.pk)
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "cancel_asked"
        assert Effect.objects.filter(kind="warehouse.withdraw").count() == 1
        assert TaskMark.objects.filter(task__key="cancelled_at_mall", closed_at__isnull=True).exists()
        answer_withdrawal(WarehouseRequest.objects.get(), "agreed", fee_yen=0, now=NOW)
    assert the_order(tenant, order.number).phase == "cancelled"


@pytest.mark.parametrize("answer", ["needs_fee", "given up"])
def test_parcel_that_a_person_asked_for_in_vain_is_asked_for_when_the_mall_cancels(
    tenant: Tenant, shop: Shop, answer: str
) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        ask_withdrawal(Parcel.objects.get().pk, accept_fee=False, reason="変更", by=STAFF, now=NOW - timedelta(hours=1))
        if answer == "given up":
            drop([Effect.objects.get(kind="warehouse.withdraw").pk], reason="やはり送る", by=STAFF, now=NOW)
        else:
            answer_withdrawal(WarehouseRequest.objects.get(), answer, fee_yen=300, now=NOW)
            Effect.objects.filter(kind="warehouse.withdraw").update(state="done")

    take_in(tenant, shop, changed(order, state="cancelled"))
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "cancel_asked"
        asked = Effect.objects.get(kind="warehouse.withdraw", state="waiting")
        assert (asked.payload["reason"], asked.payload["accept_fee"]) == ("cancelled_at_mall", False)
        answer_withdrawal(WarehouseRequest.objects.get(), "needs_fee", fee_yen=300, now=NOW)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Effect.objects.filter(kind="warehouse.withdraw").count() == 2, "once"


@pytest.mark.parametrize("phase", ["check", "ready"])
def test_order_moved_back_while_a_warehouse_has_it_is_withdrawn_too(tenant: Tenant, shop: Shop, phase: str) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        set_status([Order.objects.get().pk], status=default_status(phase), by=STAFF, now=NOW)

    take_in(tenant, shop, changed(order, state="cancelled"))
    judge(tenant.pk)
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "cancel_asked"
        assert Effect.objects.filter(kind="warehouse.withdraw").count() == 1
