"""From observing to live: what will happen is shown before it does, and orders placed before stay where they are unless ticked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from hub.form_parts import attempt, ids_of
from hub.web import PageRequest, page, toast
from orders.forms.shops import LiveForm
from orders.models import Order, Shop
from orders.models.shops import ConfirmBy
from orders.operations.shops import go_live, would_do
from orders.queries.shops import would_confirm, would_have
from orders.views.settings.shops import connected

SHOWN = 300


@page("shops.live")
def shop_live(request: PageRequest, pk: int) -> HttpResponse:
    row, visit = connected(pk), request.hub
    form = LiveForm(request.POST if request.method == "POST" else None, now=visit.now)
    if form.is_valid():
        since, ticked = form.cleaned_data["starts_at"], ids_of(request.POST.getlist("orders"))
        taken: dict[str, int] = {}
        if attempt(form, lambda: taken.update(go_live(row, since=since, also=ticked, by=visit.by, now=visit.now))):
            toast(request, _("本番を始めました。%(n)d件をここで扱います。") % {"n": taken["taken"]})
            return redirect("orders:shop", pk)
    context = {
        "shop": row,
        "form": form,
        "counts": _counts(row, visit.now),
        "earlier": _earlier(row, visit.now),
        "may_live": visit.may("shops.live"),
        "other_system": _other_system(row),
    }
    return render(request, "orders/shop_live.html", context, status=422 if form.is_bound else 200)


def _counts(row: Shop, now: datetime) -> list[dict[str, Any]]:
    """Return what going live does, counted on the orders that were observed: the same kind of order will be acted on from then on."""
    note, stays = _("観察した受注で数えると。これから入る注文に、同じことをします。"), would_do(row, since=now)
    found = [
        {
            "words": _("いままでのシステムに残る注文"),
            "count": stays["stays"],
            "note": _("下で選んだものだけ、ここで扱います。"),
            "url": "",
        }
    ]
    if row.confirm_by == ConfirmBy.HUB:
        found.append({"words": _("モールへの注文確認"), "count": would_confirm(row, now=now), "note": note, "url": ""})
    found += [
        {"words": would.what, "count": would.count, "note": note, "url": ""} for would in would_have(row, now=now)
    ]
    held = Order.objects.filter(shop=row, is_open=True, held=True).count()
    return [
        *found,
        {
            "words": _("確認のため止まる注文"),
            "count": held,
            "note": _("人が片づけるまで、出荷依頼は出ません。"),
            "url": "",
        },
    ]


def _earlier(row: Shop, now: datetime) -> dict[str, Any]:
    rows = Order.objects.filter(shop=row, is_open=True, ours=False, placed_at__lt=now).select_related("status")
    count = rows.count()
    return {"count": count, "rows": list(rows.order_by("-placed_at", "-pk")[:SHOWN]), "more": max(count - SHOWN, 0)}


def _other_system(row: Shop) -> str:
    if row.confirm_by != ConfirmBy.HUB:
        return ""
    return _(
        "このハブが注文確認を送ると、ほかのシステムの受注にも影響します。ほかのシステムの自動確認は、先に止めてください。"
    )
