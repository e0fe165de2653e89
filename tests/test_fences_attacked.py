"""The fences between tenants under attack from inside: reused connections, threads, kills, planted tables, SQL of the running role."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import Error, connection, connections, transaction

from hub.current import tenant_or_none
from hub.models import Tenant
from hub.stages import run
from hub.tenancy import tenant_transaction
from orders.models import Order, Tag
from orders.queries.counts import status_tree
from orders.search import grams
from tests.conftest import NOW, make_tenant
from tests.orders.making import make_order, make_shop
from tests.pages import make_member

pytestmark = pytest.mark.usefixtures("django_db_setup")


def rows(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def refused(statement: str, *params: Any) -> bool:
    try:
        with transaction.atomic():
            rows(statement, *params)
    except Error:
        return True
    return False


class Tripped(Exception):
    """Something went wrong in the middle of a transaction."""


def test_no_connection_carries_a_tenant_over_whatever_happens_on_it() -> None:
    tenants = [make_tenant() for _ in range(3)]
    for tenant in tenants:
        with tenant_transaction(tenant.pk):
            Tag.objects.create(name=f"札{tenant.pk}")

    def live(seed: int) -> int:
        dice, switches = random.Random(seed), 0
        try:
            for _ in range(60):
                tenant = dice.choice(tenants)
                what = dice.choice(("read", "read", "raise", "bad sql", "killed", "savepoint"))
                try:
                    with tenant_transaction(tenant.pk):
                        assert {row[0] for row in rows("SELECT DISTINCT tenant_id FROM orders_tag")} == {tenant.pk}
                        assert Tag.objects.filter(name__startswith="札").get().tenant_id == tenant.pk
                        if what == "raise":
                            raise Tripped
                        if what == "bad sql":
                            rows("SELECT 1 / 0")
                        if what == "killed":
                            rows("SELECT pg_terminate_backend(pg_backend_pid())")
                        if what == "savepoint":
                            assert refused("SELECT no_such_column FROM orders_tag")
                            assert {tag.tenant_id for tag in Tag.objects.all()} == {tenant.pk}
                except (Tripped, Error):
                    connection.close_if_unusable_or_obsolete()
                assert tenant_or_none() is None
                assert rows("SELECT coalesce(current_setting('app.tenant_id', true), '')") == [("",)]
                switches += 1
        finally:
            connections.close_all()
        return switches

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(live, range(4))) == 240


def test_a_job_that_fails_leaves_no_tenant_to_the_next_one(monkeypatch: Any) -> None:
    one, other = make_tenant(), make_tenant()
    seen: list[int | None] = []

    def work(tenant_id: int, unit_id: int) -> bool:
        seen.append(tenant_or_none())
        with tenant_transaction(tenant_id):
            seen.append(Tag.objects.all()[0].tenant_id)
            raise Tripped

    monkeypatch.setattr("orders.polling.work", work)

    for tenant in (one, other, one):
        with pytest.raises(Tripped):
            run("poll", tenant.pk, 5)
        assert tenant_or_none() is None
    assert seen == [tenant.pk for tenant in (one, one, other, other, one, one)]


def test_planted_tables_and_functions_are_not_asked(tenant: Tenant, other_tenant: Tenant) -> None:
    member = make_member(tenant)
    with tenant_transaction(tenant.pk):
        order = make_order(make_shop(), buyer_name="見本花子")
        before = status_tree(NOW, ())
    with transaction.atomic():
        rows("CREATE TEMP TABLE hub_member ON COMMIT DROP AS SELECT %s::bigint AS tenant_id, 1::bigint AS id, %s::bigint AS user_id, "
             "'owner' AS role, NULL::timestamptz AS removed_at", other_tenant.pk, member.user_id)  # fmt: skip
        rows("CREATE TEMP TABLE hub_apitoken ON COMMIT DROP AS SELECT %s::bigint AS tenant_id, 1::bigint AS id, "
             "'x'::bytea AS secret_hash, now() + interval '1 day' AS expires_at, NULL::timestamptz AS revoked_at", other_tenant.pk)  # fmt: skip
        rows("CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz $$")
        assert [row[0] for row in rows("SELECT tenant_id FROM hub_memberships(%s)", member.user_id)] == [tenant.pk]
        assert rows("SELECT * FROM hub_token_owner('x')") == []
    with tenant_transaction(tenant.pk):
        rows("CREATE TEMP TABLE orders_ordersearch (tenant_id bigint, order_id bigint, grams integer[]) ON COMMIT DROP")
        rows(
            "CREATE TEMP TABLE orders_statusdelta (tenant_id bigint, shop_id bigint, status_id bigint, n int, base boolean) ON COMMIT DROP"
        )
        wanted = sorted(grams("見本", tenant.pk))
        assert rows("SELECT orders_search_ids(%s::int[], 10)", wanted) == [([order.pk],)]
        rows("UPDATE public.orders_order SET held = held WHERE id = %s", order.pk)
        assert rows("SELECT count(*) FROM pg_temp.orders_statusdelta") == [(0,)]
    with tenant_transaction(tenant.pk):
        assert status_tree(NOW, ()) == before


def test_a_cheap_function_in_a_condition_sees_no_foreign_row(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant.pk):
        Tag.objects.create(name="よその札")
    with tenant_transaction(tenant.pk):
        rows("CREATE TEMP TABLE heard (words text) ON COMMIT DROP")
        rows("CREATE FUNCTION pg_temp.listen(words text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
             "$$ BEGIN INSERT INTO heard VALUES (words); RETURN true; END $$")  # fmt: skip
        rows("SELECT id FROM orders_tag WHERE pg_temp.listen(name)")
        heard = {row[0] for row in rows("SELECT words FROM heard")}
        assert heard == set(Tag.objects.values_list("name", flat=True))
        assert "よその札" not in heard
        rows("DROP FUNCTION pg_temp.listen(text)")


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL ROLE hub_scan", "SET LOCAL ROLE hub_owner", "SET LOCAL SESSION AUTHORIZATION hub_owner",
        "ALTER TABLE orders_order DISABLE ROW LEVEL SECURITY", "ALTER TABLE orders_order NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON orders_order", "CREATE POLICY more ON orders_order USING (true)", "TRUNCATE orders_order CASCADE",
        "DROP TABLE orders_order", "CREATE FUNCTION public.leak() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE SCHEMA mine",
        "ALTER FUNCTION hub_memberships(bigint) OWNER TO hub_app", "ALTER DATABASE CURRENT SET app.tenant_id = '1'",
        "SELECT setval('orders_order_id_seq', 1)", "SET LOCAL session_replication_role = replica", "SELECT * FROM pg_authid",
        "COPY orders_order TO PROGRAM 'cat'", "COPY orders_order TO '/tmp/x'", "SELECT pg_read_file('/etc/passwd')",
        "UPDATE hub_auditentry SET verb = 'x'", "DELETE FROM hub_auditseal", "UPDATE hub_auditdetail SET after = '{}'",
        "CREATE TRIGGER t AFTER INSERT ON orders_order EXECUTE FUNCTION orders_count_changes()", "LOCK TABLE pg_authid",
        "CREATE EXTENSION dblink", "SELECT lo_import('/etc/passwd')",
    ],
)  # fmt: skip
def test_the_running_role_cannot_take_its_fences_down(statement: str, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        assert refused(statement)


def test_going_around_the_policies_is_an_error_and_not_an_empty_answer(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant.pk):
        theirs = make_order(make_shop(), buyer_name="よその人")
    with tenant_transaction(tenant.pk):
        assert refused("SET LOCAL row_security = off; SELECT count(*) FROM orders_order")
        assert rows("SELECT count(*) FROM pg_stats WHERE tablename = 'orders_order'") == [(0,)], "samples of values"
        assert rows("UPDATE orders_order SET memo = 'x' WHERE id = %s RETURNING id", theirs.pk) == []
        assert rows("DELETE FROM orders_order WHERE id = %s RETURNING id", theirs.pk) == []
        assert rows("SELECT id FROM orders_order WHERE id = %s FOR UPDATE", theirs.pk) == []
    assert refused("SELECT count(*) FROM orders_order"), "without a tenant"
    with tenant_transaction(other_tenant.pk):
        assert Order.objects.get(pk=theirs.pk).memo != "x"


def test_a_foreign_reference_and_an_unknown_one_are_refused_in_the_same_words(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenant_transaction(other_tenant.pk):
        foreign = Tag.objects.all()[0].pk
    with tenant_transaction(tenant.pk):
        order = make_order(make_shop())
    said = []
    for tag_id in (foreign, 4_000_000_000_000_000_000):
        with pytest.raises(Error) as refusal, tenant_transaction(tenant.pk):
            rows(
                "INSERT INTO orders_ordertag (tenant_id, order_id, tag_id) VALUES (%s, %s, %s)",
                tenant.pk,
                order.pk,
                tag_id,
            )
        said.append(str(refusal.value).replace(str(tag_id), "N"))
    assert said[0] == said[1]
