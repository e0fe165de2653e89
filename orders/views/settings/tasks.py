"""Kinds of tasks: their conditions, whether they hold, and the order in which they are shown. System tasks can only be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hub.form_parts import attempt, form_page, ids_of, read_seen, refused
from hub.ids import encode
from hub.web import PageRequest, page, toast
from orders.conditions import EVERYTHING, ConditionError, Node, describe, dump, parse
from orders.forms.conditions import drawn, read_condition
from orders.forms.settings import TaskForm
from orders.models import Order, Shop, Task, TaskMark
from orders.operations import settings as operations
from orders.system_tasks import said
from orders.views.settings.steps import saved_order

SEEN_COLUMNS = ("name", "what_to_do", "colour", "holds", "shop_id", "condition")


@page("settings.see", methods=("GET",))
def tasks(request: PageRequest) -> HttpResponse:
    marks = (
        TaskMark.objects.filter(closed_at__isnull=True, order__is_open=True)
        .order_by()
        .values("task_id")
        .annotate(n=Count("pk"))
    )
    counts, known = dict(marks.values_list("task_id", "n")), {}  # type: ignore[var-annotated]
    rows = Task.objects.filter(retired_at__isnull=True).select_related("shop").order_by("position", "pk")
    own_first = sorted(rows, key=lambda task: (bool(task.key), task.position, task.pk))
    shown = [
        {
            "pk": task.pk,
            "name": said(task.key, task.name),
            "what_to_do": said(task.key, task.what_to_do),
            "colour": task.colour,
            "holds": task.holds,
            "enabled": task.enabled,
            "system": bool(task.key),
            "shop_words": task.shop.name if task.shop else "",
            "sentence": _sentence(task, known),
            "broken": _broken(task),
            "open": counts.get(task.pk, 0),
            "url": f"{reverse('orders:list')}?task={encode(task.pk)}",
        }
        for task in own_first
    ]
    return render(request, "orders/tasks.html", {"tasks": shown})


def _sentence(task: Task, known: dict[str, Mapping[Any, str]]) -> str:
    if task.condition is None:
        return ""
    try:
        return "".join(part.text for part in describe(parse(task.condition), get_language() or "ja", known))
    except ConditionError as error:
        return error.message


def _broken(task: Task) -> str:
    return (
        _("使っている項目がなくなったため止まりました。開いて直してください。(%(why)s)") % {"why": task.broken}
        if task.broken
        else ""
    )


def _own(pk: int) -> Task:
    return get_object_or_404(Task, pk=pk, retired_at__isnull=True, key="")


@page("settings.edit")
def task_new(request: PageRequest) -> HttpResponse:
    visit = request.hub
    form = _form(request, {"holds": True})

    def act() -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "what_to_do", "colour", "holds")}
        values["shop"] = _shop(form.cleaned_data["shop"])
        operations.create_task(condition=dump(read_condition(request.POST)), by=visit.by, now=visit.now, **values)

    if form.is_valid() and attempt(form, act):
        toast(request, _("タスク「%(name)s」を作りました。") % {"name": form.cleaned_data["name"]})
        return redirect("orders:tasks")
    return _page(request, form, None)


@page("settings.edit")
def task_edit(request: PageRequest, pk: int) -> HttpResponse:
    visit, task = request.hub, _own(pk)
    initial = {
        "name": task.name, "what_to_do": task.what_to_do, "colour": task.colour, "holds": task.holds,
        "shop": encode(task.shop_id) if task.shop_id else "",
    }  # fmt: skip
    form = _form(request, initial)

    def act() -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "what_to_do", "colour", "holds")}
        values.update(shop_id=form.cleaned_data["shop"], condition=dump(read_condition(request.POST)))
        operations.change_task(task, values=values, by=visit.by, now=visit.now, seen=read_seen(request.POST))

    if form.is_valid() and attempt(form, act):
        toast(request, _("保存しました。受注を見直しています。"))
        return redirect("orders:tasks")
    return _page(request, form, task)


def _form(request: PageRequest, initial: dict[str, Any]) -> TaskForm:
    """Return the form; a task that would hold every order there is asks whether that is meant."""
    if request.method != "POST":
        return TaskForm(initial=initial)
    try:
        everything = read_condition(request.POST) == EVERYTHING
    except ConditionError:
        everything = False
    if not everything or "holds" not in request.POST:
        return TaskForm(request.POST, initial=initial)
    orders = Order.objects.filter(is_live=True, is_open=True)
    if shops := ids_of([request.POST.get("shop", "")]):
        orders = orders.filter(shop_id__in=shops)
    return TaskForm(request.POST, initial=initial, stops=orders.count())


def _page(request: PageRequest, form: TaskForm, task: Task | None) -> HttpResponse:
    given, fault = request.POST.get("condition", ""), None
    node: Node = EVERYTHING
    try:
        node = (
            read_condition(request.POST) if given else parse(task.condition) if task and task.condition else EVERYTHING
        )
    except ConditionError as error:
        fault = error
    danger = None
    if task is not None:
        danger = {
            "words": _("使うのをやめる"), "note": _("付いているタスクはすべて閉じ、止めていた受注は先へ進みます。"),
            "url": reverse("orders:task_retire", args=[task.pk]),
        }  # fmt: skip
    return form_page(
        request, form, title=task.name if task else _("タスクを作る"), back_url=reverse("orders:tasks"), back_words=_("タスク"), row=task,
        seen=SEEN_COLUMNS, danger=danger, template="orders/task_form.html", wide=True, condition=drawn(node, given=given, error=fault),
    )  # fmt: skip


def _shop(pk: int | None) -> Shop | None:
    return Shop.objects.get(pk=pk) if pk else None


@page("settings.edit", methods=("POST",))
def task_switch(request: PageRequest, pk: int) -> HttpResponse:
    visit, task, on = request.hub, _own(pk), request.POST.get("on") == "1"
    if why := refused(lambda: operations.switch_task(task, on, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
    else:
        said = (
            _("「%(name)s」を使い始めました。受注を見直しています。")
            if on
            else _("「%(name)s」を止めました。止めていた受注は先へ進みます。")
        )
        toast(request, said % {"name": task.name})
    return redirect("orders:tasks")


@page("settings.edit", methods=("POST",))
def task_retire(request: PageRequest, pk: int) -> HttpResponse:
    visit, task = request.hub, _own(pk)
    if why := refused(lambda: operations.retire_task(task, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("orders:task_edit", pk)
    toast(request, _("「%(name)s」をやめました。") % {"name": task.name})
    return redirect("orders:tasks")


@page("settings.edit", methods=("POST",))
def tasks_order(request: PageRequest) -> HttpResponse:
    """Put the tenant's own tasks in the order sent; system tasks keep their places behind them."""
    visit = request.hub
    own = set(Task.objects.filter(retired_at__isnull=True, key="").values_list("pk", flat=True))
    ids = [pk for pk in ids_of(request.POST.getlist("order")) if pk in own]
    return saved_order(request, lambda: operations.reorder_tasks(ids, by=visit.by, now=visit.now))
