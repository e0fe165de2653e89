"""The history of an order in its outside form."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from hub.api.audit import hidden_of, shown_values
from hub.api.paging import limit_of, read_cursor, write_cursor
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.ids import NotAnId, decode, encode
from orders.queries.detail import history_of


def show_history(order_id: int, request: Request, *, personal: bool) -> dict[str, Any]:
    """Return a page of entries, the newest first."""
    limit, before = limit_of(request), None
    if text := request.query_params.get("cursor", ""):
        (outside,) = read_cursor(text, tuple[str])
        try:
            before = decode(outside)
        except NotAnId:
            raise ApiError("bad_cursor", 422, field="cursor") from None
    entries = history_of(order_id, limit=limit + 1, before=before)
    items = []
    for entry in entries[:limit]:
        params, values = hidden_of(entry.verb, personal=personal)
        items.append({
            "id": encode(entry.pk), "at": at(entry.at), "verb": entry.verb, "revision": entry.revision, "batch": oid(entry.batch_id),
            "actor": {"kind": entry.actor_kind, "id": oid(entry.actor_id), "name": entry.actor_name},
            "params": shown_values(entry.params, hidden=params), "before": shown_values(entry.before, hidden=values),
            "after": shown_values(entry.after, hidden=values),
        })  # fmt: skip
    return {"items": items, "next": write_cursor(items[-1]["id"]) if len(entries) > limit else None}
