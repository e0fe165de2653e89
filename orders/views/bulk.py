"""Acts over the selected orders: first what will change and what cannot, and why; then the act, at once or as a job."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.answers import done, go
from hub.clock import JAPAN
from hub.form_parts import ids_of
from hub.ids import NotAnId, decode, encode
from hub.problems import explain, known, say
from hub.web import PageRequest, page, toast
from orders import batches
from orders.forms.bulk import DayForm, DeliveryForm, MemoForm, ReasonForm
from orders.frame import chosen_shop
from orders.models import Batch, Order, Shop, Status, Tag
from orders.operations.door import Changed, Issue
from orders.operations.holds import system_task
from orders.queries import ids_of_orders
from orders.views import narrowing
from orders.views.jobs import AT_ONCE, UNDOABLE, title_of

LOOKED_AT = 1_000
"""A preview tries the act on this many orders and takes it back."""
MOST = 100_000
EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A bulk act as the selection bar names it: the act, the right it needs, the form it asks, what cannot be undone."""

    action: str
    right: str
    title: str | Promise = ""
    form: type[forms.Form] | None = None
    sample: Mapping[str, Any] = field(default_factory=dict)
    warning: str | Promise = ""


ASKS: Mapping[str, Ask] = {
    "ship_on": Ask(action="ship-on", right="orders.edit", title=gettext_lazy("発送日を決める"), form=DayForm, sample={"day": "2999-12-31"}),
    "delivery": Ask(action="set-delivery", right="orders.edit", title=gettext_lazy("配送を変える"), form=DeliveryForm,
    sample={"method": "\u2063"}),
    "memo": Ask(action="memo", right="orders.edit", title=gettext_lazy("メモを書く"), form=MemoForm,
    sample={"text": "\u2063", "add": True}),
    "hold": Ask(action="hold", right="orders.edit", title=gettext_lazy("保留する"), form=ReasonForm, sample={"reason": "–"}),
    "not_here": Ask(action="cancel-here", right="orders.cancel", title=gettext_lazy("ここで扱わない")),
    "delete": Ask(action="delete", right="orders.delete", title=gettext_lazy("取込から外す")),
}  # fmt: skip
BUTTONS: Mapping[str, Ask] = {
    "set_status": Ask(action="set-status", right="orders.edit"),
    "add_tag": Ask(action="add-tag", right="orders.edit"),
    "remove_tag": Ask(action="remove-tag", right="orders.edit"),
    "want_shipment": Ask(action="want-shipment", right="orders.edit", title=gettext_lazy("出荷を依頼する")),
    "release": Ask(action="release", right="orders.edit", title=gettext_lazy("保留を解除する")),
}
ROW_PARAMS: Mapping[str, tuple[str, Any]] = {
    "set_status": ("status", Status),
    "add_tag": ("tag", Tag),
    "remove_tag": ("tag", Tag),
}


class Chosen:
    """The orders a person selected: named one by one, or all that a filter finds."""

    def __init__(self, request: PageRequest) -> None:
        self.whole = request.POST.get("all") == "1"
        self.named = request.POST.get("orders", "")
        self.query = request.POST.get("query", "")
        self._request = request

    def ids(self) -> list[int]:
        """Return the ids in id order, only those of this tenant."""
        if not self.whole:
            wanted = [pk for text in self.named.split(",")[:MOST] if (pk := _id(text))]
            return list(
                Order.objects.filter(pk__among=wanted, is_live=True).order_by("pk").values_list("pk", flat=True)
            )
        visit = self._request.hub
        shop = chosen_shop(
            self._request, list(Shop.objects.filter(retired_at__isnull=True).only("pk", "tenant_id", "name"))
        )
        asked = narrowing.read(QueryDict(self.query), visit, shop)
        return ids_of_orders(asked.kept, today=visit.now.astimezone(JAPAN).date(), limit=MOST)

    def kept(self) -> list[tuple[str, str]]:
        """Return the fields that carry the selection through the preview."""
        return [("all", "1"), ("query", self.query)] if self.whole else [("orders", self.named)]


def _id(text: str) -> int:
    try:
        return decode(text.strip())
    except NotAnId:
        return 0


@page("orders.see", methods=("POST",))
def bulk(request: PageRequest) -> HttpResponse:
    """Answer a button of the selection bar with a preview; a confirmed preview does the act."""
    if request.POST.get("ask") == "tracking":
        numbers = (
            Order.objects.filter(pk__in=Chosen(request).ids()[:AT_ONCE]).order_by("pk").values_list("pk", flat=True)
        )
        return go(request, f"{reverse('orders:paste_tracking')}?orders={','.join(map(encode, numbers))}")
    name = request.POST.get("ask") or next((key for key in BUTTONS if key in request.POST), "")
    ask = ASKS.get(name) or BUTTONS.get(name)
    if ask is None:
        return done(request, say("unknown_action", {"action": name or "–"}), tone="stop")
    request.hub.need(ask.right)
    params = _row_params(request, name)
    if params is None:
        return done(request, say("not_found"), tone="stop")
    if "confirmed" not in request.POST:
        return _preview(request, name, ask, params)
    if ask.form is not None:
        form = ask.form(request.POST)
        if not form.is_valid():
            return _preview(request, name, ask, params, form=form)
        params = {**params, **form.params()}  # type: ignore[attr-defined]
    return _do(request, ask, params)


def _row_params(request: PageRequest, name: str) -> dict[str, Any] | None:
    """Return what the pressed button names (a status, a label), or None where that is no row of this tenant."""
    if name == "release":
        return {"task": system_task("hold").pk}
    if name not in ROW_PARAMS:
        return {}
    key, model = ROW_PARAMS[name]
    rows = ids_of([request.POST.get(name, "")])
    row = model.objects.filter(pk__in=rows).first() if rows else None
    return {key: row.pk} if row else None


# Looking first.


class _Undone(Exception):
    """Takes a trial back."""


def tried(action: str, ids: Sequence[int], params: Mapping[str, Any], request: PageRequest) -> Changed:
    """Do the act and take it back; return what it would have come to."""
    outcome = Changed()
    try:
        with transaction.atomic():
            outcome = batches.act(action, ids, params, by=request.hub.by, now=request.hub.now)
            raise _Undone
    except _Undone:
        return outcome
    except known() as error:
        problem = explain(error)
        assert problem is not None
        return Changed(issues=[Issue(order_id=pk, reason=problem.code, params=problem.params) for pk in ids])


def _preview(
    request: PageRequest, name: str, ask: Ask, params: Mapping[str, Any], *, form: forms.Form | None = None
) -> HttpResponse:
    chosen = Chosen(request)
    ids = chosen.ids()
    outcome = tried(ask.action, ids[:LOOKED_AT], {**ask.sample, **params}, request)
    share = len(ids) / min(len(ids), LOOKED_AT) if ids else 1
    will = round(len(outcome.changed) * share)
    if form is None and ask.form is not None:
        form = ask.form(initial={"day": (request.hub.now.astimezone(JAPAN) + timedelta(days=1)).date()})
    shown = Batch(action=ask.action, params=dict(params))
    context = {
        "title": ask.title or title_of(shown),
        "will": will,
        "cannot": round(len(outcome.issues) * share),
        "causes": _causes(outcome),
        "changes": _before(ask, outcome, params),
        "already": len(outcome.unchanged),
        "looked_at": LOOKED_AT if len(ids) > LOOKED_AT else 0,
        "form": form,
        "undoable": ask.action in UNDOABLE or ask.action in ("hold", "release", "want-shipment", "ship-on"),
        "warning": ask.warning,
        "confirm_words": _("%(n)s件を変える") % {"n": f"{will:,}"},
        "action_url": reverse("orders:bulk"),
        "kept": [
            *chosen.kept(), ("confirmed", "1"), ("client_key", uuid.uuid4().hex),
            *([("ask", name)] if name in ASKS else [(name, request.POST.get(name, "1"))]),
        ],
    }  # fmt: skip
    return render(request, "orders/bulk_preview.html", context)


def _causes(outcome: Changed) -> list[dict[str, Any]]:
    found: dict[str, list[int]] = {}
    for issue in outcome.issues:
        found.setdefault(say(issue.reason, issue.params), []).append(issue.order_id)
    numbers = dict(
        Order.objects.filter(pk__in=[pk for ids in found.values() for pk in ids[:EXAMPLES]]).values_list("pk", "number")
    )
    return [
        {
            "words": words,
            "count": len(ids),
            "examples": [{"pk": pk, "number": numbers[pk]} for pk in ids[:EXAMPLES] if pk in numbers],
        }
        for words, ids in sorted(found.items(), key=lambda one: -len(one[1]))
    ]


def _before(ask: Ask, outcome: Changed, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the orders stand in now, for an act whose end is known."""
    if ask.action != "set-status":
        return []
    names = dict(Status.objects.values_list("pk", "name"))
    counts: dict[int, int] = {}
    for status_id in Order.objects.filter(pk__in=outcome.changed).values_list("status_id", flat=True):
        counts[status_id] = counts.get(status_id, 0) + 1
    return [
        {"label": _("状態"), "before": names[pk], "after": names[params["status"]], "count": n}
        for pk, n in sorted(counts.items(), key=lambda one: -one[1])
    ]


# Doing it.


def _do(request: PageRequest, ask: Ask, params: Mapping[str, Any]) -> HttpResponse:
    visit, ids = request.hub, Chosen(request).ids()
    key = request.POST.get("client_key", "")[:64] or uuid.uuid4().hex
    batch = batches.start(
        ask.action, ids, params, client_key=f"page:{visit.member.pk}:{key}", by=visit.by, member=visit.member
    )
    if len(ids) <= AT_ONCE:
        _finish(batch, request)
    else:
        toast(request, _("%(n)s件の処理を始めました。進み具合は右下に出ます。") % {"n": f"{len(ids):,}"})
    response = done(request, "")
    response["HX-Trigger"] = json.dumps({"selection-done": True})
    return response


def _finish(batch: Batch, request: PageRequest) -> None:
    """Work a small batch off here and now, in this transaction, and say what it came to."""
    found = batches.finish_here(batch.pk, now=request.hub.now)
    words = _("%(n)s件: %(act)s") % {"n": f"{found.changed:,}", "act": title_of(found)}
    if found.skipped:
        words += _(" · 変えられなかった %(n)s件") % {"n": f"{found.skipped:,}"}
    undo = reverse("orders:batch_undo", args=[batch.pk]) if batch.action in UNDOABLE and found.changed else ""
    toast(request, words, undo_url=undo, tone="good" if found.changed else "stop")
