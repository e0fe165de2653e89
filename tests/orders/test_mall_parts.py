"""What the mall adds to an order, or moves inside it, is shipped as the rest is, or holds the order: never left behind in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from automation.engine import work as judge
from hub.audit import Actor
from hub.effects.operations import drop
from hub.models import AuditEntry, Effect, Tenant
from hub.problems import say
from hub.tenancy import tenant_transaction
from orders.channels import CancelReason, MallOrder, MallParcel
from orders.models import Listing, Order, OrderLine, Parcel, Product, Shop, TaskMark, Warehouse
from orders.operations.edits import choose_warehouse, edit_parcel
from orders.operations.leaving import cancel_at_mall, cancel_here, delete
from orders.operations.parcels import unwant_shipment
from orders.operations.planning import ship_on
from orders.operations.undo import undo_entries
from orders.operations.wishes import want_parcels
from tests.conftest import NOW
from tests.factories import BUYER, changed, make_shop, mall_line, mall_order, take_in
from warehouses.requesting import work as request

pytestmark = pytest.mark.usefixtures("at_now")
STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant, warehouse="rsl")


def with_second(mall: MallOrder) -> MallOrder:
    """The order with one more destination."""
    return changed(mall, parcels=(*mall.parcels, replace(mall.parcels[0], key="70002", lines=(mall_line("B"),))))


def states(tenant: Tenant) -> dict[str, str]:
    """Return the state of each parcel by the mall's key."""
    with tenant_transaction(tenant.pk):
        return dict(Parcel.objects.values_list("mall_parcel_key", "state"))


def reasons(tenant: Tenant) -> list[str]:
    """Return why the mall's changes hold the order."""
    with tenant_transaction(tenant.pk):
        return list(TaskMark.objects.filter(task__key="mall_changed", closed_at=None).values_list("reason", flat=True))


def test_a_destination_added_while_the_others_are_wanted_is_shipped_with_them(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    judge(tenant.pk)

    take_in(tenant, shop, with_second(mall))
    for _ in range(2):  # the first request changes the order, which is then judged anew
        judge(tenant.pk)
        request(tenant.pk)

    assert (states(tenant), reasons(tenant)) == ({"70001": "requested", "70002": "requested"}, [])


def test_a_destination_added_after_the_request_holds_the_order_until_a_person_wishes(
    tenant: Tenant, shop: Shop
) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    request(tenant.pk)

    take_in(tenant, shop, with_second(mall))
    judge(tenant.pk)
    request(tenant.pk)

    assert (states(tenant), reasons(tenant)) == (
        {"70001": "requested", "70002": "draft"},
        ["parcel_added_after_request"],
    )
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().held
    assert say("parcel_added_after_request", {}) != "parcel_added_after_request"


def test_a_destination_added_beside_parcels_of_which_only_one_is_wanted_is_a_persons_to_decide(
    tenant: Tenant, shop: Shop
) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    both = with_second(mall)
    take_in(tenant, shop, both)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        unwant_shipment([Order.objects.get().pk], by=STAFF, now=NOW)
        want_parcels([Parcel.objects.get(mall_parcel_key="70001").pk], by=STAFF, now=NOW)

    third = replace(mall.parcels[0], key="70003", lines=(mall_line("C"),))
    take_in(tenant, shop, changed(both, parcels=(*both.parcels, third)))

    assert reasons(tenant) == ["parcel_added_after_request"]
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(mall_parcel_key="70003").ship_wanted_at is None


@pytest.mark.parametrize("way", ["deleted", "let go", "cancel asked"])
def test_a_destination_added_while_the_order_is_out_is_not_left_behind_when_it_comes_back(
    tenant: Tenant, shop: Shop, way: str
) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        ids = [Order.objects.get().pk]
        if way == "cancel asked":
            cancel_at_mall(ids, reason=CancelReason.CUSTOMER_CANCEL, restock=False, by=STAFF, now=NOW)
        else:
            (delete if way == "deleted" else cancel_here)(ids, by=STAFF, now=NOW)
    take_in(tenant, shop, with_second(mall))

    with tenant_transaction(tenant.pk):
        if way == "cancel asked":
            drop([Effect.objects.get(kind="mall.cancel").pk], reason="やはり売る", by=STAFF, now=NOW)
        else:
            undo_entries(
                AuditEntry.objects.filter(verb__in=["order.deleted", "order.let_go"]).values_list("pk", flat=True),
                by=STAFF, now=NOW,
            )  # fmt: skip

    assert reasons(tenant) == ["parcel_added_after_request"]
    with tenant_transaction(tenant.pk):
        wishes = dict(Parcel.objects.values_list("mall_parcel_key", "ship_wanted_at"))
        assert (wishes["70001"] is None, wishes["70002"]) == (False, None)
        assert Order.objects.get().held


def test_an_added_destination_goes_from_the_chosen_warehouse_on_the_chosen_day(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    day = (NOW + timedelta(days=3)).date()
    with tenant_transaction(tenant.pk):
        ids, house = [Order.objects.get().pk], Warehouse.objects.create(name="別の倉庫", kind="own")
        choose_warehouse(ids, warehouse=house, by=STAFF, now=NOW)
        ship_on(ids, day=day, by=STAFF, now=NOW)

    take_in(tenant, shop, with_second(mall))

    with tenant_transaction(tenant.pk):
        added = Parcel.objects.get(mall_parcel_key="70002")
        assert (added.warehouse_id, added.warehouse_by_hand, added.ship_on) == (house.pk, True, day)
        assert OrderLine.objects.filter(parcel=added).count() == 1


OTHER = replace(BUYER, name="別人 太郎", street="千代田9-9")


def moved(mall: MallOrder, *lines: str) -> MallOrder:
    """The order with these lines at another recipient, the others where they were."""
    kept = tuple(line for line in mall.parcels[0].lines if line.key not in lines)
    rest = (replace(mall.parcels[0], lines=kept),) if kept else ()
    gone = tuple(line for line in mall.parcels[0].lines if line.key in lines)
    return changed(mall, parcels=(*rest, MallParcel(key="70002", recipient=OTHER, lines=gone)))


def lines(tenant: Tenant) -> dict[str, tuple[str, str, str]]:
    """Return of each line where it goes: the street, the parcel's key, and the key that the line itself has."""
    with tenant_transaction(tenant.pk):
        rows = OrderLine.objects.filter(closed_at=None).values_list(
            "mall_line_key", "parcel__street", "parcel__mall_parcel_key", "mall_parcel_key"
        )
        return {key: (street, parcel, own) for key, street, parcel, own in rows}


def test_a_line_that_moves_to_another_destination_is_shipped_there(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(lines=(mall_line("A"), mall_line("B")))
    take_in(tenant, shop, mall)
    judge(tenant.pk)

    take_in(tenant, shop, moved(mall, "B"))
    for _ in range(2):
        judge(tenant.pk)
        request(tenant.pk)

    here, there = (BUYER.street, "70001", "70001"), (OTHER.street, "70002", "70002")
    assert (lines(tenant), reasons(tenant)) == ({"A": here, "B": there}, [])
    assert states(tenant) == {"70001": "requested", "70002": "requested"}
    with tenant_transaction(tenant.pk):
        sent = {e.payload["content"]["street"] for e in Effect.objects.filter(kind="warehouse.send")}
        assert sent == {BUYER.street, OTHER.street}


def test_a_destination_that_the_mall_has_emptied_is_closed_and_its_doubtful_address_with_it(
    tenant: Tenant, shop: Shop
) -> None:
    doubtful = MallParcel(key="70001", recipient=replace(BUYER, street="千代田"), lines=(mall_line("1"),))
    mall = mall_order(parcels=(doubtful,))
    take_in(tenant, shop, mall)
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().address_doubt

    take_in(tenant, shop, moved(mall, "1"))

    with tenant_transaction(tenant.pk):
        old = Parcel.objects.get(mall_parcel_key="70001")
        assert (old.closed_at, old.ship_wanted_at) == (NOW, None)
        assert not Order.objects.get().address_doubt
    assert lines(tenant) == {"1": (OTHER.street, "70002", "70002")}


def test_a_line_that_moves_out_of_a_requested_parcel_stays_in_it_and_holds_the_order(
    tenant: Tenant, shop: Shop
) -> None:
    both = with_second(mall_order(lines=(mall_line("A"), mall_line("C"))))
    take_in(tenant, shop, both)
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        Parcel.objects.filter(mall_parcel_key="70002").update(state="requested")

    first, second = both.parcels
    swapped = (replace(first, lines=(mall_line("A"),)), replace(second, lines=(*second.lines, mall_line("C"))))
    take_in(tenant, shop, changed(both, parcels=swapped))

    assert lines(tenant)["C"] == (BUYER.street, "70001", "70002"), "it goes out as asked for, the mall's key is noted"
    assert reasons(tenant) == ["line_moved_after_request"]


def test_a_line_moved_away_from_an_address_that_a_person_mended_is_shown(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(lines=(mall_line("A"),))
    take_in(tenant, shop, mall)
    with tenant_transaction(tenant.pk):
        edit_parcel(Parcel.objects.get().pk, values={"street": "千代田2-2"}, by=STAFF, now=NOW)

    take_in(tenant, shop, moved(mall, "A"))

    assert (lines(tenant)["A"][0], reasons(tenant)) == (OTHER.street, ["line_moved"])


@pytest.mark.parametrize("requested", [False, True])
def test_another_item_brings_its_product_and_its_units_unless_a_warehouse_was_asked(
    tenant: Tenant, shop: Shop, requested: bool
) -> None:
    mall = mall_order(lines=(mall_line("A", quantity=2),))
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    if requested:
        request(tenant.pk)
    with tenant_transaction(tenant.pk):
        product = Product.objects.create(sku="SET", name="三個組")
        Listing.objects.create(shop=shop, key="SET3", product=product, units=3, name="三個組")

    other = mall_line("A", quantity=2, listing_key="SET3")
    take_in(tenant, shop, changed(mall, parcels=(replace(mall.parcels[0], lines=(other,)),)))

    with tenant_transaction(tenant.pk):
        line = OrderLine.objects.select_related("product", "listing").get()
        assert line.listing is not None
        assert line.product is not None
        assert (line.listing.key, line.product.sku, line.ship_units) == (
            ("SET3", "SKU-A", 2) if requested else ("SET3", "SET", 6)
        )
    assert reasons(tenant) == (["item_changed_after_request"] if requested else [])
