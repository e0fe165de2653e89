"""Buttons of 要確認エラー about warehouses: asking one at once what became of a request, and settling a result that was not booked."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.answers import done
from hub.web import PageRequest, page
from orders.channels import MallBlind, MallDown
from warehouses.adapters import RequestState, WarehouseAbility, adapter_for
from warehouses.models import ResultIssue, WarehouseRequest
from warehouses.results import collect_now, settle_issue
from warehouses.views import fault_words

STATES: Mapping[str, Promise] = {
    "accepted": gettext_lazy("受け付けています。まだ出荷していません。"),
    "working": gettext_lazy("作業中です。まだ出荷していません。"),
    "shipped": gettext_lazy("出荷しています。実績を取りに行きます。"),
    "refused": gettext_lazy("断っています。実績を取りに行きます。"),
    "cannot_ship": gettext_lazy("出荷できないと言っています。実績を取りに行きます。"),
    "withdrawn": gettext_lazy("取り下げられたと言っています。実績を取りに行きます。"),
}
"""What a warehouse says of a request, as a sentence."""


@page("effects.act", methods=("POST",), outside=True)
def ask(request: PageRequest, pk: int) -> HttpResponse:
    """Ask the warehouse what it knows of a request, say it, and fetch its results at once."""
    visit = request.hub
    with visit.transaction():
        row = get_object_or_404(WarehouseRequest.objects.select_related("warehouse", "parcel"), pk=pk)
    words, tone = _asked(row)
    with visit.transaction():
        collect_now(row.warehouse, parcel=row.parcel, reference=row.reference, by=visit.by, now=visit.now)
    return done(request, f"{row.warehouse.name}: {words}", tone=tone)


def _asked(row: WarehouseRequest) -> tuple[str, str]:
    """Return what the warehouse says of the request, and the tone of it."""
    adapter = adapter_for(row.warehouse)
    try:
        if WarehouseAbility.ASKABLE not in adapter.abilities:
            return _("依頼ごとに聞く方法がありません。実績を取りに行きます。"), "good"
        return _told(adapter.find(references=[row.reference]).get(row.reference))
    except MallBlind as blind:
        return fault_words(blind.reason), "stop"
    except MallDown:
        return fault_words("no_answer"), "stop"
    finally:
        adapter.close()


def _told(state: RequestState | None) -> tuple[str, str]:
    if state is None:
        return _("この依頼を知らないと言っています。倉庫に電話で確かめてください。"), "stop"
    words = str(STATES.get(state.state, state.state))
    return f"{words} {state.detail}".strip(), "stop" if state.state in ("refused", "cannot_ship") else "good"


@page("effects.act", methods=("POST",))
def settle(request: PageRequest, pk: int) -> HttpResponse:
    """Take a result that was not booked off the list."""
    issue = get_object_or_404(ResultIssue, pk=pk)
    settle_issue(issue, by=request.hub.by, now=request.hub.now)
    return done(request, _("%(reference)s を確認済みにしました") % {"reference": issue.reference})
