"""要対応を順に: held orders one at a time, the longest waiting first, each with what holds it and the acts beside it.

A round is kept in the session: what it has shown, so that no order comes twice, and what was passed over. An act that frees the order
brings the next one; one that does not leaves it where it is. Orders held meanwhile join at the end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done, typed
from hub.clock import JAPAN
from hub.ids import NotAnId, decode, encode
from hub.web import PageRequest, page, toast
from orders.explaining import explain_facts
from orders.fields import OrderFacts
from orders.frame import chosen_ids
from orders.models import Order, Shop, Task
from orders.operations import holds
from orders.queries import NoOrder, OrderDetail, held_queue, longest_held, order_detail
from orders.queries.goods import suggestions
from orders.system_tasks import said
from orders.views import mapping
from orders.views.facts import Showing

KEPT = "triage"
MOST_SHOWN = 2_000
"""A round remembers so many orders; past that, the oldest may come again."""
ANSWER_SECONDS = 2.0


@dataclass
class Round:
    """Where a person is: what was shown in this round, in this order, and what of it they passed over. `shop` is the one they look at."""

    on: date
    shop: int = 0
    task: int = 0
    shown: list[int] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, request: HttpRequest, today: date) -> Round:
        """Return the round of this session; yesterday's is over, and one of another shop's orders."""
        kept: dict[str, Any] = request.session.get(KEPT) or {}
        shop = request.session.get("shop") or 0
        if kept.get("on") != today.isoformat() or kept.get("shop") != shop:
            return cls(on=today, shop=shop)
        return cls(on=today, shop=shop, task=kept["task"], shown=list(kept["shown"]), passed=list(kept["passed"]))

    def keep(self, request: HttpRequest) -> None:
        """Write the round back where it changed."""
        told = {
            "on": self.on.isoformat(), "shop": self.shop, "task": self.task, "shown": self.shown[-MOST_SHOWN:],
            "passed": self.passed[-MOST_SHOWN:],
        }  # fmt: skip
        if request.session.get(KEPT) != told:
            request.session[KEPT] = told

    @property
    def current(self) -> int | None:
        """The order that was shown last, unless it was passed over."""
        return self.shown[-1] if self.shown and self.shown[-1] not in self.passed else None


@page("orders.see", methods=("GET",), outside=True)
def triage(request: PageRequest) -> HttpResponse:
    """Show the order that waits for a decision. What an act has just changed is judged first, so that what is free does not stand here."""
    visit = request.hub
    round_ = _round(request)
    if round_.current:
        engine = import_module(settings.STAGES["judge"].module)
        engine.judge_orders(visit.tenant.pk, [round_.current], until=time.monotonic() + ANSWER_SECONDS)
    with visit.transaction():
        return _show(request, round_)


def _round(request: PageRequest) -> Round:
    """Return the round, begun anew where another cause is asked for."""
    round_ = Round.of(request, request.hub.now.astimezone(JAPAN).date())
    if "task" not in request.GET:
        return round_
    try:
        asked = decode(request.GET["task"]) if request.GET["task"] else 0
    except NotAnId:
        asked = 0
    return round_ if asked == round_.task else Round(on=round_.on, shop=round_.shop, task=asked)


def _show(request: PageRequest, round_: Round) -> HttpResponse:
    shops = list(Shop.objects.filter(retired_at__isnull=True).only("pk", "tenant_id", "name"))
    queue = held_queue(shop_ids=chosen_ids(request, shops), task_id=round_.task)
    rest = queue.exclude(pk__in=round_.shown)
    found = _detail(round_.current if round_.current and queue.filter(pk=round_.current).exists() else None)
    if found is None and (found := _detail(next(iter(longest_held(rest)), None))) is not None:
        round_.shown.append(found.facts.order.pk)
    round_.keep(request)
    waiting = queue.exclude(pk__in=round_.shown).count()
    context = {
        "task": _cause(round_.task) if round_.task else "", "waiting": waiting,
        "place": len(round_.shown), "total": len(round_.shown) + waiting, "passed": _still_held(round_.passed), "all_url": "?task=",
    }  # fmt: skip
    if found is None:
        if refusal := mapping.kept(request):
            mapping.tell(request, refusal, ())
        return render(request, "orders/triage_end.html", context)
    return render(request, "orders/triage.html", {**context, **_order(request, found)})


def _cause(task_id: int) -> str:
    task = Task.objects.filter(pk=task_id).first()
    return said(task.key, task.name) if task else ""


def _detail(pk: int | None) -> OrderDetail | None:
    if pk is None:
        return None
    try:
        return order_detail(pk)
    except NoOrder:
        return None


def _still_held(ids: list[int]) -> int:
    return Order.objects.filter(pk__in=ids, is_open=True, held=True).count() if ids else 0


def _order(request: PageRequest, found: OrderDetail) -> dict[str, Any]:
    """Return the order with what holds it, and each act as a button of this page."""
    visit, facts = request.hub, found.facts
    showing = Showing(facts, visit)
    why = showing.why(explain_facts(facts, found.effects, visit.now))
    why.actions = [_here(act, facts.order.pk) for act in why.actions]
    for hold in why.holds:
        hold.next = ""  # `told` says it
    parcels = showing.parcels({})
    marks = [mark for mark in facts.marks if mark.task.holds]
    told = [said(mark.task.key, mark.task.what_to_do) for mark in marks]
    unmapped = _unmapped(facts)
    if refusal := mapping.kept(request):
        mapping.tell(request, refusal, unmapped)
    return {
        "order": showing.head(), "why": why, "parcels": parcels, "doubtful": [parcel for parcel in parcels if parcel.address_warning][:1],
        "unmapped": unmapped, "tags": facts.tags, "told": list(filter(None, told)),
        "held_since": min((mark.opened_at for mark in marks), default=facts.order.status_at), "others": found.others[:3],
        "next": reverse("orders:triage"),
    }  # fmt: skip


def _here(act: SimpleNamespace, order_id: int) -> SimpleNamespace:
    """Return an act as this page asks for it: dialogs are those of the order's page."""
    if act.method != "open":
        return act
    url = f"{reverse('orders:detail', args=[order_id])}#{act.url}"
    return SimpleNamespace(words=act.words, url=url, method="get", primary=act.primary, value="")


def _unmapped(facts: OrderFacts) -> list[dict[str, Any]]:
    """Return the mall items that point at no product of ours, each once, with what it may mean, as a form of mapping shows it."""
    listings = {
        line.listing.pk: line.listing for line in facts.lines if line.product_id is None and line.listing is not None
    }
    likely = suggestions(list(listings.values()))
    return [
        {
            "pk": pk, "name": row.name or row.key, "key": row.key, "product": None, "sku": "", "units": 1, "error": "",
            "suggestions": likely.get(pk, ()),
        }
        for pk, row in listings.items()
    ]  # fmt: skip


@page("orders.see", methods=("POST",))
def triage_next(request: PageRequest) -> HttpResponse:
    """Pass over the order shown, or hold it with a reason, and go on; `again` begins with what was passed over."""
    visit, act = request.hub, request.POST.get("act", "")
    round_ = Round.of(request, visit.now.astimezone(JAPAN).date())
    here = reverse("orders:triage")
    if act == "again":
        Round(on=round_.on, shop=round_.shop, task=round_.task).keep(request)
        return redirect(here)
    try:
        pk = decode(request.POST.get("order", ""))
    except NotAnId:
        pk = 0
    if pk != round_.current:
        return redirect(here)
    if act == "hold":
        visit.need("orders.edit")
        if not (reason := typed(request, "reason")):
            return done(request, _("保留の理由を書いてください"), to=here, tone="stop")
        holds.hold([pk], reason=reason, by=visit.by, now=visit.now)
        undo = f"{reverse('orders:release', args=[pk])}?task={encode(holds.system_task('hold').pk)}"
        toast(request, _("保留しました"), undo_url=undo)
    round_.passed.append(pk)
    round_.keep(request)
    return redirect(here)
