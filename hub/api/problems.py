"""Errors as RFC 9457 problem+json: one handler for everything that a view raises. It runs after the roll-back and asks no database."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from hub.problems import CATALOGUE, Problem, explain, say

log = logging.getLogger(__name__)

BUSY = {"55P03", "40P01", "40001", "57014"}
"""SQL states of waiting too long: lock not available, deadlock, serialization, time-out."""


class ApiError(Exception):
    """A problem that the edge itself finds. `headers` go with the answer, `more` stands beside its code."""

    def __init__(
        self, code: str, status: int, *, field: str = "", headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None, **params: Any,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.problem = Problem(code=code, status=status, field=field, params=params, more=more or {})
        self.headers = dict(headers or {})


def not_found() -> ApiError:
    """Return the one answer to ids that are unknown and ids that are another tenant's."""
    return ApiError("not_found", 404)


def problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to an exception (settings.REST_FRAMEWORK names this)."""
    headers: dict[str, str] = {}
    if isinstance(error, ApiError):
        found, headers = error.problem, error.headers
    elif isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    else:
        found = explain(error) or _known(error, headers) or _unknown(error, context)
    return answer(found, headers)


def answer(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as an answer."""
    body: dict[str, Any] = {
        "type": "about:blank", "title": found.title(), "status": found.status, "code": found.code,
        "detail": found.advice(), "field": found.field or None,
    }  # fmt: skip
    if found.params:
        body["params"] = {key: _plain(value) for key, value in found.params.items()}
    body.update({key: _plain(value) for key, value in found.more.items()})
    return Response(body, status=found.status, headers=dict(headers or {}), content_type="application/problem+json")


def _known(error: Exception, headers: dict[str, str]) -> Problem | None:
    match error:
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            headers["WWW-Authenticate"] = 'Bearer realm="hub"'
            return Problem(code="not_signed_in", status=401)
        case Http404() | ObjectDoesNotExist() | exceptions.NotFound():
            return Problem(code="not_found", status=404)
        case exceptions.MethodNotAllowed():
            return Problem(
                code="method_not_allowed", status=405, params={"method": error.args[0] if error.args else ""}
            )
        case exceptions.UnsupportedMediaType():
            return Problem(code="not_json", status=415)
        case exceptions.NotAcceptable():
            return Problem(code="not_acceptable", status=406)
        case exceptions.PermissionDenied() | PermissionDenied():
            return Problem(code="scope_needed", status=403)
        case DatabaseError() if getattr(error.__cause__, "sqlstate", None) in BUSY:
            headers["Retry-After"] = "1"
            return Problem(code="busy", status=409)
    return None


def _unknown(error: Exception, context: Mapping[str, Any]) -> Problem:
    number = uuid.uuid4().hex[:12]
    view = type(context.get("view")).__name__
    log.error(
        "api %s failed (%s): %s",
        view,
        number,
        _safe(error),
        exc_info=None if isinstance(error, DatabaseError) else error,
    )
    return Problem(code="server_error", status=500, params={"id": number})


def _safe(error: Exception) -> str:
    """Return what may be logged: a database error by its constraint, never its values (finding 21)."""
    if isinstance(error, DatabaseError):
        diagnosis = getattr(error.__cause__, "diag", None)
        state, constraint = getattr(error.__cause__, "sqlstate", ""), getattr(diagnosis, "constraint_name", "") or ""
        return f"{type(error).__name__} {state} {constraint}".strip()
    return type(error).__name__


# Values that do not fit, each with its place.


def _invalid(error: exceptions.ValidationError) -> Response:
    errors = list(_flat(error.get_full_details(), ""))
    first = errors[0] if errors else {"field": None}
    body = {
        "type": "about:blank", "title": say("invalid"), "status": 422, "code": "invalid",
        "detail": CATALOGUE["invalid"].advice(_language()),
        "field": first["field"], "errors": errors,
    }  # fmt: skip
    return Response(body, status=422, content_type="application/problem+json")


def _flat(details: Any, path: str) -> Iterator[dict[str, Any]]:
    """Yield {field, code, title} of each fault; `field` is a path such as lines/0/quantity."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"field": path or None, "code": str(details["code"]), "title": str(details["message"])}
    elif isinstance(details, dict):
        for key, value in details.items():
            place = path if key == "non_field_errors" else f"{path}/{key}" if path else str(key)
            yield from _flat(value, place)
    else:
        nested = [one for one in details if one]
        for number, value in enumerate(details):
            if not value:
                continue
            leaf = isinstance(value, dict) and set(value) == {"message", "code"}
            yield from _flat(value, path if leaf or not nested else f"{path}/{number}")


def _language() -> str:
    from django.utils.translation import get_language  # the language of this very request

    return "en" if (get_language() or "ja").startswith("en") else "ja"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
