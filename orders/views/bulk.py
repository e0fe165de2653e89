"""Acts over the selected orders: first what will change and what cannot, and why; then the act, at once or as a job."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.access import LONGEST
from hub.answers import done, go
from hub.clock import JAPAN
from hub.form_parts import ids_of
from hub.ids import NotAnId, decode, encode
from hub.problems import explain, known, say
from hub.web import PageRequest, page, toast
from orders import batches
from orders.forms.bulk import (
    CancelForm,
    ChangeForm,
    DayForm,
    DeliveryForm,
    LookingForm,
    MailForm,
    MemoForm,
    ReasonForm,
    WarehouseForm,
    WithdrawForm,
)
from orders.frame import chosen_shop
from orders.models import Batch, Order, Shop, Status, Tag
from orders.operations.door import Changed, Issue
from orders.operations.holds import system_task
from orders.plugs import panel
from orders.queries import ids_of_orders
from orders.views import narrowing, pasted
from orders.views.jobs import AT_ONCE, UNDOABLE, title_of

LOOKED_AT = 1_000
"""A preview tries the act on this many orders and takes it back."""
MOST = 100_000
EXAMPLES = 5
PREVIEWED = 3
REVERSIBLE = frozenset(
    {"change", "hold", "release", "want-shipment", "unwant-shipment", "ship-on", "choose-warehouse", "read-again"}
)
"""Acts whose opposite is an act of its own."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A bulk act as the selection bar names it: the act, the right it needs, the form it asks, what cannot be undone."""

    action: str
    right: str
    title: str | Promise = ""
    form: type[forms.Form] | None = None
    sample: Mapping[str, Any] = field(default_factory=dict)
    """What a trial is made with before the form is filled in, where the outcome is the same whatever is filled in."""
    warning: str | Promise = ""
    undo: str | Promise = ""
    """How long it can be undone, where that is not always."""


ASKS: Mapping[str, Ask] = {
    "ship_on": Ask(action="ship-on", right="orders.edit", title=gettext_lazy("発送日を決める"), form=DayForm),
    "delivery": Ask(action="set-delivery", right="orders.edit", title=gettext_lazy("配送を変える"), form=DeliveryForm),
    "change": Ask(action="change", right="orders.edit", title=gettext_lazy("まとめて変える"), form=ChangeForm),
    "memo": Ask(action="memo", right="orders.edit", title=gettext_lazy("メモを書く"), form=MemoForm,
    sample={"text": "\u2063", "add": True}),
    "warehouse": Ask(action="choose-warehouse", right="orders.edit", title=gettext_lazy("倉庫を選ぶ"), form=WarehouseForm),
    "withdraw": Ask(action="withdraw", right="orders.cancel", title=gettext_lazy("出荷依頼を取り下げる"), form=WithdrawForm,
    sample={"reason": "", "accept_fee": False},
    warning=gettext_lazy("頼んだ取下げは取り消せません。倉庫が応じると、受注は保留になります。")),
    "cancel_at_mall": Ask(action="cancel-at-mall", right="orders.cancel", title=gettext_lazy("モールでもキャンセル"), form=CancelForm,
    sample={"reason": "customer_cancel", "restock": False}, warning=gettext_lazy("モールへ申し込み、お客様に通知されます。")),
    "mail": Ask(action="send-mail", right="mail.send", title=gettext_lazy("メールを送る"), form=MailForm,
    undo=gettext_lazy("30秒のあいだは取り消せます。50通を超えるときは、送信前に確認が入ることがあります。")),
    "hold": Ask(action="hold", right="orders.edit", title=gettext_lazy("保留する"), form=ReasonForm, sample={"reason": "–"}),
    "not_here": Ask(action="cancel-here", right="orders.cancel", title=gettext_lazy("ここで扱わない")),
    "delete": Ask(action="delete", right="orders.delete", title=gettext_lazy("取込から外す")),
}  # fmt: skip
BUTTONS: Mapping[str, Ask] = {
    "set_status": Ask(action="set-status", right="orders.edit"),
    "add_tag": Ask(action="add-tag", right="orders.edit"),
    "remove_tag": Ask(action="remove-tag", right="orders.edit"),
    "want_shipment": Ask(action="want-shipment", right="orders.edit", title=gettext_lazy("出荷を依頼する")),
    "unwant_shipment": Ask(action="unwant-shipment", right="orders.edit", title=gettext_lazy("出荷の指示を取り消す")),
    "read_remark": Ask(action="read-remark", right="orders.edit", title=gettext_lazy("備考を読んだことにする")),
    "read_again": Ask(action="read-again", right="orders.edit", title=gettext_lazy("モールから読み直す")),
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
        """Return the ids in id order, only those of this tenant and none in a status that another system looks after."""
        ids = self._ids()
        apart = list(Status.objects.filter(not_ours=True).values_list("pk", flat=True))
        if not apart:
            return ids
        theirs = set(Order.objects.filter(pk__among=ids, status__in=apart).values_list("pk", flat=True))
        return [pk for pk in ids if pk not in theirs]

    def _ids(self) -> list[int]:
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

    def asked(self) -> dict[str, str]:
        """Return what led to these orders, for the access row: the filter, with the words of a list that its address only names."""
        if not self.whole:
            return {"orders": "named"}
        said = QueryDict(self.query).get("q", "")
        words = pasted.text_of(said, self._request.hub)
        return {"query": self.query, **({"words": words[:LONGEST]} if words and words != said else {})}

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
        form = ask.form(request.POST, **_offered(request, ask))
        if "look" in request.POST or not form.is_valid():
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
    if form is None and ask.form is not None:
        tomorrow = (request.hub.now.astimezone(JAPAN) + timedelta(days=1)).date()
        form = ask.form(initial={"day": tomorrow}, **_offered(request, ask))
    if isinstance(form, LookingForm):
        if form.offers_nothing():
            return done(request, _("選べるものがありません。先に設定で作ってください。"), tone="stop")
        asked = form.chosen()
    else:
        asked = {**ask.sample, **params}
    outcome = Changed() if asked is None else tried(ask.action, ids[:LOOKED_AT], asked, request)
    share = len(ids) / min(len(ids), LOOKED_AT) if ids else 1
    will = round(len(outcome.changed) * share)
    shown = Batch(action=ask.action, params=dict(params))
    context = {
        "title": ask.title or title_of(shown),
        "unchosen": asked is None,
        "will": will,
        "cannot": round(len(outcome.issues) * share),
        "causes": _causes(outcome),
        "changes": _before(ask, outcome, params),
        "already": round(len(outcome.unchanged) * share),
        "looked_at": LOOKED_AT if len(ids) > LOOKED_AT else 0,
        "form": form,
        "undoable": ask.action in UNDOABLE or ask.action in REVERSIBLE,
        "undo_words": ask.undo,
        "warning": ask.warning,
        "confirm_words": (_("%(n)s通を送る") if ask.action == "send-mail" else _("%(n)s件を変える")) % {"n": f"{will:,}"},
        "mails": _mails(ask, asked, outcome),
        "action_url": reverse("orders:bulk"),
        "kept": [
            *chosen.kept(), ("confirmed", "1"), ("client_key", uuid.uuid4().hex),
            *([("ask", name)] if name in ASKS else [(name, request.POST.get(name, "1"))]),
        ],
    }  # fmt: skip
    return render(request, "orders/bulk_preview.html", context)


def _offered(request: PageRequest, ask: Ask) -> dict[str, Any]:
    """Return what a form offers that depends on the orders chosen."""
    if ask.form is not MailForm:
        return {}
    return {"templates": panel("mail_templates", order_ids=Chosen(request).ids()[:LOOKED_AT]) or []}


def _mails(ask: Ask, params: Mapping[str, Any] | None, outcome: Changed) -> list[SimpleNamespace]:
    """Return how a mail reads for the first orders that it will go to."""
    if ask.action != "send-mail" or params is None:
        return []
    shown = panel("mail_previews", template=params["template"], order_ids=outcome.changed[:PREVIEWED]) or []
    numbers = dict(Order.objects.filter(pk__in=outcome.changed[:PREVIEWED]).values_list("pk", "number"))
    return [
        SimpleNamespace(
            number=numbers[pk], recipient=one.recipient, subject=one.subject, body=one.body, empty=one.empty_words
        )
        for pk, one in shown
    ]


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
    if found.action == "send-mail":
        words += _mailed(found)
    if found.skipped:
        words += _(" · 変えられなかった %(n)s件") % {"n": f"{found.skipped:,}"}
    undo = reverse("orders:batch_undo", args=[batch.pk]) if batch.action in UNDOABLE and found.changed else ""
    toast(request, words, undo_url=undo, tone="good" if found.changed else "stop")


def _mailed(batch: Batch) -> str:
    """Say which mails of an act do not go by themselves: sent before, or held by the gate."""
    told = _(" · 送信済みのため送らない %(n)s件") % {"n": f"{batch.unchanged:,}"} if batch.unchanged else ""
    held = panel("mail_held", order_ids=batch.order_ids, batch_id=batch.pk, **batch.params) or 0
    return told + (_(" · 送信前に止めた %(n)s件。メールの画面で確かめてください") % {"n": f"{held:,}"} if held else "")
