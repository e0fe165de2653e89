"""What the mall knows better: when it was confirmed, which numbers others wrote there; and what it does not: an address a person mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hub.audit import Actor
from hub.effects import Receipt
from hub.effects.handlers import handler_for
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders import search
from orders.channels import MallOrder, MallTracking
from orders.models import Order, Parcel, SearchPhone, Shop, TaskMark, TrackingNumber
from orders.operations.edits import edit_parcel
from tests.browsing import text_of
from tests.conftest import NOW
from tests.factories import BUYER, changed, make_shop, mall_order, take_in, the_order
from tests.pages import browser

AT_THE_MALL = NOW - timedelta(hours=1)


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def settle_confirm(tenant: Tenant, order: Order) -> None:
    """Book our confirm's answer now."""
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.create(
            kind="mall.confirm",
            lane=f"shop:{order.shop_id}",
            key="c",
            state="sending",
            decided_at=NOW,
            order_id=order.pk,
            payload={"number": order.number},
        )
        handler_for("mall.confirm").settle(effect, Receipt(data={}), NOW)


def test_the_malls_own_time_of_confirming_is_kept_from_the_first_reading(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(state="processing", confirmed_at=AT_THE_MALL)

    take_in(tenant, shop, mall)

    assert the_order(tenant, mall.number).confirmed_at == AT_THE_MALL


def test_ours_stands_until_the_mall_tells_its_own_and_then_the_malls_does(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(state="new")
    take_in(tenant, shop, mall)
    assert the_order(tenant, mall.number).confirmed_at is None
    settle_confirm(tenant, the_order(tenant, mall.number))
    assert the_order(tenant, mall.number).confirmed_at == NOW

    take_in(tenant, shop, changed(mall, sub_status="x"))
    assert the_order(tenant, mall.number).confirmed_at == NOW, "a mall that tells none takes none away"
    take_in(tenant, shop, changed(mall, state="processing", confirmed_at=AT_THE_MALL))

    assert the_order(tenant, mall.number).confirmed_at == AT_THE_MALL


def test_our_answer_that_comes_after_the_malls_time_still_counts(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order(state="processing", confirmed_at=AT_THE_MALL)
    take_in(tenant, shop, mall)

    settle_confirm(tenant, the_order(tenant, mall.number))

    order = the_order(tenant, mall.number)
    assert (order.confirm_state, order.confirmed_at) == ("confirmed", AT_THE_MALL)


def with_numbers(mall: MallOrder, *numbers: str) -> MallOrder:
    rows = tuple(
        MallTracking(row_key=str(n), carrier="sagawa", number=number, shipped_on=date(2026, 11, 22))
        for n, number in enumerate(numbers)
    )
    return changed(mall, parcels=(replace(mall.parcels[0], tracking=rows),))


def test_numbers_that_another_system_wrote_at_the_mall_are_kept_and_shown(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order()
    take_in(tenant, shop, with_numbers(mall, "400000000001"))
    order = the_order(tenant, mall.number)

    words = text_of(browser(tenant).get(f"/orders/{encode(order.pk)}/"))

    assert "モールの番号 佐川急便 400000000001" in words
    assert "ほかのシステムがモールに入れた番号です" in words
    take_in(tenant, shop, with_numbers(mall, "400000000001", "400000000002"))
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=order)
        assert [row["number"] for row in parcel.mall_fields["tracking_at_mall"]] == ["400000000001", "400000000002"]
        assert not TrackingNumber.objects.exists(), "they are not ours"
        assert TaskMark.objects.get(task__key="shipped_elsewhere").detail["numbers"] == ["400000000001", "400000000002"]


def test_an_order_is_found_by_a_number_that_another_system_wrote_at_the_mall(tenant: Tenant, shop: Shop) -> None:
    late, early, without = mall_order(), mall_order(), mall_order()
    take_in(tenant, shop, late, with_numbers(early, "4800-5550-7771", "JD0123456789"), without)
    take_in(tenant, shop, with_numbers(late, "480055507772"))
    found = {number: the_order(tenant, number).pk for number in (late.number, early.number)}

    for text, number in (
        ("480055507771", early.number), ("4800-5550-7771", early.number), ("07771", early.number), ("JD0123456789", early.number),
        ("480055507772", late.number), ("7772", late.number),
    ):  # fmt: skip
        assert orders_by(tenant, text) == {found[number]}, text
    assert orders_by(tenant, f"480055507771 480055507772 {without.number}") == {
        *found.values(), the_order(tenant, without.number).pk,
    }  # fmt: skip
    assert orders_by(tenant, "480055507773") == set()


def test_a_number_at_the_mall_is_forgotten_when_it_is_replaced_or_turns_out_to_be_ours(
    tenant: Tenant, shop: Shop
) -> None:
    mall = mall_order()
    take_in(tenant, shop, with_numbers(mall, "400000000001"))
    order = the_order(tenant, mall.number)

    take_in(tenant, shop, with_numbers(mall, "400000000002"))
    assert (orders_by(tenant, "400000000001"), orders_by(tenant, "400000000002")) == (set(), {order.pk})

    with tenant_transaction(tenant.pk):
        TrackingNumber.objects.create(
            parcel=Parcel.objects.get(order=order), carrier="sagawa", number="400000000002", number_rev="200000000004",
            shipped_on=date(2026, 11, 22),
        )  # fmt: skip
    take_in(tenant, shop, with_numbers(changed(mall, remarks="変更"), "400000000002"))
    assert orders_by(tenant, "400000000002") == {order.pk}
    with tenant_transaction(tenant.pk):
        assert not SearchPhone.objects.filter(order=order, phone_rev__contains="#").exists(), "one key is enough"


def orders_by(tenant: Tenant, text: str) -> set[int]:
    with tenant_transaction(tenant.pk):
        return set(Order.objects.filter(search.look_up(text).q).values_list("pk", flat=True))


def test_our_own_numbers_at_the_mall_are_not_told_twice(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order()
    take_in(tenant, shop, with_numbers(mall, "400000000001"))
    order = the_order(tenant, mall.number)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=order)
        TrackingNumber.objects.create(
            parcel=parcel, carrier="sagawa", number="400000000001", shipped_on=date(2026, 11, 22)
        )

    words = text_of(browser(tenant).get(f"/orders/{encode(order.pk)}/"))

    assert "モールの番号" not in words
    assert words.count("400000000001") >= 1


def test_an_address_that_a_person_mended_stays_sound_when_the_mall_sends_the_old_one_again(
    tenant: Tenant, shop: Shop
) -> None:
    wrong = replace(BUYER, postal_code="1500002", city="渋谷区", street="神宮前1-2-3")
    mall = mall_order()
    mall = changed(mall, parcels=(replace(mall.parcels[0], recipient=wrong),))
    take_in(tenant, shop, mall)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert parcel.address_doubt == "zip_town"
        edit_parcel(parcel.pk, values={"postal_code": "1500001"}, by=Actor(kind="member", id=1, name="試験係"), now=NOW)

    take_in(tenant, shop, changed(mall, sub_status="x"))

    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.select_related("order").get()
        assert (parcel.postal_code, parcel.address_doubt, parcel.order.address_doubt) == ("1500001", "", "")
        assert not TaskMark.objects.filter(task__key="mall_changed").exists()
    take_in(
        tenant, shop, changed(mall, parcels=(replace(mall.parcels[0], recipient=replace(wrong, street="恵比寿1-2-3")),))
    )
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().address_doubt == "zip_town", "another place does not fit the person's code"
