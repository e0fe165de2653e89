"""The tenant's own words: status groups, statuses, labels, tasks, saved searches, and the vocabulary of conditions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import Anything, Flag, Input, Ordering, RowField, Text, Whole
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.api.views import ApiView, Rows
from hub.ids import encode
from orders.conditions import ConditionError, dump, parse, sentence
from orders.fields import FIELDS, Kind, vocabulary
from orders.models import Phase, SavedSearch, Shop, Status, StatusGroup, Tag, Task
from orders.operations import settings
from orders.operations.settings.statuses import COLOURS
from orders.queries.counts import status_counts


class Ordered(Rows):
    """Rows that people put in an order of their own."""

    @extend_schema(request=Ordering, responses={204: None})
    def reorder(self, request: Request) -> Response:
        """Put all rows in use in this order."""
        self.do_reorder(self.read(Ordering)["ids"])
        return Response(None, status=204)

    def do_reorder(self, ids: list[int]) -> None:
        raise NotImplementedError


def outside(condition: Any) -> Any:
    """Return a stored condition with ids in their outside form; one that no longer parses as it is kept."""
    if condition is None:
        return None
    try:
        return dump(parse(condition), outside=True)
    except ConditionError:
        return condition


def in_words(condition: Any) -> str:
    """Return a stored condition as a sentence."""
    try:
        return sentence(parse(condition), get_language() or "ja") if condition else ""
    except ConditionError:
        return ""


# Status groups.


class GroupInput(Input):
    name = Text(max_length=100)
    phase = serializers.ChoiceField(choices=Phase.choices)


class GroupChange(Input):
    name = Text(max_length=100)


class GroupOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    phase = serializers.ChoiceField(choices=Phase.choices)
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class StatusGroups(Ordered):
    """Parents of statuses; a group's phase is fixed."""

    model, input, change_input, output = StatusGroup, GroupInput, GroupChange, GroupOutput

    def show(self, row: StatusGroup) -> dict[str, Any]:
        return {
            "id": oid(row.pk),
            "name": row.name,
            "phase": row.phase,
            "position": row.position,
            "retired_at": at(row.retired_at),
        }

    def do_create(self, values: dict[str, Any]) -> StatusGroup:
        return settings.create_group(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: StatusGroup, values: dict[str, Any]) -> None:
        settings.change_group(row, name=values.get("name", row.name), by=self.hub.by, now=self.hub.now)

    def do_retire(self, row: StatusGroup) -> None:
        settings.retire_group(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: StatusGroup) -> None:
        settings.restore_group(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        settings.reorder_groups(ids, by=self.hub.by, now=self.hub.now)


# Statuses.


class StatusInput(Input):
    group = RowField(StatusGroup.objects.all)
    name = Text(max_length=100)
    colour = serializers.ChoiceField(choices=COLOURS, required=False)
    memo = Text(required=False, empty=True, max_length=2_000)
    limit_minutes = Whole(required=False, allow_null=True, min_value=1, max_value=100_000)
    not_ours = Flag(required=False)


class StatusChange(StatusInput):
    default = Flag(required=False, help_text="true makes it the status that orders of its phase enter by themselves.")


class StatusOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    group = serializers.CharField()
    phase = serializers.ChoiceField(choices=Phase.choices)
    name = serializers.CharField()
    colour = serializers.CharField()
    memo = serializers.CharField()
    limit_minutes = serializers.IntegerField(allow_null=True)
    not_ours = serializers.BooleanField()
    default_for = serializers.CharField()
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class Statuses(Ordered):
    """Steps of the tenant's own."""

    model, input, change_input, output = Status, StatusInput, StatusChange, StatusOutput

    def rows(self) -> QuerySet[Status]:
        return Status.objects.select_related("group")

    def show(self, row: Status) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "group": oid(row.group_id), "phase": row.group.phase, "name": row.name, "colour": row.colour,
            "memo": row.memo,
            "limit_minutes": row.limit_minutes, "not_ours": row.not_ours, "default_for": row.default_for, "position": row.position,
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Status:
        return settings.create_status(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: Status, values: dict[str, Any]) -> None:
        by, now = self.hub.by, self.hub.now
        group, default = values.pop("group", None), values.pop("default", None)
        if group is not None and group.pk != row.group_id:
            settings.move_status(row, group=group, by=by, now=now)
        settings.change_status(row, values=values, by=by, now=now)
        if default:
            settings.make_default(row, by=by, now=now)

    def do_retire(self, row: Status) -> None:
        settings.retire_status(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: Status) -> None:
        settings.restore_status(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        """All statuses in use of one group: the group is the first one's."""
        row = Status.objects.select_related("group").filter(pk__in=ids[:1]).first()
        if row is None:
            raise ApiError("other_rows", 409, field="ids")
        settings.reorder_statuses(row.group, ids, by=self.hub.by, now=self.hub.now)


class CountOutput(serializers.Serializer[Any]):
    status = serializers.CharField()
    count = serializers.IntegerField()


class CountPage(serializers.Serializer[Any]):
    items = CountOutput(many=True)
    next = serializers.CharField(allow_null=True)


class StatusCounts(ApiView):
    """How many live orders each status holds now."""

    read_scope = "orders:read"

    @extend_schema(responses=CountPage)
    def get(self, request: Request) -> Response:
        return Response(
            {"items": [{"status": encode(pk), "count": n} for pk, n in sorted(status_counts().items())], "next": None}
        )


# Labels.


class TagInput(Input):
    name = Text(max_length=100)
    colour = serializers.ChoiceField(choices=COLOURS, required=False)


class TagOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    colour = serializers.CharField()
    key = serializers.CharField(help_text="Set for labels that the product itself sets.")
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class Tags(Ordered):
    """Coloured words (ラベル)."""

    model, input, output = Tag, TagInput, TagOutput

    def show(self, row: Tag) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "name": row.name, "colour": row.colour, "key": row.key, "position": row.position,
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Tag:
        return settings.create_tag(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: Tag, values: dict[str, Any]) -> None:
        settings.change_tag(row, values=values, by=self.hub.by, now=self.hub.now)

    def do_retire(self, row: Tag) -> None:
        settings.retire_tag(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: Tag) -> None:
        settings.restore_tag(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        settings.reorder_tags(ids, by=self.hub.by, now=self.hub.now)


# Tasks.


class TaskInput(Input):
    name = Text(max_length=100)
    what_to_do = Text(required=False, empty=True, max_length=2_000)
    condition = Anything(required=False, allow_null=True)
    holds = Flag(required=False)
    enabled = Flag(required=False)
    shop = RowField(lambda: Shop.objects.filter(retired_at__isnull=True), required=False, allow_null=True)
    colour = serializers.ChoiceField(choices=COLOURS, required=False)


class TaskOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    key = serializers.CharField(help_text="Set for system tasks, which mirror facts and cannot be changed.")
    name = serializers.CharField()
    what_to_do = serializers.CharField()
    condition = serializers.JSONField()
    sentence = serializers.CharField()
    holds = serializers.BooleanField()
    enabled = serializers.BooleanField()
    shop = serializers.CharField(allow_null=True)
    colour = serializers.CharField()
    broken = serializers.CharField()
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class Tasks(Ordered):
    """Kinds of work and warnings; those that hold keep orders from shipping."""

    model, input, output = Task, TaskInput, TaskOutput

    def show(self, row: Task) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "key": row.key, "name": row.name, "what_to_do": row.what_to_do, "condition": outside(row.condition),
            "sentence": in_words(row.condition), "holds": row.holds, "enabled": row.enabled, "shop": oid(row.shop_id), "colour": row.colour,
            "broken": row.broken, "position": row.position, "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Task:
        values.setdefault("condition", None)
        return settings.create_task(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: Task, values: dict[str, Any]) -> None:
        by, now = self.hub.by, self.hub.now
        enabled = values.pop("enabled", None)
        if "shop" in values:
            shop = values.pop("shop")
            values["shop_id"] = shop.pk if shop else None
        settings.change_task(row, values=values, by=by, now=now)
        if enabled is not None:
            settings.switch_task(row, enabled, by=by, now=now)

    def do_retire(self, row: Task) -> None:
        settings.retire_task(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: Task) -> None:
        settings.restore_task(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        settings.reorder_tasks(ids, by=self.hub.by, now=self.hub.now)


# Saved searches.


class SearchInput(Input):
    name = Text(max_length=100)
    condition = Anything(required=False)
    columns = serializers.ListField(child=Text(max_length=60), required=False, max_length=60)


class SearchOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    condition = serializers.JSONField()
    sentence = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    shared = serializers.BooleanField()
    position = serializers.IntegerField()


class SavedSearches(Ordered):
    """Searches under a name: those shared with the whole tenant. A person's own are theirs."""

    model, input, output = SavedSearch, SearchInput, SearchOutput

    def rows(self) -> QuerySet[SavedSearch]:
        return SavedSearch.objects.filter(shared=True)

    def show(self, row: SavedSearch) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "name": row.name, "condition": outside(row.condition), "sentence": in_words(row.condition),
            "columns": row.columns, "shared": row.shared, "position": row.position,
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> SavedSearch:
        self._check(values)
        values.setdefault("condition", None)
        return settings.create_search(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: SavedSearch, values: dict[str, Any]) -> None:
        self._check(values)
        settings.change_search(row, values=values, by=self.hub.by, now=self.hub.now)

    def do_retire(self, row: SavedSearch) -> None:
        settings.delete_search(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        settings.reorder_searches(ids, by=self.hub.by, now=self.hub.now)

    def _check(self, values: dict[str, Any]) -> None:
        for place, column in enumerate(values.get("columns", ())):
            if column not in FIELDS:
                raise ApiError("unknown_field", 422, field=f"columns/{place}", name=column, known=", ".join(FIELDS))


class Vocabulary(ApiView):
    """The fields of conditions: what can be asked, how, and with which values; ids in their outside form."""

    read_scope = "orders:read"

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        items = vocabulary(FIELDS)
        for item in items:
            if item["kind"] in (Kind.ROW.value, Kind.ROWS.value) and item["choices"]:
                item["choices"] = [{**choice, "value": encode(choice["value"])} for choice in item["choices"]]
        return Response({"items": items, "next": None})


urls: list[URLPattern] = [
    *rows("status-groups", StatusGroups, reorder=True, restore=True),
    *rows("statuses", Statuses, reorder=True, restore=True),
    path("status-counts", StatusCounts.as_view()),
    *rows("tags", Tags, reorder=True, restore=True),
    *rows("tasks", Tasks, reorder=True, restore=True),
    *rows("saved-searches", SavedSearches, reorder=True),
    path("fields", Vocabulary.as_view()),
]
