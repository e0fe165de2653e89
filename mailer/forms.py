"""Forms for mail accounts and templates. They clean, and only clean; `mailer/settings.py` writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailer import placeholders
from mailer.composing import MAX_SUBJECT, is_address
from mailer.models import MailAccount, MailTemplate
from mailer.occasions import LABELS
from mailer.smtp import SECURITY

MAX_BODY = 20_000
_PORTS = {"starttls": 587, "ssl": 465, "none": 25}


class AccountForm(forms.Form):
    """Where a shop's mail goes out. The password is write-only: left empty, the stored one stays."""

    name = forms.CharField(label=_("名前"), max_length=60)
    host = forms.CharField(label=_("SMTPサーバー"), max_length=253)
    port = forms.IntegerField(label=_("ポート"), min_value=1, max_value=65_535, required=False)
    security = forms.ChoiceField(
        label=_("暗号化"),
        choices=[("starttls", "STARTTLS"), ("ssl", "SSL/TLS"), ("none", _("なし（試験用）"))],
        initial="starttls",
    )
    user = forms.CharField(label=_("ユーザー名"), max_length=254, required=False)
    password = forms.CharField(
        label=_("パスワード"), max_length=254, required=False, strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("入力した値は二度と表示しません。変えないときは空のままにしてください。"),
    )  # fmt: skip
    sender = forms.CharField(
        label=_("差出人アドレス"), max_length=254, help_text=_("楽天の店舗は、RMSに登録した店舗連絡先アドレスです。")
    )
    sender_name = forms.CharField(label=_("差出人名"), max_length=60, required=False)

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"].strip().rstrip(".").lower()
        if any(sign in host for sign in "/:@ \t") and not host.startswith("["):
            raise forms.ValidationError(
                gettext("サーバーの名前だけを入れてください（例: smtp.example.jp）。"), code="bad_host"
            )
        return host

    def clean_sender(self) -> str:
        sender: str = self.cleaned_data["sender"].strip()
        if not is_address(sender):
            raise forms.ValidationError(gettext("メールアドレスではありません。"), code="bad_address")
        return sender

    def clean_sender_name(self) -> str:
        return placeholders.header(self.cleaned_data["sender_name"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("security") in SECURITY and not values.get("port"):
            values["port"] = _PORTS[values["security"]]
        return values

    @staticmethod
    def initial_of(account: MailAccount) -> dict[str, Any]:
        """Return what the form shows of an account; never its password."""
        return {
            name: getattr(account, name)
            for name in ("name", "host", "port", "security", "user", "sender", "sender_name")
        }


class TemplateForm(forms.Form):
    """A template's words. A placeholder that no order can fill is refused with its place."""

    name = forms.CharField(label=_("名前"), max_length=60)
    occasion = forms.ChoiceField(label=_("送るとき"), choices=list(LABELS.items()), required=False)
    subject = forms.CharField(label=_("件名"), max_length=MAX_SUBJECT)
    body = forms.CharField(label=_("本文"), max_length=MAX_BODY, widget=forms.Textarea(attrs={"rows": 24}), strip=False)
    again_if_unsure = forms.BooleanField(
        label=_("届いたか分からないとき、もう一度送る"), required=False,
        help_text=_("通常は切っておきます。サーバーの応答が途切れたとき、二重に届くことがあります。"),
    )  # fmt: skip

    def clean_subject(self) -> str:
        return placeholders.header(_known_words(self.cleaned_data["subject"]))

    def clean_body(self) -> str:
        return placeholders.body(_known_words(self.cleaned_data["body"]))

    @staticmethod
    def initial_of(template: MailTemplate) -> dict[str, Any]:
        """Return what the form shows of a template."""
        return {name: getattr(template, name) for name in ("name", "occasion", "subject", "body", "again_if_unsure")}


def _known_words(text: str) -> str:
    faults = placeholders.unknown_words(text)
    if faults:
        raise forms.ValidationError([
            forms.ValidationError(
                gettext("%(line)d行目の%(column)d文字目: {%(word)s} という差し込み語はありません。"), code="unknown_word",
                params={"line": fault.line, "column": fault.column, "word": fault.word},
            )
            for fault in faults
        ])  # fmt: skip
    return text


class ComposeForm(TemplateForm):
    """The words of one mail from an order, begun from a template."""

    # A field set to None is taken away.
    name = None  # type: ignore[assignment]
    occasion = None  # type: ignore[assignment]
    again_if_unsure = None  # type: ignore[assignment]
