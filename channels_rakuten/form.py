"""The credentials of a Rakuten shop: what is asked for, what is secret, and the slips people make when copying them."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.channels import CredentialsForm

_SHOP_ID = re.compile(r"S[PL](\d{1,9})_")


def shop_id_in(text: str) -> str:
    """Return the shop id in a key of the usual form `SP400001_…` or `SL400001_…`, or an empty text."""
    found = _SHOP_ID.match(text)
    return found.group(1) if found else ""


class RakutenCredentialsForm(CredentialsForm):
    """serviceSecret and licenseKey of the shop's own application in RMS (WEB APIサービス)."""

    secret_fields = ("service_secret", "license_key")
    hint_field = "license_key"

    service_secret = forms.CharField(
        label=_("serviceSecret"),
        max_length=200,
        help_text=_("RMSの「WEB APIサービス」で発行されます。例: SP400001_…"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    license_key = forms.CharField(
        label=_("licenseKey"),
        max_length=200,
        help_text=_(
            "有効期間は90日です。大文字のI(アイ)と小文字のl(エル)は見分けがつきにくいため、入力せずにコピーしてください。"
            "発行直後は10〜30分ほど使えないことがあります。"
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_service_secret(self) -> str:
        """Take away blanks around the secret."""
        return self.key("service_secret", without=":")

    def clean_license_key(self) -> str:
        """Take away blanks around the key."""
        return self.key("license_key", without=":")
