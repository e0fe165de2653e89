"""A foreign id and an unknown one take the same path: the same statements in the same order, so that not even the time tells (promise G29)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.api.described import Route, routes
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import TenantModel, tenant_transaction
from orders.models import Order, Product, Shop
from tests.api.conftest import Caller, caller_of
from tests.api.conftest import furnish as furnish_api
from tests.conftest import make_tenant
from tests.test_urls import SHUT, UNKNOWN, WHOSE_ID, Page, Town, call, table, town

__all__ = ["town"]

VALUES = re.compile(r"'(?:[^']|'')*'|(?: ?-)?\b\d+(?:\.\d+)?\b")
NEVER = encode(UNKNOWN)


def shapes(ask: Callable[[], Any]) -> tuple[int, list[str]]:
    """The status that a call was answered with, and its statements without their values."""
    with CaptureQueriesContext(connection) as caught:
        answer = ask()
    return answer.status_code, [VALUES.sub("?", one["sql"]) for one in caught.captured_queries]


def test_values_are_left_out_and_nothing_else() -> None:
    one = """SELECT "a1"."id" FROM a1 WHERE name = 'it''s 4' AND id = 12 AND lock( -7) LIMIT 21"""

    assert VALUES.sub("?", one) == 'SELECT "a1"."id" FROM a1 WHERE name = ? AND id = ? AND lock(?) LIMIT ?'


# --- pages


@pytest.mark.parametrize("page", [page for page in SHUT if page.name in WHOSE_ID], ids=lambda page: page.name)
def test_a_page_asks_the_same_for_a_foreign_id_as_for_an_unknown_one(page: Page, town: Town) -> None:
    model = WHOSE_ID[page.name]
    role = "owner" if "owner" in table()[page.view.right] else sorted(table()[page.view.right])[0]
    client = town.browsers[role]
    for method in page.view.methods:

        def ask(pk: int, method: str = method) -> tuple[int, list[str]]:
            return shapes(lambda: call(client, method.lower(), page.url(pk)))

        ask(UNKNOWN)  # what only the first call of a process or session does is done
        foreign, unknown, beyond = ask(town.foreign[model]), ask(UNKNOWN), ask(town.foreign[model] + 1_000_000)
        assert foreign[0] == 404
        assert len(foreign[1]) > 3, "it did look"
        assert foreign == unknown == beyond


# --- the API


@pytest.fixture(scope="module")
def two(django_db_setup: None) -> tuple[Tenant, dict[str, str], Caller]:
    """A tenant, the paths of another one's rows, and a caller of the first."""
    tenant, other = make_tenant(), make_tenant()
    furnish_api(tenant)
    return tenant, furnish_api(other), caller_of(tenant)


WITH_ID = [route for route in routes() if "{id}" in route.path and route.due == "version 1"]


@pytest.mark.parametrize("route", WITH_ID, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_asks_the_same_for_a_foreign_id_as_for_an_unknown_one(
    route: Route, two: tuple[Tenant, dict[str, str], Caller]
) -> None:
    _, theirs, caller = two
    headers: dict[str, Any] = {"If_Match": '"1"'} if route.path == "orders/{id}" else {}
    body: Any = None if route.method == "GET" else {}

    def ask(id_: str) -> tuple[int, list[str]]:
        path = route.path.replace("{id}", id_).replace("{action}", "hold").replace("{act}", "drop")
        return shapes(lambda: caller(route.method, path, body, **headers))

    ask(NEVER)
    foreign, unknown = ask(theirs[route.path.split("/")[0]]), ask(NEVER)

    assert foreign[0] == 404
    assert len(foreign[1]) > 3, "it did look"
    assert foreign == unknown


# --- the database beneath


@pytest.mark.parametrize("model", [Order, Shop, Product])
def test_the_row_of_another_tenant_costs_one_probe_of_an_index_at_most(
    model: type[TenantModel], two: tuple[Tenant, dict[str, str], Caller]
) -> None:
    """One step further down: both are one look into one index. Where the planner takes the key without the tenant, the fence drops
    the one row that it finds; nothing more is read for it."""
    tenant, other = two[0], make_tenant()
    furnish_api(other)
    with tenant_transaction(other.pk):
        foreign = model.objects.order_by("pk").values_list("pk", flat=True)[0]

    def plan(pk: int) -> str:
        with tenant_transaction(tenant.pk):
            with connection.cursor() as cursor:  # the tables of a test are so small that reading them whole is cheaper
                cursor.execute("SELECT set_config('enable_seqscan', 'off', true)")
            told = model.objects.filter(pk=pk).explain(
                analyze=True, buffers=False, timing=False, costs=False, summary=False
            )
        told = re.sub(r"\bid = '?\d+'?(::bigint)?\)", "id = ?)", told)
        return re.sub(r"\n +Rows Removed by Filter: 1\b", "", told)

    told = plan(foreign)
    assert told.count("Index Cond:") == 1, told
    assert "actual rows=0" in told.splitlines()[0], told
    assert told == plan(UNKNOWN)
