"""The edge of pages: `@page` signs in, checks the right, and opens one tenant transaction around the view and its rendering.

It cannot be a middleware: by then an exception has become a response, and the transaction would commit. `@public` marks the few
views without. A test walks all URLs and fails on a view with neither.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from hub import sessions
from hub.audit import Actor
from hub.clock import business_now
from hub.models import Member, Role, Tenant, User
from hub.problems import Problem, explain, known
from hub.rights import RIGHTS, least, may
from hub.templatetags.hub_ui import listed
from hub.tenancy import tenant_or_none, tenant_transaction

View = Callable[..., HttpResponse]
FRESH = 600
A_DAY = 24 * 3600
"""Seconds for which a second factor counts where it is asked again: for one act soon after, or for a day (promise G35)."""
_SPENT = "factor_spent"


class Forbidden(Exception):
    """The member's role lacks a right; raised inside a view that finds out late."""

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right


@dataclass(frozen=True, kw_only=True)
class Membership:
    """One tenant a person works in."""

    tenant_id: int
    member_id: int
    role: str
    tenant_name: str


@dataclass(kw_only=True)
class Visit:
    """The signed-in request as `request.hub`: who, where, when. `by` is what operations are handed."""

    user: User
    member: Member
    tenant: Tenant
    memberships: tuple[Membership, ...]
    now: datetime

    @property
    def by(self) -> Actor:
        return Actor(kind="member", id=self.member.pk, name=str(self.user))

    def may(self, right: str) -> bool:
        return may(self.member.role, right)

    def need(self, right: str) -> None:
        """Raise Forbidden when the right is lacking."""
        if not self.may(right):
            raise Forbidden(right)

    def transaction(self) -> AbstractContextManager[None]:
        """Open a tenant transaction, for a view marked `outside`, which runs without one."""
        return tenant_transaction(self.tenant.pk)


class PageRequest(HttpRequest):
    """What a view behind `@page` is handed."""

    hub: Visit


def memberships_of(user_id: int) -> tuple[Membership, ...]:
    """Return the tenants a person works in, by the narrow look-up that needs no tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, member_id, role, tenant_name FROM hub_memberships(%s)", [user_id])
        return tuple(Membership(tenant_id=t, member_id=m, role=r, tenant_name=n) for t, m, r, n in cursor.fetchall())


def public(view: View) -> View:
    """Mark a view that needs no person: sign-in, password reset, invitation, health."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def page(
    right: str, *, methods: tuple[str, ...] = ("GET", "POST"), fresh_factor: int = 0, outside: bool = False
) -> Callable[[View], View]:
    """Open a page for members whose role has the right.

    `fresh_factor`: the second factor is asked again when it is older than so many seconds (G35). What an operation refuses in words of
    the catalogue is rolled back and told on the page the person came from.

    `outside`: the view calls a counterpart, which no open transaction may wait for. Person and right are checked in a short
    transaction; the view then runs without one, opens its own with `request.hub.transaction()`, and renders inside one.
    """
    assert right in RIGHTS, right

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                return HttpResponseNotAllowed(methods)
            _drop_nul(request)
            user = request.user
            if not isinstance(user, User) or not user.is_active:
                return _to_sign_in(request)
            memberships = memberships_of(user.pk)
            chosen = _choose(request, memberships)
            if chosen is None:
                return render(request, "403.html", {"no_tenant": True}, status=403)
            if _is_elsewhere(request, chosen):
                return redirect("hub:home")
            if _needs_factor(chosen.role, right, fresh_factor) and not is_mfa_enabled(user):
                return redirect("hub:second_factor_setup")
            if fresh_factor and may(chosen.role, right):
                need_second_factor(request, user, fresh_factor)
            sessions.seen(request, user, tenant_id=chosen.tenant_id, member_id=chosen.member_id)
            enter = _outside if outside else _inside
            try:
                return enter(request, user, memberships, chosen, right, partial(view, request, *args, **kwargs))
            except known() as error:
                return refuse(request, error)

        wrapper.right = right  # type: ignore[attr-defined]
        wrapper.methods = methods  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a stranger to sign in and then on: to the page they asked for, or to the one that sent a form or asked for a part of itself."""
    htmx = bool(getattr(request, "htmx", False))
    opened = request.method in ("GET", "HEAD") and not htmx
    answer = redirect_to_login(request.get_full_path() if opened else referrer(request), settings.LOGIN_URL)
    return HttpResponse(status=204, headers={"HX-Redirect": answer.url}) if htmx else answer


def _drop_nul(request: HttpRequest) -> None:
    """Take the one character that PostgreSQL cannot hold out of what was asked; nobody types it."""
    for name in ("GET", "POST"):
        asked: QueryDict = getattr(request, name)
        if any("\0" in text for values in asked.lists() for text in (values[0], *values[1]) if isinstance(text, str)):
            clean = QueryDict(mutable=True)
            for key, values in asked.lists():
                clean.setlist(
                    key.replace("\0", ""), [text.replace("\0", "") for text in values if isinstance(text, str)]
                )
            setattr(request, name, clean)


def _needs_factor(role: str, right: str, fresh_factor: int) -> bool:
    """Say whether the page is for people with a second factor only: owners, admins, and whoever takes persons' data away."""
    if settings.MFA != "required" or right == "account.own":
        return False
    return role in (Role.OWNER, Role.ADMIN) or bool(fresh_factor and may(role, right))


def _is_elsewhere(request: HttpRequest, chosen: Membership) -> bool:
    """Say whether a form was meant for a tenant in which the person no longer works: it must not be done in another one."""
    wanted = request.session.get("tenant")
    if wanted is None or wanted == chosen.tenant_id:
        return False
    enter_tenant(request, chosen.tenant_id)
    return request.method == "POST"


def enter_tenant(request: HttpRequest, tenant_id: int) -> None:
    """Go on in this tenant. Forms that other tabs made in the one before are worthless from now on."""
    request.session["tenant"] = tenant_id
    for key in ("orders_at", "orders_near", "triage", "mapping_refused", "mapping_result", "toasts"):
        request.session.pop(key, None)
    rotate_token(request)


def need_second_factor(request: HttpRequest, user: User, seconds: int) -> None:
    """Send a person who has a second factor to give it again, unless they did so in the last `seconds`."""
    if not is_mfa_enabled(user):
        return
    given = [record["at"] for record in get_authentication_records(request, user) if record.get("method") == "mfa"]
    spent = request.session.get(_SPENT, 0) if seconds == FRESH else 0
    if not given or time.time() - given[-1] > seconds or given[-1] <= spent:
        raise ReauthenticationRequired


def spend_factor(request: HttpRequest) -> None:
    """Let the second factor that was given count for no further act of those that ask for it each time."""
    request.session[_SPENT] = time.time()


def refuse(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Tell a refusal on the page the person came from, or on a page of its own. The transaction is rolled back by now."""
    problem = explain(error)
    assert problem is not None, error
    if problem.status == 404:
        raise Http404 from error
    words = " ".join(filter(None, (problem.title(), problem.advice())))
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"toast": {"words": words, "tone": "stop"}})})
    if request.method != "POST":
        return _tell(request, problem)
    toast(request, words, tone="stop")
    return redirect(referrer(request))


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without this session's token: made before the last sign-in or switch of tenant, or by another site."""
    return _tell(request, Problem(code="form_too_old", status=403))


def _tell(request: HttpRequest, problem: Problem) -> HttpResponse:
    context = {"status": problem.status, "title": problem.title(), "words": "", "what_to_do": problem.advice()}
    return render(request, "error.html", context, status=problem.status)


def referrer(request: HttpRequest, otherwise: str = "") -> str:
    """Return the page of ours that this request was sent from, as a path: `next`, what htmx says, or the referrer."""
    for wanted in (
        request.POST.get("next", ""),
        request.headers.get("HX-Current-URL", ""),
        request.headers.get("Referer", ""),
    ):
        if wanted and _is_ours(request, wanted):
            parts = urlsplit(wanted)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            if _is_ours(request, path):  # of http://us//them/ the path alone would lead to them
                return path
    return otherwise or reverse("hub:home")


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())


def _choose(request: HttpRequest, memberships: tuple[Membership, ...]) -> Membership | None:
    """Return the tenant of this session while the person still works there, else their first."""
    wanted = request.session.get("tenant")
    return next((m for m in memberships if m.tenant_id == wanted), memberships[0] if memberships else None)


def _inside(
    request: HttpRequest,
    user: User,
    memberships: tuple[Membership, ...],
    chosen: Membership,
    right: str,
    view: Callable[[], HttpResponse],
) -> HttpResponse:
    """Run the view and its rendering in one tenant transaction."""
    try:
        with tenant_transaction(chosen.tenant_id):
            _sign_in(request, user, memberships, chosen, right)
            response = view()
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()
            return response
    except Forbidden as refused:
        return _refused(request, refused, chosen)


def _outside(
    request: HttpRequest,
    user: User,
    memberships: tuple[Membership, ...],
    chosen: Membership,
    right: str,
    view: Callable[[], HttpResponse],
) -> HttpResponse:
    """Check the right in a transaction of its own, then run the view without one."""
    try:
        with tenant_transaction(chosen.tenant_id):
            _sign_in(request, user, memberships, chosen, right)
        return view()
    except Forbidden as refused:
        return _refused(request, refused, chosen)


def _sign_in(
    request: HttpRequest, user: User, memberships: tuple[Membership, ...], chosen: Membership, right: str
) -> None:
    visit = Visit(
        user=user, member=Member.objects.get(pk=chosen.member_id), tenant=Tenant.objects.get(pk=chosen.tenant_id),
        memberships=memberships, now=business_now(),
    )  # fmt: skip
    request.hub = visit  # type: ignore[attr-defined]
    visit.need(right)


def _refused(request: HttpRequest, refused: Forbidden, chosen: Membership) -> HttpResponse:
    """Name the role that is needed, and people who may help."""
    with tenant_transaction(chosen.tenant_id):
        helpers = (
            Member.objects.filter(role__in=[Role.OWNER, Role.ADMIN], removed_at__isnull=True)
            .select_related("user")
            .order_by("pk")[:3]
        )
        names = listed(str(member.user) for member in helpers)
    context = {"needed": least(refused.right), "role": chosen.role, "ask": names}
    return render(request, "403.html", context, status=403)


def toast(request: HttpRequest, words: str, *, undo_url: str = "", tone: str = "good") -> None:
    """Show a short message on the next page, with *undo* where there is one."""
    request.session["toasts"] = [
        *request.session.get("toasts", []),
        {"words": words, "undo_url": undo_url, "tone": tone},
    ][-5:]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what the frame around each page shows, put together by the parts in settings.FRAME_PARTS."""

    def build() -> SimpleNamespace:
        visit = getattr(request, "hub", None)
        if visit is None or tenant_or_none() is None:
            return SimpleNamespace(
                theme=request.COOKIES.get("hub-theme", "")
                if request.COOKIES.get("hub-theme") in ("light", "dark")
                else ""
            )
        parts: dict[str, Any] = {"toasts": request.session.pop("toasts", []) if "toasts" in request.session else []}
        for path in settings.FRAME_PARTS:
            parts.update(import_string(path)(request))
        return SimpleNamespace(**parts)

    rights = Rights(getattr(request, "hub", None))
    return {"frame": SimpleLazyObject(build), "may": rights, "rights": rights}


class Rights:
    """`may.orders_edit` in templates: dots of a right become underscores."""

    def __init__(self, visit: Visit | None) -> None:
        self._visit = visit

    def __getitem__(self, name: str) -> bool:
        right = name.replace("_", ".", 1)
        if right not in RIGHTS:
            raise KeyError(name)
        return self._visit is not None and self._visit.may(right)
