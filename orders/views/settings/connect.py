"""Connecting a shop, changing it, and testing its key. The mall is called between two short transactions, never inside one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hub import secrets
from hub.form_parts import SEEN, attempt, read_seen, refused, seen_box
from hub.web import PageRequest, Visit, page, toast
from orders.channels import CredentialsForm, ShopTest
from orders.connecting import try_credentials, try_shop
from orders.forms.shops import ConfirmForm, IntakeForm, ShopForm, StartForm, columns_of, key_form, values_of
from orders.models import Shop
from orders.operations import shops as operations
from orders.operations.settings import change_shop
from orders.views.settings import telling
from orders.views.settings.shops import connected

SEEN_COLUMNS = (
    "name",
    "mark",
    "colour",
    "wait_minutes",
    "every_seconds",
    "next_day_name",
    "harmless_remarks",
    "confirm_by",
    "signature",
)


@dataclass(kw_only=True)
class Sheet:
    """The forms of the page, filled or not. `shop` is None while a new one is connected; `box` holds keys that were tried."""

    channel: str
    shop: Shop | None
    name: ShopForm
    keys: CredentialsForm
    intake: IntakeForm
    confirm: ConfirmForm
    start: StartForm | None
    box: Mapping[str, str]

    @property
    def own(self) -> list[forms.Form]:
        return [self.name, self.intake, self.confirm]

    def is_valid(self) -> bool:
        """Check every form, so that every error is shown at once."""
        forms_ = [*self.own, self.keys, *([self.start] if self.start else [])]
        valid = [form.is_valid() for form in forms_]
        return all(valid)

    def credentials(self) -> dict[str, str]:
        """Return the keys to try: those typed now, else those tried before; empty to keep what is stored."""
        typed = {name: str(value) for name, value in self.keys.cleaned_data.items() if value not in ("", None)}
        return typed or dict(self.box)


def _sheet(visit: Visit, shop: Shop | None, data: Mapping[str, Any] | None, *, asked: str) -> Sheet:
    """Build the forms inside a transaction: they offer the tenant's warehouses. `asked`: the mall that a new shop is at."""
    channel = shop.channel if shop else asked if asked in settings.CHANNELS else next(iter(settings.CHANNELS))
    box = _open_box(str((data or {}).get("tried", "")), visit, channel)
    initial = columns_of(shop) if shop else None
    stored = shop is not None and bool(bytes(shop.credentials))
    return Sheet(
        channel=channel,
        shop=shop,
        name=ShopForm(data, initial=initial),
        keys=key_form(channel, data, kept=stored or bool(box)),
        intake=IntakeForm(data, initial=initial),
        confirm=ConfirmForm(data, initial=initial, channel=channel),
        start=None if shop else StartForm(data),
        box=box,
    )


# Keys that were tried and not saved travel back and forth encrypted, so that nobody types them twice and nobody reads them.


def _owner(visit: Visit, channel: str) -> str:
    return f"{visit.tenant.pk}|try|{visit.member.pk}|{channel}"


def _seal_box(values: Mapping[str, str], visit: Visit, channel: str) -> str:
    return base64.urlsafe_b64encode(secrets.seal_box(values, owner=_owner(visit, channel))).decode()


def _open_box(text: str, visit: Visit, channel: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        return secrets.open_box(base64.urlsafe_b64decode(text), owner=_owner(visit, channel))
    except (secrets.Unreadable, binascii.Error, IndexError, ValueError):
        return {}


@page("keys.edit", outside=True)
def shop_new(request: PageRequest) -> HttpResponse:
    return _edit(request, None)


@page("keys.edit", outside=True)
def shop_edit(request: PageRequest, pk: int) -> HttpResponse:
    return _edit(request, pk)


def _edit(request: PageRequest, pk: int | None) -> HttpResponse:
    visit = request.hub
    with visit.transaction():
        shop = connected(pk) if pk is not None else None
        data = request.POST if request.method == "POST" else None
        sheet = _sheet(visit, shop, data, asked=(data or request.GET).get("channel", ""))
        if request.method != "POST" or "do" not in request.POST or not sheet.is_valid():
            return _shown(request, sheet, status=422 if "do" in request.POST else 200)
        credentials = sheet.credentials()
    test = (
        try_credentials(sheet.channel, credentials, tenant_id=visit.tenant.pk, person=visit.member.pk)
        if credentials
        else None
    )
    with visit.transaction():
        if test is not None and not test.passed and request.POST["do"] != "save_anyway":
            return _shown(request, sheet, test=test, credentials=credentials, status=422)
        saved = _Saver(visit, sheet, credentials, test, read_seen(request.POST))
        if not attempt(sheet.name, saved.save):
            return _shown(request, sheet, credentials=credentials, status=409)
        toast(request, saved.said, tone="good" if test is None or test.passed else "stop")
        assert saved.shop is not None
        return redirect("orders:shop", saved.shop.pk)


class _Saver:
    """Writes what the forms say and what the live test found, all of it or nothing."""

    def __init__(
        self,
        visit: Visit,
        sheet: Sheet,
        credentials: Mapping[str, str],
        test: ShopTest | None,
        seen: dict[str, Any] | None,
    ) -> None:
        self.visit, self.sheet, self.credentials, self.test, self.seen = visit, sheet, credentials, test, seen
        self.shop: Shop | None = sheet.shop
        self.said = _("保存しました。")

    def save(self) -> None:
        by, now = self.visit.by, self.visit.now
        values = values_of(self.sheet.own)
        if self.shop is None:
            self.shop = self._create(values)
        else:
            change_shop(self.shop, values=values, by=by, now=now, seen=self.seen)
            if self.credentials:
                operations.set_credentials(self.shop, self.credentials, by=by, now=now)
        if self.test is not None:
            operations.save_test(self.shop, self.test, by=by, now=now)
            self.shop.refresh_from_db()
            self.said = (
                _("つながりました。")
                if self.test.passed
                else _("保存しましたが、つながっていません。取込は始められません。")
            )
        self._start()

    def _create(self, values: dict[str, Any]) -> Shop:
        by, now, start = self.visit.by, self.visit.now, self.sheet.start
        assert start is not None
        named = {name: values.pop(name) for name in ("name", "mark")}
        shop = operations.create_shop(
            channel=self.sheet.channel, credentials=self.credentials, by=by, now=now, **named, **values
        )
        if days := start.cleaned_data["back_days"]:
            operations.read_again(shop, since=now - timedelta(days=days), by=by, now=now)
        return shop

    def _start(self) -> None:
        wanted = self.sheet.start is not None and self.sheet.start.cleaned_data["start"]
        if wanted and self.shop is not None and self.test is not None and self.test.passed:
            operations.start_intake(self.shop, by=self.visit.by, now=self.visit.now)
            self.said = _("つながりました。観察で取込を始めました。")


def _shown(
    request: PageRequest,
    sheet: Sheet,
    *,
    test: ShopTest | None = None,
    credentials: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    visit, shop = request.hub, sheet.shop
    if credentials:
        sheet.keys = key_form(sheet.channel, None, kept=True)
    lead = (
        _("いまの鍵は末尾 %(hint)s です。入れ替えるときだけ、入力してください。") % {"hint": shop.key_hint}
        if shop and shop.key_hint
        else ""
    )
    lead = _("先ほど試した鍵を覚えています。直すときだけ、入力してください。") if credentials else lead
    parts = [
        {"title": pgettext("one", "ショップ"), "lead": "", "form": sheet.name},
        {"title": _("鍵"), "lead": lead or _("保存した鍵は、だれも読み返せません。"), "form": sheet.keys},
        {"title": _("取込"), "lead": "", "form": sheet.intake},
        {"title": _("確認とメール"), "lead": "", "form": sheet.confirm},
    ]
    if sheet.start is not None:
        parts.insert(2, {"title": _("はじめ方"), "lead": "", "form": sheet.start})
    hidden = [("tried", _seal_box(credentials, visit, sheet.channel))] if credentials else []
    if shop is None:
        hidden.append(("channel", sheet.channel))
    else:
        hidden.append((SEEN, request.POST.get(SEEN) or seen_box(shop, SEEN_COLUMNS)))
    context = {
        "title": _("%(name)s の設定") % {"name": shop.name} if shop else _("ショップをつなぐ"),
        "channels": [
            {"label": _(plug.label), "url": f"{request.path}?channel={key}", "on": key == sheet.channel}
            for key, plug in ({} if shop else settings.CHANNELS).items()
        ],
        "forms": parts, "hidden": hidden, "test": telling.test_told(sheet.channel, operations.told(test), visit.now) if test else None,
        "back_pk": shop.pk if shop else None, "help_url": "",
    }  # fmt: skip
    if test is not None:
        context["shop"] = SimpleNamespace(key_expires_at=test.key_expires_at)
    return render(request, "orders/shop_form.html", context, status=status)


@page("keys.edit", methods=("POST",), outside=True)
def shop_test(request: PageRequest, pk: int) -> HttpResponse:
    """Call the mall with the stored key and keep what each function answered."""
    visit = request.hub
    with visit.transaction():
        shop = connected(pk)
    test = try_shop(shop)
    with visit.transaction():
        why = refused(lambda: operations.save_test(shop, test, by=visit.by, now=visit.now))
    said = _("つながりました。すべて使えます。") if test.passed else _("使えない機能があります。下の表を見てください。")
    toast(request, why or said, tone="good" if test.passed and not why else "stop")
    return redirect("orders:shop", pk)
