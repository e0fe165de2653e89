"""What callers may send about orders: manual orders, changes, acts over sets, parcels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hub.api.inputs import Anything, Day, Flag, IdField, Input, Instant, RowField, Text, Whole
from orders.channels import CredentialsForm
from orders.models import Product, Shop, Warehouse
from orders.models.orders import PaymentMethod, PaymentState

MOST_YEN = 1_000_000_000


class Person(Input):
    """A person at a place."""

    name = Text()
    name_kana = Text(required=False, empty=True, source="kana")
    phone = Text(required=False, empty=True, max_length=30)
    postal_code = Text(required=False, empty=True, max_length=10)
    prefecture = Text(required=False, empty=True, max_length=20)
    city = Text(required=False, empty=True)
    street = Text(required=False, empty=True, max_length=500)


class Buyer(Person):
    email = Text(required=False, empty=True, max_length=254)


class Wish(Input):
    date_on = Day(required=False, allow_null=True)
    time = Text(required=False, empty=True, max_length=50)


class LineInput(Input):
    """A line of a manual order: one of our products, or a bare name."""

    product = RowField(lambda: Product.objects.filter(retired_at__isnull=True), required=False, allow_null=True)
    sku = Text(required=False, empty=True)
    name = Text(required=False, empty=True, max_length=500)
    options = Text(required=False, empty=True, max_length=2_000)
    quantity = Whole(min_value=1, max_value=100_000)
    unit_price_yen = Whole(required=False, min_value=0, max_value=MOST_YEN)
    tax_rate = Whole(required=False, min_value=0, max_value=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("product") is None and not attrs.get("name"):
            raise serializers.ValidationError({"name": self.fields["name"].error_messages["required"]}, code="required")
        return attrs


class ParcelInput(Input):
    recipient = Person()
    wish = Wish(required=False)
    warehouse = RowField(lambda: Warehouse.objects.filter(retired_at__isnull=True), required=False, allow_null=True)
    delivery_method = Text(required=False, empty=True)
    carrier = Text(required=False, empty=True)
    noshi = Text(required=False, empty=True, max_length=500)
    drop_off = Text(required=False, empty=True)
    lines: Any = serializers.ListSerializer(child=LineInput(), allow_empty=False, max_length=200)


class PaymentInput(Input):
    method = serializers.ChoiceField(choices=[m.value for m in PaymentMethod if m != PaymentMethod.UNKNOWN])
    state = serializers.ChoiceField(choices=[s.value for s in PaymentState], required=False)


class OrderInput(Input):
    """An order entered by hand. Without a number it is given one."""

    shop = RowField(lambda: Shop.objects.filter(retired_at__isnull=True))
    number = Text(required=False, max_length=100)
    placed_at = Instant(required=False)
    buyer = Buyer()
    payment = PaymentInput()
    remarks = Text(required=False, empty=True, max_length=10_000)
    memo = Text(required=False, empty=True, max_length=10_000)
    postage_yen = Whole(required=False, min_value=0, max_value=MOST_YEN)
    fee_yen = Whole(required=False, min_value=0, max_value=MOST_YEN)
    discount_yen = Whole(required=False, min_value=0, max_value=MOST_YEN)
    parcels: Any = serializers.ListSerializer(child=ParcelInput(), allow_empty=False, max_length=50)


class RecipientChange(Person):
    name = Text(required=False)


class ParcelChange(Input):
    """A parcel of the order and what changes about it."""

    id = IdField()
    recipient = RecipientChange(required=False)
    wish = Wish(required=False)
    delivery_method = Text(required=False, empty=True)
    carrier = Text(required=False, empty=True)
    noshi = Text(required=False, empty=True, max_length=500)
    drop_off = Text(required=False, empty=True)


class OrderChange(Input):
    """What may be changed of an order: memo, delivery, remark read, parcels."""

    memo = Text(required=False, empty=True, max_length=10_000, trim_whitespace=False)
    delivery_method = Text(required=False, empty=True)
    remark_read = Flag(required=False)
    parcels: Any = serializers.ListSerializer(child=ParcelChange(), required=False, max_length=50)


class OrderRef(Input):
    """An order, and the revision the caller saw; without one: as it stands."""

    id = IdField()
    revision = Whole(required=False, min_value=1)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "properties": {"id": {"type": "string"}, "revision": {"type": "integer"}}},
        ]
    }
)
class OrderRefField(serializers.Field[Any, Any, Any, Any]):
    """An id, or `{"id", "revision"}`."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, str):
            return {"id": IdField().to_internal_value(data)}
        ref = OrderRef(data=data)
        ref.is_valid(raise_exception=True)
        found: dict[str, Any] = dict(ref.validated_data)
        return found

    def to_representation(self, value: Any) -> Any:
        return value


class ActionInput(Input):
    """A set of orders, by id or by condition; the act's parameters; `preview` does nothing but say."""

    orders = serializers.ListField(child=OrderRefField(), required=False, max_length=10_000)
    condition = Anything(required=False)
    params = serializers.DictField(required=False)
    preview = Flag(required=False)
    batch = Flag(required=False, help_text="Work it off in the background even if it is small.")


class PackageInput(Input):
    carrier = Text(max_length=50)
    number = Text(required=False, empty=True, max_length=100)
    shipped_on = Day(required=False)


class TakeInput(Input):
    line = IdField()
    quantity = Whole(min_value=1, max_value=100_000)


class ListingChange(Input):
    """Which of our products a mall item means, and how many of it; null takes the mapping away."""

    product = RowField(Product.objects.all, allow_null=True)
    units = Whole(required=False, min_value=1, max_value=10_000)


def credentials_for(form_class: type[CredentialsForm], credentials: Mapping[str, str] | None) -> dict[str, str]:
    """Return credentials as the form of a mall's or warehouse's adapter wants them. Raises ValidationError with each field's fault."""
    if not credentials:
        return {}
    form = form_class(credentials)
    if not form.is_valid():
        raise serializers.ValidationError(
            {"credentials": {name: [str(one) for one in faults] for name, faults in form.errors.items()}}
        )
    return {name: str(value) for name, value in form.cleaned_data.items()}
