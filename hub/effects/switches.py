"""The one switch that stops everything outgoing: for the installation, or for one tenant (promise G18)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from hub.audit import Actor, note
from hub.current import current_tenant
from hub.effects.late import begin_anew
from hub.models import Effect, EffectState, System, Tenant


def outgoing_off() -> str:
    """Return why nothing leaves for the current tenant: `setting`, `system`, `tenant`, or an empty text if things leave."""
    if settings.OUTGOING == "off":
        return "setting"
    system = System.objects.first()
    if system is not None and not system.outgoing:
        return "system"
    return "" if Tenant.objects.filter(pk=current_tenant(), outgoing=True).exists() else "tenant"


def switch_tenant(on: bool, *, reason: str, by: Actor, now: datetime) -> None:
    """Let the current tenant's effects go, or keep them waiting; takes effect with the next claim. What waited is not late for it."""
    if on and Tenant.objects.filter(pk=current_tenant(), outgoing=False).exists():
        begin_anew(Effect.objects.filter(state__in=[EffectState.WAITING, EffectState.UNSURE]))
    Tenant.objects.filter(pk=current_tenant()).update(outgoing=on, outgoing_reason="" if on else reason)
    note("outgoing.on" if on else "outgoing.off", by=by, now=now, reason=reason)


def switch_system(on: bool, *, reason: str, now: datetime) -> None:
    """Let every tenant's effects go, or keep them all waiting. Belongs to no tenant, so it leaves no audit entry but its row."""
    values = {"outgoing": on, "outgoing_reason": "" if on else reason, "outgoing_changed_at": now}
    if not System.objects.update(**values):
        System.objects.create(**values)
