"""The order page, its side panel and its history."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hub.clock import JAPAN
from hub.ids import decode, encode
from hub.web import PageRequest, Visit, page
from orders.carriers import CARRIERS
from orders.explaining import explain_facts
from orders.fields import OrderFacts
from orders.models import Order, Parcel, Phase, Tag, Warehouse
from orders.operations.edits import FREE
from orders.plugs import panel
from orders.queries import NoOrder, OrderDetail, history_of, order_detail
from orders.views.facts import FOLDED_AFTER, Showing, tasks_of, verbs_of
from orders.views.list import status_groups
from orders.views.timeline import lines_of

ACTOR_KINDS = ("", "member", "rule", "mall", "warehouse", "mail", "system")


def found_order(pk: int) -> OrderDetail:
    """Return an order with everything around it, or 404."""
    try:
        return order_detail(pk)
    except NoOrder:
        raise Http404 from None


@page("orders.see", methods=("GET",))
def detail(request: PageRequest, pk: int) -> HttpResponse:
    """Show everything of an order."""
    visit = request.hub
    found = found_order(pk)
    showing = Showing(found.facts, visit)
    requests = panel("requests", parcels=found.facts.parcels, now=visit.now) or {}
    parcels = _with_numbers(showing.parcels(requests))
    folded = 0 if "all" in request.GET else max(len(parcels) - FOLDED_AFTER, 0)
    why = showing.why(explain_facts(found.facts, found.effects, visit.now))
    context = {
        "order": showing.head(),
        **_neighbours(request, pk),
        "why": why,
        "parcels": parcels[:FOLDED_AFTER] if folded else parcels,
        "all_parcels": parcels,
        "any_tracking": any(parcel.tracking for parcel in parcels),
        "all_tracking": all(parcel.tracking for parcel in parcels),
        "folded_parcels": folded,
        "show_all_url": "?all=1",
        **showing.money(),
        "tags": found.facts.tags,
        "all_tags": Tag.objects.filter(retired_at__isnull=True, key="").order_by("position", "pk"),
        "statuses": status_groups(),
        "tasks": tasks_of(found.facts),
        "others": found.others,
        "bundle": [
            SimpleNamespace(pk=o.pk, number=o.number, why=_("同じ届け先・出荷依頼前"))
            for o in found.others
            if o.pk in found.bundle
        ],
        "mails": panel("mails", order_id=pk) or [],
        "mall_facts": showing.mall_facts(),
        "unknown_fields": sorted(found.facts.shop.unknown_fields)[:30],
        **_history(request, found),
        **_carriers(found.facts),
        "warehouses": Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk"),
        "today": visit.now.astimezone(JAPAN).date(),
        "verbs": verbs_of(found.facts, visit),
        "as_of": visit.now.isoformat(),
    }
    return render(request, "orders/detail.html", context)


def _with_numbers(parcels: list[SimpleNamespace]) -> list[SimpleNamespace]:
    ids = {other for parcel in parcels for other in parcel.shared_ids}
    numbers = dict(Order.objects.filter(pk__in=ids).values_list("pk", "number")) if ids else {}
    for parcel in parcels:
        parcel.shared_with = [SimpleNamespace(pk=other, number=numbers.get(other, "")) for other in parcel.shared_ids]
    return parcels


def _neighbours(request: PageRequest, pk: int) -> dict[str, str]:
    """Return the way back to the list as it was left, and the orders beside this one in it."""
    near: list[str] = request.session.get("orders_near", [])
    here = encode(pk)
    at = near.index(here) if here in near else -1

    def url(place: int) -> str:
        return reverse("orders:detail", args=[decode(near[place])]) if at >= 0 and 0 <= place < len(near) else ""

    return {
        "back_url": request.session.get("orders_at") or reverse("orders:list"),
        "previous_url": url(at - 1),
        "next_url": url(at + 1),
    }


def _history(request: PageRequest, found: OrderDetail) -> dict[str, Any]:
    kind = request.GET.get("by", "")
    kind = kind if kind in ACTOR_KINDS else ""
    words = {
        "": _("すべて"),
        "member": _("人"),
        "rule": _("ルール"),
        "mall": _("モール"),
        "warehouse": pgettext("one", "倉庫"),
        "mail": _("メール"),
        "system": _("自動"),
    }
    shop = found.facts.shop
    return {
        "history": lines_of(
            found.history, channel=channel_label(shop.channel), open_data=request.hub.may("addresses.see"),
            may_change=request.hub.may("orders.edit") and found.facts.order.erased_at is None, kind=kind,
        ),
        "history_filter": [SimpleNamespace(words=words[one], url=f"?by={one}#history" if one else "?#history",
        current=one == kind) for one in ACTOR_KINDS],
        "history_kind": kind,
    }  # fmt: skip


def channel_label(channel: str) -> str:
    """Return what a mall is called."""
    return _(settings.CHANNELS[channel].label) if channel in settings.CHANNELS else channel


@page("orders.see", methods=("GET",))
def history(request: PageRequest, pk: int) -> HttpResponse:
    """Answer the page's question what happened since; what others did is marked."""
    order = get_object_or_404(Order.objects.filter(scratch=False).select_related("shop"), pk=pk)
    kind = request.GET.get("by", "")
    lines = lines_of(
        history_of(pk), channel=channel_label(order.shop.channel), open_data=request.hub.may("addresses.see"),
        may_change=request.hub.may("orders.edit") and order.erased_at is None,
        since=_since(request), kind=kind if kind in ACTOR_KINDS else "",
    )  # fmt: skip
    return render(request, "components/timeline.html", {"entries": lines})


def _since(request: PageRequest) -> datetime | None:
    try:
        at = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo("UTC"))


@page("orders.see", methods=("GET",))
def peek(request: PageRequest, pk: int) -> HttpResponse:
    """Show an order in the side panel."""
    found = found_order(pk)
    showing = Showing(found.facts, request.hub)
    why = showing.why(explain_facts(found.facts, found.effects, request.hub.now))
    why.actions = [act for act in why.actions if act.method in ("post", "get")]
    context = {
        "order": showing.head(),
        "why": why,
        "parcels": showing.parcels({}),
        "remark": showing.text(found.facts.order.remark_left),
        "to_record": _to_record(found.facts, request.hub),
        **_carriers(found.facts),
        "today": request.hub.now.astimezone(JAPAN).date(),
    }
    return render(request, "orders/peek.html", context)


def _to_record(facts: OrderFacts, visit: Visit) -> Parcel | None:
    """Return the parcel whose number can be entered without leaving the list: the only one, not asked of a warehouse, not gone."""
    order = facts.order
    may = visit.may("orders.ship") and order.is_open and order.phase in (Phase.READY, Phase.SHIPPING)
    return facts.parcels[0] if may and len(facts.parcels) == 1 and facts.parcels[0].state in FREE else None


def _carriers(facts: OrderFacts) -> dict[str, Any]:
    return {
        "carriers": [SimpleNamespace(code=c.code, words=c.words) for c in CARRIERS.values()],
        "carrier_now": next((p.carrier for p in facts.parcels if p.carrier), ""),
    }


@page("addresses.see", methods=("GET",))
def remarks(request: PageRequest, pk: int) -> HttpResponse:
    """Give a very long remark whole, as plain text."""
    order = get_object_or_404(Order.objects.filter(scratch=False), pk=pk)
    return HttpResponse(order.remarks, content_type="text/plain; charset=utf-8")
