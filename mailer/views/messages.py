"""Mails that went, wait or stopped; sending one again; writing one from an order; letting go what the flood gate holds."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.access import note_read
from hub.effects.operations import send_again
from hub.form_parts import ids_of
from hub.ids import encode
from hub.models import Effect, EffectState
from hub.problems import advise, say
from hub.web import PageRequest, page, toast
from mailer import operations
from mailer.forms import ComposeForm
from mailer.models import MailTemplate, Message
from mailer.queries import SeenMessage, held_mails, messages_of, preview, seen_of, templates
from mailer.views import telling
from orders.models import Order, Shop
from orders.operations.erased import refuse_erased

ROWS = 50
STATES = {
    "waiting": (EffectState.WAITING, EffectState.SENDING, EffectState.UNSURE),
    "stopped": (EffectState.STOPPED,),
    "dropped": (EffectState.DROPPED,),
}


@page("addresses.see", methods=("GET",))
def messages(request: PageRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    rows, shown = _paged(request, _asked(state))
    found = [_row(seen) for seen in seen_of(rows)]
    visit = request.hub
    note_read("messages", by=visit.by, asked=request.GET.dict(), count=len(rows), now=visit.now)
    gates = [
        {
            "pk": held.template_id, "shop_pk": held.shop_id, "count": held.count, "since": held.oldest_at,
            "words": _("%(shop)s の「%(name)s」が、受注の数に比べて多すぎるか、長く止まっていました。内容を確かめてから送ってください。")
            % {"shop": held.shop_name, "name": held.template_name},
        }
        for held in held_mails()
    ]  # fmt: skip
    context = {"tabs": telling.tabs("messages"), "chips": _chips(state), "gates": gates, "rows": found, "page": shown}
    return render(request, "mailer/messages.html", context)


def _asked(state: str) -> QuerySet[Message]:
    rows = Message.objects.select_related("template", "account", "order", "shop").order_by("-pk")
    if state == "sent":
        return rows.filter(sent_at__isnull=False)
    if state in STATES:
        return rows.filter(effect_id__in=Effect.objects.filter(kind="mail.send", state__in=STATES[state]).values("pk"))
    return rows


def _paged(request: PageRequest, rows: QuerySet[Message]) -> tuple[list[Message], dict[str, Any]]:
    """Return a page by its key, so that mails that go meanwhile move nothing."""
    before = next(iter(ids_of([request.GET.get("before", "")])), None)
    found = list((rows.filter(pk__lt=before) if before else rows)[: ROWS + 1])
    kept = {"state": request.GET["state"]} if request.GET.get("state") else {}
    following = f"?{urlencode({**kept, 'before': encode(found[ROWS - 1].pk)})}" if len(found) > ROWS else ""
    shown = found[:ROWS]
    return shown, {
        "first": 1 if shown else 0,
        "last": len(shown),
        "total": None,
        "previous_url": f"?{urlencode(kept)}" if before else "",
        "next_url": following,
    }


def _chips(state: str) -> list[dict[str, Any]]:
    here = reverse("mailer:messages")
    words = {
        "": _("すべて"),
        "waiting": _("送信待ち"),
        "stopped": _("止まっている"),
        "sent": _("送信済"),
        "dropped": _("取りやめ"),
    }
    return [
        {"words": said, "count": _asked(key).count(), "url": f"{here}?state={key}" if key else here, "on": state == key}
        for key, said in words.items()
    ]


def _row(seen: SeenMessage) -> dict[str, Any]:
    row = seen.message
    words, tone = telling.state_of(seen)
    return {
        "pk": row.pk, "subject": row.subject or _("消去済み"), "to": row.recipient, "order": row.order, "shop": row.shop,
        "at": row.sent_at or row.queued_at,
        "template_name": row.template.name, "state_words": words, "tone": tone,
    }  # fmt: skip


@page("addresses.see", methods=("GET",))
def message(request: PageRequest, pk: int) -> HttpResponse:
    seen = _seen(pk)
    shown = {
        **_row(seen),
        "sender": seen.message.sender,
        "body": seen.message.body,
        "reason_words": telling.reason_of(seen),
    }
    return render(request, "mailer/message.html", {"message": shown, "again_words": telling.again_means(seen)})


def _seen(pk: int) -> SeenMessage:
    row = get_object_or_404(Message.objects.select_related("template", "account", "order", "shop"), pk=pk)
    return seen_of([row])[0]


@page("mail.send", methods=("POST",))
def message_again(request: PageRequest, pk: int) -> HttpResponse:
    """Let a stopped mail go again; one that went or was given up is decided anew, with the order's present content."""
    visit, seen = request.hub, _seen(pk)
    row = seen.message
    if seen.state == EffectState.STOPPED:
        send_again([row.effect_id], by=visit.by, now=visit.now)
        toast(request, _("もう一度送ります。"))
    elif seen.state in (EffectState.DONE, EffectState.DROPPED):
        outcome = operations.queue_message(
            [row.order_id], template=row.template, occasion="", by=visit.by, now=visit.now, manual=True
        )
        _say(request, outcome.issues[0].reason if outcome.issues else "", _("新しいメールとして送ります。"))
    else:
        toast(request, _("このメールはまだ送信待ちです。"), tone="stop")
    return redirect("mailer:message", pk)


def _say(request: PageRequest, refusal: str, done: str) -> None:
    toast(request, refusal_words(refusal) if refusal else done, tone="stop" if refusal else "good")


def refusal_words(code: str) -> str:
    """Return why a mail may not be sent for an order."""
    return " ".join(part for part in (say(code), advise(code)) if part)


@page("mail.send", methods=("POST",))
def gate(request: PageRequest, pk: int) -> HttpResponse:
    """Let go, or give up, what the flood gate holds of a template and a shop."""
    visit = request.hub
    template = get_object_or_404(MailTemplate, pk=pk)
    shop = get_object_or_404(Shop, pk=next(iter(ids_of([request.POST.get("shop", "")])), 0))
    if request.POST.get("act") == "send":
        count = operations.release_flood(template, shop, by=visit.by, now=visit.now)
        toast(request, _("%(n)d通を送ります。一通ずつ、いまも正しいかを確かめてから送ります。") % {"n": count})
    elif request.POST.get("act") == "drop":
        count = operations.drop_flood(template, shop, by=visit.by, now=visit.now)
        toast(request, _("%(n)d通を取りやめました。") % {"n": count})
    return redirect("mailer:messages")


@page("mail.send")
def compose(request: PageRequest, pk: int) -> HttpResponse:
    """Write one mail from an order, begun from a template; the words are this mail's alone."""
    visit = request.hub
    order = get_object_or_404(Order.objects.select_related("shop"), pk=pk)
    refuse_erased(order)
    offered = [
        row for row in templates() if row.shop_id in (None, order.shop_id) and row.stopped_at is None and row.enabled
    ]
    if not offered:
        toast(request, _("使えるテンプレートがありません。先に作ってください。"), tone="stop")
        return redirect("mailer:templates")
    asked = next(iter(ids_of([request.GET.get("template", "")])), 0)
    chosen = next((row for row in offered if row.pk == asked), offered[0])
    form = ComposeForm(
        request.POST if request.method == "POST" else None, initial={"subject": chosen.subject, "body": chosen.body}
    )
    refusal, written = "", copy.copy(chosen)
    if form.is_valid():
        written.subject, written.body = form.cleaned_data["subject"], form.cleaned_data["body"]
        if request.POST.get("do") == "send":
            outcome = operations.queue_message(
                [order.pk], template=written, occasion="", by=visit.by, now=visit.now, manual=True
            )
            if not outcome.issues:
                toast(request, _("メールを送ります。"))
                return redirect("orders:detail", order.pk)
            refusal = refusal_words(outcome.issues[0].reason)
    look = preview(written, order.pk)
    context = {
        "order": order, "form": form, "refused": refusal,
        "templates": [{"pk": row.pk, "name": row.name, "on": row.pk == chosen.pk, "url": f"?template={encode(row.pk)}"} for row in offered],
        "preview": {"subject": look.subject, "body": look.body, "order_number": order.number, "error": ""},
        "already": [
            {"words": _("%(name)s は送信済みです") % {"name": chosen.name}, "at": seen.message.sent_at}
            for seen in messages_of([order.pk]) if seen.message.template_id == chosen.pk and seen.message.sent_at
        ],
    }  # fmt: skip
    return render(
        request,
        "mailer/compose.html",
        context,
        status=409 if refusal else 422 if form.is_bound and form.errors else 200,
    )
