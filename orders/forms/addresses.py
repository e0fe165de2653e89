"""Where a parcel goes, as a person types it."""

from __future__ import annotations

import re
import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

DASHES = re.compile("[‐‑‒–—―−ーｰ－]")
"""What people type for a hyphen in a phone, after NFKC too."""


class AddressForm(forms.Form):
    """Name and address of a recipient. Width is left as typed, but a postal code and a phone are written in half width."""

    name = forms.CharField(label=_("お名前"), max_length=200)
    kana = forms.CharField(label=_("カナ"), max_length=200, required=False)
    postal_code = forms.CharField(
        label=_("郵便番号"), max_length=10, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    prefecture = forms.CharField(label=_("都道府県"), max_length=20)
    city = forms.CharField(label=_("市区町村"), max_length=200)
    street = forms.CharField(label=_("番地・建物"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    phone = forms.CharField(label=_("電話"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "tel"}))

    def clean_postal_code(self) -> str:
        """Write the code as 123-4567. Raises ValidationError for anything but seven digits."""
        digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", self.cleaned_data["postal_code"]))
        if len(digits) != 7:
            raise forms.ValidationError(_("7桁の郵便番号を入れてください。"))
        return f"{digits[:3]}-{digits[3:]}"

    def clean_phone(self) -> str:
        """Return the phone in half width. Raises ValidationError when it has too few digits."""
        phone = DASHES.sub("-", unicodedata.normalize("NFKC", self.cleaned_data["phone"])).strip()
        if len(re.sub(r"\D", "", phone)) < 9:
            raise forms.ValidationError(_("市外局番から入れてください。"))
        return phone

    def clean_street(self) -> str:
        return " ".join(str(self.cleaned_data["street"]).split())
