"""Effects: what must happen outside. Listed by state; stopped ones are sent again, marked done or dropped, one or many."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import Ids, Input, Text
from hub.api.paging import limit_of, read_cursor, write_cursor
from hub.api.problems import ApiError, not_found
from hub.api.rendering import at, oid
from hub.api.views import ApiView, asked_id, id_of
from hub.effects import operations, queries
from hub.effects.queries import EffectRow
from hub.ids import encode
from hub.models import Effect, EffectState
from hub.problems import advise, say


class TryOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    act = serializers.CharField()
    request = serializers.JSONField()
    answer = serializers.JSONField()
    outcome = serializers.CharField()


class EffectOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in EffectState])
    code = serializers.CharField(help_text="Why it is where it is.")
    title = serializers.CharField()
    advice = serializers.CharField()
    params = serializers.JSONField()
    order = serializers.CharField(allow_null=True)
    shop = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField()
    decided_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    tries = TryOutput(many=True)


class EffectPage(serializers.Serializer[Any]):
    items = EffectOutput(many=True)
    next = serializers.CharField(allow_null=True)


def show(row: EffectRow, *, personal: bool) -> dict[str, Any]:
    """Return the outside form. What was sent and answered holds personal data, so it needs that scope."""
    return {
        "id": oid(row.id), "kind": row.kind, "state": row.state, "code": row.code,
        "title": say(row.code, row.params) if row.code else "", "advice": advise(row.code, row.params) if row.code else "",
        "params": {name: value for name, value in row.params.items() if personal or name != "detail"},
        "order": oid(row.order_id), "shop": oid(row.shop_id), "attempts": row.attempts,
        "decided_at": at(row.decided_at), "due_at": at(row.due_at), "sent_at": at(row.sent_at), "settled_at": at(row.settled_at),
        "tries": [
            {"at": at(one.at), "act": one.act, "outcome": one.outcome, "request": dict(one.request) if personal else {},
             "answer": dict(one.answer) if personal else {}}
            for one in row.tries
        ],
    }  # fmt: skip


class Effects(ApiView):
    """The list: stopped ones unless `state` says otherwise, the newest first."""

    read_scope = "orders:read"

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=[state.value for state in EffectState]), OpenApiParameter("kind"), OpenApiParameter("order"),
            OpenApiParameter("limit", int), OpenApiParameter("cursor"),
        ],
        responses=EffectPage,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state", EffectState.STOPPED.value)
        if state not in EffectState.values:
            raise ApiError("invalid_value", 422, field="state", detail=", ".join(EffectState.values))
        rows = Effect.objects.filter(state=state)
        if kind := request.query_params.get("kind", ""):
            rows = rows.filter(kind=kind)
        if (order_id := asked_id(request, "order")) is not None:
            rows = rows.filter(order_id=order_id)
        if cursor := request.query_params.get("cursor", ""):
            (last,) = read_cursor(cursor, tuple[str])
            rows = rows.filter(pk__lt=id_of(last, field="cursor"))
        limit = limit_of(request)
        found = queries.rows_of(rows.order_by("-pk")[: limit + 1])
        after = write_cursor(encode(found[limit - 1].id)) if len(found) > limit else None
        self.note_read("api.effects", len(found[:limit]))
        return Response({"items": [show(row, personal=self.hub.personal) for row in found[:limit]], "next": after})


class OneEffect(ApiView):
    """One effect with its last tries."""

    read_scope = "orders:read"

    @extend_schema(responses=EffectOutput)
    def get(self, request: Request, pk: int) -> Response:
        row = queries.one(pk)
        if row is None:
            raise not_found()
        return Response(show(row, personal=self.hub.personal))


class EffectsAct(Input):
    effects = Ids(min_length=1)
    proof = Text(required=False, empty=True, max_length=500, help_text="For mark-done: what was seen.")
    reason = Text(required=False, empty=True, max_length=500, help_text="For drop.")


class EffectOutcome(serializers.Serializer[Any]):
    id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["changed", "refused"])
    code = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)


class EffectsActed(serializers.Serializer[Any]):
    changed = serializers.IntegerField()
    refused = serializers.IntegerField()
    outcomes = EffectOutcome(many=True)


ACTS = ("send-again", "mark-done", "drop", "release", "take-back")


class ActOnEffects(ApiView):
    """Act on up to 1,000 effects; the answer names each one's outcome. Ids that are not the tenant's read as unknown."""

    write_scope = "orders:write"

    @extend_schema(request=EffectsAct, responses=EffectsActed)
    def post(self, request: Request, act: str) -> Response:
        if act not in ACTS:
            raise not_found()
        values = self.read(EffectsAct)
        ids, by, now = values["effects"], self.hub.by, self.hub.now
        match act:
            case "send-again":
                changed = operations.send_again(ids, by=by, now=now)
            case "mark-done":
                if not values.get("proof"):
                    raise ApiError("required", 422, field="proof")
                changed = operations.mark_done(ids, proof=values["proof"], by=by, now=now)
            case "drop":
                changed = operations.drop(ids, reason=values.get("reason", ""), by=by, now=now)
            case "release":
                changed = operations.release(ids, by=by, now=now)
            case _:
                changed = operations.take_back(ids, by=by, now=now)
        outcomes = [{"id": encode(pk), "outcome": "changed", "code": None, "title": None} for pk in changed.changed]
        outcomes += [
            {"id": encode(pk), "outcome": "refused", "code": code, "title": say(code)}
            for pk, code in changed.unchanged.items()
        ]
        return Response({"changed": len(changed.changed), "refused": len(changed.unchanged), "outcomes": outcomes})


urls: list[URLPattern] = [
    path("effects", Effects.as_view()),
    path("effects/<oid:pk>", OneEffect.as_view()),
    path("effects/actions/<slug:act>", ActOnEffects.as_view()),
]
