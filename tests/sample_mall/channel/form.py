"""The credentials of a shop at the sample mall."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.channels import CredentialsForm


class SampleCredentialsForm(CredentialsForm):
    """The store's account and its access token."""

    secret_fields = ("token",)
    hint_field = "token"

    seller_id = forms.CharField(label=_("ストアアカウント"), max_length=100)
    token = forms.CharField(
        label=_("アクセストークン"), max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
