"""Who calls: a bearer token, its tenant, its scopes, and how often it may. No tenant transaction is open here yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from hub.api.limits import take_call
from hub.api.problems import ApiError
from hub.audit import Actor
from hub.operations import find_token

IN_URL = frozenset({"token", "access_token", "api_key", "apikey", "authorization"})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A token that called. `by` is what operations are handed."""

    token_id: int
    tenant_id: int
    name: str
    scopes: frozenset[str]

    @property
    def by(self) -> Actor:
        return Actor(kind="token", id=self.token_id, name=self.name)

    def may(self, scope: str) -> bool:
        return scope in self.scopes


@dataclass(kw_only=True)
class Call:
    """The call being answered, as `request.hub`: who, and the business time that everything below is handed."""

    caller: Caller
    now: datetime

    @property
    def by(self) -> Actor:
        return self.caller.by

    @property
    def personal(self) -> bool:
        """Whether buyers and recipients may be shown."""
        return self.caller.may("personal:read")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer hub_…`, and nothing else: never in the address, never a cookie."""

    def authenticate(self, request: Request) -> tuple[None, Caller] | None:
        if any(name.lower() in IN_URL or str(value).startswith("hub_") for name, value in request._request.GET.items()):
            raise ApiError("token_in_url", 400)
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        secret = secret.strip()
        if kind.lower() != "bearer" or not secret.startswith("hub_") or len(secret) > 200:
            return None
        found = find_token(secret)
        if found is None:
            return None
        tenant_id, token_id = found
        name, scopes = take_call(tenant_id, token_id)
        return None, Caller(token_id=token_id, tenant_id=tenant_id, name=name, scopes=frozenset(scopes))

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="hub"'


class HasScope(BasePermission):
    """The view names the scope that each of its methods needs; one that names none is a mistake of ours."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller: Any = request.auth
        if not isinstance(caller, Caller):
            raise ApiError("not_signed_in", 401, headers={"WWW-Authenticate": 'Bearer realm="hub"'})
        scope = view.scope_of(request.method)
        if not caller.may(scope):
            raise ApiError("scope_needed", 403, scope=scope)
        return True
