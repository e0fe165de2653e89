"""The credentials and contract terms of a shop at RSL."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.channels import CredentialsForm
from warehouses.adapters import WarehouseAbility

ON = frozenset({"", "True", "true", "on", "1"})  # a box that was never filled in keeps the usual terms


class RslForm(CredentialsForm):
    """Login, and what the contract includes: both terms decide how a lost answer is handled."""

    secret_fields = ("token",)
    hint_field = "token"

    shop_code = forms.CharField(label=_("店舗コード"), max_length=64)
    token = forms.CharField(label=_("アクセストークン"), max_length=512, widget=forms.PasswordInput)
    dedupes = forms.BooleanField(label=_("同じ伝票番号の依頼は一度だけ出荷される"), required=False, initial=True)
    askable = forms.BooleanField(label=_("依頼の状態を照会できる"), required=False, initial=True)

    def clean_shop_code(self) -> str:
        """Take away blanks around the code."""
        return self.key("shop_code")

    def clean_token(self) -> str:
        """Take away blanks around the token."""
        return self.key("token")


def contract_abilities(credentials: Mapping[str, object]) -> frozenset[WarehouseAbility]:
    """Return what this contract allows."""
    abilities = {WarehouseAbility.REQUEST, WarehouseAbility.WITHDRAW, WarehouseAbility.RESULTS}
    if str(credentials.get("dedupes", "")) in ON:
        abilities.add(WarehouseAbility.DEDUPES)
    if str(credentials.get("askable", "")) in ON:
        abilities.add(WarehouseAbility.ASKABLE)
    return frozenset(abilities)
