"""The platform's part of the frame around each page: who, where, whether things leave. Few statements, lazily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.accounts import display_name
from hub.effects.switches import outgoing_off
from hub.models import User
from hub.rights import LABELS
from hub.web import Visit

OFF: dict[str, str | Promise] = {
    "setting": _("(起動時の設定で止まっています)"),
    "system": _("(運用担当が全社分を止めています)"),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A tenant in the switch."""

    pk: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """The signed-in person in the top bar."""

    name: str
    email: str
    initial: str
    role_label: str | Promise


def parts(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html shows of the platform."""
    visit: Visit = request.hub  # type: ignore[attr-defined]
    off = outgoing_off()
    return {
        "now": visit.now,
        "theme": _cookie(request, "theme", "light", "dark"),
        "density": _cookie(request, "density", "comfortable"),
        "rail": _cookie(request, "rail", "narrow"),
        "tenant": Place(pk=visit.tenant.pk, name=visit.tenant.name),
        "tenants": [Place(pk=one.tenant_id, name=one.tenant_name) for one in visit.memberships],
        "member": _person(visit.user, visit.member.role),
        "outgoing_off": OFF.get(off)
        or (f"({visit.tenant.outgoing_reason})" if off and visit.tenant.outgoing_reason else off and " "),
        "practice": visit.tenant.practice,
        "offer_second_factor": not is_mfa_enabled(visit.user),
    }


def _person(user: User, role: str) -> Person:
    name = display_name(user)
    return Person(name=name, email=user.email, initial=name[:1].upper(), role_label=LABELS[role])


def _cookie(request: HttpRequest, name: str, *known: str) -> str:
    value = request.COOKIES.get(f"hub-{name}", "")
    return value if value in known else ""
