"""Templates: their words with a preview of a real order, stopped and used again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.form_parts import attempt, refused
from hub.web import PageRequest, page, toast
from mailer import operations
from mailer import settings as acts
from mailer.composing import values_of
from mailer.forms import TemplateForm
from mailer.models import MailTemplate, Message
from mailer.occasions import LABELS
from mailer.placeholders import WORDS, unknown_words
from mailer.queries import preview, sample_orders
from mailer.queries import templates as templates_in_use
from mailer.views import telling

GROUPS = {
    "受注": ("order_number", "ordered_on", "shop_name", "mall_name", "buyer_name", "lines", "recipients", "wish"),
    "金額": (
        "payment",
        "pay_due_on",
        "subtotal_yen",
        "postage_yen",
        "fee_yen",
        "coupon_yen",
        "points_yen",
        "total_yen",
    ),
    "発送": ("delivery", "shipped_on", "carrier", "tracking_number", "tracking_url", "shipments"),
}
"""How the placeholders are grouped beside the text; what is in no group comes last."""


@page("settings.see", methods=("GET",))
def templates(request: PageRequest) -> HttpResponse:
    since = request.hub.now - timedelta(days=30)
    sent = (
        Message.objects.filter(sent_at__gt=since)
        .order_by()
        .values("template_id")
        .annotate(n=Count("pk"))
        .values_list("template_id", "n")
    )
    counts = dict(sent)
    rows = [
        {
            "pk": row.pk,
            "name": row.name,
            "subject": row.subject,
            "occasion_words": LABELS.get(row.occasion, row.occasion),
            "enabled": row.enabled and row.stopped_at is None,
            "shop_words": row.shop.name if row.shop else "",
            "sent_30d": counts.get(row.pk, 0),
        }
        for row in templates_in_use()
    ]
    return render(request, "mailer/templates.html", {"tabs": telling.tabs("templates"), "rows": rows})


def _template(pk: int) -> MailTemplate:
    return get_object_or_404(MailTemplate, pk=pk, retired_at__isnull=True)


@page("settings.edit")
def template_new(request: PageRequest) -> HttpResponse:
    return _edit(request, None)


@page("settings.edit")
def template(request: PageRequest, pk: int) -> HttpResponse:
    return _edit(request, _template(pk))


def _edit(request: PageRequest, row: MailTemplate | None) -> HttpResponse:
    visit = request.hub
    form = TemplateForm(
        request.POST if request.method == "POST" else None, initial=TemplateForm.initial_of(row) if row else None
    )
    if form.is_valid() and attempt(
        form, lambda: acts.save_template(form.cleaned_data, template=row, by=visit.by, now=visit.now)
    ):
        toast(
            request,
            _("「%(name)s」を保存しました。これから決まるメールに使います。") % {"name": form.cleaned_data["name"]},
        )
        return redirect("mailer:templates")
    shown = row or MailTemplate(name=_("新しいテンプレート"), subject="", body="")
    context = {
        "template": {"pk": row.pk if row else None, "name": shown.name},
        "form": form,
        "placeholders": _placeholders(shown),
        "preview": _preview(shown, request.POST if form.is_bound else None),
        "preview_url": reverse("mailer:template_preview", args=[row.pk]) if row else "",
        "signature_note": _("末尾にはショップごとの署名が自動で付きます。"),
        "stopped": row is not None and row.stopped_at is not None,
    }
    return render(request, "mailer/template.html", context, status=422 if form.is_bound else 200)


def _placeholders(row: MailTemplate) -> list[dict[str, Any]]:
    """Return the words that may be used, each with what it says for a real order."""
    example = _example(row)
    grouped = {word for words in GROUPS.values() for word in words}
    groups = [*GROUPS.items(), ("ほか", tuple(word for word in WORDS if word not in grouped))]
    titles = {"受注": _("受注"), "金額": _("金額"), "発送": _("発送"), "ほか": _("ほか")}
    return [
        {
            "title": titles[title],
            "words": [{"key": f"{{{word}}}", "label": WORDS[word], "example": example.get(word, "")} for word in words],
        }
        for title, words in groups
    ]


def _example(row: MailTemplate) -> dict[str, str]:
    orders = sample_orders(row, 1)
    if not orders:
        return {}
    values = values_of([orders[0]])[orders[0].pk]
    return {word: " ".join(value.split())[:40] for word, value in values.items()}


def _preview(row: MailTemplate, data: Any) -> dict[str, Any] | None:
    """Return the template, or what is typed of it, filled for the latest order."""
    orders: Sequence[Any] = sample_orders(row, 1)
    if not orders:
        return None
    if data is not None:
        row = MailTemplate(
            subject=data.get("subject", "")[:500], body=data.get("body", "")[:20_000], occasion=row.occasion
        )
    faults = [*unknown_words(row.subject), *unknown_words(row.body)]
    error = (
        _("{%(word)s} という差し込み語はありません（%(line)d行目）。")
        % {"word": faults[0].word, "line": faults[0].line}
        if faults
        else ""
    )
    look = preview(row, orders[0].pk)
    return {"subject": look.subject, "body": look.body, "order_number": orders[0].number, "error": error}


@page("settings.edit", methods=("POST",))
def template_preview(request: PageRequest, pk: int) -> HttpResponse:
    return render(request, "mailer/parts/preview.html", {"preview": _preview(_template(pk), request.POST)})


@page("settings.edit", methods=("POST",))
def template_switch(request: PageRequest, pk: int) -> HttpResponse:
    visit, row, on = request.hub, _template(pk), request.POST.get("on") == "1"
    act = operations.start_template if on else operations.stop_template
    act(row, by=visit.by, now=visit.now)
    said = _("「%(name)s」をまた使います。") if on else _("「%(name)s」を止めました。送信待ちのものも送りません。")
    toast(request, said % {"name": row.name})
    return redirect("mailer:template", pk)


@page("settings.edit", methods=("POST",))
def template_retire(request: PageRequest, pk: int) -> HttpResponse:
    visit, row = request.hub, _template(pk)
    if why := refused(lambda: acts.retire_template(row, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("mailer:template", pk)
    toast(request, _("「%(name)s」を削除しました。送ったメールは残ります。") % {"name": row.name})
    return redirect("mailer:templates")
