"""The catalogue says it: every table of a tenant is fenced and keyed, and the running role is ordinary (promises G28, J12)."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, models

from hub.checks import faults_of_role
from hub.current import NoTenant
from hub.models import Tenant
from hub.tenancy import GLOBAL_TABLES, Nested, TenantForeignKey, TenantModel, tenant_models, tenant_transaction
from orders.models import Order, Product, Shop, Status, Tag
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("django_db_setup")


def rows(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def test_every_table_is_fenced_or_named_as_global() -> None:
    tables = rows(
        """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
                  EXISTS (SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'tenant')
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"""
    )

    bare = {name for name, *fence in tables if not all(fence)}

    assert bare == set(GLOBAL_TABLES) & {name for name, *_ in tables}


def test_every_reference_between_tenants_tables_includes_the_tenant() -> None:
    keys = {
        (table, name): definition
        for table, name, definition in rows(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        )
    }
    for model in tenant_models():
        for field in model._meta.local_fields:
            if isinstance(field, TenantForeignKey):
                definition = keys[model._meta.db_table, f"{model._meta.db_table}_{field.column}_fence"]
                assert definition.startswith(f"FOREIGN KEY (tenant_id, {field.column})")
            elif isinstance(field, models.ForeignKey):
                assert not issubclass(field.remote_field.model, TenantModel), field


def test_unique_constraints_begin_with_the_tenant() -> None:
    tables = [model._meta.db_table for model in tenant_models()]
    indexes = rows(
        """SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname
           FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
           WHERE i.indisunique AND NOT i.indisprimary AND i.indrelid::regclass::text = ANY(%s)""",
        tables,
    )
    assert {(table, index) for table, index, first in indexes if first != "tenant_id"} == set()


def test_every_reference_has_a_full_index_led_by_the_tenant() -> None:
    led = {
        (table, second)
        for table, second in rows(
            """SELECT i.indrelid::regclass::text, b.attname
               FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               JOIN pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = i.indkey[1]
               WHERE a.attname = 'tenant_id' AND i.indpred IS NULL"""
        )
    }
    wanted = {
        (model._meta.db_table, field.column)
        for model in tenant_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }
    assert wanted - led == set()


def test_functions_that_look_across_tenants_are_these_and_end_their_path_with_pg_temp() -> None:
    found = dict(
        rows(
            "SELECT p.proname, array_to_string(p.proconfig, ',') FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE p.prosecdef AND n.nspname = 'public'"
        )
    )
    assert set(found) == {
        "due_batch", "due_collect", "due_deliver", "due_file", "due_judge", "due_keep", "due_poll", "due_reread", "due_request", "due_retain", "hub_invitation_owner",
        "hub_memberships", "hub_token_owner", "orders_account_elsewhere", "orders_search_ids",
    }  # fmt: skip
    assert [name for name, config in found.items() if "search_path=public, pg_temp" not in (config or "")] == []


def test_no_role_of_ours_is_exempt() -> None:
    assert faults_of_role() == []
    assert rows("SELECT rolname FROM pg_roles WHERE rolname LIKE 'hub\\_%%' AND (rolsuper OR rolbypassrls)") == []
    assert rows("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'hub_scan'") == [(False,)]


def test_running_role_creates_nothing() -> None:
    with pytest.raises(Error):
        rows("CREATE TABLE public.sneaky (id int)")


@pytest.mark.feature("R14")
def test_audit_cannot_be_changed(tenant: Tenant) -> None:
    for statement in ("UPDATE hub_auditentry SET verb = 'x'", "DELETE FROM hub_auditentry"):
        with pytest.raises(Error), tenant_transaction(tenant.pk):
            rows(statement + " RETURNING id")


def test_nothing_is_visible_without_a_tenant_and_nothing_of_another(tenant: Tenant, other_tenant: Tenant) -> None:
    shops = {t.pk: make_shop(t) for t in (tenant, other_tenant)}
    for one in (tenant, other_tenant):
        take_in(one, shops[one.pk], mall_order())
    with pytest.raises(NoTenant):
        Order.objects.count()
    with pytest.raises(Error):
        rows("SELECT count(*) FROM orders_order")

    with tenant_transaction(tenant.pk):
        for model in apps.get_models():
            if issubclass(model, TenantModel):
                seen = rows(f'SELECT DISTINCT tenant_id FROM "{model._meta.db_table}"')
                assert {row[0] for row in seen} <= {tenant.pk}, model
        assert Shop._base_manager.filter(pk=shops[other_tenant.pk].pk).count() == 0
        assert Order._base_manager.in_bulk([shops[other_tenant.pk].pk]) == {}
        assert shops[other_tenant.pk].order_set.count() == 0


def test_row_of_another_tenant_is_refused_as_value_and_as_reference(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(other_tenant.pk):
        theirs = Tag.objects.first()
        status = Status.objects.first()
    shop = make_shop(tenant)
    take_in(tenant, shop, mall_order())
    with pytest.raises(Error), tenant_transaction(tenant.pk):
        Product.objects.create(sku="x", tenant_id=other_tenant.pk)
    with pytest.raises(IntegrityError), tenant_transaction(tenant.pk):
        Order.objects.update(status=status)
    with pytest.raises(Error), tenant_transaction(tenant.pk):
        rows("UPDATE orders_tag SET tenant_id = %s RETURNING id", other_tenant.pk)
    assert theirs is not None


def test_tenant_is_gone_after_the_transaction_and_does_not_nest(tenant: Tenant, other_tenant: Tenant) -> None:
    with pytest.raises(Nested), tenant_transaction(tenant.pk), tenant_transaction(other_tenant.pk):
        pass
    for _ in range(50):
        for one in (tenant, other_tenant):
            with tenant_transaction(one.pk):
                assert {tag.tenant_id for tag in Tag.objects.all()} == {one.pk}
    with pytest.raises(Error):
        rows("SELECT count(*) FROM orders_tag")


def test_no_implicit_many_to_many() -> None:
    for model in tenant_models():
        assert model._meta.local_many_to_many == []
