"""The list page, counts, one order, and the figures of the day."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import queries, search
from orders.conditions import parse
from orders.fields.kinds import day_of
from orders.models import (
    MallReport,
    Order,
    OrderLine,
    OrderTag,
    Parcel,
    Product,
    Status,
    StatusDelta,
    StatusGroup,
    Tag,
    Task,
    TaskMark,
    Warehouse,
)
from orders.queries import Filter
from tests.conftest import NOW
from tests.orders.making import make_many, make_order, make_shop

TODAY = day_of(NOW)


def statements(call: Any) -> int:
    with CaptureQueriesContext(connection) as caught:
        call()
    return len(caught)


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
class TestCounts:
    @pytest.mark.feature("F034")
    def test_counts_are_those_of_the_orders(self) -> None:
        make_many(50, seed=8)
        Order.objects.filter(pk__in=list(Order.objects.values_list("pk", flat=True)[:9])).update(
            status=Status.objects.get(default_for="done"), phase="done"
        )
        Order.objects.filter(pk=Order.objects.latest("pk").pk).update(deleted_at=NOW)

        assert queries.status_counts() == queries.recount()
        assert sum(queries.status_counts().values()) == Order.objects.filter(is_live=True).count()

    def test_folding_changes_no_count(self) -> None:
        make_many(30, seed=9)
        for order in Order.objects.all()[:5]:
            Order.objects.filter(pk=order.pk).update(status=Status.objects.get(default_for="check"))
        before = queries.status_counts()

        gone, stand = queries.fold_deltas()

        assert gone > stand == StatusDelta.objects.count()
        assert queries.status_counts() == before == queries.recount()
        assert queries.fold_deltas() == (stand, stand)

    def test_a_shop_has_its_own_counts(self) -> None:
        one, two = make_shop("一"), make_shop("二")
        make_order(one), make_order(one), make_order(two)
        intake = Status.objects.get(default_for="intake").pk

        assert queries.status_counts([one.pk]) == {intake: 2}
        assert queries.status_counts([one.pk, two.pk]) == {intake: 3}

    @pytest.mark.feature("F047")
    def test_groups_are_sums_and_late_ones_are_counted(self) -> None:
        shop = make_shop()
        make_order(shop), make_order(shop, status="waiting"), make_order(shop, at=NOW - timedelta(days=2))

        tree = {node.group.name: node for node in queries.status_tree(NOW)}

        assert tree["新規"].count == 3
        assert [(node.status.name, node.count, node.late) for node in tree["新規"].statuses] == [
            ("待機", 1, 0), ("新規受付", 2, 1), ("確認待", 0, 0),
        ]  # fmt: skip
        assert tree["完了"].count == 0

    def test_one_statement(self) -> None:
        make_many(10, seed=1)

        assert statements(queries.status_counts) == 1


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


@pytest.mark.usefixtures("inside")
class TestLate:
    def test_past_the_limit_of_the_status(self) -> None:
        shop = make_shop()
        late = make_order(shop, at=NOW - timedelta(minutes=241))
        make_order(shop, at=NOW - timedelta(minutes=239)), make_order(shop, at=NOW - timedelta(days=9), status="done")

        assert queries.late_orders(NOW) == [
            queries.Late(order_id=late.pk, causes=("status",), since=NOW - timedelta(minutes=1))
        ]

    @pytest.mark.parametrize(("hour", "minute", "late"), [(15, 29, False), (15, 30, True), (18, 0, True)])
    def test_past_the_cut_off(self, hour: int, minute: int, late: bool) -> None:
        shop = make_shop(warehouse=Warehouse.objects.create(name="倉庫", kind="own"))
        order = make_order(shop, status="ready")
        Parcel.objects.update(ship_on=TODAY)
        moment = NOW.replace(hour=hour - 9, minute=minute)

        assert [(one.order_id, one.causes) for one in queries.late_orders(moment)] == (
            [(order.pk, ("cutoff",))] if late else []
        )

    def test_a_wish_after_the_cut_off_is_for_the_next_day(self) -> None:
        house = Warehouse.objects.create(name="倉庫", kind="own")
        order = make_order(make_shop(), status="ready")
        Parcel.objects.update(ship_wanted_at=NOW.replace(hour=6, minute=30), warehouse=house)
        Status.objects.update(limit_minutes=None)

        assert queries.late_orders(NOW.replace(hour=20)) == []
        assert [one.order_id for one in queries.late_orders(NOW.replace(hour=6, minute=30) + timedelta(days=1))] == [
            order.pk
        ]

    def test_not_counted_at_nine(self) -> None:
        order = make_order(make_shop(), status="shipped")
        yesterday = NOW - timedelta(days=1)
        MallReport.objects.create(order=order, parcel=Parcel.objects.get(order=order), shipment=1, created_at=yesterday)

        assert queries.late_orders(NOW.replace(hour=23, minute=59) - timedelta(days=1)) == []
        assert [one.causes for one in queries.late_orders(NOW.replace(hour=0, minute=0))] == [("not_counted",)]

        MallReport.objects.update(counted_at=NOW)
        assert queries.late_orders(NOW) == []


@pytest.mark.usefixtures("inside")
class TestFigures:
    def test_the_figures_of_a_day(self) -> None:
        shop = make_shop(warehouse=Warehouse.objects.create(name="倉庫", kind="own"))
        hold = Task.objects.get(key="hold")
        make_order(shop), make_order(shop, status="waiting")
        held = make_order(shop, tasks=[hold], held=True, at=NOW - timedelta(days=7))
        shipped = make_order(shop, status="shipped", total_yen=700)
        MallReport.objects.create(order=shipped, parcel=Parcel.objects.get(order=shipped), shipment=1, created_at=NOW)
        Parcel.objects.filter(order=held).update(ship_wanted_at=NOW, warehouse=shop.warehouse)

        figures = queries.home_figures(NOW)

        assert (figures.new, figures.waiting, figures.held, figures.late) == (2, 1, 1, 1)
        assert [(cause.key, cause.orders) for cause in figures.causes] == [("hold", 1)]
        assert figures.oldest_held == held.pk
        assert (figures.unreported, figures.unreported_yen) == (1, 700)
        assert [(cutoff.parcels, cutoff.held) for cutoff in figures.cutoffs if cutoff.parcels] == [(1, 1)]
        assert (figures.hours[12], sum(figures.hours), figures.hours_last_week[12]) == (3, 3, 1)
        assert not figures.all_well

    def test_all_is_well_with_nothing(self) -> None:
        assert queries.home_figures(NOW).all_well

    def test_statements_do_not_grow(self) -> None:
        make_shop()
        few = statements(lambda: queries.home_figures(NOW))
        make_many(30, seed=11)

        assert statements(lambda: queries.home_figures(NOW)) == few


@pytest.mark.feature("F034")
def test_counts_hold_while_others_change_and_fold(tenant: Tenant) -> None:
    """Changes, folds and a reader at once: no deadlock, and the counts are exact at the end."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    with tenant_transaction(tenant.pk):
        make_many(40, seed=12)
        everything = list(Order.objects.order_by("pk").values_list("pk", flat=True))
        steps = list(Status.objects.values_list("pk", flat=True))

    def change(worker: int) -> None:
        try:
            for turn in range(15):
                with tenant_transaction(tenant.pk):
                    chosen = everything[(worker * 7 + turn) % 5 :: 5]
                    Order.locked(chosen)
                    Order.objects.filter(pk__in=chosen).update(status=steps[(worker + turn) % len(steps)])
        finally:
            connections.close_all()

    def fold() -> None:
        try:
            for _ in range(20):
                with tenant_transaction(tenant.pk):
                    queries.fold_deltas()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        for task in [*(pool.submit(change, worker) for worker in range(3)), pool.submit(fold), pool.submit(fold)]:
            task.result()

    with tenant_transaction(tenant.pk):
        assert queries.status_counts() == queries.recount()
        queries.fold_deltas()
        assert queries.status_counts() == queries.recount()
        assert OrderTag.objects.count() > 0
