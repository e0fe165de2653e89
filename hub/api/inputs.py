"""Fields that clean what callers send: exact types, outside ids, unknown names refused with their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hub.ids import NotAnId, decode, encode
from hub.problems import say


class Input(serializers.Serializer[Any]):
    """A body. A name that is not a field is refused, so that a slip is not taken for silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            unknown = [str(name) for name in data if name not in known]
            if unknown:
                raise serializers.ValidationError(
                    {name: [serializers.ErrorDetail(say("unknown_field", {"name": name, "known": ", ".join(known)}), code="unknown_field")]
                     for name in unknown[:10]}
                )  # fmt: skip
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text; numbers are not texts. Blanks around it go, unless `trim_whitespace` is false."""

    def __init__(self, *, empty: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        super().__init__(allow_blank=empty, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number; "3" and true are not."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


YEARS = range(2000, 2200)
"""Instants and days outside belong to no order, and break arithmetic with time zones at the calendar's ends."""


class Instant(serializers.DateTimeField):
    """An instant with its offset."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            found: datetime = super().to_internal_value(value)
        except OverflowError:
            self.fail("overflow")
        if found.year not in YEARS:
            self.fail("overflow")
        return found


class Day(serializers.DateField):
    """A day in Japan."""

    default_error_messages = {"overflow": serializers.DateTimeField.default_error_messages["overflow"]}

    def to_internal_value(self, value: Any) -> date:
        found: date = super().to_internal_value(value)
        if found.year not in YEARS:
            self.fail("overflow")
        return found


class Flag(serializers.BooleanField):
    """true or false, and nothing that looks like them."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


@extend_schema_field(OpenApiTypes.STR)
class IdField(serializers.Field[Any, Any, Any, Any]):
    """The outside form of an id; gives the number."""

    def to_internal_value(self, data: Any) -> int:
        try:
            return decode(data) if isinstance(data, str) else self._refuse()
        except NotAnId:
            return self._refuse()

    def to_representation(self, value: Any) -> str:
        return encode(int(value))

    def _refuse(self) -> int:
        raise serializers.ValidationError(say("not_an_id"), code="not_an_id")


@extend_schema_field(OpenApiTypes.STR)
class RowField(serializers.Field[Any, Any, Any, Any]):
    """An id of the tenant's rows; gives the row. Unknown and foreign ones read the same."""

    def __init__(self, rows: Callable[[], QuerySet[Any]], **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        try:
            row = self.rows().filter(pk=decode(data)).first() if isinstance(data, str) else None
        except NotAnId:
            row = None
        if row is None:
            raise serializers.ValidationError(say("not_found"), code="not_found")
        return row

    def to_representation(self, value: Any) -> str:
        return encode(int(getattr(value, "pk", value)))


@extend_schema_field(OpenApiTypes.OBJECT)
class Anything(serializers.JSONField):
    """JSON as it is; checked by the operation (conditions, actions)."""


class Ids(serializers.ListField):
    """A list of ids, each once."""

    child = IdField()

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 1_000)
        super().__init__(**kwargs)


class Ordering(Input):
    """The ids of all rows, in the order wanted."""

    ids = Ids()
