"""Mail templates and messages under `api/v1/`."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import Flag, Ids, Input, RowField, Text
from hub.api.paging import page
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.api.views import ApiView, Rows, asked_id
from hub.ids import encode
from hub.models import Effect
from hub.problems import say
from mailer import operations, settings
from mailer.models import MailTemplate, Message
from mailer.occasions import OCCASIONS
from orders.models import Order, Shop


class TemplateInput(Input):
    name = Text(max_length=100)
    shop = RowField(lambda: Shop.objects.filter(retired_at__isnull=True), required=False, allow_null=True)
    occasion = serializers.ChoiceField(choices=list(OCCASIONS), required=False)
    subject = Text(max_length=500)
    body = Text(max_length=20_000, trim_whitespace=False)
    again_if_unsure = Flag(required=False)
    stopped = Flag(required=False)


class TemplateOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    shop = serializers.CharField(allow_null=True)
    occasion = serializers.CharField()
    subject = serializers.CharField()
    body = serializers.CharField()
    enabled = serializers.BooleanField()
    again_if_unsure = serializers.BooleanField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class Templates(Rows):
    """Subjects and texts with named placeholders."""

    model, input, output, by_position = MailTemplate, TemplateInput, TemplateOutput, False

    def show(self, row: MailTemplate) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "name": row.name, "shop": oid(row.shop_id), "occasion": row.occasion, "subject": row.subject,
            "body": row.body,
            "enabled": row.enabled, "again_if_unsure": row.again_if_unsure, "stopped_at": at(row.stopped_at), "version": row.version,
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> MailTemplate:
        shop = values.pop("shop", None)
        values.pop("stopped", None)
        return settings.save_template(values, by=self.hub.by, now=self.hub.now, shop_id=shop.pk if shop else None)

    def do_change(self, row: MailTemplate, values: dict[str, Any]) -> None:
        by, now = self.hub.by, self.hub.now
        if values.pop("shop", row.shop) != row.shop:
            raise ApiError("other_shop", 422, field="shop")
        stopped = values.pop("stopped", None)
        if values:
            kept = {name: getattr(row, name) for name in settings.TEMPLATE}
            settings.save_template({**kept, **values}, by=by, now=now, template=row)
        if stopped is not None:
            (operations.stop_template if stopped else operations.start_template)(row, by=by, now=now)

    def do_retire(self, row: MailTemplate) -> None:
        settings.retire_template(row, by=self.hub.by, now=self.hub.now)


class MessageOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    order = serializers.CharField()
    shop = serializers.CharField()
    template = serializers.CharField()
    occasion = serializers.CharField()
    recipient = serializers.CharField()
    subject = serializers.CharField()
    body = serializers.CharField()
    by_hand = serializers.BooleanField()
    queued_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    state = serializers.CharField()
    code = serializers.CharField()
    title = serializers.CharField()


class MessagePage(serializers.Serializer[Any]):
    items = MessageOutput(many=True)
    next = serializers.CharField(allow_null=True)


class SendInput(Input):
    orders = Ids(min_length=1, max_length=200)
    template = RowField(MailTemplate.objects.all)


class SentOutput(serializers.Serializer[Any]):
    changed = serializers.IntegerField()
    refused = serializers.IntegerField()
    outcomes = serializers.JSONField()


class Messages(ApiView):
    """Mails to buyers, the newest first; ?order= those of one. `POST` sends a template by hand (again). Needs personal:read."""

    read_scope = "personal:read"
    write_scope = "orders:write"

    @extend_schema(
        parameters=[OpenApiParameter("order"), OpenApiParameter("limit", int), OpenApiParameter("cursor")],
        responses=MessagePage,
    )
    def get(self, request: Request) -> Response:
        found = Message.objects.all()
        if (order_id := asked_id(request, "order")) is not None:
            found = found.filter(order_id=order_id)
        listed, after = page(found, request, newest=True)
        self.note_read("api.messages", len(listed))
        effects = Effect.objects.in_bulk([row.effect_id for row in listed])
        return Response({"items": [show_message(row, effects.get(row.effect_id)) for row in listed], "next": after})

    @extend_schema(request=SendInput, responses=SentOutput)
    def post(self, request: Request) -> Response:
        values = self.read(SendInput)
        known = set(Order.objects.filter(pk__in=values["orders"], scratch=False).values_list("pk", flat=True))
        done = operations.queue_message(
            sorted(known), template=values["template"], occasion="manual", manual=True, by=self.hub.by, now=self.hub.now
        )
        outcomes = [{"id": encode(pk), "outcome": "changed"} for pk in done.changed]
        outcomes += [
            {"id": encode(one.order_id), "outcome": "refused", "code": one.reason, "title": say(one.reason, one.params)}
            for one in done.issues
        ]
        missing = [pk for pk in values["orders"] if pk not in known]
        outcomes += [
            {"id": encode(pk), "outcome": "refused", "code": "not_found", "title": say("not_found")} for pk in missing
        ]
        return Response(
            {"changed": len(done.changed), "refused": len(done.issues) + len(missing), "outcomes": outcomes}
        )


def show_message(row: Message, effect: Effect | None) -> dict[str, Any]:
    """Return a mail as it was decided, and where its effect stands."""
    code = (effect.hold_reason or effect.reason) if effect else ""
    return {
        "id": oid(row.pk), "order": oid(row.order_id), "shop": oid(row.shop_id), "template": oid(row.template_id), "occasion": row.occasion,
        "recipient": row.recipient, "subject": row.subject, "body": row.body, "by_hand": row.by_hand, "queued_at": at(row.queued_at),
        "sent_at": at(row.sent_at), "state": effect.state if effect else "", "code": code, "title": say(code) if code else "",
    }  # fmt: skip


urls: list[URLPattern] = [*rows("mail-templates", Templates), path("messages", Messages.as_view())]
