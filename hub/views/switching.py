"""Which tenant and which language a person sees, and whether the process is alive."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as django_set_language
from redis import Redis
from redis.exceptions import RedisError

from hub.answers import go
from hub.checks import faults_of_role
from hub.ids import NotAnId, decode
from hub.models import Tenant
from hub.web import PageRequest, enter_tenant, page, public


@page("account.own", methods=("POST",))
def switch_tenant(request: PageRequest) -> HttpResponse:
    """Work in another tenant of this person; one that is not theirs changes nothing."""
    try:
        wanted = decode(request.POST.get("tenant", ""))
    except NotAnId:
        wanted = 0
    if wanted in {membership.tenant_id for membership in request.hub.memberships}:
        enter_tenant(request, wanted)
    return go(request, "/")


set_language = public(require_POST(django_set_language))


@public
@never_cache
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process can speak to its database as an ordinary role. Redis may be gone: pages answer without it (promise G37)."""
    faults = faults_of_role()
    answer = {"ok": not faults, "database": faults or "ok", "redis": "ok" if _redis_answers() else "gone"}
    return JsonResponse(answer, status=503 if faults else 200)


def _redis_answers() -> bool:
    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.2, socket_timeout=0.5)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()


@public
@never_cache
@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """Say that requests may be sent here: the database answers and its tables are there."""
    try:
        Tenant.objects.exists()
    except DatabaseError:
        return JsonResponse({"ready": False}, status=503)
    return JsonResponse({"ready": True})
