"""The three fences between tenants: a manager that refuses to query without one, row security, composite foreign keys.

`tenant_transaction` is the only way to name a tenant. `install_fences` builds fences two and three after each `migrate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from hub.current import CURRENT, NoTenant, current_tenant, tenant_or_none

GLOBAL_TABLES = frozenset(
    {
        "hub_tenant", "hub_user", "hub_clock", "hub_system",
        "django_migrations", "django_content_type", "django_session",
        "auth_group", "auth_group_permissions", "auth_permission",
        "hub_user_groups", "hub_user_user_permissions",
        "account_emailaddress", "account_emailconfirmation", "mfa_authenticator", "usersessions_usersession",
    }
)  # fmt: skip
"""Tables that belong to no tenant. A test compares this list with the catalogue."""


class Nested(RuntimeError):
    """A tenant transaction was opened inside another one."""


@contextmanager
def tenant_transaction(tenant_id: int) -> Iterator[None]:
    """Open a durable transaction in which exactly this tenant's rows exist. It does not nest."""
    if CURRENT.get() is not None:
        raise Nested("a tenant transaction is open already")
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(int(tenant_id))])
        token = CURRENT.set(int(tenant_id))
        try:
            yield
        finally:
            CURRENT.reset(token)


__all__ = ["GLOBAL_TABLES", "Nested", "NoTenant", "TenantForeignKey", "TenantManager", "TenantModel", "current_tenant",
           "install_fences", "tenant_models", "tenant_or_none", "tenant_transaction"]  # fmt: skip


class TenantManager(models.Manager[Any]):
    """Filters by the current tenant and raises NoTenant without one, so an empty page never means "forgot the tenant"."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(tenant_id=current_tenant())


class TenantModel(models.Model):
    """A row that belongs to one tenant. New rows take the tenant of the transaction; code never writes `tenant=`.

    `tenant_id` has no foreign key of its own: the policy's WITH CHECK admits no other value than the transaction's tenant,
    and each key costs about 5 microseconds a row of every import.
    """

    tenant_id = models.BigIntegerField(default=current_tenant, editable=False)

    objects: ClassVar[TenantManager] = TenantManager()

    class Meta:
        abstract = True

    fence_scan: ClassVar[tuple[str, ...]] = ()
    """Columns that the cross-tenant functions (role hub_scan) may read. Empty for nearly every table."""

    @classmethod
    def locked(cls, ids: Any) -> list[Self]:
        """Lock the rows with these ids in id order and return them."""
        return list(cls.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


class TenantForeignKey(models.ForeignKey):
    """A reference inside one tenant: the constraint is (tenant_id, x_id) to (tenant_id, id), made by `install_fences`.

    An ordinary foreign key accepts another tenant's row, because its check is not subject to row security.
    """

    def __init__(self, to: Any, on_delete: Any = models.DO_NOTHING, **kwargs: Any) -> None:
        kwargs.update(db_constraint=False, db_index=kwargs.get("db_index", False))
        super().__init__(to, on_delete, **kwargs)


def tenant_models() -> list[type[TenantModel]]:
    """Return every concrete tenant model there is."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel) and model._meta.managed]


def install_fences() -> None:
    """Build policies, composite keys and their indexes for every tenant model. Runs as the owner; changes nothing twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace")
        constraints = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'")
        policies = set(cursor.fetchall())
        every = tenant_models()
        for model in _referenced(every):
            _add_identity_key(cursor, model, constraints)
        for model in every:
            _add_reference_keys(cursor, model, constraints)
            _add_policies(cursor, model, policies)


def _referenced(every: list[type[TenantModel]]) -> list[type[TenantModel]]:
    """Return the models that others refer to. The rest need no key by tenant: each index is paid for by every row of an import."""
    found = {
        f.remote_field.model for model in every for f in model._meta.local_fields if isinstance(f, TenantForeignKey)
    }
    return [model for model in every if model in found]


def _add_identity_key(cursor: CursorWrapper, model: type[TenantModel], known: set[str]) -> None:
    table = model._meta.db_table
    name = f"{table}_tenant_key"
    if name not in known:
        cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" UNIQUE (tenant_id, {model._meta.pk.column})')


def _add_reference_keys(cursor: CursorWrapper, model: type[TenantModel], known: set[str]) -> None:
    table = model._meta.db_table
    led = {tuple(index.fields[:2]) for index in model._meta.indexes if not index.condition and len(index.fields) > 1}
    led |= {tuple(c.fields[:2]) for c in model._meta.constraints
            if isinstance(c, models.UniqueConstraint) and not c.condition and len(c.fields) > 1}  # fmt: skip
    for field in model._meta.local_fields:
        if not isinstance(field, TenantForeignKey):
            continue
        target, column = field.remote_field.model, field.column
        name = f"{table}_{column}_fence"
        if name not in known:
            cursor.execute(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (tenant_id, "{column}") '
                f'REFERENCES "{target._meta.db_table}" (tenant_id, {target._meta.pk.column}) '
                "DEFERRABLE INITIALLY IMMEDIATE"
            )
        if not led & {("tenant_id", field.name), ("tenant_id", field.attname)} and not field.unique:
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{table}_{column}_led" ON "{table}" (tenant_id, "{column}")')


_TENANT = "tenant_id = current_setting('app.tenant_id')::bigint"


def _add_policies(cursor: CursorWrapper, model: type[TenantModel], known: set[tuple[str, str]]) -> None:
    table = model._meta.db_table
    wanted = {
        "tenant": f"TO hub_app USING ({_TENANT}) WITH CHECK ({_TENANT})",
        "owner": "TO hub_owner USING (true) WITH CHECK (true)",
    }
    if model.fence_scan:
        wanted["scan"] = "FOR SELECT TO hub_scan USING (true)"
        columns = ", ".join(f'"{column}"' for column in model.fence_scan)
        cursor.execute(f'GRANT SELECT ({columns}) ON "{table}" TO hub_scan')
    for name, text in wanted.items():
        if (table, name) not in known:
            cursor.execute(f'CREATE POLICY "{name}" ON "{table}" {text}')
    cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    cursor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
