"""Where mail is sent from. Saving an account speaks to its server, between two short transactions."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hub.audit import note
from hub.form_parts import attempt, form_page, row_field
from hub.problems import advise, say
from hub.web import PageRequest, page, toast
from mailer import settings as acts
from mailer.accounts import server_of
from mailer.forms import AccountForm
from mailer.models import MailAccount
from mailer.queries import accounts as accounts_in_use
from mailer.queries import shops_without_account
from mailer.smtp import Conversation, Failed, Server
from mailer.views import telling
from orders.models import Shop


@page("settings.see", methods=("GET",))
def accounts(request: PageRequest) -> HttpResponse:
    rows = [
        {
            "pk": row.pk, "name": row.name, "server": f"{row.host}:{row.port}", "shop_words": row.shop.name if row.shop else "",
            "sender": f"{row.sender_name} <{row.sender}>" if row.sender_name else row.sender,
        }
        for row in accounts_in_use()
    ]  # fmt: skip
    missing = [shop.name for shop in shops_without_account()]
    return render(
        request, "mailer/accounts.html", {"tabs": telling.tabs("accounts"), "accounts": rows, "missing": missing}
    )


@page("keys.edit", outside=True)
def account_new(request: PageRequest) -> HttpResponse:
    return _edit(request, None)


@page("keys.edit", outside=True)
def account(request: PageRequest, pk: int) -> HttpResponse:
    return _edit(request, pk)


def _account(pk: int) -> MailAccount:
    return get_object_or_404(MailAccount, pk=pk, retired_at__isnull=True)


def _edit(request: PageRequest, pk: int | None) -> HttpResponse:
    visit = request.hub
    with visit.transaction():
        row = _account(pk) if pk is not None else None
        form = AccountForm(
            request.POST if request.method == "POST" else None, initial=AccountForm.initial_of(row) if row else None
        )
        if row is None:
            shops = Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk").values_list("pk", "name")
            form.fields["shop"] = row_field(shops, label=pgettext("one", "ショップ"), empty=_("すべて"))
        saved: list[MailAccount] = []

        def act() -> None:
            values = form.cleaned_data
            saved.append(acts.save_account(values, account=row, shop_id=values.get("shop"), by=visit.by, now=visit.now))

        if not form.is_valid() or not attempt(form, act):
            return _shown(request, form, row)
        server = server_of(saved[0])
    return _tested(request, saved[0], server)


def _shown(request: PageRequest, form: AccountForm, row: MailAccount | None) -> HttpResponse:
    danger = None
    if row is not None:
        url = reverse("mailer:account_retire", args=[row.pk])
        danger = {"words": _("使うのをやめる"), "note": _("送信待ちのメールは、このまま出ます。"), "url": url}
    return form_page(
        request, form, title=row.name if row else _("送信元を加える"), back_url=reverse("mailer:accounts"), back_words=_("送信元"),
        submit_words=_("確かめて保存"), danger=danger,
    )  # fmt: skip


def _tested(request: PageRequest, row: MailAccount, server: Server) -> HttpResponse:
    """Log in at the server and say how it went; nothing is sent."""
    visit, why = request.hub, ""
    try:
        Conversation(server).close()
    except Failed as failed:
        why = " ".join(
            part for part in (say(failed.outcome.reason), advise(failed.outcome.reason), failed.outcome.detail) if part
        )
    with visit.transaction():
        note("mail.account_tested", by=visit.by, now=visit.now, account=row.pk, name=row.name, passed=not why)
    if why:
        toast(request, _("%(name)s につながりません: %(why)s") % {"name": row.name, "why": why}, tone="stop")
        return redirect("mailer:account", row.pk)
    toast(request, _("%(name)s につながりました。") % {"name": row.name})
    return redirect("mailer:accounts")


@page("keys.edit", methods=("POST",), outside=True)
def account_test(request: PageRequest, pk: int) -> HttpResponse:
    with request.hub.transaction():
        row = _account(pk)
        server = server_of(row)
    return _tested(request, row, server)


@page("keys.edit", methods=("POST",))
def account_retire(request: PageRequest, pk: int) -> HttpResponse:
    visit, row = request.hub, _account(pk)
    acts.retire_account(row, by=visit.by, now=visit.now)
    toast(request, _("%(name)s をやめました。") % {"name": row.name})
    return redirect("mailer:accounts")
