"""Parcels: list, read, split, want, reopen. Withdrawing and recording a shipment are in `warehouses/api`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import IdField, Ids, Input
from hub.api.paging import page
from hub.api.views import ApiView, asked_id
from hub.ids import encode
from hub.problems import say
from orders.api import schemas
from orders.api.inputs import TakeInput
from orders.api.reading import read_by_ids
from orders.models import OrderLine, Parcel
from orders.models.orders import ParcelState
from orders.operations.parcels import reopen, split_parcel
from orders.operations.wishes import want_parcels


def read_parcels(parcels: Sequence[Parcel], *, personal: bool) -> list[dict[str, Any]]:
    """Return parcels in their outside form, each with its lead order."""
    orders = {order["id"]: order for order in read_by_ids([parcel.order_id for parcel in parcels], personal=personal)}
    found = []
    for parcel in parcels:
        order = orders[encode(parcel.order_id)]
        shown = next((one for one in order["parcels"] if one["id"] == encode(parcel.pk)), None)
        if shown is None:  # it holds no open line any more
            shown = {"id": encode(parcel.pk), "state": parcel.state, "lines": [], "revision": parcel.revision}
        found.append(
            {
                **shown,
                "order": {
                    "id": order["id"],
                    "number": order["number"],
                    "revision": order["revision"],
                    "shop": order["shop"],
                },
            }
        )
    return found


class Parcels(ApiView):
    """The parcels of orders, the newest first; by state, order or warehouse."""

    read_scope = "orders:read"

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=[state.value for state in ParcelState]), OpenApiParameter("order"),
            OpenApiParameter("warehouse"),
            OpenApiParameter("limit", int), OpenApiParameter("cursor"),
        ],
        responses=schemas.ParcelPage,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = Parcel.objects.filter(closed_at__isnull=True, order__scratch=False)
        if state := request.query_params.get("state", ""):
            rows = rows.filter(state=state)
        if (order_id := asked_id(request, "order")) is not None:
            rows = rows.filter(pk__in=OrderLine.objects.filter(order_id=order_id).values("parcel_id"))
        if (warehouse_id := asked_id(request, "warehouse")) is not None:
            rows = rows.filter(warehouse_id=warehouse_id)
        found, after = page(rows, request, newest=True)
        self.note_read("api.parcels", len(found))
        return Response({"items": read_parcels(found, personal=self.hub.personal), "next": after})


class OneParcel(ApiView):
    """One parcel with its lines, tracking numbers and how far its report is."""

    read_scope = "orders:read"

    @extend_schema(responses=schemas.ParcelWithOrder)
    def get(self, request: Request, pk: int) -> Response:
        parcel = self.get_row(Parcel.objects.filter(order__scratch=False), pk)
        return Response(read_parcels([parcel], personal=self.hub.personal)[0])


class SplitInput(Input):
    parcel = IdField()
    take: Any = serializers.ListSerializer(child=TakeInput(), allow_empty=False, max_length=200)


class Split(ApiView):
    """Move pieces of lines into a new parcel for the same recipient; answered with the new one."""

    write_scope = "orders:write"

    @extend_schema(request=SplitInput, responses={201: schemas.ParcelWithOrder})
    def post(self, request: Request) -> Response:
        values = self.read(SplitInput)
        parcel = self.get_row(Parcel.objects.filter(order__scratch=False), values["parcel"])
        fresh = split_parcel(
            parcel.pk, take={one["line"]: one["quantity"] for one in values["take"]}, by=self.hub.by, now=self.hub.now
        )
        return Response(read_parcels([fresh], personal=self.hub.personal)[0], status=201)


class ParcelsInput(Input):
    parcels = Ids(min_length=1)


class Want(ApiView):
    """Wish that parcels be shipped: they go by themselves as soon as nothing holds them."""

    write_scope = "orders:write"

    @extend_schema(request=ParcelsInput, responses=schemas.ActOutput)
    def post(self, request: Request) -> Response:
        done = want_parcels(self.read(ParcelsInput)["parcels"], by=self.hub.by, now=self.hub.now)
        outcomes: list[dict[str, Any]] = [{"id": encode(pk), "outcome": "changed"} for pk in done.changed]
        outcomes += [{"id": encode(pk), "outcome": "unchanged"} for pk in done.unchanged]
        outcomes += [
            {"id": encode(pk), "outcome": "refused", "code": "not_found" if code == "unknown" else code,
             "title": say("not_found" if code == "unknown" else code)}
            for pk, code in done.refused.items()
        ]  # fmt: skip
        return Response({
            "preview": False, "changed": len(done.changed), "unchanged": len(done.unchanged), "refused": len(done.refused),
            "outcomes": outcomes,
        })  # fmt: skip


class ParcelRef(Input):
    parcel = IdField()


class Reopen(ApiView):
    """Make a withdrawn or refused parcel free to be changed and wanted again."""

    write_scope = "orders:write"

    @extend_schema(request=ParcelRef, responses=schemas.ParcelWithOrder)
    def post(self, request: Request) -> Response:
        parcel = self.get_row(Parcel.objects.filter(order__scratch=False), self.read(ParcelRef)["parcel"])
        reopen(parcel.pk, by=self.hub.by, now=self.hub.now)
        return Response(read_parcels([parcel], personal=self.hub.personal)[0])


urls: list[URLPattern] = [
    path("parcels", Parcels.as_view()),
    path("parcels/<oid:pk>", OneParcel.as_view()),
    path("parcels/actions/split", Split.as_view()),
    path("parcels/actions/want-shipment", Want.as_view()),
    path("parcels/actions/reopen", Reopen.as_view()),
]
