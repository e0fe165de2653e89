"""Rules as sentences in the order they run: order, on and off, and their groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from automation import operations
from automation.actions import Shelf
from automation.failing import FAILED_ON_ORDERS, switched_off
from automation.forms import WHEN, GroupForm, acts_in_words, group_columns
from automation.models import Rule, RuleGroup
from automation.queries import hits
from hub.form_parts import SEEN, attempt, ids_of, read_seen, refused, seen_box
from hub.web import PageRequest, page, toast
from orders.conditions import MESSAGES, ConditionError, Part, describe, parse
from orders.fields.labels import PHASES
from orders.models import Order, Shop

SEEN_COLUMNS = ("name", "when", "phases", "shop_id")


@page("settings.see", methods=("GET",))
def rules(request: PageRequest) -> HttpResponse:
    groups = RuleGroup.objects.filter(retired_at__isnull=True).select_related("shop").order_by("position", "pk")
    by_group: dict[int, list[Rule]] = defaultdict(list)
    in_use = list(Rule.objects.filter(retired_at__isnull=True).order_by("position", "pk"))
    for rule in in_use:
        by_group[rule.group_id].append(rule)
    off = _switched_off(in_use)
    acted, shelf, known = hits(now=request.hub.now), Shelf(), {}  # type: ignore[var-annotated]
    shown = [
        {
            "pk": group.pk, "name": group.name, "when_words": _when(group), "enabled": group.enabled,
            "rules": [_row(rule, group, acted.get(rule.pk, 0), shelf, known, off.get(rule.pk)) for rule in by_group[group.pk]],
        }
        for group in groups
    ]  # fmt: skip
    return render(request, "automation/rules.html", {"groups": shown, "may_edit": request.hub.may("rules.edit")})


def _when(group: RuleGroup) -> str:
    steps = "・".join(str(PHASES[phase]) for phase in group.phases if phase in PHASES)
    return f"{WHEN[group.when]} · {steps}" if steps else str(WHEN[group.when])


def _switched_off(rules: list[Rule]) -> dict[int, dict[str, Any]]:
    """Return when rules switched themselves off, and the orders they failed on as links."""
    found = switched_off(rules)
    ids = [pk for off in found.values() for pk in off.order_ids]
    numbers = dict(Order.objects.filter(pk__in=ids).values_list("pk", "number")) if ids else {}
    return {
        rule_id: {
            "at": off.at,
            "orders": [
                {"number": numbers[pk], "url": reverse("orders:detail", args=[pk])} for pk in off.order_ids if pk in numbers
            ],
        }
        for rule_id, off in found.items()
    }  # fmt: skip


def _row(
    rule: Rule, group: RuleGroup, acted: int, shelf: Shelf, known: dict[str, Mapping[Any, str]], off: dict[str, Any] | None
) -> dict[str, Any]:  # fmt: skip
    failing = [_("%(n)s件の受注で失敗") % {"n": rule.failures}] if rule.failures and not rule.broken else []
    return {
        "pk": rule.pk, "name": rule.name, "version": rule.version, "enabled": rule.enabled and not rule.broken,
        "broken": broken_words(rule.broken), "off": off if rule.broken else None,
        "shop_words": group.shop.name if group.shop else "", "hits": acted, "lint": failing, "parts": sentence_of(rule, known),
        "acts": acts_in_words(rule.actions, shelf),
    }  # fmt: skip


def sentence_of(rule: Rule, known: dict[str, Mapping[Any, str]] | None = None) -> tuple[Part, ...]:
    """Return the condition in words; one that no longer parses says so."""
    try:
        return describe(parse(rule.condition), get_language() or "ja", known)
    except ConditionError as error:
        return (Part("word", error.message),)


def broken_words(broken: str) -> str:
    """Return why a rule switched itself off and what to do."""
    if not broken:
        return ""
    path, _colon, code = broken.rpartition(": ")
    if broken == FAILED_ON_ORDERS:
        why = _("3件の受注で失敗したため、自分で止まりました。失敗した受注は、このルールなしで判定し直しました。")
    elif code in MESSAGES:
        why = f"{path} {str(MESSAGES[code]) % _Dash()}"
    else:
        why = _("使っている項目がなくなったため止まりました。")
    return " ".join((why, _("開いて直し、保存すると動き出します。")))


class _Dash(dict[str, str]):
    """Stands in for the values of a message that were not kept."""

    def __missing__(self, key: str) -> str:
        return "–"


@page("rules.edit", methods=("POST",))
def rules_order(request: PageRequest) -> HttpResponse:
    """Put the rules of a group in the order sent; one dragged in from another group moves here. Rules not named stay behind them."""
    visit = request.hub
    group = get_object_or_404(
        RuleGroup, pk=next(iter(ids_of([request.POST.get("group", "")])), 0), retired_at__isnull=True
    )
    wanted = ids_of(request.POST.getlist("order"))
    found = {
        rule.pk: rule for rule in Rule.objects.filter(pk__in=wanted, retired_at__isnull=True).select_related("group")
    }

    def act() -> None:
        for pk in wanted:
            if pk in found and found[pk].group_id != group.pk:
                operations.move_rule(found[pk], group=group, by=visit.by, now=visit.now)
        own = (
            Rule.objects.filter(group=group, retired_at__isnull=True)
            .order_by("position", "pk")
            .values_list("pk", flat=True)
        )
        ids = [pk for pk in wanted if pk in found]
        operations.reorder_rules(group, ids + [pk for pk in own if pk not in ids], by=visit.by, now=visit.now)

    if why := refused(act):
        toast(request, why, tone="stop")
        return HttpResponse(status=409)
    return HttpResponse(status=204)


@page("rules.edit", methods=("POST",))
def rule_switch(request: PageRequest, pk: int) -> HttpResponse:
    rule, visit, on = rule_in_use(pk), request.hub, request.POST.get("on") == "1"
    if why := refused(lambda: operations.switch_rule(rule, on, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
    elif on:
        count = operations.count_matching(rule, now=visit.now)
        toast(
            request,
            _("「%(name)s」を使い始めました。いま当てはまる%(n)d件には働きません。") % {"name": rule.name, "n": count},
        )
    else:
        toast(request, _("「%(name)s」を止めました。") % {"name": rule.name})
    return redirect("automation:rules")


@page("rules.edit", methods=("POST",))
def group_switch(request: PageRequest, pk: int) -> HttpResponse:
    group, visit, on = _group(pk), request.hub, request.POST.get("on") == "1"
    if why := refused(lambda: operations.switch_group(group, on, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
    else:
        said = (
            _("「%(name)s」を使い始めました。これから変わる受注に働きます。") if on else _("「%(name)s」を止めました。")
        )
        toast(request, said % {"name": group.name})
    return redirect("automation:rules")


@page("rules.edit")
def group_new(request: PageRequest) -> HttpResponse:
    visit = request.hub
    form = GroupForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        values = form.cleaned_data
        shop = _shop(values["shop"])
        rest = {key: value for key, value in values.items() if key != "shop"}
        if attempt(form, lambda: operations.create_group(by=visit.by, now=visit.now, shop=shop, **rest)):
            toast(request, _("グループ「%(name)s」を作りました。") % {"name": values["name"]})
            return redirect("automation:rules")
    return _group_page(request, form, _("グループを作る"), None)


@page("rules.edit")
def group_edit(request: PageRequest, pk: int) -> HttpResponse:
    visit, group = request.hub, _group(pk)
    form = GroupForm(request.POST if request.method == "POST" else None, initial=group_columns(group))
    if form.is_valid():
        values = {**form.cleaned_data, "shop_id": form.cleaned_data["shop"]}
        del values["shop"]
        if attempt(
            form,
            lambda: operations.change_group(
                group, values=values, by=visit.by, now=visit.now, seen=read_seen(request.POST)
            ),
        ):
            toast(request, _("保存しました。"))
            return redirect("automation:rules")
    return _group_page(request, form, group.name, group)


def _group_page(request: PageRequest, form: GroupForm, title: str, group: RuleGroup | None) -> HttpResponse:
    danger = None
    if group is not None:
        danger = {
            "words": _("使うのをやめる"), "note": _("ルールが残っている間は、やめられません。"),
            "url": reverse("automation:group_retire", args=[group.pk]),
        }  # fmt: skip
    context = {
        "title": title,
        "form": form,
        "back_url": reverse("automation:rules"),
        "back_words": _("自動化"),
        "cancel_url": reverse("automation:rules"),
        "hidden": [(SEEN, request.POST.get(SEEN) or seen_box(group, SEEN_COLUMNS))] if group else [],
        "danger": danger,
    }
    return render(request, "form_page.html", context, status=422 if form.is_bound else 200)


@page("rules.edit", methods=("POST",))
def group_retire(request: PageRequest, pk: int) -> HttpResponse:
    group, visit = _group(pk), request.hub
    if why := refused(lambda: operations.retire_group(group, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("automation:group_edit", pk)
    toast(request, _("「%(name)s」をやめました。") % {"name": group.name})
    return redirect("automation:rules")


@page("rules.edit", methods=("POST",))
def rule_retire(request: PageRequest, pk: int) -> HttpResponse:
    rule, visit = rule_in_use(pk), request.hub
    with transaction.atomic():
        operations.retire_rule(rule, by=visit.by, now=visit.now)
    toast(request, _("ルール「%(name)s」をやめました。これまでにしたことは残ります。") % {"name": rule.name})
    return redirect("automation:rules")


def rule_in_use(pk: int) -> Rule:
    return get_object_or_404(Rule.objects.select_related("group"), pk=pk, retired_at__isnull=True)


def _group(pk: int) -> RuleGroup:
    return get_object_or_404(RuleGroup, pk=pk, retired_at__isnull=True)


def _shop(pk: int | None) -> Shop | None:
    return Shop.objects.get(pk=pk) if pk else None
