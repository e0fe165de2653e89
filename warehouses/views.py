"""Pages of warehouses: listed, added, changed, tested, paused. A warehouse is called between two short transactions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hub.form_parts import SEEN, attempt, read_seen, refused, seen_box
from hub.problems import advise, say
from hub.templatetags.hub_ui import weekdays
from hub.web import PageRequest, page, toast
from orders.channels import MallBlind, MallDown
from orders.models import Warehouse
from orders.models.shops import WEEKDAYS
from warehouses import settings as operations
from warehouses.adapters import adapter_for
from warehouses.forms import WarehouseForm, credentials_of, key_form
from warehouses.queries import open_requests

SEEN_COLUMNS = ("name", "cutoffs", "collect_every_seconds", "result_due_hour")


def _in_use(pk: int) -> Warehouse:
    return get_object_or_404(Warehouse, pk=pk, retired_at__isnull=True)


def _kind(warehouse: Warehouse) -> str:
    plug = settings.WAREHOUSES.get(warehouse.kind)
    return _(plug.label) if plug else warehouse.kind


def _cutoff_words(warehouse: Warehouse) -> str:
    """Return until when is shipped on the same day: on every day, or on all others and on those with a cut-off of their own."""
    usual = f"{warehouse.cutoff_at:%H:%M}"
    if not warehouse.cutoffs:
        return _("毎日 %(time)s") % {"time": usual}
    own: dict[str, list[str]] = {}
    for name, key in zip(weekdays(), WEEKDAYS, strict=True):
        if at := warehouse.cutoffs.get(key):
            own.setdefault(at, []).append(name)
    return " · ".join([usual, *(f"{'・'.join(days)} {at}" for at, days in own.items())])


def fault_words(code: str) -> str:
    """Return why a warehouse cannot be reached."""
    own = {
        "wrong_key": _("鍵が違います。倉庫から届いた値を入れ直してください。"),
        "no_answer": _("倉庫が応答しません。しばらくして、もう一度確かめてください。"),
        "contract_differs": _("契約の内容が、入れた内容と違います。二つの選択を契約書と見比べてください。"),
    }
    return own.get(code) or " ".join(filter(None, (say(code), advise(code))))


@page("settings.see", methods=("GET",))
def warehouse_list(request: PageRequest) -> HttpResponse:
    counts = open_requests(now=request.hub.now)
    shown = [
        {
            "pk": row.pk, "name": row.name, "kind_words": _kind(row), "paused_at": row.paused_at, "collected_at": row.collected_at,
            "cutoff_words": _cutoff_words(row) if row.kind != "other" else "–",
            "next_collect_at": row.next_collect_at, "collect_error": fault_words(row.collect_error) if row.collect_error else "",
            "open": counts.get(row.pk, (0, 0))[0], "late": counts.get(row.pk, (0, 0))[1],
        }
        for row in Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    ]  # fmt: skip
    return render(request, "warehouses/list.html", {"warehouses": shown})


@page("keys.edit", outside=True)
def new(request: PageRequest) -> HttpResponse:
    return _edit(request, None)


@page("keys.edit", outside=True)
def edit(request: PageRequest, pk: int) -> HttpResponse:
    return _edit(request, pk)


def _edit(request: PageRequest, pk: int | None) -> HttpResponse:
    """Save in one transaction, call the warehouse outside, and keep how it went in another."""
    visit = request.hub
    with visit.transaction():
        warehouse = _in_use(pk) if pk is not None else None
        asked = request.GET.get("kind", "")
        kind = (
            warehouse.kind if warehouse else asked if asked in settings.WAREHOUSES else next(iter(settings.WAREHOUSES))
        )
        data = request.POST if request.method == "POST" else None
        kept = warehouse.settings if warehouse else {}
        columns = ("name", "cutoff_at", "cutoffs", "collect_every_seconds", "result_due_hour")
        initial = {**kept, **{name: getattr(warehouse, name) for name in columns}} if warehouse else None
        form = WarehouseForm(data, kind=kind, kept=kept, initial=initial)
        keys = key_form(kind, data, stored=warehouse is not None and bool(bytes(warehouse.credentials)))
        saved: list[Warehouse] = [warehouse] if warehouse else []

        def act() -> None:
            credentials, values = credentials_of(keys), form.columns()
            if warehouse is None:
                saved.append(
                    operations.create_warehouse(
                        kind=kind, by=visit.by, now=visit.now, credentials=credentials, **values
                    )
                )
                return
            operations.change_warehouse(
                warehouse, values=values, by=visit.by, now=visit.now, seen=read_seen(request.POST)
            )
            if credentials:
                operations.set_credentials(warehouse, credentials, by=visit.by, now=visit.now)

        if data is None or not all([form.is_valid(), keys.is_valid()]) or not attempt(form, act):
            return _shown(request, warehouse, kind, form, keys)
    return _tested(request, saved[0])


def _tested(request: PageRequest, warehouse: Warehouse) -> HttpResponse:
    visit = request.hub
    fault = _fault(warehouse)
    with visit.transaction():
        operations.save_test(warehouse, fault, by=visit.by, now=visit.now)
    if fault:
        toast(request, _("保存しましたが、つながりません: %(why)s") % {"why": fault_words(fault)}, tone="stop")
        return redirect("warehouses:edit", warehouse.pk)
    toast(request, _("%(name)s につながりました。") % {"name": warehouse.name})
    return redirect("warehouses:list")


def _fault(warehouse: Warehouse) -> str:
    """Call the warehouse; return an empty text if it works, else a code."""
    adapter = adapter_for(warehouse)
    try:
        return adapter.test()
    except MallBlind as blind:
        return blind.reason
    except MallDown:
        return "no_answer"
    finally:
        adapter.close()


def _shown(
    request: PageRequest, warehouse: Warehouse | None, kind: str, form: WarehouseForm, keys: Any
) -> HttpResponse:
    stored = warehouse is not None and bool(bytes(warehouse.credentials))
    lead = (
        _("鍵は保存してあります。変えるときだけ、すべて入れ直してください。")
        if stored
        else _("保存した鍵は、だれも読み返せません。")
    )
    parts = [{"title": pgettext("one", "倉庫"), "lead": "", "form": form}]
    if keys.fields:
        parts.append({"title": _("鍵と契約"), "lead": lead, "form": keys})
    kinds = [
        {"key": key, "label": _(plug.label), "url": f"?kind={key}", "on": key == kind}
        for key, plug in ({} if warehouse else settings.WAREHOUSES).items()
    ]
    danger = None
    if warehouse is not None:
        danger = {
            "words": _("使うのをやめる"), "note": _("作業中の依頼や、使っているショップ・商品・ルールがあると、やめられません。"),
            "url": reverse("warehouses:retire", args=[warehouse.pk]),
        }  # fmt: skip
    context = {
        "title": warehouse.name if warehouse else _("倉庫を加える"),
        "kinds": kinds,
        "forms": parts,
        "warehouse": warehouse,
        "danger": danger,
        "hidden": [(SEEN, request.POST.get(SEEN) or seen_box(warehouse, SEEN_COLUMNS))] if warehouse else [],
        "fault": fault_words(warehouse.collect_error) if warehouse and warehouse.collect_error else "",
    }
    return render(request, "warehouses/form.html", context, status=422 if form.is_bound else 200)


@page("keys.edit", methods=("POST",), outside=True)
def test(request: PageRequest, pk: int) -> HttpResponse:
    visit = request.hub
    with visit.transaction():
        warehouse = _in_use(pk)
    fault = _fault(warehouse)
    with visit.transaction():
        operations.save_test(warehouse, fault, by=visit.by, now=visit.now)
    toast(request, fault_words(fault) if fault else _("つながりました。"), tone="stop" if fault else "good")
    return redirect("warehouses:edit", pk)


@page("settings.edit", methods=("POST",))
def pause(request: PageRequest, pk: int) -> HttpResponse:
    visit, warehouse, paused = request.hub, _in_use(pk), request.POST.get("on") == "1"
    operations.pause_warehouse(warehouse, paused, by=visit.by, now=visit.now)
    said = (
        _("%(name)s を休止しました。新しい依頼は出しません。")
        if paused
        else _("%(name)s を再開しました。待っていた依頼が出ます。")
    )
    toast(request, said % {"name": warehouse.name})
    return redirect("warehouses:list")


@page("settings.edit", methods=("POST",))
def retire(request: PageRequest, pk: int) -> HttpResponse:
    visit, warehouse = request.hub, _in_use(pk)
    if why := refused(lambda: operations.retire_warehouse(warehouse, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("warehouses:edit", pk)
    toast(request, _("%(name)s をやめました。") % {"name": warehouse.name})
    return redirect("warehouses:list")
