"""Shops: connected, tested, changed, read again, taken live. Credentials go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings as conf
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.idempotency import Once
from hub.api.inputs import Flag, Ids, Input, Instant, Ordering, RowField, Text, Whole
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.api.views import Rows
from hub.clock import business_now
from hub.problems import advise, say
from hub.tenancy import tenant_transaction
from orders import connecting
from orders.api.inputs import credentials_for
from orders.channels import channel_class
from orders.models import Shop, Warehouse
from orders.models.shops import ConfirmBy, ShopMode
from orders.operations import settings, shops
from orders.words import result_code

PLAIN = ("name", "mark", "colour", "confirm_by", "next_day_name", "harmless_remarks", "signature")


class PollingInput(Input):
    enabled = Flag(required=False)
    every_seconds = Whole(required=False, min_value=30, max_value=600)
    wait_minutes = Whole(required=False, min_value=0, max_value=1_440)


class ShopInput(Input):
    channel = Text(max_length=50)
    name = Text(max_length=100)
    credentials = serializers.DictField(child=Text(max_length=2_000), required=False)
    polling = PollingInput(required=False)
    mark = Text(required=False, max_length=4)
    colour = serializers.ChoiceField(choices=settings.statuses.COLOURS, required=False)
    confirm_by = serializers.ChoiceField(choices=ConfirmBy.choices, required=False)
    next_day_name = Text(required=False, empty=True)
    harmless_remarks = serializers.ListField(child=Text(max_length=500), required=False, max_length=50)
    signature = Text(required=False, empty=True, max_length=2_000, trim_whitespace=False)
    warehouse = RowField(lambda: Warehouse.objects.filter(retired_at__isnull=True), required=False, allow_null=True)


class ShopChange(ShopInput):
    """A shop's channel is never changed."""

    channel = None  # type: ignore[assignment]


class PollingOutput(serializers.Serializer[Any]):
    enabled = serializers.BooleanField()
    every_seconds = serializers.IntegerField()
    wait_minutes = serializers.IntegerField()
    last_at = serializers.DateTimeField(allow_null=True)
    next_at = serializers.DateTimeField(allow_null=True)
    wanted_from = serializers.DateTimeField(allow_null=True)
    blind_since = Instant(allow_null=True)
    blind_reason = serializers.CharField()
    blind_title = serializers.CharField()


class FunctionOutput(serializers.Serializer[Any]):
    function = serializers.CharField()
    result = serializers.CharField()
    title = serializers.CharField(help_text="The result in the caller's language.")
    advice = serializers.CharField(help_text="What to do about it; empty where it is allowed.")
    detail = serializers.CharField(help_text="The mall's own words.")


class TestOutput(serializers.Serializer[Any]):
    passed = serializers.BooleanField()
    account = serializers.CharField()
    functions = FunctionOutput(many=True)
    at = serializers.DateTimeField(allow_null=True)


class ShopOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    channel = serializers.CharField()
    name = serializers.CharField()
    mark = serializers.CharField()
    colour = serializers.CharField()
    account = serializers.CharField(help_text="The mall's own id of the shop, read by the test.")
    mode = serializers.ChoiceField(choices=ShopMode.choices)
    live_from = serializers.DateTimeField(allow_null=True)
    credentials = serializers.JSONField(help_text="Only whether they are set, their last characters and their end.")
    polling = PollingOutput()
    test = TestOutput(allow_null=True)
    confirm_by = serializers.ChoiceField(choices=ConfirmBy.choices)
    next_day_name = serializers.CharField()
    harmless_remarks = serializers.ListField(child=serializers.CharField())
    signature = serializers.CharField()
    warehouse = serializers.CharField(allow_null=True)
    unknown_fields = serializers.JSONField(
        help_text="Fields the mall sends that the hub does not know, with how often."
    )
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class WouldDoOutput(serializers.Serializer[Any]):
    ours = serializers.IntegerField()
    stays = serializers.IntegerField()
    confirm = serializers.IntegerField()
    ready = serializers.IntegerField()
    held = serializers.IntegerField()


class LiveInput(Input):
    since = Instant(required=False)
    orders = Ids(required=False, help_text="Earlier orders to take on as well.")


class SinceInput(Input):
    since = Instant()


def _told(result: Mapping[str, Any], tested_at: datetime | None) -> dict[str, Any]:
    """Return the outcome of a live test as it is stored, with the words of each function's result."""
    functions = [
        {**row, "title": say(code), "advice": advise(code)}
        for row in result.get("functions", [])
        for code in (result_code(row["result"]),)
    ]
    return {**result, "functions": functions, "at": at(tested_at)}


class Shops(Rows):
    """A tenant's accounts at malls."""

    model, input, change_input, output = Shop, ShopInput, ShopChange, ShopOutput
    outside = ("create", "test")
    scopes = {"go_live": "shops:live"}  # an owner's right, so it has a scope of its own

    def rows(self) -> Any:
        return Shop.objects.defer("covered")

    def show(self, row: Shop) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "channel": row.channel, "name": row.name, "mark": row.mark, "colour": row.colour, "account": row.account,
            "mode": row.mode, "live_from": at(row.live_from),
            "credentials": {"set": bool(row.credentials), "hint": row.key_hint, "expires_at": at(row.key_expires_at)},
            "polling": {
                "enabled": row.polling, "every_seconds": row.every_seconds, "wait_minutes": row.wait_minutes,
                "last_at": at(row.last_poll_at),
                "next_at": at(row.next_poll_at) if row.polling else None, "wanted_from": at(row.wanted_from),
                "blind_since": at(row.blind_since),
                "blind_reason": row.blind_reason, "blind_title": say(row.blind_reason) if row.blind_reason else "",
            },
            "test": _told(row.test_result, row.tested_at) if row.test_result else None,
            "confirm_by": row.confirm_by, "next_day_name": row.next_day_name, "harmless_remarks": row.harmless_remarks,
            "signature": row.signature, "warehouse": oid(row.warehouse_id), "unknown_fields": row.unknown_fields, "position": row.position,
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    @extend_schema(request=ShopInput, responses={201: ShopOutput})
    def create(self, request: Request) -> Response:
        """Add a shop in 観察. With `polling.enabled` it is tested, and read from now on if the key passes; the answer says so."""
        once = Once(request, self.hub, needed=True)
        with self._transaction():
            values = self.read(ShopInput)
            if (earlier := once.earlier_answer()) is not None:
                return earlier
            shop = self._create(values)
            response = self.shown(shop, status=201)
            once.keep(response)
        if values.get("polling", {}).get("enabled"):
            self._test(shop)
            with self._transaction():
                shop = self.get_row(self.rows(), shop.pk)
                if shop.test_result.get("passed"):
                    shops.start_intake(shop, by=self.hub.by, now=business_now())
                response = self.shown(self.get_row(self.rows(), shop.pk), status=201)
        return response

    def _create(self, values: dict[str, Any]) -> Shop:
        if values["channel"] not in conf.CHANNELS:
            raise ApiError(
                "unknown_channel", 422, field="channel", channel=values["channel"], known=", ".join(conf.CHANNELS)
            )
        polling = values.get("polling", {})
        more: dict[str, Any] = {name: values[name] for name in ("mark", "colour") if name in values}
        more.update({name: polling[name] for name in ("every_seconds", "wait_minutes") if name in polling})
        shop = shops.create_shop(
            channel=values["channel"], name=values["name"],
            credentials=credentials_for(channel_class(values["channel"]).form, values.get("credentials")),
            by=self.hub.by, now=self.hub.now, **more,
        )  # fmt: skip
        rest = {name: values[name] for name in PLAIN if name in values and name not in ("name", "mark", "colour")}
        self._write(shop, rest, values)
        return self.get_row(self.rows(), shop.pk)

    def _write(self, shop: Shop, written: dict[str, Any], values: dict[str, Any]) -> None:
        if "warehouse" in values:
            written["warehouse_id"] = values["warehouse"].pk if values["warehouse"] else None
        if written:
            settings.change_shop(shop, values=written, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: Shop, values: dict[str, Any]) -> None:
        by, now, polling = self.hub.by, self.hub.now, values.get("polling", {})
        written = {name: values[name] for name in PLAIN if name in values}
        written.update({name: polling[name] for name in ("every_seconds", "wait_minutes") if name in polling})
        self._write(row, written, values)
        if values.get("credentials"):
            shops.set_credentials(
                row, credentials_for(channel_class(row.channel).form, values["credentials"]), by=by, now=now
            )
        if "enabled" in polling and polling["enabled"] != row.polling:
            (shops.start_intake if polling["enabled"] else shops.stop_intake)(row, by=by, now=now)

    def do_retire(self, row: Shop) -> None:
        settings.retire_shop(row, by=self.hub.by, now=self.hub.now)

    @extend_schema(request=Ordering, responses={204: None})
    def reorder(self, request: Request) -> Response:
        settings.reorder_shops(self.read(Ordering)["ids"], by=self.hub.by, now=self.hub.now)
        return Response(None, status=204)

    def _transaction(self) -> Any:
        return tenant_transaction(self.hub.caller.tenant_id)

    # Acts on one shop.

    @extend_schema(request=Input, responses=TestOutput)
    def test(self, request: Request, pk: int) -> Response:
        """Call each function the adapter needs, harmlessly, and keep what each answered."""
        with self._transaction():
            shop = self.get_row(self.rows(), pk)
        self._test(shop)
        with self._transaction():
            return Response(self.show(self.get_row(self.rows(), pk))["test"])

    def _test(self, shop: Shop) -> None:
        found = connecting.try_shop(shop)
        with self._transaction():
            shops.save_test(shop, found, by=self.hub.by, now=business_now())

    @extend_schema(request=Input, responses=ShopOutput)
    def fetch(self, request: Request, pk: int) -> Response:
        """Read the mall now, and the shop's open orders."""
        shop = self.get_row(self.rows(), pk)
        if not shop.polling:
            raise ApiError("intake_stopped", 409)
        shops.fetch_now(shop, by=self.hub.by, now=self.hub.now)
        return self.shown(self.get_row(self.rows(), pk))

    @extend_schema(request=SinceInput, responses=ShopOutput)
    def read_again(self, request: Request, pk: int) -> Response:
        """Read the mall again from an instant on, at most 730 days back."""
        shop = self.get_row(self.rows(), pk)
        shops.read_again(shop, since=self.read(SinceInput)["since"], by=self.hub.by, now=self.hub.now)
        return self.shown(self.get_row(self.rows(), pk))

    @extend_schema(responses=WouldDoOutput)
    def would_do(self, request: Request, pk: int) -> Response:
        """Count what going live (?since=, else now) would take on, and what stays with the old system."""
        shop, text = self.get_row(self.rows(), pk), request.query_params.get("since", "")
        try:
            since = datetime.fromisoformat(text) if text else self.hub.now
        except ValueError:
            raise ApiError("invalid_value", 422, field="since", detail="ISO 8601") from None
        if since.tzinfo is None:
            raise ApiError("invalid_value", 422, field="since", detail="+09:00")
        return Response(shops.would_do(shop, since=since))

    @extend_schema(request=LiveInput, responses=ShopOutput)
    def go_live(self, request: Request, pk: int) -> Response:
        """本番開始: take on orders placed from `since` on (else now), and earlier ones only if named."""
        shop, values = self.get_row(self.rows(), pk), self.read(LiveInput)
        shops.go_live(
            shop,
            since=values.get("since", self.hub.now),
            also=values.get("orders", ()),
            by=self.hub.by,
            now=self.hub.now,
        )
        return self.shown(self.get_row(self.rows(), pk))

    @extend_schema(request=Input, responses=ShopOutput)
    def observe(self, request: Request, pk: int) -> Response:
        """Back to 観察: nothing leaves any more, and what waits stays waiting."""
        shops.observe(self.get_row(self.rows(), pk), by=self.hub.by, now=self.hub.now)
        return self.shown(self.get_row(self.rows(), pk))


urls: list[URLPattern] = [
    *rows("shops", Shops, reorder=True),
    path("shops/<oid:pk>/test", Shops.as_view({"post": "test"})),
    path("shops/<oid:pk>/fetch-now", Shops.as_view({"post": "fetch"})),
    path("shops/<oid:pk>/read-again", Shops.as_view({"post": "read_again"})),
    path("shops/<oid:pk>/would-do", Shops.as_view({"get": "would_do"})),
    path("shops/<oid:pk>/go-live", Shops.as_view({"post": "go_live"})),
    path("shops/<oid:pk>/observe", Shops.as_view({"post": "observe"})),
]
