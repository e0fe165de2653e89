"""Pages of a list by keyset: a cursor says where the last row stood, so that inserts neither repeat nor hide a row."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from hub.api.problems import ApiError
from hub.ids import NotAnId, decode, encode

MOST = 200
USUAL = 50


def limit_of(request: Request) -> int:
    """Return how many rows are asked for: 1 to 200, 50 if nothing is said."""
    text = request.query_params.get("limit", "")
    if not text:
        return USUAL
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= MOST:
        raise ApiError("invalid_value", 422, field="limit", detail=f"1–{MOST}")
    return int(text)


def write_cursor(*parts: Any) -> str:
    """Return an opaque text of the parts."""
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def read_cursor(text: str, kind: type[Any], *, field: str = "cursor") -> Any:
    """Return the parts of a cursor as a tuple of this type. Raises ApiError 422."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise ApiError("bad_cursor", 422, field=field) from None


def page(rows: QuerySet[Any], request: Request, *, newest: bool = False) -> tuple[list[Any], str | None]:
    """Return a page of rows in the order of their ids, and the cursor of the next one."""
    limit = limit_of(request)
    text = request.query_params.get("cursor", "")
    if text:
        (outside,) = read_cursor(text, tuple[str])
        try:
            last = decode(outside)
        except NotAnId:
            raise ApiError("bad_cursor", 422, field="cursor") from None
        rows = rows.filter(pk__lt=last) if newest else rows.filter(pk__gt=last)
    found = list(rows.order_by("-pk" if newest else "pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return found, write_cursor(encode(found[-1].pk)) if more else None


def page_by_position(rows: QuerySet[Any], request: Request) -> tuple[list[Any], str | None]:
    """Return a page of rows in the tenant's own order (position, then id)."""
    limit = limit_of(request)
    text = request.query_params.get("cursor", "")
    if text:
        position, outside = read_cursor(text, tuple[int, str])
        try:
            last = decode(outside)
        except NotAnId:
            raise ApiError("bad_cursor", 422, field="cursor") from None
        rows = rows.filter(Q(position__gt=position) | Q(position=position, pk__gt=last))
    found = list(rows.order_by("position", "pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return found, write_cursor(found[-1].position, encode(found[-1].pk)) if more else None
