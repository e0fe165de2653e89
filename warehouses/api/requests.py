"""Requests to warehouses, withdrawing them, and recording that a parcel left."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import Flag, IdField, Input, Text
from hub.api.paging import page
from hub.api.rendering import at, oid
from hub.api.views import ApiView, asked_id
from hub.clock import JAPAN
from hub.problems import say
from orders.api import schemas
from orders.api.inputs import PackageInput
from orders.api.parcels import read_parcels
from orders.carriers import clean_number
from orders.models import Parcel
from orders.operations.shipments import Package
from warehouses.models import RequestAnswer, WarehouseRequest
from warehouses.operations import ask_withdrawal
from warehouses.results import enter_result


class RequestOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    reference = serializers.CharField()
    parcel = serializers.CharField()
    order = serializers.CharField()
    warehouse = serializers.CharField()
    asked_at = serializers.DateTimeField()
    ship_on = serializers.DateField(allow_null=True)
    answer = serializers.ChoiceField(choices=RequestAnswer.choices)
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField(help_text="The warehouse's own words.")
    fee_yen = serializers.IntegerField(allow_null=True)
    withdraw_asked_at = serializers.DateTimeField(allow_null=True)
    effect = serializers.CharField(allow_null=True)


class RequestPage(serializers.Serializer[Any]):
    items = RequestOutput(many=True)
    next = serializers.CharField(allow_null=True)


def show(row: WarehouseRequest) -> dict[str, Any]:
    return {
        "id": oid(row.pk), "reference": row.reference, "parcel": oid(row.parcel_id), "order": oid(row.parcel.order_id),
        "warehouse": oid(row.warehouse_id), "asked_at": at(row.asked_at), "ship_on": row.ship_on, "answer": row.answer,
        "answered_at": at(row.answered_at), "ended_at": at(row.ended_at), "code": row.reason,
        "title": say(row.reason) if row.reason else "", "detail": row.detail, "fee_yen": row.fee_yen,
        "withdraw_asked_at": at(row.withdraw_asked_at), "effect": oid(row.effect_id),
    }  # fmt: skip


class Requests(ApiView):
    """Requests, the newest first; by answer, warehouse, parcel or reference."""

    read_scope = "orders:read"

    @extend_schema(
        parameters=[
            OpenApiParameter("answer", enum=RequestAnswer.values), OpenApiParameter("warehouse"), OpenApiParameter("parcel"),
            OpenApiParameter("reference"), OpenApiParameter("limit", int), OpenApiParameter("cursor"),
        ],
        responses=RequestPage,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        found = WarehouseRequest.objects.select_related("parcel")
        for name, column in (("warehouse", "warehouse_id"), ("parcel", "parcel_id")):
            if (pk := asked_id(request, name)) is not None:
                found = found.filter(**{column: pk})
        for name in ("answer", "reference"):
            if text := request.query_params.get(name, ""):
                found = found.filter(**{name: text})
        listed, after = page(found, request, newest=True)
        return Response({"items": [show(row) for row in listed], "next": after})


class OneRequest(ApiView):
    """One request."""

    read_scope = "orders:read"

    @extend_schema(responses=RequestOutput)
    def get(self, request: Request, pk: int) -> Response:
        return Response(show(self.get_row(WarehouseRequest.objects.select_related("parcel"), pk)))


class WithdrawInput(Input):
    parcel = IdField()
    accept_fee = Flag(required=False)
    reason = Text(required=False, empty=True, max_length=500)


class Withdraw(ApiView):
    """Ask the warehouse to give the parcel back. It shows as asked, then agreed, needs a fee, or too late."""

    write_scope = "orders:write"

    @extend_schema(request=WithdrawInput, responses={202: RequestOutput})
    def post(self, request: Request) -> Response:
        values = self.read(WithdrawInput)
        parcel = self.get_row(Parcel.objects.filter(order__scratch=False), values["parcel"])
        asked = ask_withdrawal(
            parcel.pk,
            accept_fee=values.get("accept_fee", False),
            reason=values.get("reason", ""),
            by=self.hub.by,
            now=self.hub.now,
        )
        return Response(show(WarehouseRequest.objects.select_related("parcel").get(pk=asked.pk)), status=202)


class ShipmentInput(Input):
    parcel = IdField()
    packages: Any = serializers.ListSerializer(child=PackageInput(), allow_empty=False, max_length=100)
    replace = Flag(required=False, help_text="Correct the numbers of a parcel that has left.")


class RecordShipment(ApiView):
    """Enter carrier and number: this is recording the shipment; the order becomes 出荷済 and its mall is told."""

    write_scope = "orders:write"

    @extend_schema(request=ShipmentInput, responses=schemas.ParcelWithOrder)
    def post(self, request: Request) -> Response:
        values = self.read(ShipmentInput)
        parcel = self.get_row(Parcel.objects.filter(order__scratch=False), values["parcel"])
        today = self.hub.now.astimezone(JAPAN).date()
        packages = [
            Package(
                carrier=one["carrier"],
                number=clean_number(one.get("number", "")),
                shipped_on=one.get("shipped_on", today),
            )
            for one in values["packages"]
        ]
        enter_result(
            parcel.pk, packages=packages, replace=values.get("replace", False), by=self.hub.by, now=self.hub.now
        )
        return Response(read_parcels([parcel], personal=self.hub.personal)[0])


urls: list[URLPattern] = [
    path("warehouse-requests", Requests.as_view()),
    path("warehouse-requests/<oid:pk>", OneRequest.as_view()),
    path("parcels/actions/withdraw", Withdraw.as_view()),
    path("parcels/actions/record-shipment", RecordShipment.as_view()),
]
