"""The list page and one order."""

from datetime import date, timedelta
from typing import Any

import pytest

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import queries, search
from orders.conditions import parse
from orders.fields.kinds import day_of
from orders.models import (
    Order,
    OrderLine,
    Parcel,
    Product,
    Status,
    StatusGroup,
    Tag,
    Task,
    TaskMark,
)
from orders.queries import Filter
from tests.conftest import NOW
from tests.counting import statements
from tests.orders.making import make_many, make_order, make_shop

TODAY = day_of(NOW)


def ids(page: queries.Page) -> list[int]:
    return [row.pk for row in page.rows]


def walk(filter: Filter, **asked: Any) -> list[int]:
    """Follow the pages to the end, and check that walking back gives the same rows."""
    page = queries.page_of_orders(filter, today=TODAY, **asked)
    seen = [ids(page)]
    while page.next:
        page = queries.page_of_orders(filter, today=TODAY, cursor=page.next, **asked)
        seen.append(ids(page))
    back = [ids(page)]
    while page.previous:
        page = queries.page_of_orders(filter, today=TODAY, cursor=page.previous, **asked)
        back.append(ids(page))
    assert [row for rows in reversed(back) for row in rows] == [row for rows in seen for row in rows]
    return [row for rows in seen for row in rows]


@pytest.mark.usefixtures("inside")
class TestPages:
    def test_newest_first_and_every_order_once(self) -> None:
        make_many(60, seed=3)
        live = Order.objects.filter(deleted_at=None).order_by("-placed_at", "-pk")

        assert walk(Filter(), size=7) == list(live.values_list("pk", flat=True))

    @pytest.mark.parametrize("sort", sorted(queries.SORTS))
    def test_every_order_of_the_list_pages_both_ways(self, sort: str) -> None:
        make_many(40, seed=4)
        live = list(Order.objects.filter(deleted_at=None))

        seen = walk(Filter(), size=6, sort=sort)

        assert sorted(seen) == sorted(order.pk for order in live)

    @pytest.mark.feature("F004")
    def test_next_day_orders_come_first_while_open(self) -> None:
        shop = make_shop()
        plain = make_order(shop, at=NOW)
        urgent = make_order(shop, at=NOW - timedelta(hours=5), next_day=True)
        shipped = make_order(shop, at=NOW - timedelta(hours=1), next_day=True, status="shipped")

        assert walk(Filter(), size=1, sort="next_day") == [urgent.pk, plain.pk, shipped.pk]

    @pytest.mark.feature("F047")
    def test_a_group_is_the_union_of_its_statuses(self) -> None:
        make_many(60, seed=5)
        group = StatusGroup.objects.get(phase="intake")
        inside = Order.objects.filter(deleted_at=None, status__group=group).order_by("-placed_at", "-pk")

        assert walk(Filter(group_id=group.pk), size=5) == list(inside.values_list("pk", flat=True))

    def test_a_group_without_statuses_is_empty(self) -> None:
        make_order(make_shop())
        group = StatusGroup.objects.create(name="空", phase="ready")

        assert walk(Filter(group_id=group.pk)) == []

    def test_each_filter_narrows(self) -> None:
        shop, other = make_shop("一号店"), make_shop("二号店")
        tag, task = Tag.objects.get(name="急ぎ"), Task.objects.get(key="hold")
        product = Product.objects.create(sku="P-1", name="りんご")
        order = make_order(
            shop, at=NOW - timedelta(days=3), payment_method="cod", delivery_method="メール便", tags=[tag], tasks=[task], held=True,
            lines=[{"product": product, "sku": "A-9"}], next_day=True, unreported=True,
        )  # fmt: skip
        make_order(other)

        for narrowed in (
            Filter(shop_ids=(shop.pk,)), Filter(payment_methods=("cod",)), Filter(delivery_methods=("メール便",)),
            Filter(tag_ids=(tag.pk,)),
            Filter(task_ids=(task.pk,)), Filter(held=True), Filter(product_id=product.pk), Filter(sku="A-9"), Filter(next_day=True),
            Filter(placed_until=TODAY - timedelta(days=3)), Filter(number=order.number), Filter(unreported=True),
            Filter(condition=parse({"field": "payment_method", "op": "is", "value": "cod"})), Filter(found=search.look_up(order.number)),
            Filter(late_at=NOW),
        ):  # fmt: skip
            assert ids(queries.page_of_orders(narrowed, today=TODAY)) == [order.pk], narrowed
            assert queries.count_orders(narrowed, today=TODAY) == 1
            assert queries.ids_of_orders(narrowed, today=TODAY, limit=10) == [order.pk]

    def test_days_of_the_period_are_days_in_japan(self) -> None:
        shop = make_shop()
        midnight = NOW - timedelta(hours=12)
        before, after = make_order(shop, at=midnight - timedelta(microseconds=1)), make_order(shop, at=midnight)

        assert walk(Filter(placed_from=TODAY)) == [after.pk]
        assert walk(Filter(placed_until=TODAY - timedelta(days=1))) == [before.pk]

    def test_deleted_orders_are_apart(self) -> None:
        shop = make_shop()
        kept, gone = make_order(shop), make_order(shop, deleted_at=NOW)

        assert walk(Filter()) == [kept.pk]
        assert walk(Filter(deleted=True)) == [gone.pk]

    def test_a_row_shows_what_the_list_shows(self) -> None:
        tag, task = Tag.objects.get(name="要連絡"), Task.objects.get(key="hold")
        lines: list[dict[str, Any]] = [
            {"name": "りんご", "options": "赤"},
            {"name": "みかん", "quantity": 3},
            {"name": "閉じた", "closed_at": NOW},
        ]
        make_order(
            make_shop(mark="楽"),
            lines=lines,
            tags=[tag],
            tasks=[task],
            memo="め" * 100,
            wish_on=date(2026, 11, 25),
            wish_time="午前",
        )
        TaskMark.objects.update(reason="電話待ち")

        (row,) = queries.page_of_orders(Filter(), today=TODAY).rows

        assert (row.first_name, row.first_options, row.more_lines, row.units) == ("りんご", "赤", 1, 4)
        assert (row.shop.mark, row.status.name, row.total_yen, row.wish_time) == ("楽", "新規受付", 1500, "午前")
        assert [mark.name for mark in row.tags] == ["要連絡"]
        assert [(held.name, held.reason) for held in row.holds] == [("保留", "電話待ち")]
        assert row.memo == "め" * 60
        assert row.late(NOW + timedelta(days=1))
        assert not row.late(NOW)

    def test_the_number_of_statements_does_not_grow(self) -> None:
        make_many(80, seed=6)

        assert statements(lambda: queries.page_of_orders(Filter(), today=TODAY, size=1)) == 6
        assert statements(lambda: queries.page_of_orders(Filter(), today=TODAY, size=60)) == 6

    def test_news_since_the_marker(self) -> None:
        shop = make_shop()
        make_order(shop)
        page = queries.page_of_orders(Filter(), today=TODAY)
        assert queries.newer_orders(Filter(), page.marker, today=TODAY) == 0

        make_order(shop, at=NOW - timedelta(days=1))
        make_order(shop, status="ready")

        assert queries.newer_orders(Filter(), page.marker, today=TODAY) == 2
        ready = Status.objects.get(default_for="ready")
        assert queries.newer_orders(Filter(status_ids=(ready.pk,)), page.marker, today=TODAY) == 1

    @pytest.mark.parametrize(
        "cursor",
        ["x", "e30", "////", "WyJuZXdlc3QiLDEsIngiXQ", "あ", "WyJuZXdlc3QiLCAiMjAyNi0xMS0yMlQwMzowMDowMFoiLCAxXQ"],
    )
    def test_a_wrong_cursor_is_refused(self, cursor: str) -> None:
        with pytest.raises(queries.BadCursor):
            queries.page_of_orders(Filter(), today=TODAY, cursor=cursor)

    def test_a_cursor_of_another_order_of_the_list_is_refused(self) -> None:
        shop = make_shop()
        make_order(shop), make_order(shop)
        page = queries.page_of_orders(Filter(), today=TODAY, size=1)

        with pytest.raises(queries.BadCursor):
            queries.page_of_orders(Filter(), today=TODAY, size=1, cursor=page.next or "", sort="yen")


@pytest.mark.usefixtures("inside")
class TestDetail:
    def test_everything_of_an_order_in_fixed_statements(self) -> None:
        shop = make_shop()
        small = make_order(shop, buyer_phone="", recipients=[{"phone": ""}])
        tags, tasks = list(Tag.objects.all()), list(Task.objects.all()[:4])
        lines = [{"parcel": n % 3, "name": f"品{n}"} for n in range(9)] + [{"closed_at": NOW, "parcel": 1}]
        large = make_order(shop, buyer_phone="", recipients=[{"phone": ""}, {"phone": "1", "name": "乙"}, {"phone": "2"}], lines=lines,
                           tags=tags, tasks=tasks)  # fmt: skip

        detail = queries.order_detail(large.pk)

        facts = detail.facts
        assert (len(facts.parcels), len(facts.lines), len(facts.closed_lines)) == (3, 9, 1)
        assert (len(facts.tags), len(facts.marks)) == (len(tags), 4)
        assert (
            statements(lambda: queries.order_detail(small.pk))
            == statements(lambda: queries.order_detail(large.pk))
            <= 13
        )

    def test_a_shared_parcel_is_in_both(self) -> None:
        shop = make_shop()
        lead, joined = make_order(shop), make_order(shop)
        parcel = Parcel.objects.get(order=lead)
        OrderLine.objects.filter(order=joined).update(parcel=parcel)

        facts = queries.facts_of([lead.pk, joined.pk])

        assert [p.pk for p in facts[joined.pk].parcels] == [parcel.pk]
        assert facts[joined.pk].shared_with == [(parcel.pk, lead.pk)]
        assert facts[lead.pk].shared_with == [(parcel.pk, joined.pk)]

    def test_the_buyers_other_orders_and_what_could_go_together(self) -> None:
        shop = make_shop()
        order, other = make_order(shop), make_order(shop, at=NOW - timedelta(days=1))
        elsewhere = make_order(shop, at=NOW - timedelta(days=2), recipients=[{"street": "別の家"}])
        make_order(shop, buyer_phone="0399998888", recipients=[{"phone": "0399998888"}])

        detail = queries.order_detail(order.pk)

        assert [row.pk for row in detail.others] == [other.pk, elsewhere.pk]
        assert detail.bundle == [other.pk]

    def test_a_stranger_is_not_found(self) -> None:
        with pytest.raises(queries.NoOrder):
            queries.order_detail(1 << 40)


def test_another_tenants_order_is_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant.pk):
        theirs = make_order(make_shop())
    with tenant_transaction(tenant.pk), pytest.raises(queries.NoOrder):
        queries.order_detail(theirs.pk)
