"""A new tenant, filled with a preset of every app below: statuses, tasks, mail templates, rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from automation.presets import install_rules
from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from mailer.presets import install_mail_preset
from orders.models import Warehouse
from orders.presets import install_preset

PRESETS = ("rakuten", "mixed", "empty")


class UnknownPreset(ValueError):
    """No preset has this name."""


def fill_tenant(preset: str, *, now: datetime) -> None:
    """Fill the current tenant with a preset."""
    if preset not in PRESETS:
        raise UnknownPreset(preset)
    install_preset(preset, now=now)
    Warehouse.objects.create(name="自社倉庫", kind="own", next_collect_at=now + timedelta(days=36_500))
    if preset != "empty":
        install_mail_preset(now)
        install_rules(now=now)


def create_tenant(
    name: str, *, owner_email: str, password: str | None, preset: str, now: datetime
) -> tuple[Tenant, Member]:
    """Create a tenant with its owner (an existing person keeps their password)."""
    user = User.objects.filter(email=owner_email.lower()).first() or User.objects.create_user(owner_email, password)
    tenant = Tenant.objects.create(name=name)
    with tenant_transaction(tenant.pk):
        fill_tenant(preset, now=now)
        member = Member.objects.create(user=user, role=Role.OWNER)
    return tenant, member
