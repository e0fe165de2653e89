"""Under row security the hot queries keep their indexes: a comparison that is not leakproof would turn them into filters."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.models import Tenant
from hub.tenancy import TenantModel, tenant_transaction
from orders import queries
from orders.fields.kinds import day_of
from orders.models import OrderSearch, SearchPhone, StatusGroup, TrackingNumber
from orders.queries import Filter
from tests.conftest import NOW, make_tenant, rest
from tests.orders.making import make_many

TODAY = day_of(NOW)


ORDERS = 400
"""Enough that an index which must throw most rows away costs more than one that need not."""


@pytest.fixture(scope="module")
def filled(django_db_setup: None) -> Iterator[Tenant]:
    """A tenant with orders in every status, and figures of the tables as they are."""
    tenant = make_tenant()
    with tenant_transaction(tenant.pk):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
        make_many(ORDERS, seed=31)
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("ANALYZE")
    yield tenant
    rest(tenant)


@pytest.fixture
def _planned_as_if_large(filled: Tenant) -> Iterator[None]:
    """Forbids whole-table reads, so that the plan of a small table shows which indexes can serve at all."""
    with tenant_transaction(filled.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        yield


def plan_of(call: Any, table: str) -> str:
    """Return the plan of the first statement of a call that reads the table."""
    with CaptureQueriesContext(connection) as caught:
        call()
    statement = next(query["sql"] for query in caught if table in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement.replace("%", "%%"))
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.usefixtures("_planned_as_if_large")
class TestPlans:
    @pytest.mark.feature("F022")
    @pytest.mark.parametrize(
        ("model", "column"),
        [
            (OrderSearch, "number_rev"),
            (OrderSearch, "phone_rev"),
            (SearchPhone, "phone_rev"),
            (TrackingNumber, "number_rev"),
        ],
    )
    def test_ends_of_numbers_and_phones_are_ranges_of_an_index(self, model: type[TenantModel], column: str) -> None:
        ends = model.objects.filter(**{f"{column}__ends_with": "123456"}).order_by("tenant_id", column)

        plan = plan_of(lambda: list(ends), model._meta.db_table)

        assert f"{column} >= '654321'" in plan
        assert f"{column} < '654322'" in plan

    def test_the_list_is_read_in_the_order_of_its_index(self) -> None:
        plan = plan_of(lambda: queries.page_of_orders(Filter(), today=TODAY), "orders_order")

        assert "orders_order_list" in plan
        assert "Sort" not in plan

    def test_a_group_reads_one_index_for_each_status(self) -> None:
        group = StatusGroup.objects.get(phase="intake")

        plan = plan_of(lambda: queries.page_of_orders(Filter(group_id=group.pk), today=TODAY), "UNION ALL")

        assert plan.count("orders_order_status") == 3
        assert "Merge Append" in plan

    def test_open_orders_have_an_index_of_their_own(self) -> None:
        plan = plan_of(lambda: queries.page_of_orders(Filter(open_only=True), today=TODAY), "orders_order")

        assert "orders_order_open" in plan

    def test_counts_read_the_sums_index(self) -> None:
        assert "orders_statusdelta_sum" in plan_of(queries.status_counts, "orders_statusdelta")
