"""For how many days the persons of finished orders are kept: the tenant's choice, made by an owner (promise G31)."""

from __future__ import annotations

from datetime import datetime

from hub.audit import Actor, Entry, record
from hub.models import Tenant
from hub.problems import Refusal
from hub.tenancy import current_tenant

LEAST_DAYS, MOST_DAYS = 7, 3_650
"""Between these a tenant chooses; the CHECK of the column says the same."""


class RetentionDays(Refusal):
    """The number of days is out of its bounds."""

    code = "retention_days"
    status = 422


def days_kept() -> int:
    """Return the tenant's days."""
    days: int = Tenant.objects.values_list("retention_days", flat=True).get(pk=current_tenant())
    return days


def keep_for(days: int, *, by: Actor, now: datetime) -> bool:
    """Set the days; say whether they changed. They hold from the next night's run. Raises RetentionDays."""
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise RetentionDays(field="days", least=LEAST_DAYS, most=MOST_DAYS)
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant())
    if tenant.retention_days == days:
        return False
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=days)
    entry = Entry(verb="retention.changed", before={"days": tenant.retention_days}, after={"days": days})
    record([entry], by=by, now=now)
    return True
