"""Making and changing a rule: its condition, its acts, the live count beside it, and what publishing does to orders already in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from automation import operations
from automation.actions import BadAction, Shelf
from automation.forms import acts_of, offered_acts, rows_of
from automation.models import Rule, RuleGroup, RuleVersion
from automation.queries import in_reach
from automation.views.rules import broken_words, rule_in_use
from hub.form_parts import SEEN, ids_of, read_seen, seen_box, words_of
from hub.problems import explain, known
from hub.web import PageRequest, page, toast
from orders.conditions import EVERYTHING, ConditionError, Node, dump, parse
from orders.forms.conditions import drawn, read_condition

SEEN_COLUMNS = ("name", "condition", "actions", "over_edits", "version")
SAMPLE = 6


@dataclass(kw_only=True)
class Sheet:
    """The rule as the page shows it: as it stands, or as it was sent and refused."""

    rule: Rule | None
    name: str = ""
    group_id: int | None = None
    over_edits: bool = False
    node: Node | None = None
    given: str = ""
    actions: list[dict[str, Any]] = field(default_factory=list)
    fault: ConditionError | None = None
    errors: list[dict[str, str]] = field(default_factory=list)


@page("rules.edit")
def rule_new(request: PageRequest) -> HttpResponse:
    first = RuleGroup.objects.filter(retired_at__isnull=True).order_by("position", "pk").first()
    if first is None:
        toast(request, _("先にグループを作ってください。ルールはグループごとに働きます。"), tone="stop")
        return redirect("automation:group_new")
    if request.method == "POST":
        return _save(request, None)
    asked = next(iter(ids_of([request.GET.get("group", "")])), None)
    return _shown(request, Sheet(rule=None, group_id=asked or first.pk, node=EVERYTHING))


@page("rules.edit")
def rule(request: PageRequest, pk: int) -> HttpResponse:
    row = rule_in_use(pk)
    if request.method == "POST":
        return _save(request, row)
    sheet = Sheet(rule=row, name=row.name, group_id=row.group_id, over_edits=row.over_edits, actions=row.actions)
    try:
        sheet.node = parse(row.condition)
    except ConditionError as error:
        sheet.fault, sheet.node = error, EVERYTHING
    if row.broken:
        sheet.errors.append({"path": "", "message": broken_words(row.broken)})
    return _shown(request, sheet)


def _save(request: PageRequest, row: Rule | None) -> HttpResponse:
    """Publish what was sent, or show it again with what is wrong and where."""
    sheet = Sheet(
        rule=row, name=request.POST.get("name", "").strip()[:100], group_id=next(iter(ids_of([request.POST.get("group", "")])), None),
        over_edits=request.POST.get("also_over_hand_edits") == "1", given=request.POST.get("condition", ""), actions=acts_of(request.POST),
    )  # fmt: skip
    group = get_object_or_404(RuleGroup, pk=sheet.group_id, retired_at__isnull=True)
    if not sheet.name:
        sheet.errors.append({"path": "", "message": _("名前を入れてください。")})
        return _shown(request, sheet, status=422)
    try:
        with transaction.atomic():
            published = _publish(request, sheet, group)
    except ConditionError as error:
        sheet.fault = error
        sheet.errors.append({"path": error.path, "message": error.message})
        return _shown(request, sheet, status=422)
    except known() as error:
        problem = explain(error)
        place = error.params.get("place") if isinstance(error, BadAction) else None
        path = _("すること %(n)d行目") % {"n": place + 1} if place is not None else ""
        sheet.errors.append({"path": path, "message": words_of(error)})
        return _shown(request, sheet, status=problem.status if problem else 409)
    said = _("「%(name)s」を第%(v)d版にしました。") % {"name": published.rule.name, "v": published.rule.version}
    if published.applied:
        said += _("いま当てはまる%(n)d件にも働きます。") % {"n": published.matching}
    elif published.matching:
        said += _("いま当てはまる%(n)d件には働きません。") % {"n": published.matching}
    toast(request, said)
    return redirect("automation:rules")


def _publish(request: PageRequest, sheet: Sheet, group: RuleGroup) -> operations.Published:
    visit, row = request.hub, sheet.rule
    values: dict[str, Any] = {
        "name": sheet.name, "condition": dump(read_condition(request.POST)), "actions": sheet.actions, "over_edits": sheet.over_edits,
    }  # fmt: skip
    apply = request.POST.get("apply") == "waiting"
    if row is None:
        return operations.create_rule(
            group=group, by=visit.by, now=visit.now, apply=apply, member=visit.member, **values
        )
    if row.group_id != group.pk:
        operations.move_rule(row, group=group, by=visit.by, now=visit.now)
    return operations.publish_rule(
        row, values=values, by=visit.by, now=visit.now, seen=read_seen(request.POST), apply=apply, member=visit.member
    )


def _shown(request: PageRequest, sheet: Sheet, *, status: int = 200) -> HttpResponse:
    row, shelf = sheet.rule, Shelf()
    groups = list(RuleGroup.objects.filter(retired_at__isnull=True).select_related("shop").order_by("position", "pk"))
    group = next((one for one in groups if one.pk == sheet.group_id), None)
    count = _count(request, group, sheet.node) if sheet.node is not None and not sheet.fault else _counted(request)
    context = {
        "rule": {
            "pk": row.pk if row else None,
            "name": sheet.name,
            "version": row.version if row else 0,
            "enabled": row.enabled if row else True,
            "group_pk": sheet.group_id,
            "also_over_hand_edits": sheet.over_edits,
        },
        "groups": [{"pk": one.pk, "name": f"{one.name} ({one.shop.name})" if one.shop else one.name} for one in groups],
        "condition": drawn(sheet.node, given=sheet.given, error=sheet.fault),
        "acts": rows_of(sheet.actions, shelf),
        "actions": offered_acts(shelf),
        "count": count,
        "errors": sheet.errors,
        "history": _history(row) if row else [],
        "hidden": [(SEEN, request.POST.get(SEEN) or seen_box(row, SEEN_COLUMNS))] if row else [],
    }
    return render(request, "automation/rule.html", context, status=status)


@page("rules.edit", methods=("POST",))
def rule_count(request: PageRequest) -> HttpResponse:
    """Answer the panel beside the builder: how many orders meet the condition now, and some of them."""
    return render(request, "automation/parts/count.html", {"count": _counted(request), "swap": True})


def _counted(request: PageRequest) -> dict[str, Any]:
    group_id = next(iter(ids_of([request.POST.get("group", "")])), None)
    group = RuleGroup.objects.filter(pk=group_id).first() if group_id else None
    try:
        return _count(request, group, read_condition(request.POST))
    except ConditionError as error:
        return {"n": 0, "sample": [], "error": error.message}


def _count(request: PageRequest, group: RuleGroup | None, node: Node) -> dict[str, Any]:
    found = in_reach(group, node, now=request.hub.now)
    sample = found.select_related("status").order_by("-placed_at", "-pk")[:SAMPLE]
    return {"n": found.count(), "sample": list(sample), "error": ""}


def _history(row: Rule) -> list[dict[str, Any]]:
    versions = list(RuleVersion.objects.filter(rule=row).select_related("published_by__user").order_by("-version")[:21])
    shown = []
    for at, version in enumerate(versions[:20]):
        before = versions[at + 1] if at + 1 < len(versions) else None
        who = str(version.published_by.user) if version.published_by else _("最初から")
        shown.append(
            {"version": version.version, "at": version.published_at, "who": who, "words": _difference(before, version)}
        )
    return shown


def _difference(before: RuleVersion | None, version: RuleVersion) -> str:
    if before is None:
        return _("作りました")
    parts = [
        (before.name != version.name, _("名前")),
        (before.condition != version.condition, _("条件")),
        (before.actions != version.actions, _("すること")),
    ]
    changed = "・".join(words for differs, words in parts if differs)
    return _("%(parts)s を変えました") % {"parts": changed} if changed else _("いまの受注にも働かせました")
