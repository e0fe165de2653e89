"""Accounts at warehouses. Credentials go in and never come out."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.conf import settings as conf
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import Anything, Flag, Input, Text, Whole
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.clock import business_now
from hub.problems import say
from hub.tenancy import tenant_transaction
from orders.api.inputs import credentials_for
from orders.api.vocabulary import Ordered
from orders.models import Warehouse
from warehouses import settings
from warehouses.adapters import adapter_class, adapter_for


class Cutoffs(Input):
    """The weekdays with a cut-off of their own; the others have that of every day."""

    mon = serializers.TimeField(required=False)
    tue = serializers.TimeField(required=False)
    wed = serializers.TimeField(required=False)
    thu = serializers.TimeField(required=False)
    fri = serializers.TimeField(required=False)
    sat = serializers.TimeField(required=False)
    sun = serializers.TimeField(required=False)


class WarehouseInput(Input):
    kind = Text(max_length=50)
    name = Text(max_length=100)
    credentials = serializers.DictField(child=Text(max_length=2_000, empty=True), required=False)
    settings = Anything(required=False)
    cutoff_at = serializers.TimeField(required=False)
    cutoffs = Cutoffs(required=False)
    collect_every_seconds = Whole(required=False, min_value=60, max_value=86_400)
    result_due_hour = Whole(required=False, min_value=0, max_value=23)

    def validate_cutoffs(self, value: dict[str, time]) -> dict[str, str]:
        return {day: f"{at:%H:%M}" for day, at in value.items()}

    def validate_settings(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise serializers.ValidationError(say("invalid"), code="invalid")
        return value


class WarehouseChange(WarehouseInput):
    """A warehouse's kind is never changed."""

    kind = None  # type: ignore[assignment]
    paused = Flag(required=False)


class WarehouseOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    credentials = serializers.JSONField(help_text="Only whether they are set.")
    settings = serializers.JSONField()
    cutoff_at = serializers.TimeField()
    cutoffs = serializers.DictField(child=serializers.TimeField())
    collect_every_seconds = serializers.IntegerField()
    result_due_hour = serializers.IntegerField()
    collected_at = serializers.DateTimeField(allow_null=True)
    collect_error = serializers.CharField()
    collect_error_title = serializers.CharField()
    paused_at = serializers.DateTimeField(allow_null=True)
    abilities = serializers.ListField(child=serializers.CharField())
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class WarehouseTestOutput(serializers.Serializer[Any]):
    passed = serializers.BooleanField()
    code = serializers.CharField()
    title = serializers.CharField()


class Warehouses(Ordered):
    """Whoever ships: a warehouse company, the shop's own shelf, another system."""

    model, input, change_input, output = Warehouse, WarehouseInput, WarehouseChange, WarehouseOutput
    outside = ("test",)

    def show(self, row: Warehouse) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "kind": row.kind, "name": row.name, "credentials": {"set": bool(row.credentials)}, "settings": row.settings,
            "cutoff_at": row.cutoff_at.isoformat(timespec="minutes"), "cutoffs": row.cutoffs,
            "collect_every_seconds": row.collect_every_seconds, "result_due_hour": row.result_due_hour,
            "collected_at": at(row.collected_at), "collect_error": row.collect_error,
            "collect_error_title": say(row.collect_error) if row.collect_error else "", "paused_at": at(row.paused_at),
            "abilities": sorted(ability.value for ability in adapter_class(row.kind).abilities), "position": row.position,
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Warehouse:
        if values["kind"] not in conf.WAREHOUSES:
            raise ApiError("unknown_kind", 422, field="kind", kind=values["kind"], known=", ".join(conf.WAREHOUSES))
        values["credentials"] = credentials_for(adapter_class(values["kind"]).form, values.get("credentials"))
        return settings.create_warehouse(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: Warehouse, values: dict[str, Any]) -> None:
        by, now = self.hub.by, self.hub.now
        credentials, paused = values.pop("credentials", None), values.pop("paused", None)
        settings.change_warehouse(row, values=values, by=by, now=now)
        if credentials:
            settings.set_credentials(row, credentials_for(adapter_class(row.kind).form, credentials), by=by, now=now)
        if paused is not None:
            settings.pause_warehouse(row, paused, by=by, now=now)

    def do_retire(self, row: Warehouse) -> None:
        settings.retire_warehouse(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: Warehouse) -> None:
        settings.restore_warehouse(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        settings.reorder_warehouses(ids, by=self.hub.by, now=self.hub.now)

    @extend_schema(request=Input, responses=WarehouseTestOutput)
    def test(self, request: Request, pk: int) -> Response:
        """Call the warehouse harmlessly and keep what it answered. No transaction is open over the call."""
        tenant_id = self.hub.caller.tenant_id
        with tenant_transaction(tenant_id):
            warehouse = self.get_row(self.rows(), pk)
            adapter = adapter_for(warehouse)
        try:
            fault = adapter.test()
        finally:
            adapter.close()
        with tenant_transaction(tenant_id):
            settings.save_test(warehouse, fault, by=self.hub.by, now=business_now())
        return Response({"passed": not fault, "code": fault, "title": say(fault) if fault else ""})


urls: list[URLPattern] = [
    *rows("warehouses", Warehouses, reorder=True, restore=True),
    path("warehouses/<oid:pk>/test", Warehouses.as_view({"post": "test"})),
]
