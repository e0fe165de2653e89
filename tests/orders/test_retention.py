"""Retention (promise G31): which orders are due, what becomes of their rows, and that the list of columns is the whole list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from automation.engine import work as judge
from hub import crash, stages
from hub.audit import Entry, record
from hub.effects import deliver
from hub.models import AccessRow, AuditDetail, AuditEntry, Effect, Lane, RetentionRun, Tenant
from hub.tenancy import tenant_models, tenant_transaction
from orders.models import MallSnapshot, Order, OrderLine, OrderSearch, Parcel, RejectedPayload
from orders.operations.leaving import cancel_here, delete
from orders.outgoing.held import TAKEN_OUT
from orders.retention import erasing, running
from orders.retention.due import next_due, rule_of
from orders.retention.places import TABLES
from tests.conftest import NOW, TESTER, at
from tests.factories import changed, make_shop, mall_order, take_in
from tests.hub.forks import Child

pytestmark = pytest.mark.usefixtures("at_now")
DAYS = 180


def finish(tenant: Tenant, order_id: int, *, days: float, **columns: Any) -> None:
    """Let an order be done since so many days."""
    moment = NOW - timedelta(days=days)
    with tenant_transaction(tenant.pk):
        Order.objects.filter(pk=order_id).update(
            **{"phase": "done", "shipped_at": moment, "status_at": moment, "unreported": False, **columns}
        )


@pytest.fixture
def order_id(tenant: Tenant) -> int:
    take_in(tenant, make_shop(tenant), mall_order(remarks="玄関先へ"))
    with tenant_transaction(tenant.pk):
        return Order.objects.get().pk


def erased(tenant: Tenant, order_id: int) -> datetime | None:
    with tenant_transaction(tenant.pk):
        moment: datetime | None = Order.objects.get(pk=order_id).erased_at
        return moment


# The list of columns.


def worded(model: type[models.Model]) -> Iterator[str]:
    """Name the columns that can hold words: text, JSON, bytes, and lists of anything but ids."""
    for field in model._meta.concrete_fields:
        plain = (
            models.BigIntegerField, models.IntegerField, models.SmallIntegerField, models.AutoField, models.BooleanField,
            models.DateField, models.TimeField, models.ForeignKey, models.UUIDField, models.GeneratedField,
        )  # fmt: skip
        ids = isinstance(field, ArrayField) and isinstance(field.base_field, models.BigIntegerField)
        if not isinstance(field, plain) and not ids:
            yield field.attname


def test_every_column_that_can_hold_words_is_named_as_erased_or_harmless() -> None:
    named = {table.model: table for table in TABLES}
    assert len(named) == len(TABLES)
    assert {model._meta.label for model in tenant_models()} == set(named)
    for model in tenant_models():
        table = named[model._meta.label]
        if table.delete:
            assert (table.empty, dict(table.kept), table.harmless) == ((), {}, ()), model
            continue
        said = [*table.empty, *table.kept, *table.blank, *table.harmless]
        assert sorted(said) == sorted(worded(model)), f"{model}: a new column? name it in orders/retention/places.py"
        assert not table.harmless or table.why, model
        assert table.erases == bool(table.empty or table.kept or table.blank), model


# Which orders.


@pytest.mark.parametrize("phase", ["done", "shipped"])
def test_an_order_shipped_longer_ago_than_the_days_loses_its_persons(tenant: Tenant, order_id: int, phase: str) -> None:
    finish(tenant, order_id, days=DAYS + 1, phase=phase)
    with tenant_transaction(tenant.pk):
        before = Order.objects.get(pk=order_id)

    running.run_to_end(tenant.pk)

    with tenant_transaction(tenant.pk):
        order = Order.objects.get(pk=order_id)
        parcel, line, keys = Parcel.objects.get(), OrderLine.objects.get(), OrderSearch.objects.get()
        assert order.erased_at == NOW
        assert (order.buyer_name, order.buyer_email, order.buyer_phone, order.buyer_street, order.remarks) == ("",) * 5
        assert (order.buyer_prefecture, order.number, order.total_yen) == ("東京都", before.number, before.total_yen)
        assert (order.revision, order.judge_at, order.reread_at) == (before.revision + 1, None, None)
        assert (parcel.name, parcel.phone, parcel.street, parcel.prefecture) == ("", "", "", "東京都")
        assert (line.sku, line.options) == ("SKU-1", "")
        assert (keys.phone_rev, keys.grams) == ("", [])
        assert keys.number_rev
        assert not MallSnapshot.objects.exists()
        entry = AuditEntry.objects.get(order_id=order_id, verb="retention.erased")
        assert (entry.revision, entry.params, entry.actor_kind) == (order.revision, {}, "system")
        whole = AuditEntry.objects.get(order_id=None, verb="retention.erased")
        assert whole.params["days"] == DAYS
        assert whole.params["rows"]["orders.Order"] == 1


def test_within_the_days_nothing_is_touched(tenant: Tenant, order_id: int) -> None:
    finish(tenant, order_id, days=DAYS - 1)

    assert running.run_to_end(tenant.pk) == {}
    assert erased(tenant, order_id) is None
    with tenant_transaction(tenant.pk):
        assert not RetentionRun.objects.exists()
        assert not AuditEntry.objects.filter(verb="retention.erased").exists()


@pytest.mark.parametrize(
    "columns", [{"phase": "ready"}, {"unreported": True}, {"scratch": True}], ids=["open", "unreported", "scratch"]
)
def test_what_is_not_over_stays(tenant: Tenant, order_id: int, columns: dict[str, Any]) -> None:
    finish(tenant, order_id, days=DAYS + 100, **columns)

    assert running.run_to_end(tenant.pk) == {}
    assert erased(tenant, order_id) is None


@pytest.mark.parametrize(
    ("state", "goes"), [("waiting", False), ("unsure", False), ("stopped", False), ("done", True), ("dropped", True)]
)
def test_an_open_or_stopped_effect_keeps_the_order(tenant: Tenant, order_id: int, state: str, goes: bool) -> None:
    finish(tenant, order_id, days=DAYS + 1, ours=True)
    with tenant_transaction(tenant.pk):
        Effect.objects.create(
            kind="mall.report", lane="shop:1", key="k", order_id=order_id, decided_at=NOW, state=state, payload={"order": 1, "content": {"name": "x"}},
            hold_reason="test",
        )  # fmt: skip

    running.run_to_end(tenant.pk)

    assert (erased(tenant, order_id) is not None) == goes
    with tenant_transaction(tenant.pk):
        assert ("content" in Effect.objects.get().payload) == (not goes)


@pytest.mark.parametrize("take_out", [delete, cancel_here])
def test_what_waits_for_an_order_to_be_taken_back_ends_with_it(tenant: Tenant, take_out: Any) -> None:
    take_in(tenant, make_shop(tenant), mall_order(state="new", code="100"))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        assert take_out([pk], by=TESTER, now=NOW).changed == [pk]
        lane = Lane.objects.get(name__startswith="shop:").pk
    deliver.work(tenant.pk, lane)
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(kind="mall.confirm").hold_reason in TAKEN_OUT
    at(NOW + timedelta(days=DAYS + 1))

    running.run_to_end(tenant.pk)

    assert erased(tenant, pk) is not None
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(kind="mall.confirm")
        assert (effect.state, effect.hold_reason, effect.reason) == ("dropped", "", "erased")


@pytest.mark.parametrize("state", ["requested", "accepted", "working", "cancel_asked"])
def test_a_parcel_that_a_warehouse_works_on_keeps_the_order(tenant: Tenant, order_id: int, state: str) -> None:
    finish(tenant, order_id, days=DAYS + 1)
    with tenant_transaction(tenant.pk):
        Parcel.objects.update(state="requested")
        Parcel.objects.exclude(state=state).update(state=state)

    running.run_to_end(tenant.pk)

    assert erased(tenant, order_id) is None


def test_cancelled_orders_go_by_the_day_of_their_cancelling(tenant: Tenant, order_id: int) -> None:
    with tenant_transaction(tenant.pk):
        cancel_here([order_id], by=TESTER, now=NOW - timedelta(days=DAYS - 1))
    running.run_to_end(tenant.pk)
    assert erased(tenant, order_id) is None

    at(NOW + timedelta(days=2))
    running.run_to_end(tenant.pk)
    assert erased(tenant, order_id) is not None


def test_removed_orders_are_kept_as_long_as_they_may_be_taken_back(tenant: Tenant, order_id: int) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=7)
    with tenant_transaction(tenant.pk):
        delete([order_id], by=TESTER, now=NOW)
    for days, gone in ((8, False), (29, False), (31, True)):
        at(NOW + timedelta(days=days))
        running.run_to_end(tenant.pk)
        assert (erased(tenant, order_id) is not None) == gone


def test_orders_that_share_a_parcel_go_together(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    take_in(tenant, shop, mall_order(), mall_order(), mall_order())
    with tenant_transaction(tenant.pk):
        first, second, alone = Order.objects.order_by("pk").values_list("pk", flat=True)
        shared = Parcel.objects.get(order_id=first)
        OrderLine.objects.filter(order_id=second).update(parcel=shared)
    finish(tenant, first, days=DAYS + 1)
    finish(tenant, second, days=DAYS - 1)
    finish(tenant, alone, days=DAYS + 1)

    running.run_to_end(tenant.pk)
    assert [erased(tenant, pk) is not None for pk in (first, second, alone)] == [False, False, True]
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(pk=shared.pk).name == "見本 花子"

    at(NOW + timedelta(days=2))
    running.run_to_end(tenant.pk)
    assert [erased(tenant, pk) is not None for pk in (first, second, alone)] == [True, True, True]


# It stays erased.


def test_the_mall_brings_no_person_back(tenant: Tenant) -> None:
    shop, sent = make_shop(tenant), mall_order()
    take_in(tenant, shop, sent)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
    finish(tenant, pk, days=DAYS + 1)
    running.run_to_end(tenant.pk)

    take_in(tenant, shop, sent)
    take_in(tenant, shop, changed(sent, remarks="改めて", state="shipped"))

    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        assert (order.buyer_name, order.remarks, order.snapshot_hash, order.reread_at) == ("", "", None, None)
        assert not MallSnapshot.objects.exists()


def test_the_database_itself_lets_nobody_back(tenant: Tenant, order_id: int) -> None:
    finish(tenant, order_id, days=DAYS + 1)
    running.run_to_end(tenant.pk)

    with tenant_transaction(tenant.pk):
        for change in ({"memo": "佐藤様"}, {"buyer_name": "佐藤"}, {"erased_at": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Order.objects.filter(pk=order_id).update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            Parcel.objects.filter(order=order_id).update(street="1-1")
        Order.objects.filter(pk=order_id).update(judge_at=NOW, reread_at=NOW, revision=99)
        assert Order.objects.values_list("judge_at", "reread_at", "revision").get(pk=order_id) == (None, None, 99)


# Runs.


def test_a_run_goes_on_where_it_was(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(tenant)
    take_in(tenant, shop, *[mall_order() for _ in range(5)])
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.values_list("pk", flat=True))
    for pk in ids:
        finish(tenant, pk, days=DAYS + 1)
    monkeypatch.setattr(running, "CHUNK", 2)

    assert running.step(tenant.pk)  # by age
    assert running.step(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(erased_at__isnull=False).count() == 2
        assert RetentionRun.objects.get().counts["orders.Order"] == 2
    assert running.run_to_end(tenant.pk)["orders.Order"] == 5
    with tenant_transaction(tenant.pk):
        assert RetentionRun.objects.get().finished_at == NOW
        assert AuditEntry.objects.get(order_id=None, verb="retention.erased").params["rows"]["orders.Order"] == 5
    assert Tenant.objects.get(pk=tenant.pk).retained_at == NOW


@pytest.mark.parametrize(
    ("point", "passages"), [("retention.before_commit", (1, 2, 3)), ("retention.after_step", (1, 1, 1))]
)
def test_a_run_that_is_killed_goes_on_and_counts_each_row_once(
    tenant: Tenant, point: str, passages: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(tenant)
    take_in(tenant, shop, *[mall_order() for _ in range(5)])
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.values_list("pk", flat=True))
    for pk in ids:
        finish(tenant, pk, days=DAYS + 1)
    monkeypatch.setattr(running, "CHUNK", 2)
    planned = running.plan(tenant.pk)

    for nth in passages:

        def die(nth: int = nth) -> None:
            monkeypatch.setattr(crash, "_WANTED", point)
            monkeypatch.setattr(crash, "_NTH", str(nth))
            running.run_to_end(tenant.pk)

        assert Child(die).join() == (9, None)

    assert running.run_to_end(tenant.pk) == planned
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(erased_at__isnull=False).count() == 5
        assert AuditEntry.objects.filter(verb="retention.erased", order_id__isnull=False).count() == 5
        assert AuditEntry.objects.get(order_id=None, verb="retention.erased").params["rows"] == planned


def test_the_stage_runs_once_a_night_and_leaves_suspended_tenants_alone(tenant: Tenant, other_tenant: Tenant) -> None:
    Tenant.objects.filter(pk=other_tenant.pk).update(suspended_at=NOW)

    def is_due(one: Tenant, moment: datetime) -> bool:
        return one.pk in {unit.tenant_id for unit in stages.due("retain", moment, n=10_000)}

    assert is_due(tenant, NOW)
    assert not is_due(other_tenant, NOW)
    stages.run("retain", tenant.pk, 0)
    night = NOW.replace(hour=18, minute=0)  # 3:00 of the next day in Japan
    assert [is_due(tenant, night + timedelta(minutes=n)) for n in (-10, 1)] == [False, True]


def test_lengthening_the_days_keeps_what_a_run_has_not_reached(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(tenant)
    take_in(tenant, shop, mall_order(), mall_order())
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    for pk in ids:
        finish(tenant, pk, days=DAYS + 1)
    monkeypatch.setattr(running, "CHUNK", 1)
    running.step(tenant.pk)
    running.step(tenant.pk)
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=365)

    running.run_to_end(tenant.pk)

    assert [erased(tenant, pk) is not None for pk in ids] == [True, False]


def test_the_columns_of_orders_and_the_check_of_the_database_name_the_same() -> None:
    from orders.models.orders import ORDER_PERSONS, PARCEL_PERSONS

    parcels = next(table for table in TABLES if table.model == "orders.Parcel")
    assert set(ORDER_PERSONS) < set(erasing.ORDERS.empty)
    assert set(PARCEL_PERSONS) < set(parcels.empty)


def test_another_tenants_orders_are_not_touched(tenant: Tenant, other_tenant: Tenant, order_id: int) -> None:
    take_in(other_tenant, make_shop(other_tenant), mall_order())
    with tenant_transaction(other_tenant.pk):
        theirs = Order.objects.get().pk
    finish(other_tenant, theirs, days=DAYS + 1)
    finish(tenant, order_id, days=DAYS + 1)

    running.run_to_end(tenant.pk)

    assert erased(tenant, order_id) is not None
    assert erased(other_tenant, theirs) is None


def test_the_night_walks_an_index_of_what_is_not_erased_yet(tenant: Tenant, order_id: int) -> None:
    rule = rule_of(DAYS, now=NOW)
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        with CaptureQueriesContext(connection) as caught:
            next_due(rule, None, limit=10)
        cursor.execute("EXPLAIN " + caught[0]["sql"].replace("%", "%%"))
        plan = "\n".join(row[0] for row in cursor.fetchall())

    scan = plan[plan.index("orders_order_finished") :]
    assert "Index Cond" in scan.splitlines()[1]
    assert "< '2026-05-26" in scan.splitlines()[1], "only what is old enough is read"


def test_what_only_its_age_binds_goes_by_its_age(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    with tenant_transaction(tenant.pk):
        for days in (DAYS + 1, DAYS - 1):
            moment = NOW - timedelta(days=days)
            AccessRow.objects.create(at=moment, actor_kind="member", what="search", filter={"q": "佐藤"}, count=3)
            RejectedPayload.objects.create(
                shop=shop, number=f"n{days}", path="x", reason="missing", params={"found": "佐藤"}, body=b"box", first_at=moment, last_at=moment
            )  # fmt: skip
            searched = Entry(verb="search.changed", params={"id": 1}, before={"condition": {"value": "佐藤"}})
            named = Entry(verb="tag.changed", params={"id": 1}, before={"name": "目印"})
            record([searched, named], by=TESTER, now=moment)

    rows = running.run_to_end(tenant.pk)

    assert rows == {"hub.AccessRow": 1, "orders.RejectedPayload": 1, "hub.AuditDetail": 1}
    with tenant_transaction(tenant.pk):
        assert list(AccessRow.objects.order_by("at").values_list("filter", "count")) == [({}, 3), ({"q": "佐藤"}, 3)]
        kept = RejectedPayload.objects.order_by("last_at").values_list("params", "body", "path")
        assert [(params, bytes(body), path) for params, body, path in kept] == [
            ({}, b"", "x"),
            ({"found": "佐藤"}, b"box", "x"),
        ]
        verbs = AuditDetail.objects.order_by("pk").values_list("entry__verb", flat=True)
        assert sorted(verbs) == ["search.changed", "tag.changed", "tag.changed"]
