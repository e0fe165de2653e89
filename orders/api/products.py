"""Products, mall items and their mapping (商品マッピング), and what a mall's payment and delivery names mean."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings as conf
from django.db.models import Q, QuerySet
from django.urls import URLPattern, path
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.idempotency import Once
from hub.api.inputs import Input, RowField, Text, Whole
from hub.api.paging import page
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.api.views import ApiView, Rows, asked_id, flag
from hub.ids import encode
from hub.stages import kick
from hub.tenancy import tenant_transaction
from orders.api.inputs import ListingChange
from orders.models import DeliveryName, Listing, Order, PaymentName, Product, Shop, Warehouse
from orders.models.orders import PaymentMethod
from orders.operations import settings
from orders.operations.products import map_listing
from orders.operations.shops import raise_rule_set
from orders.queries.goods import Freed, freed
from orders.system_tasks import said_by_name

ANSWER_SECONDS = 4.0
"""A mapping answers within five seconds; what is not judged by then is judged by the stage."""
TEMPERATURES = ("normal", "chilled", "frozen")


class ProductInput(Input):
    sku = Text(max_length=100)
    name = Text(max_length=500)
    warehouse = RowField(lambda: Warehouse.objects.filter(retired_at__isnull=True), required=False, allow_null=True)
    weight_grams = Whole(required=False, allow_null=True, min_value=0, max_value=10_000_000)
    barcode = Text(required=False, empty=True, max_length=50)
    temperature = serializers.ChoiceField(choices=TEMPERATURES, required=False)
    shelf = Text(required=False, empty=True, max_length=50)


class ProductOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    warehouse = serializers.CharField(allow_null=True)
    weight_grams = serializers.IntegerField(allow_null=True)
    barcode = serializers.CharField()
    temperature = serializers.CharField()
    shelf = serializers.CharField()
    created_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)


class Products(Rows):
    """Our own SKUs; ?sku= finds one."""

    model, input, output, by_position = Product, ProductInput, ProductOutput, False

    def listed(self) -> QuerySet[Product]:
        found = super().listed()
        sku = self.request.query_params.get("sku", "")
        return found.filter(sku=sku) if sku else found

    def show(self, row: Product) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "sku": row.sku, "name": row.name, "warehouse": oid(row.warehouse_id), "weight_grams": row.weight_grams,
            "barcode": row.barcode, "temperature": row.temperature, "shelf": row.shelf, "created_at": at(row.created_at),
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Product:
        return settings.create_product(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: Product, values: dict[str, Any]) -> None:
        if "warehouse" in values:
            warehouse = values.pop("warehouse")
            values["warehouse_id"] = warehouse.pk if warehouse else None
        settings.change_product(row, values=values, by=self.hub.by, now=self.hub.now)

    def do_retire(self, row: Product) -> None:
        settings.retire_product(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: Product) -> None:
        settings.restore_product(row, by=self.hub.by, now=self.hub.now)


# Listings.


class ListingOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    shop = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField()
    variation = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    units = serializers.IntegerField()
    first_seen_at = serializers.DateTimeField()
    mapped_at = serializers.DateTimeField(allow_null=True)


class MappedOutput(serializers.Serializer[Any]):
    listing = ListingOutput()
    judged = serializers.BooleanField(help_text="False: the rest is judged in a moment; read again.")
    looked_at = serializers.IntegerField(help_text="Open orders that contain the item.")
    moved_on = serializers.IntegerField(help_text="Those that nothing holds any more.")
    still_held = serializers.IntegerField()
    causes = serializers.JSONField(
        help_text="What still holds the others: code, its words, the task where it is one, count; each order once."
    )
    title = serializers.CharField()
    orders = serializers.JSONField(help_text="Ids of the first 1,000 orders: moved_on, still_held.")


class ListingPage(serializers.Serializer[Any]):
    items = ListingOutput(many=True)
    next = serializers.CharField(allow_null=True)


def show_listing(row: Listing) -> dict[str, Any]:
    return {
        "id": oid(row.pk), "shop": oid(row.shop_id), "key": row.key, "name": row.name, "variation": row.variation,
        "product": oid(row.product_id), "units": row.units, "first_seen_at": at(row.first_seen_at), "mapped_at": at(row.mapped_at),
    }  # fmt: skip


class Listings(ApiView):
    """Items as malls sell them; ?unmapped=true lists those that point at no product, ?shop= those of a shop."""

    read_scope = "settings:read"

    @extend_schema(
        parameters=[OpenApiParameter("unmapped", bool), OpenApiParameter("shop"), OpenApiParameter("key"), OpenApiParameter("limit", int),
                    OpenApiParameter("cursor")],
        responses=ListingPage,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        found = Listing.objects.all()
        if flag(request, "unmapped"):
            found = found.filter(product__isnull=True)
        if key := request.query_params.get("key", ""):
            found = found.filter(key=key)
        if (shop_id := asked_id(request, "shop")) is not None:
            found = found.filter(shop_id=shop_id)
        listed, after = page(found, request)
        return Response({"items": [show_listing(row) for row in listed], "next": after})


class OneListing(ApiView):
    """One mall item. `PUT` says which of our products it means; open orders that wait for it follow at once."""

    outside = ("PUT",)
    read_scope, write_scope = "settings:read", "settings:write"

    @extend_schema(responses=ListingOutput)
    def get(self, request: Request, pk: int) -> Response:
        return Response(show_listing(self.get_row(Listing.objects.all(), pk)))

    @extend_schema(request=ListingChange, responses=MappedOutput)
    def put(self, request: Request, pk: int) -> Response:
        """Map in one transaction, judge the orders that waited for it in their own, then say what it set free."""
        started, once = time.monotonic(), Once(request, self.hub, needed=False)
        tenant_id, by, now = self.hub.caller.tenant_id, self.hub.by, self.hub.now
        with tenant_transaction(tenant_id):
            if (earlier := once.earlier_answer()) is not None:
                return earlier
            listing = self.get_row(Listing.objects.all(), pk)
            values = self.read(ListingChange)
            done = map_listing(listing, product=values["product"], units=values.get("units", 1), by=by, now=now)
            raise_rule_set(now=now, shop_id=listing.shop_id)
        engine = import_module(conf.STAGES["judge"].module)
        whole = engine.judge_orders(tenant_id, done.looked_at, until=started + ANSWER_SECONDS)
        with tenant_transaction(tenant_id):
            if (earlier := once.earlier_answer()) is not None:
                return earlier
            kick("judge", tenant_id)
            listing.refresh_from_db()
            response = Response({"listing": show_listing(listing), "judged": whole, **_told(done.looked_at, now=now)})
            once.keep(response)
            return response


def _told(ids: Sequence[int], *, now: datetime) -> dict[str, Any]:
    """Return what a mapping came to: how many orders were looked at, moved on, and what still holds the others."""
    found = freed(ids, now=now)
    rows = Order.objects.filter(pk__among=list(ids)).order_by("pk")
    still = list(
        rows.filter(Q(held=True) | Q(unmapped_lines__gt=0) | Q(ready_at__gt=now)).values_list("pk", flat=True)[:1_000]
    )
    stays = set(still)
    return {
        "looked_at": found.looked_at,
        "moved_on": found.moved,
        "still_held": found.held,
        "causes": [
            {"code": "task" if task_id else name, "title": _words(name), "task": oid(task_id), "count": n}
            for name, task_id, n in found.causes
        ],
        "title": _sentence(found),
        "orders": {
            "moved_on": [encode(pk) for pk in ids if pk not in stays][:1_000],
            "still_held": [encode(pk) for pk in still],
        },
    }


_WORDS = {
    "waiting": ("待機中", "waiting"),
    "partly_mapped": ("一部未マッピング", "partly mapped"),
    "held": ("保留", "held"),
}


def _english() -> bool:
    return (get_language() or "ja").startswith("en")


def _words(name: str) -> str:
    """Return a cause in words: the program's in the reader's language, a task of the tenant by its own name."""
    return _WORDS[name][_english()] if name in _WORDS else said_by_name(name)


def _sentence(found: Freed) -> str:
    parts = [(_words(name), n) for name, _, n in found.causes]
    if _english():
        told = ", ".join(f"{n} {words}" for words, n in parts)
        return f"{found.looked_at} orders looked at, {found.moved} moved on, {found.held} still held" + (
            f": {told}" if told else ""
        )
    told = "、".join(f"{words} {n}件" for words, n in parts)
    return f"{found.looked_at}件を見直し、{found.moved}件が進み、{found.held}件はまだ保留" + (
        f"（{told}）" if told else ""
    )


# Names of payments and deliveries.


class NameInput(Input):
    channel = Text(max_length=50)
    name = Text(max_length=200)
    method = Text(max_length=100)


class NameOutput(serializers.Serializer[Any]):
    channel = serializers.CharField()
    name = serializers.CharField()
    method = serializers.CharField(allow_null=True)
    orders = serializers.IntegerField(required=False, help_text="How many open orders followed.")


class NamePage(serializers.Serializer[Any]):
    items = NameOutput(many=True)
    next = serializers.CharField(allow_null=True)


class PaymentNames(ApiView):
    """What a mall's name of a payment means: one of our methods. Names that open orders wait for are listed with null."""

    read_scope, write_scope = "settings:read", "settings:write"

    @extend_schema(responses=NamePage)
    def get(self, request: Request) -> Response:
        known = list(PaymentName.objects.order_by("channel", "name").values("channel", "name", "method"))
        waiting = Order.objects.filter(is_open=True, payment_method=PaymentMethod.UNKNOWN).order_by(
            "shop__channel", "payment_name"
        )
        unknown = [
            {"channel": channel, "name": name, "method": None}
            for channel, name in waiting.values_list("shop__channel", "payment_name").distinct()
        ]
        return Response({"items": [*unknown, *known], "next": None})

    @extend_schema(request=NameInput, responses=NameOutput)
    def put(self, request: Request) -> Response:
        values = self.read(NameInput)
        _need_channel(values["channel"])
        orders = settings.set_payment_name(
            values["channel"], values["name"], method=values["method"], by=self.hub.by, now=self.hub.now
        )
        return Response({**values, "orders": orders})


class DeliveryNames(ApiView):
    """What a mall's name of a delivery means."""

    read_scope, write_scope = "settings:read", "settings:write"

    @extend_schema(responses=NamePage)
    def get(self, request: Request) -> Response:
        return Response(
            {
                "items": list(DeliveryName.objects.order_by("channel", "name").values("channel", "name", "method")),
                "next": None,
            }
        )

    @extend_schema(request=NameInput, responses=NameOutput)
    def put(self, request: Request) -> Response:
        values = self.read(NameInput)
        _need_channel(values["channel"])
        orders = settings.set_delivery_name(
            values["channel"], values["name"], method=values["method"], by=self.hub.by, now=self.hub.now
        )
        return Response({**values, "orders": orders})


def _need_channel(channel: str) -> None:
    known = {*conf.CHANNELS, *Shop.objects.order_by().values_list("channel", flat=True).distinct()}
    if channel not in known:
        raise ApiError("unknown_channel", 422, field="channel", channel=channel, known=", ".join(sorted(known)))


urls: list[URLPattern] = [
    *rows("products", Products, restore=True),
    path("listings", Listings.as_view()),
    path("listings/<oid:pk>", OneListing.as_view()),
    path("payment-names", PaymentNames.as_view()),
    path("delivery-names", DeliveryNames.as_view()),
]
