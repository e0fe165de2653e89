"""Rule groups and rules: list, publish, switch, order, retire. Publishing acts on nothing already in unless `apply` says so."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from automation import operations
from automation.actions import ACTIONS
from automation.models import Rule, RuleGroup, RuleVersion, When
from hub.api.inputs import Anything, Flag, Input, Instant, RowField, Text
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.api.views import ApiView
from hub.ids import NotAnId, decode, encode
from orders.api.vocabulary import Ordered, in_words, outside
from orders.models import Phase, Shop

ROW_KINDS = frozenset({"status", "tag", "warehouse", "template"})


class RuleGroupInput(Input):
    name = Text(max_length=100)
    when = serializers.ChoiceField(choices=When.choices, required=False)
    phases = serializers.ListField(child=serializers.ChoiceField(choices=Phase.choices), required=False)
    shop = RowField(lambda: Shop.objects.filter(retired_at__isnull=True), required=False, allow_null=True)
    enabled = Flag(required=False)
    switch_on_at = Instant(required=False, allow_null=True)
    switch_off_at = Instant(required=False, allow_null=True)
    apply = Flag(required=False, help_text="Act on orders already in that its rules newly reach.")


class RuleGroupOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    when = serializers.ChoiceField(choices=When.choices)
    phases = serializers.ListField(child=serializers.CharField())
    shop = serializers.CharField(allow_null=True)
    enabled = serializers.BooleanField()
    switch_on_at = serializers.DateTimeField(allow_null=True)
    switch_off_at = serializers.DateTimeField(allow_null=True)
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)


class RuleGroups(Ordered):
    """Rules that are switched together, in the order they run."""

    model, input, output = RuleGroup, RuleGroupInput, RuleGroupOutput

    def show(self, row: RuleGroup) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "name": row.name, "when": row.when, "phases": row.phases, "shop": oid(row.shop_id), "enabled": row.enabled,
            "switch_on_at": at(row.switch_on_at), "switch_off_at": at(row.switch_off_at), "position": row.position,
            "retired_at": at(row.retired_at),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> RuleGroup:
        values.pop("apply", None)
        return operations.create_group(**values, by=self.hub.by, now=self.hub.now)

    def do_change(self, row: RuleGroup, values: dict[str, Any]) -> None:
        by, now, apply = self.hub.by, self.hub.now, values.pop("apply", False)
        enabled = values.pop("enabled", None)
        if "shop" in values:
            shop = values.pop("shop")
            values["shop_id"] = shop.pk if shop else None
        operations.change_group(row, values=values, by=by, now=now, apply=apply)
        if enabled is not None:
            operations.switch_group(row, enabled, by=by, now=now, apply=apply)

    def do_retire(self, row: RuleGroup) -> None:
        operations.retire_group(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        operations.reorder_groups(ids, by=self.hub.by, now=self.hub.now)


class RuleInput(Input):
    group = RowField(RuleGroup.objects.all)
    name = Text(max_length=200)
    condition = Anything()
    actions = serializers.ListField(child=Anything(), min_length=1, max_length=20)
    over_edits = Flag(required=False)
    enabled = Flag(required=False)
    apply = Flag(required=False, help_text="Act on the orders already in that match, too.")


class RuleOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    group = serializers.CharField()
    name = serializers.CharField()
    condition = serializers.JSONField()
    sentence = serializers.CharField()
    actions = serializers.JSONField()
    over_edits = serializers.BooleanField()
    enabled = serializers.BooleanField()
    version = serializers.IntegerField()
    broken = serializers.CharField()
    position = serializers.IntegerField()
    retired_at = serializers.DateTimeField(allow_null=True)
    matching = serializers.IntegerField(
        required=False, help_text="Orders already in that match; told when it is published."
    )
    applied = serializers.BooleanField(required=False)


def inside_actions(actions: list[Any]) -> list[Any]:
    """Return actions with ids as the rows' own numbers. What is no id of ours is left for the operation to refuse, with its place."""
    found = []
    for data in actions:
        action = ACTIONS.get(str(data.get("do"))) if isinstance(data, dict) else None
        if action is None:
            found.append(data)
            continue
        found.append(
            {name: _inside(value) if action.params.get(name) in ROW_KINDS else value for name, value in data.items()}
        )
    return found


def _inside(value: Any) -> Any:
    try:
        return decode(value) if isinstance(value, str) else None
    except NotAnId:
        return None


def outside_actions(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return stored actions with ids in their outside form."""
    found = []
    for data in actions:
        action = ACTIONS.get(data.get("do", ""))
        params = action.params if action else {}
        found.append(
            {
                name: encode(value) if params.get(name) in ROW_KINDS and value is not None else value
                for name, value in data.items()
            }
        )
    return found


class Rules(Ordered):
    """Conditions with actions. A change publishes the next version."""

    model, input, output = Rule, RuleInput, RuleOutput

    def rows(self) -> QuerySet[Rule]:
        return Rule.objects.select_related("group")

    def listed(self) -> QuerySet[Rule]:
        found = super().listed()
        if group := self.request.query_params.get("group", ""):
            found = found.filter(group_id=_inside(group) or 0)
        return found

    def show(self, row: Rule) -> dict[str, Any]:
        published = self.beside.get(row.pk)
        return {
            "id": oid(row.pk), "group": oid(row.group_id), "name": row.name, "condition": outside(row.condition),
            "sentence": in_words(row.condition), "actions": outside_actions(row.actions), "over_edits": row.over_edits,
            "enabled": row.enabled,
            "version": row.version, "broken": row.broken, "position": row.position, "retired_at": at(row.retired_at),
            **({"matching": published.matching, "applied": published.applied} if published else {}),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Rule:
        values["actions"] = inside_actions(values["actions"])
        published = operations.create_rule(**values, by=self.hub.by, now=self.hub.now)
        self.beside[published.rule.pk] = published
        return published.rule

    @extend_schema(request=RuleInput, responses=RuleOutput)
    def change(self, request: Request, pk: int) -> Response:
        """Publish the next version, switch, or move to another group; the answer says how many orders already in match."""
        row = self.get_row(self.rows(), pk)
        self.check_match(row)
        values = self.read(RuleInput, partial=True)
        by, now, apply = self.hub.by, self.hub.now, values.pop("apply", False)
        group, enabled = values.pop("group", None), values.pop("enabled", None)
        published = None
        if group is not None and group.pk != row.group_id:
            operations.move_rule(row, group=group, by=by, now=now)
        if "actions" in values:
            values["actions"] = inside_actions(values["actions"])
        if values or (apply and enabled is None):
            published = operations.publish_rule(row, values=values, by=by, now=now, apply=apply)
        if enabled is not None:
            published = operations.switch_rule(row, enabled, by=by, now=now, apply=apply)
        row = self.get_row(self.rows(), pk)
        self.beside[row.pk] = published
        return self.shown(row)

    def do_retire(self, row: Rule) -> None:
        operations.retire_rule(row, by=self.hub.by, now=self.hub.now)

    def do_restore(self, row: Rule) -> None:
        operations.restore_rule(row, by=self.hub.by, now=self.hub.now)

    def do_reorder(self, ids: list[int]) -> None:
        """All rules in use of one group: the group is the first one's."""
        row = Rule.objects.select_related("group").filter(pk__in=ids[:1]).first()
        if row is None:
            raise ApiError("other_rows", 409, field="ids")
        operations.reorder_rules(row.group, ids, by=self.hub.by, now=self.hub.now)


class MatchingOutput(serializers.Serializer[Any]):
    matching = serializers.IntegerField()


class Matching(ApiView):
    """How many orders already in a rule's condition holds for: what *apply to these N* would touch."""

    read_scope = "settings:read"

    @extend_schema(responses=MatchingOutput)
    def get(self, request: Request, pk: int) -> Response:
        rule = self.get_row(Rule.objects.select_related("group"), pk)
        return Response({"matching": operations.count_matching(rule, now=self.hub.now)})


class VersionOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    name = serializers.CharField()
    condition = serializers.JSONField()
    actions = serializers.JSONField()
    published_at = serializers.DateTimeField()


class VersionPage(serializers.Serializer[Any]):
    items = VersionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Versions(ApiView):
    """The rule as it stood, the newest version first."""

    read_scope = "settings:read"

    @extend_schema(responses=VersionPage)
    def get(self, request: Request, pk: int) -> Response:
        rule = self.get_row(Rule.objects.all(), pk)
        items = [
            {"version": v.version, "name": v.name, "condition": outside(v.condition), "actions": outside_actions(v.actions),
             "published_at": at(v.published_at)}
            for v in RuleVersion.objects.filter(rule=rule).order_by("-version")[:200]
        ]  # fmt: skip
        return Response({"items": items, "next": None})


class RuleActionOutput(serializers.Serializer[Any]):
    do = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    params = serializers.JSONField(help_text="name → kind (status, tag, warehouse, template, text, delivery, carrier)")


class RuleActionPage(serializers.Serializer[Any]):
    items = RuleActionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class RuleActions(ApiView):
    """What a rule can do."""

    read_scope = "settings:read"

    @extend_schema(responses=RuleActionPage)
    def get(self, request: Request) -> Response:
        items = [
            {"do": action.key, "label": str(action.label), "params": dict(action.params)} for action in ACTIONS.values()
        ]
        return Response({"items": items, "next": None})


urls: list[URLPattern] = [
    *rows("rule-groups", RuleGroups, reorder=True),
    *rows("rules", Rules, reorder=True, restore=True),
    path("rules/<oid:pk>/matching", Matching.as_view()),
    path("rules/<oid:pk>/versions", Versions.as_view()),
    path("rule-actions", RuleActions.as_view()),
]
