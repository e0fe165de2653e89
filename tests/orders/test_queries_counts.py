"""Counts, what is late, and the figures of the day."""

from datetime import datetime, time, timedelta

import pytest

from hub.clock import JAPAN
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import queries
from orders.fields.kinds import day_of
from orders.models import (
    MallReport,
    Order,
    OrderTag,
    Parcel,
    Status,
    StatusDelta,
    Task,
    Warehouse,
)
from orders.queries import next_cutoff
from tests.conftest import NOW
from tests.counting import statements
from tests.orders.making import make_many, make_order, make_shop

TODAY = day_of(NOW)


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


def late_ids(now: datetime) -> list[int]:
    """The late orders' ids, by the list's filter; the count says as many."""
    found = list(Order.objects.filter(queries.is_late(now)).order_by("pk").values_list("pk", flat=True))
    assert queries.count_late(now) == len(found)
    return found


@pytest.mark.usefixtures("inside")
class TestLate:
    def test_past_the_limit_of_the_status(self) -> None:
        shop = make_shop()
        late = make_order(shop, at=NOW - timedelta(minutes=241))
        make_order(shop, at=NOW - timedelta(minutes=239)), make_order(shop, at=NOW - timedelta(days=9), status="done")

        assert late_ids(NOW) == [late.pk]

    @pytest.mark.parametrize(("hour", "minute", "late"), [(15, 29, False), (15, 30, True), (18, 0, True)])
    def test_past_the_cut_off(self, hour: int, minute: int, late: bool) -> None:
        shop = make_shop(warehouse=Warehouse.objects.create(name="倉庫", kind="own"))
        order = make_order(shop, status="ready")
        Parcel.objects.update(ship_on=TODAY)
        moment = NOW.replace(hour=hour - 9, minute=minute)

        assert late_ids(moment) == ([order.pk] if late else [])

    def test_a_wish_after_the_cut_off_is_for_the_next_day(self) -> None:
        house = Warehouse.objects.create(name="倉庫", kind="own")
        order = make_order(make_shop(), status="ready")
        Parcel.objects.update(ship_wanted_at=NOW.replace(hour=6, minute=30), warehouse=house)
        Status.objects.update(limit_minutes=None)

        assert late_ids(NOW.replace(hour=20)) == []
        assert late_ids(NOW.replace(hour=6, minute=30) + timedelta(days=1)) == [order.pk]

    def test_a_weekday_with_a_cut_off_of_its_own_is_late_by_it(self) -> None:
        """The 22nd, TODAY, is a Sunday: what was wished on it before noon is for Sunday, after it for Monday."""
        house = Warehouse.objects.create(name="倉庫", kind="own", cutoffs={"sun": "12:00", "mon": "17:00"})
        Status.objects.update(limit_minutes=None)
        orders = [make_order(make_shop(name), status="ready") for name in ("甲", "乙", "丙")]
        planned, early, late = (Parcel.objects.filter(order=order) for order in orders)
        noon = datetime.combine(TODAY, time(12), JAPAN)
        planned.update(ship_on=TODAY, warehouse=house)
        early.update(ship_wanted_at=noon - timedelta(seconds=1), warehouse=house)
        late.update(ship_wanted_at=noon, warehouse=house)

        found = {
            moment: [orders.index(order) for order in orders if order.pk in late_ids(moment)]
            for moment in (
                noon - timedelta(seconds=1),
                noon,
                noon + timedelta(hours=28, minutes=59),
                noon + timedelta(hours=29),
            )
        }

        assert list(found.values()) == [[], [0, 1], [0, 1], [0, 1, 2]]

    @pytest.mark.parametrize(("hour", "minute", "until"), [(11, 59, 12), (12, 0, 41), (40, 59, 41), (41, 0, 63)])
    def test_the_next_cut_off_is_that_of_its_weekday(self, hour: int, minute: int, until: int) -> None:
        """Hours from the beginning of a Sunday: its own cut-off at 12, Monday's at 17, Tuesday's as on every day."""
        house = Warehouse(name="倉庫", kind="own", cutoffs={"sun": "12:00", "mon": "17:00"}, cutoff_at=time(15))
        start = datetime.combine(TODAY, time(0), JAPAN)

        assert next_cutoff(house, start + timedelta(hours=hour, minutes=minute)) == start + timedelta(hours=until)

    def test_not_counted_at_nine(self) -> None:
        order = make_order(make_shop(), status="shipped")
        yesterday = NOW - timedelta(days=1)
        MallReport.objects.create(order=order, parcel=Parcel.objects.get(order=order), shipment=1, created_at=yesterday)

        assert late_ids(NOW.replace(hour=23, minute=59) - timedelta(days=1)) == []
        assert not queries.any_uncounted(NOW.replace(hour=23, minute=59) - timedelta(days=1))
        assert late_ids(NOW.replace(hour=0, minute=0)) == [order.pk]
        assert queries.any_uncounted(NOW.replace(hour=0, minute=0))

        MallReport.objects.update(counted_at=NOW)
        assert late_ids(NOW) == []


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
        assert [(cutoff.orders, cutoff.held) for cutoff in figures.cutoffs if cutoff.orders] == [(1, 1)]
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
