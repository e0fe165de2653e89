"""Groups and statuses: their order, their words, and what becomes of the orders in one that is no longer used."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.form_parts import attempt, form_page, ids_of, read_seen, refused
from hub.ids import encode
from hub.templatetags.hub_ui import span
from hub.web import PageRequest, page, toast
from orders.fields.labels import PHASES
from orders.forms.settings import RetireStatusForm, StatusForm, StatusGroupForm, status_columns
from orders.models import Order, Status, StatusGroup
from orders.operations import settings as operations
from orders.operations.door import MOST
from orders.operations.status import set_status
from orders.queries import status_counts

SEEN_COLUMNS = ("name", "colour", "memo", "limit_minutes", "not_ours", "group_id", "default_for")


@page("settings.see", methods=("GET",))
def statuses(request: PageRequest) -> HttpResponse:
    counts = status_counts()
    found: dict[int, list[dict[str, Any]]] = {}
    for status in Status.objects.filter(retired_at__isnull=True).order_by("position", "pk"):
        found.setdefault(status.group_id, []).append(_shown(status, counts.get(status.pk, 0)))
    groups = [
        {
            "pk": group.pk, "name": group.name, "phase_words": PHASES[group.phase], "statuses": found.get(group.pk, []),
            "count": sum(status["count"] for status in found.get(group.pk, [])),
        }
        for group in StatusGroup.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    ]  # fmt: skip
    return render(request, "orders/statuses.html", {"groups": groups})


def _shown(status: Status, count: int) -> dict[str, Any]:
    entrances = {"waiting": _("待機の入口"), "check": _("確認の入口")}
    default = entrances.get(status.default_for) or (
        _("%(phase)sの入口") % {"phase": PHASES[status.default_for]} if status.default_for else ""
    )
    return {
        "pk": status.pk, "name": status.name, "colour": status.colour, "memo": status.memo, "count": count, "default_words": default,
        "limit_words": span(status.limit_minutes * 60) if status.limit_minutes else "", "not_ours": status.not_ours,
    }  # fmt: skip


def _status(pk: int) -> Status:
    return get_object_or_404(Status.objects.select_related("group"), pk=pk, retired_at__isnull=True)


def _group(pk: int) -> StatusGroup:
    return get_object_or_404(StatusGroup, pk=pk, retired_at__isnull=True)


@page("settings.edit")
def status_new(request: PageRequest) -> HttpResponse:
    visit = request.hub
    form = StatusForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        group = _group(form.cleaned_data["group"])
        if attempt(form, lambda: operations.create_status(group=group, by=visit.by, now=visit.now, **form.columns())):
            toast(request, _("状態「%(name)s」を作りました。") % {"name": form.cleaned_data["name"]})
            return redirect("orders:statuses")
    return form_page(request, form, title=_("状態を作る"), back_url=reverse("orders:statuses"), back_words=_("状態"))


@page("settings.edit")
def status_edit(request: PageRequest, pk: int) -> HttpResponse:
    visit, status = request.hub, _status(pk)
    initial = {**status_columns(status), "group": encode(status.group_id)}
    form = StatusForm(request.POST if request.method == "POST" else None, phase=status.group.phase, initial=initial)

    def act() -> None:
        operations.change_status(
            status, values=form.columns(), by=visit.by, now=visit.now, seen=read_seen(request.POST)
        )
        if form.cleaned_data["group"] != status.group_id:
            operations.move_status(status, group=_group(form.cleaned_data["group"]), by=visit.by, now=visit.now)
        if form.cleaned_data.get("default") and status.default_for != status.group.phase:
            operations.make_default(status, by=visit.by, now=visit.now)

    if form.is_valid() and attempt(form, act):
        toast(request, _("保存しました。"))
        return redirect("orders:statuses")
    danger = {
        "words": _("使うのをやめる…"), "note": _("受注が残っていれば、移し先を選びます。これまでの履歴は残ります。"),
        "url": reverse("orders:status_retire", args=[pk]),
    }  # fmt: skip
    return form_page(
        request,
        form,
        title=status.name,
        back_url=reverse("orders:statuses"),
        back_words=_("状態"),
        row=status,
        seen=SEEN_COLUMNS,
        danger=danger,
    )


@page("settings.edit")
def status_retire(request: PageRequest, pk: int) -> HttpResponse:
    """Ask where the orders go, move them, and take the status out of use: all or nothing."""
    visit, status = request.hub, _status(pk)
    count = Order.objects.filter(status=status, is_live=True).count()
    asked = count > 0 and "to" not in request.POST
    form = RetireStatusForm(request.POST if "to" in request.POST else None, status=status)

    def act() -> None:
        if count:
            _move_all(status, _status(form.cleaned_data["to"]), request)
        operations.retire_status(status, by=visit.by, now=visit.now)

    if request.method == "POST" and not asked and (count == 0 or form.is_valid()):
        if count == 0 and (why := refused(act)):
            toast(request, why, tone="stop")
            return redirect("orders:status_edit", pk)
        if count == 0 or attempt(form, act):
            toast(request, _("「%(name)s」をやめました。%(n)d件を移しました。") % {"name": status.name, "n": count})
            return redirect("orders:statuses")
    return form_page(
        request, form, title=_("「%(name)s」をやめる") % {"name": status.name}, back_url=reverse("orders:status_edit", args=[pk]),
        back_words=status.name, lead=_("%(n)d件の受注があります。どこへ移しますか。") % {"n": count}, submit_words=_("移してやめる"),
    )  # fmt: skip


def _move_all(status: Status, to: Status, request: PageRequest) -> None:
    """Move every order of a status, a thousand at a time. Raises StatusHasOrders when some may not move."""
    visit = request.hub
    ids = sorted(Order.objects.filter(status=status, is_live=True).values_list("pk", flat=True))
    for start in range(0, len(ids), MOST):
        outcome = set_status(ids[start : start + MOST], status=to, by=visit.by, now=visit.now)
        if outcome.issues:
            raise operations.StatusHasOrders(field="to", name=status.name, count=len(outcome.issues))


@page("settings.edit")
def status_group_new(request: PageRequest) -> HttpResponse:
    visit = request.hub
    form = StatusGroupForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(
        form, lambda: operations.create_group(by=visit.by, now=visit.now, **form.cleaned_data)
    ):
        toast(request, _("グループ「%(name)s」を作りました。") % {"name": form.cleaned_data["name"]})
        return redirect("orders:statuses")
    return form_page(
        request, form, title=_("グループを作る"), back_url=reverse("orders:statuses"), back_words=_("状態")
    )


@page("settings.edit")
def status_group_edit(request: PageRequest, pk: int) -> HttpResponse:
    visit, group = request.hub, _group(pk)
    form = StatusGroupForm(request.POST if request.method == "POST" else None, made=True, initial={"name": group.name})

    def act() -> None:
        operations.change_group(
            group, name=form.cleaned_data["name"], by=visit.by, now=visit.now, seen=read_seen(request.POST)
        )

    if form.is_valid() and attempt(form, act):
        toast(request, _("保存しました。"))
        return redirect("orders:statuses")
    danger = {
        "words": _("使うのをやめる"),
        "note": _("状態が残っている間は、やめられません。"),
        "url": reverse("orders:status_group_retire", args=[pk]),
    }
    return form_page(
        request,
        form,
        title=group.name,
        back_url=reverse("orders:statuses"),
        back_words=_("状態"),
        row=group,
        seen=("name",),
        danger=danger,
    )


@page("settings.edit", methods=("POST",))
def status_group_retire(request: PageRequest, pk: int) -> HttpResponse:
    visit, group = request.hub, _group(pk)
    if why := refused(lambda: operations.retire_group(group, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("orders:status_group_edit", pk)
    toast(request, _("「%(name)s」をやめました。") % {"name": group.name})
    return redirect("orders:statuses")


@page("settings.edit", methods=("POST",))
def status_groups_order(request: PageRequest) -> HttpResponse:
    visit, ids = request.hub, ids_of(request.POST.getlist("order"))
    return saved_order(request, lambda: operations.reorder_groups(ids, by=visit.by, now=visit.now))


@page("settings.edit", methods=("POST",))
def statuses_order(request: PageRequest) -> HttpResponse:
    """Put the statuses of a group in the order sent; one dragged in from another group of the phase moves here."""
    visit = request.hub
    group = _group(next(iter(ids_of([request.POST.get("group", "")])), 0))
    wanted = ids_of(request.POST.getlist("order"))
    found = {
        row.pk: row for row in Status.objects.filter(pk__in=wanted, retired_at__isnull=True).select_related("group")
    }

    def act() -> None:
        ids = [pk for pk in wanted if pk in found]
        for pk in ids:
            if found[pk].group_id != group.pk:
                operations.move_status(found[pk], group=group, by=visit.by, now=visit.now)
        own = (
            Status.objects.filter(group=group, retired_at__isnull=True)
            .order_by("position", "pk")
            .values_list("pk", flat=True)
        )
        operations.reorder_statuses(group, ids + [pk for pk in own if pk not in ids], by=visit.by, now=visit.now)

    return saved_order(request, act)


def saved_order(request: PageRequest, act: Any) -> HttpResponse:
    """Answer a list that was put in order by hand; a refusal makes the page load again and say why."""
    if why := refused(act):
        toast(request, why, tone="stop")
        return HttpResponse(status=409)
    return HttpResponse(status=204)
