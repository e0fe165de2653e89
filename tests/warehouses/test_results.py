"""Results are compared with what was asked, and one that cannot be booked leaves the parcel for a person to finish (promise G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from automation.engine import work as judge
from documents import tracking_paste
from hub.audit import Actor
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, OrderLine, Parcel, Product, Shop, TrackingNumber, Warehouse
from orders.operations.parcels import split_parcel
from orders.operations.products import map_listing
from orders.operations.settings.products import change_product
from orders.operations.shipments import NotRecordable, Package, record_shipment
from orders.plugs import act
from tests.conftest import NOW
from tests.factories import mall_line, mall_order, take_in
from warehouses.adapters import BadResult, ShippedPackage, ShipResult
from warehouses.collecting import book
from warehouses.models import RequestLine, ResultIssue, WarehouseRequest
from warehouses.operations import answer_withdrawal, ask_withdrawal
from warehouses.requesting import work
from warehouses.results import apply_result, enter_result

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")
SHIPPED = ShippedPackage(carrier="yamato", number="123456789012", shipped_on=date(2026, 11, 22))
YAMATO = Package(carrier="yamato", number="123456789012", shipped_on=date(2026, 11, 22))


def booked(tenant: Tenant, parcel: int, *, revision: int = 1, **told: object) -> str:
    values = {"outcome": "shipped", "packages": (SHIPPED,), **told}
    with tenant_transaction(tenant.pk):
        found = ShipResult(reference=f"{tenant.pk}-{parcel}-{revision}", **values)  # type: ignore[arg-type]
        return apply_result(Warehouse.objects.get(kind="rsl"), found, now=NOW)


def test_a_product_renamed_meanwhile_is_known_by_what_was_asked(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk):
        change_product(Product.objects.get(sku="SKU-A"), values={"sku": "NEW-A"}, by=STAFF, now=NOW)

    assert booked(tenant, requested, quantities={"SKU-A": 3, "SKU-B": 1}) == "done"

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "shipped"
        assert not ResultIssue.objects.exists()


@pytest.fixture
def half_requested(tenant: Tenant, shop: Shop) -> int:
    """A parcel of three pieces that was requested, beside one of the same item that was not; the id of the first."""
    take_in(tenant, shop, mall_order(lines=(mall_line("A", quantity=4),)))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        rest = split_parcel(parcel.pk, take={OrderLine.objects.get().pk: 1}, by=STAFF, now=NOW)
        Parcel.objects.filter(pk=rest.pk).update(ship_wanted_at=None)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert list(Parcel.objects.order_by("pk").values_list("state", flat=True)) == ["requested", "draft"]
    return int(parcel.pk)


def as_mapped() -> list[tuple[str, str, int]]:
    lines = OrderLine.objects.order_by("pk").values_list("parcel__state", "product__sku", "ship_units")
    return [(str(state), str(sku), int(units)) for state, sku, units in lines]


def remap(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        product = Product.objects.create(sku="SET", name="三枚組")
        map_listing(Listing.objects.get(shop=shop), product=product, units=3, by=STAFF, now=NOW)


def test_mapping_an_item_leaves_lines_alone_that_a_warehouse_has(
    tenant: Tenant, shop: Shop, half_requested: int
) -> None:
    remap(tenant, shop)

    with tenant_transaction(tenant.pk):
        assert as_mapped() == [("requested", "SKU-A", 3), ("draft", "SET", 3)]
    assert booked(tenant, half_requested, revision=2, quantities={"SKU-A": 3}) == "done"


@pytest.mark.parametrize("end", ["withdrawn", "short", "cannot_ship"])
def test_lines_that_come_back_follow_their_item(tenant: Tenant, shop: Shop, half_requested: int, end: str) -> None:
    remap(tenant, shop)

    if end == "withdrawn":
        with tenant_transaction(tenant.pk):
            request = ask_withdrawal(half_requested, accept_fee=False, reason="", by=STAFF, now=NOW)
            answer_withdrawal(request, "agreed", fee_yen=0, now=NOW)
    elif end == "short":
        assert booked(tenant, half_requested, revision=2, outcome="short", quantities={"SKU-A": 1}) == "done"
    else:
        assert booked(tenant, half_requested, revision=2, outcome="cannot_ship", packages=()) == "done"

    with tenant_transaction(tenant.pk):
        if end == "short":
            assert as_mapped() == [("shipped", "SKU-A", 1), ("draft", "SET", 3), ("draft", "SET", 6)]
        else:
            state = "cancelled" if end == "withdrawn" else "cannot_ship"
            assert as_mapped() == [(state, "SET", 9), ("draft", "SET", 3)]


def test_an_item_taken_off_its_product_holds_the_lines_that_come_back(
    tenant: Tenant, shop: Shop, requested: int
) -> None:
    with tenant_transaction(tenant.pk):
        map_listing(Listing.objects.get(key="SKU-A"), product=None, units=1, by=STAFF, now=NOW)
        assert Order.objects.get().unmapped_lines == 0
        request = ask_withdrawal(requested, accept_fee=False, reason="", by=STAFF, now=NOW)
        answer_withdrawal(request, "agreed", fee_yen=0, now=NOW)

        assert Order.objects.get().unmapped_lines == 1


def test_a_part_of_a_set_is_listed_as_such(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order(lines=(mall_line("A", quantity=2),)))
    with tenant_transaction(tenant.pk):
        map_listing(Listing.objects.get(), product=Product.objects.get(), units=3, by=STAFF, now=NOW)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(state="requested")

    assert booked(tenant, parcel.pk, outcome="short", quantities={"SKU-A": 4}) == "listed"
    with tenant_transaction(tenant.pk):
        assert ResultIssue.objects.get().reason == "part_of_set"


def test_a_result_that_breaks_the_booking_is_listed_and_stops_only_itself(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order(), mall_order())
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.get(kind="rsl")
        first, second = WarehouseRequest.objects.order_by("pk").values_list("reference", flat=True)
    odd: list[ShipResult | BadResult] = [
        ShipResult(reference=first, outcome="shipped", packages=(replace(SHIPPED, number="12\x003"),)),
        ShipResult(reference="9\x009", outcome="shipped", packages=(SHIPPED,)),
        BadResult(reference="8-\ud800", path="\x00", reason="missing"),
    ]

    book(tenant.pk, house, [*odd, ShipResult(reference=second, outcome="shipped", packages=(SHIPPED,))])

    with tenant_transaction(tenant.pk):
        states = dict(WarehouseRequest.objects.values_list("reference", "parcel__state"))
        assert states == {first: "requested", second: "shipped"}
        issues = set(ResultIssue.objects.values_list("reference", "reason"))
        assert issues == {(first, "number_odd"), ("99", "result_failed"), ("8-?", "missing")}
        enter_result(WarehouseRequest.objects.get(reference=first).parcel_id, packages=[YAMATO], by=STAFF, now=NOW)
        assert Parcel.objects.filter(state="shipped").count() == 2


UNBOOKABLE = tuple(replace(SHIPPED, number=f"{number:012d}") for number in range(21))


def test_a_result_that_cannot_be_recorded_leaves_everything_as_it_was(tenant: Tenant, requested: int) -> None:
    said = booked(tenant, requested, outcome="short", packages=UNBOOKABLE, quantities={"SKU-A": 2, "SKU-B": 1})

    assert said == "listed"
    with tenant_transaction(tenant.pk):
        assert ResultIssue.objects.get().reason == "too_many_numbers"
        assert WarehouseRequest.objects.get().ended_at is None
        assert RequestLine.objects.filter(released_at__isnull=True).count() == 2
        assert [parcel.state for parcel in Parcel.objects.all()] == ["requested"]


def pasted(parcel_id: int) -> list[tracking_paste.Row]:
    """Check a pasted list of one line for the parcel, as its page does."""
    number = Parcel.objects.get(pk=parcel_id).order.number
    rows = tracking_paste.parse(f"{number}\tyamato\t{YAMATO.number}", today=NOW.date())
    return tracking_paste.check(rows, may_enter=act("may_enter"))


def test_a_result_that_could_not_be_booked_is_entered_by_hand(tenant: Tenant, requested: int) -> None:
    with tenant_transaction(tenant.pk), pytest.raises(NotRecordable, match="requested_elsewhere"):
        enter_result(requested, packages=[YAMATO], by=STAFF, now=NOW)
        assert [row.fault for row in pasted(requested)] == ["requested_elsewhere"]
    booked(tenant, requested, packages=UNBOOKABLE)

    with tenant_transaction(tenant.pk):
        assert [row.fault for row in pasted(requested)] == [""]
        enter_result(requested, packages=[YAMATO], by=STAFF, now=NOW)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "shipped"
        assert Order.objects.get().phase == "shipped"
        assert WarehouseRequest.objects.get().answer == "shipped"
        assert list(RequestLine.objects.order_by("quantity").values_list("shipped_quantity", flat=True)) == [1, 3]
        assert Effect.objects.filter(kind="mall.report").count() == 1
        assert TrackingNumber.objects.get().number == "123456789012"
        assert ResultIssue.objects.get().solved_at == NOW
        assert AuditEntry.objects.filter(verb="result.settled").count() == 1
    assert booked(tenant, requested) == "same"


def test_numbers_by_hand_that_cannot_be_recorded_leave_the_request_live(tenant: Tenant, requested: int) -> None:
    booked(tenant, requested, packages=UNBOOKABLE)

    with tenant_transaction(tenant.pk):
        with pytest.raises(NotRecordable, match="number_missing"):
            enter_result(requested, packages=[replace(YAMATO, number="")], by=STAFF, now=NOW)
        assert WarehouseRequest.objects.get().ended_at is None
        assert ResultIssue.objects.get().solved_at is None


@pytest.mark.parametrize(("days", "said"), [(0, "done"), (1, "done"), (2, "listed")])
def test_a_warehouse_may_tell_what_leaves_tomorrow_and_no_later(
    tenant: Tenant, requested: int, days: int, said: str
) -> None:
    packages = (replace(SHIPPED, shipped_on=SHIPPED.shipped_on + timedelta(days=days)),)

    assert booked(tenant, requested, packages=packages) == said

    with tenant_transaction(tenant.pk):
        reasons = list(ResultIssue.objects.values_list("reason", flat=True))
        assert reasons == (["day_ahead"] if said == "listed" else [])


def test_a_person_enters_no_day_that_lies_ahead(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    ahead = replace(YAMATO, shipped_on=YAMATO.shipped_on + timedelta(days=1))

    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get().pk
        for record in (record_shipment, enter_result):
            with pytest.raises(NotRecordable, match="day_ahead"):
                record(parcel, packages=[ahead], by=STAFF, now=NOW)
        record_shipment(parcel, packages=[YAMATO], by=STAFF, now=NOW)
        assert Parcel.objects.get().shipped_on == YAMATO.shipped_on
