"""The audit: who did what to what, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.paging import page
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.views import ApiView
from hub.ids import NotAnId, decode
from hub.models import AuditDetail, AuditEntry

PERSONAL = frozenset({
    "name", "kana", "phone", "postal_code", "prefecture", "city", "street", "buyer_name", "buyer_kana", "buyer_email", "buyer_phone",
    "buyer_postal_code", "buyer_prefecture", "buyer_city", "buyer_street", "remarks", "remark_left", "memo", "mall_fields", "text",
    "detail", "email",
})  # fmt: skip
"""Columns whose values are shown only with the scope for personal data."""


class EntryOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    actor = serializers.JSONField(help_text='{"kind", "id", "name"}')
    order = serializers.CharField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    batch = serializers.CharField(allow_null=True)
    params = serializers.JSONField()
    before = serializers.JSONField()
    after = serializers.JSONField()


class EntryPage(serializers.Serializer[Any]):
    items = EntryOutput(many=True)
    next = serializers.CharField(allow_null=True)


_PARAMS = frozenset({"text", "detail", "email"})
_ID_NAMES = frozenset({
    "account", "batch", "effect", "id", "listing", "message", "new", "parcel", "product", "shop", "tag", "task", "template", "undoes",
    "warehouse", "was",
})  # fmt: skip


def shown_values(values: Mapping[str, Any], *, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return values of an entry: ids in their outside form, the hidden ones masked."""
    return {name: _value(name, value, hidden) for name, value in values.items()}


def _value(name: str, value: Any, hidden: frozenset[str]) -> Any:
    if name in hidden and value not in (None, "", [], {}):
        return "***"
    if (name in _ID_NAMES or name.endswith("_id")) and type(value) is int:
        return oid(value)
    if isinstance(value, Mapping):
        return shown_values(value, hidden=hidden)
    if isinstance(value, list):
        return [_value("id" if name in ("tags", "ids") else "", one, hidden) for one in value]
    return value


def hidden_of(verb: str, *, personal: bool) -> tuple[frozenset[str], frozenset[str]]:
    """Return which names to mask in params and in before/after. Settings hold no buyers; members do hold addresses."""
    if personal or not verb.startswith(("order.", "parcel.", "mail.", "member.", "effect.")):
        return frozenset(), frozenset()
    return _PARAMS, PERSONAL


class Audit(ApiView):
    """Entries of the tenant; of one order with ?order=, of one kind with ?verb=."""

    read_scope = "settings:read"

    @extend_schema(
        parameters=[
            OpenApiParameter("order"),
            OpenApiParameter("verb"),
            OpenApiParameter("limit", int),
            OpenApiParameter("cursor"),
        ],
        responses=EntryPage,
    )
    def get(self, request: Request) -> Response:
        rows = AuditEntry.objects.defer("xid", "digest")
        if order := request.query_params.get("order", ""):
            try:
                rows = rows.filter(order_id=decode(order))
            except NotAnId:
                raise ApiError("not_an_id", 422, field="order") from None
        if verb := request.query_params.get("verb", ""):
            rows = rows.filter(verb=verb)
        entries, after = page(rows, request, newest=True)
        self.note_read("api.audit", len(entries))
        details = {d.entry_id: d for d in AuditDetail.objects.filter(entry_id__in=[entry.pk for entry in entries])}
        return Response({"items": [self._show(entry, details.get(entry.pk)) for entry in entries], "next": after})

    def _show(self, entry: AuditEntry, detail: AuditDetail | None) -> dict[str, Any]:
        params, values = hidden_of(entry.verb, personal=self.hub.personal)
        return {
            "id": oid(entry.pk), "at": at(entry.at), "verb": entry.verb,
            "actor": {"kind": entry.actor_kind, "id": oid(entry.actor_id), "name": entry.actor_name},
            "order": oid(entry.order_id), "revision": entry.revision, "batch": oid(entry.batch_id),
            "params": shown_values(entry.params, hidden=params),
            "before": shown_values(detail.before, hidden=values) if detail else {},
            "after": shown_values(detail.after, hidden=values) if detail else {},
        }  # fmt: skip


urls: list[URLPattern] = [path("audit", Audit.as_view())]
