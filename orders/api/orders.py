"""Orders: list, change feed, one order, manual orders, changes, why it is here, history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.db.models import Q
from django.urls import URLPattern, path
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.paging import limit_of, read_cursor, write_cursor
from hub.api.parsing import read_json
from hub.api.problems import ApiError, not_found
from hub.api.rendering import oid
from hub.api.views import ApiView, flag
from hub.changes import Place, read_changes
from hub.clock import JAPAN
from hub.ids import NotAnId, decode, encode
from orders import search
from orders.api import schemas
from orders.api.conditions import read_condition
from orders.api.explaining import explain_order
from orders.api.history import show_history
from orders.api.inputs import OrderChange, OrderInput
from orders.api.reading import read_by_ids, read_orders
from orders.manual import create_manual_order
from orders.models import Order
from orders.operations.changes import change_order
from orders.queries.filters import Filter

Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class Orders(ApiView):
    """`GET`: a page of orders, or with `after` what changed since. `POST`: an order entered by hand."""

    read_scope, write_scope = "orders:read", "orders:write"

    @extend_schema(
        parameters=[
            OpenApiParameter("number", description="The number exactly."),
            OpenApiParameter("status", description="Status ids, comma separated."), OpenApiParameter("shop", description="Shop ids."),
            OpenApiParameter("tag", description="Label ids."), OpenApiParameter("task", description="Ids of open tasks."),
            OpenApiParameter("q", description="As the search box. Needs personal:read."),
            OpenApiParameter("condition", description="A condition as JSON."),
            OpenApiParameter("after", description="A place in the change feed; empty for its beginning. Only limit goes with it."),
            OpenApiParameter("deleted", bool), OpenApiParameter("sort", enum=["newest", "oldest"]),
            OpenApiParameter("limit", int), OpenApiParameter("cursor"),
        ],
        responses=schemas.OrderPage,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        if "after" in request.query_params:
            return self._changes(request)
        descending = request.query_params.get("sort", "newest")
        if descending not in ("newest", "oldest"):
            raise ApiError("invalid_value", 422, field="sort", detail="newest / oldest")
        today = self.hub.now.astimezone(JAPAN).date()
        rows = _filter(request, personal=self.hub.personal).orders(today=today)
        rows = _from_cursor(rows, request.query_params.get("cursor", ""), newest=descending == "newest")
        limit = limit_of(request)
        by = ("-placed_at", "-pk") if descending == "newest" else ("placed_at", "pk")
        items = read_orders(rows.order_by(*by)[: limit + 1], personal=self.hub.personal)
        after = None
        if len(items) > limit:
            items = items[:limit]
            after = write_cursor(items[-1]["placed_at"], items[-1]["id"])
        self.note_read("api.orders", len(items))
        return Response({"items": items, "next": after})

    def _changes(self, request: Request) -> Response:
        text = request.query_params["after"]
        if beside := next((name for name in request.query_params if name not in ("after", "limit")), None):
            raise ApiError("not_with_after", 422, field=beside, name=beside)
        place = None
        if text:
            epoch, xid, entry = read_cursor(text, tuple[Number, Number, Number], field="after")
            place = Place(epoch=epoch, xid=xid, entry=entry)
        found = read_changes(place, limit=limit_of(request))
        orders = {order["id"]: order for order in read_by_ids(found.order_ids, personal=self.hub.personal)}
        items = [orders.get(encode(pk), {"id": encode(pk), "erased": True}) for pk in found.order_ids]
        self.note_read("api.orders", len(orders))
        cursor = write_cursor(found.place.epoch, found.place.xid, found.place.entry)
        return Response({"items": items, "next": cursor, "more": found.more})

    @extend_schema(request=OrderInput, responses={201: schemas.OrderOutput})
    def post(self, request: Request) -> Response:
        values = self.read(OrderInput)
        order_id = create_manual_order(**values, by=self.hub.by, now=self.hub.now)
        return _one(order_id, personal=self.hub.personal, status=201, location=f"{request.path}/{oid(order_id)}")


def _one(order_id: int, *, personal: bool, status: int = 200, location: str = "") -> Response:
    found = read_by_ids([order_id], personal=personal)
    if not found:
        raise not_found()
    headers = {"ETag": f'"{found[0]["revision"]}"', **({"Location": location} if location else {})}
    return Response(found[0], status=status, headers=headers)


def _from_cursor(rows: Any, text: str, *, newest: bool) -> Any:
    if not text:
        return rows
    moment, outside = read_cursor(text, tuple[str, str])
    try:
        last, at = decode(outside), datetime.fromisoformat(moment)
    except (NotAnId, ValueError):
        raise ApiError("bad_cursor", 422, field="cursor") from None
    if at.tzinfo is None:
        raise ApiError("bad_cursor", 422, field="cursor")
    edge, past = ("lte", "lt") if newest else ("gte", "gt")
    return rows.filter(
        Q(**{f"placed_at__{edge}": at}) & (Q(**{f"placed_at__{past}": at}) | Q(placed_at=at, **{f"pk__{past}": last}))
    )


def _filter(request: Request, *, personal: bool) -> Filter:
    asked = request.query_params
    known = {"number", "status", "shop", "tag", "task", "q", "condition", "deleted", "sort", "limit", "cursor"}
    if unknown := next((name for name in asked if name not in known), None):
        raise ApiError("unknown_field", 422, field=unknown, name=unknown, known=", ".join(sorted(known | {"after"})))
    found = Filter(
        number=asked.get("number", "").strip(), status_ids=_ids(request, "status"), shop_ids=_ids(request, "shop"),
        tag_ids=_ids(request, "tag"), task_ids=_ids(request, "task"), deleted=flag(request, "deleted"),
    )  # fmt: skip
    if text := asked.get("q", ""):
        if not personal:
            raise ApiError("scope_needed", 403, field="q", scope="personal:read")
        found = replace(found, found=search.look_up(text))
    if text := asked.get("condition", ""):
        try:
            data = read_json(text.encode())
        except ApiError as error:  # said of a body: here it is the parameter that is at fault
            error.problem = replace(error.problem, field="/".join(filter(None, ("condition", error.problem.field))))
            raise
        found = replace(found, condition=read_condition(data, personal=personal))
    return found


def _ids(request: Request, name: str) -> tuple[int, ...]:
    """Return the ids of a comma separated list. One that is no id of ours finds nothing, as a foreign one does."""
    found = []
    for text in filter(None, request.query_params.get(name, "").split(",")):
        try:
            found.append(decode(text.strip()))
        except NotAnId:
            found.append(0)
    return tuple(found[:200])


class OneOrder(ApiView):
    """`GET`: everything of an order; its ETag is the revision. `PATCH`: change it, with If-Match."""

    read_scope, write_scope = "orders:read", "orders:write"

    @extend_schema(responses=schemas.OrderOutput)
    def get(self, request: Request, pk: int) -> Response:
        return _one(pk, personal=self.hub.personal)

    @extend_schema(
        request=OrderChange, responses=schemas.OrderOutput,
        parameters=[OpenApiParameter("If-Match", location=OpenApiParameter.HEADER, required=True, description="The order's revision.")],
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        revision = revision_of(request)
        values = self.read(OrderChange, partial=True)
        if not Order.objects.filter(pk=pk, scratch=False).exists():
            raise not_found()
        change_order(pk, values=values, seen_revision=revision, by=self.hub.by, now=self.hub.now)
        return _one(pk, personal=self.hub.personal)


def revision_of(request: Request) -> int:
    """Return the revision that If-Match names. Raises ApiError 428 without one, 400 for a bad one."""
    text = request.headers.get("If-Match", "").strip()
    if not text:
        raise ApiError("match_needed", 428)
    text = text.removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ApiError("bad_match", 400)
    return int(text)


class Explain(ApiView):
    """Why the order is where it is, what holds it, what frees it, and what happens next."""

    read_scope = "orders:read"

    @extend_schema(responses=schemas.ExplainOutput)
    def get(self, request: Request, pk: int) -> Response:
        return Response(
            explain_order(pk, now=self.hub.now, language=get_language() or "ja", personal=self.hub.personal)
        )


class History(ApiView):
    """The order's audit, the newest first."""

    read_scope = "orders:read"

    @extend_schema(
        parameters=[OpenApiParameter("limit", int), OpenApiParameter("cursor")],
        responses=OpenApiResponse(response=schemas.HistoryPage),
    )
    def get(self, request: Request, pk: int) -> Response:
        if not Order.objects.filter(pk=pk, scratch=False).exists():
            raise not_found()
        return Response(show_history(pk, request, personal=self.hub.personal))


urls: list[URLPattern] = [
    path("orders", Orders.as_view()),
    path("orders/<oid:pk>", OneOrder.as_view()),
    path("orders/<oid:pk>/explain", Explain.as_view()),
    path("orders/<oid:pk>/history", History.as_view()),
]
