"""Orders in: once, as the mall says, with people's edits kept, and a bad one stopping only itself (promises G1 to G3, G23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count

from hub.audit import Actor
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import Address, BadPayload, MallOrder, Same
from orders.intake import Saved, save_mall_orders
from orders.models import (
    DeliveryName,
    Listing,
    MallSnapshot,
    Order,
    OrderLine,
    OrderNumber,
    OrderTag,
    Parcel,
    RejectedPayload,
    Shop,
    TaskMark,
)
from orders.operations.edits import edit_parcel
from orders.operations.leaving import delete, take_back
from orders.queries.counts import status_counts
from tests.conftest import NOW
from tests.factories import BUYER, MALL, changed, make_shop, mall_line, mall_order, take_in, the_order

STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.mark.feature("F001")
def test_order_is_stored_once_with_lines_amounts_buyer_and_addressee(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(
        lines=(mall_line("1", quantity=2, price_yen=500), mall_line("2", tax_percent=8)), remarks="急ぎです"
    )

    first = take_in(tenant, shop, order)
    second = take_in(tenant, shop, order)

    assert (first.new, second.new, second.same) == ([order.number], [], [order.number])
    with tenant_transaction(tenant.pk):
        row = Order.objects.get()
        parcel = Parcel.objects.get()
        lines = list(
            OrderLine.objects.order_by("position").values_list("sku", "quantity", "unit_price_yen", "tax_percent")
        )
        assert (row.buyer_name, row.buyer_phone, row.total_yen, row.remark_left) == (
            BUYER.name,
            BUYER.phone,
            2000,
            "急ぎです",
        )
        assert (parcel.name, parcel.postal_code, parcel.mall_parcel_key) == (BUYER.name, BUYER.postal_code, "70001")
        assert lines == [("SKU-1", 2, 500, 10), ("SKU-2", 1, 1000, 8)]
        assert MallSnapshot.objects.count() == 1
        assert list(AuditEntry.objects.filter(order_id=row.pk).values_list("verb", "revision")) == [
            ("order.taken_in", 1)
        ]
        assert sum(status_counts().values()) == 1


@pytest.mark.feature("F003")
def test_waiting_order_is_not_due_for_judging_but_for_reading_when_its_wait_ends(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(placed_at=NOW - timedelta(minutes=5), state="new", payment_state="open")

    take_in(tenant, shop, order)

    row = the_order(tenant, order.number)
    assert (row.status.name, row.judge_at, row.reread_at) == ("待機", None, order.placed_at + timedelta(minutes=30))


@pytest.mark.feature("F003", "F004")
def test_next_day_order_does_not_wait(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(placed_at=NOW - timedelta(minutes=1), next_day=True)

    take_in(tenant, shop, order)

    row = the_order(tenant, order.number)
    assert (row.status.name, row.judge_at) == ("新規受付", NOW)


def test_changed_order_is_rewritten_and_due_again(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(state="processing", payment_state="open")
    take_in(tenant, shop, order)

    saved = take_in(
        tenant,
        shop,
        changed(order, state="ready", payment_state="settled", total_yen=900),
        now=NOW + timedelta(minutes=5),
    )

    row = the_order(tenant, order.number)
    assert saved.changed == [order.number]
    assert (row.mall_state, row.payment_state, row.total_yen, row.revision) == ("ready", "settled", 900, 2)
    assert row.judge_at == NOW + timedelta(minutes=5)


def test_edited_address_stays_and_the_malls_later_value_is_shown(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    with tenant_transaction(tenant.pk):
        edit_parcel(Parcel.objects.get().pk, values={"street": "千代田2-2"}, by=STAFF, now=NOW)
    parcel = replace(order.parcels[0], recipient=replace(BUYER, street="千代田9-9", city="中央区"))

    take_in(tenant, shop, changed(order, parcels=(parcel,)))

    with tenant_transaction(tenant.pk):
        row = Parcel.objects.get()
        assert (row.street, row.city) == ("千代田2-2", "中央区")
        mark = TaskMark.objects.get(task__key="mall_changed", closed_at__isnull=True)
        assert mark.detail["fields"] == {"street": "千代田9-9"}
        assert Order.objects.get().held


def test_vanished_line_is_closed_and_new_line_is_added(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(lines=(mall_line("1"), mall_line("2")))
    take_in(tenant, shop, order)
    parcel = replace(order.parcels[0], lines=(mall_line("2"), mall_line("3", quantity=4)))

    take_in(tenant, shop, changed(order, parcels=(parcel,)))

    with tenant_transaction(tenant.pk):
        open_lines = OrderLine.objects.filter(closed_at__isnull=True).order_by("sku").values_list("sku", "quantity")
        assert list(open_lines) == [("SKU-2", 1), ("SKU-3", 4)]
        assert OrderLine.objects.get(sku="SKU-1").closed_at == NOW
        assert Order.objects.get().open_lines == 2


@pytest.mark.feature("F014", "F015", "F016", "R20")
@pytest.mark.parametrize(("mapped", "label"), [(0, "全商品未マッピング"), (1, "一部商品未マッピング")])
def test_unmapped_order_carries_its_label_from_intake(tenant: Tenant, shop: Shop, mapped: int, label: str) -> None:
    lines = (mall_line("1"), mall_line("2"))
    if mapped:
        take_in(tenant, shop, mall_order(lines=lines[:1]))
    order = mall_order(lines=lines)

    take_in(tenant, shop, order, mapped=False)

    with tenant_transaction(tenant.pk):
        assert list(OrderTag.objects.filter(order__number=order.number).values_list("tag__name", flat=True)) == [label]
        assert Listing.objects.filter(product__isnull=True).count() == 2 - mapped


def test_bad_order_in_the_middle_is_listed_and_the_rest_is_saved(tenant: Tenant, shop: Shop) -> None:
    orders = [mall_order() for _ in range(5)]
    bad = replace(orders[2], buyer=replace(BUYER, name="\x00NUL"))
    unreadable = BadPayload(
        number="400001-20261122-9999999999", path="PackageModelList[0].basketId", reason="missing", payload=b"{}"
    )

    saved = save(tenant, shop, [*orders[:2], bad, *orders[3:], unreadable])

    assert sorted(saved.new) == sorted(order.number for order in (*orders[:2], *orders[3:]))
    with tenant_transaction(tenant.pk):
        listed = dict(RejectedPayload.objects.values_list("number", "path"))
        assert set(listed) == {bad.number, unreadable.number}
        assert listed[unreadable.number] == "PackageModelList[0].basketId"


def save(tenant: Tenant, shop: Shop, items: Sequence[MallOrder | BadPayload]) -> Saved:
    return save_mall_orders(tenant.pk, shop.pk, items, by=MALL, now=NOW)


def test_third_same_failure_ends_the_retries_and_a_good_answer_solves_it(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    bad = BadPayload(number=order.number, path="orderDatetime", reason="missing")
    for _ in range(3):
        save(tenant, shop, [bad])
    with tenant_transaction(tenant.pk):
        assert OrderNumber.objects.get().state == "rejected"

    take_in(tenant, shop, order)

    with tenant_transaction(tenant.pk):
        assert OrderNumber.objects.get().state == "fetched"
        assert RejectedPayload.objects.get().solved_at is not None


@pytest.mark.feature("F094")
def test_deleted_order_stays_deleted_until_it_is_taken_back(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        delete([pk], by=STAFF, now=NOW)

    take_in(tenant, shop, changed(order, total_yen=1))
    take_in(tenant, shop, order)

    with tenant_transaction(tenant.pk):
        assert Order.objects.get().deleted_at is not None
        assert sum(status_counts().values()) == 0
        take_back([pk], by=STAFF, now=NOW)
    row = the_order(tenant, order.number)
    assert (row.pk, row.deleted_at) == (pk, None)


@pytest.mark.feature("F034")
def test_counts_equal_the_orders_after_many_changes(tenant: Tenant, shop: Shop) -> None:
    orders = [mall_order(placed_at=NOW - timedelta(minutes=n)) for n in range(40)]
    take_in(tenant, shop, *orders)
    with tenant_transaction(tenant.pk):
        delete(list(Order.objects.order_by("pk").values_list("pk", flat=True)[:7]), by=STAFF, now=NOW)
        told = {
            row["status"]: row["n"]
            for row in Order.objects.filter(is_live=True).values("status").annotate(n=Count("pk"))
        }
        assert {key: n for key, n in status_counts().items() if n} == told


def test_foreign_recipient_survives_exactly(tenant: Tenant, shop: Shop) -> None:
    who = Address(
        name="髙﨑 𠮷郎㈱",
        kana="タカサキ",
        postal_code="9040101",
        prefecture="沖縄県",
        city="中頭郡北谷町",
        street="字上勢頭①-Ⅱ",
        phone="098-000-0000",
    )
    order = mall_order()
    order = changed(order, parcels=(replace(order.parcels[0], recipient=who),))

    take_in(tenant, shop, order)

    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert (parcel.name, parcel.street, parcel.phone) == (who.name, who.street, who.phone)


@pytest.mark.feature("F176")
def test_unknown_delivery_name_is_listed_and_known_ones_get_the_tenants_method(tenant: Tenant, shop: Shop) -> None:
    known, unknown = mall_order(delivery_name="ネコポス"), mall_order(delivery_name="空飛ぶ便")

    take_in(tenant, shop, known, unknown)

    assert the_order(tenant, known.number).delivery_method == "mail"
    assert the_order(tenant, unknown.number).delivery_method == ""
    with tenant_transaction(tenant.pk):
        assert DeliveryName.objects.get(name="空飛ぶ便").method == ""


def test_order_that_says_the_same_is_neither_written_nor_locked(tenant: Tenant, shop: Shop) -> None:
    order = mall_order()
    take_in(tenant, shop, order)
    before = _row_as_it_lies(tenant)

    soon = save_mall_orders(tenant.pk, shop.pk, [Same(number=order.number)], by=MALL, now=NOW + timedelta(minutes=1))
    untouched = _row_as_it_lies(tenant)
    later = NOW + timedelta(minutes=31)
    again = save_mall_orders(
        tenant.pk, shop.pk, [Same(number=order.number), Same(number="unknown")], by=MALL, now=later
    )

    assert (soon.same, again.same) == ([order.number], [order.number])
    assert untouched == before
    with tenant_transaction(tenant.pk):
        assert Order.objects.values_list("revision", "mall_read_at").get() == (1, later)


def _row_as_it_lies(tenant: Tenant) -> list[tuple[str, str]]:
    """Where the order's row lies and who last locked it: both move when it is written or locked."""
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text, xmax::text FROM orders_order")
        return list(cursor.fetchall())
