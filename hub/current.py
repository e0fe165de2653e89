"""Which tenant this transaction belongs to. Only `hub.tenancy.tenant_transaction` sets it."""

from contextvars import ContextVar

CURRENT: ContextVar[int | None] = ContextVar("tenant", default=None)
SERVED: ContextVar[int | None] = ContextVar("served", default=None)
"""The tenant a job works for, between its transactions too. For log lines only."""


class NoTenant(RuntimeError):
    """A tenant's rows were asked for while no tenant was named."""


def current_tenant() -> int:
    """Return the id of the tenant of this transaction, or raise NoTenant."""
    tenant_id = CURRENT.get()
    if tenant_id is None:
        raise NoTenant("open tenant_transaction(tenant_id) first")
    return tenant_id


def tenant_or_none() -> int | None:
    """Return the id of the current tenant, or of the one a job works for, or None; for log lines."""
    return CURRENT.get() or SERVED.get()
