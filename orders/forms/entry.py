"""An order as a person enters it on one page: whose it is, how it is paid, and parcels with lines. Cleans, and only cleans."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hub.ids import encode
from orders.fields.labels import DELIVERY_METHODS, PAYMENT_METHODS
from orders.forms.addresses import AddressForm
from orders.manual import PERSON
from orders.models import Product, Shop, Warehouse

MOST_PARCELS, MOST_LINES = 20, 50
MOST_YEN = 100_000_000
MOST_PIECES = 100_000
MOST_OF_A_SLOT = 30
SLOTS = ("午前中", "12-14", "14-16", "16-18", "18-20", "19-21")
"""The hours that carriers deliver in, as malls and warehouses write them."""
TAXES = ((10, "10%"), (8, "8%"), (0, "0%"))


def narrow(text: str) -> str:
    """Write a code or a figure in half width, without commas and blanks at its ends."""
    return unicodedata.normalize("NFKC", text).strip()


class Yen(forms.IntegerField):
    """An amount or a number as people type it: full width, commas and 円 are let through."""

    def __init__(self, *, label: Any, required: bool = False, **more: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "class": "amount"})
        super().__init__(label=label, required=required, min_value=0, max_value=MOST_YEN, widget=widget, **more)
        self.error_messages["invalid"] = _("数字だけを入れてください。")
        self.error_messages["min_value"] = _("0以上の数を入れてください。")

    def to_python(self, value: Any) -> int | None:
        text = (
            narrow(value).replace(",", "").removeprefix("¥").removesuffix("円").strip()
            if isinstance(value, str)
            else value
        )
        return super().to_python(text)


def _said(form: forms.Form, words: Mapping[str, Any]) -> None:
    """Say what is missing in the field's own words."""
    for name, text in words.items():
        form.fields[name].error_messages["required"] = text


class HeadForm(forms.Form):
    """Which shop the order is of, how it is paid, what is added to the goods."""

    shop = forms.ChoiceField(label=pgettext_lazy("one", "ショップ"))
    payment = forms.ChoiceField(
        label=_("支払方法"),
        choices=[(code, words) for code, words in PAYMENT_METHODS.items() if code != "unknown"],
        initial="bank",
    )
    paid = forms.BooleanField(label=_("入金を確認済み"), required=False)
    postage_yen = Yen(label=_("送料"))
    fee_yen = Yen(label=_("手数料"))
    discount_yen = Yen(label=_("値引"))
    remarks = forms.CharField(
        label=_("お客様の備考"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("書くと、ほかの受注と同じく、読んだと確かめるまで保留になります。"),
    )  # fmt: skip
    memo = forms.CharField(
        label=_("作業メモ"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("お客様には見えません。"),
    )
    number = forms.CharField(
        label=_("受注番号"), required=False, max_length=60, help_text=_("空けておくと、M で始まる番号が付きます。")
    )

    def __init__(self, *args: Any, shops: Sequence[Shop], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shops = {encode(shop.pk): shop for shop in shops}
        self.fields["shop"] = forms.ChoiceField(
            label=pgettext_lazy("one", "ショップ"), choices=[(key, shop.name) for key, shop in self.shops.items()]
        )

    def clean_shop(self) -> Shop:
        return self.shops[self.cleaned_data["shop"]]

    def clean_number(self) -> str:
        return narrow(self.cleaned_data["number"])


class PersonForm(AddressForm):
    """A person at a place. `needed` names the fields that may not be empty."""

    field_order = ("name", "kana", "postal_code", "prefecture", "city", "street", "phone")

    def __init__(self, *args: Any, needed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = name in needed
        _said(self, {
            "name": _("お名前を入れてください。"), "postal_code": _("郵便番号を入れてください。"),
            "prefecture": _("都道府県を入れてください。"),
            "city": _("市区町村を入れてください。"), "street": _("番地まで入れてください。"), "phone": _("電話番号を入れてください。"),
        })  # fmt: skip

    def clean_postal_code(self) -> str:
        return super().clean_postal_code() if self.cleaned_data["postal_code"].strip() else ""

    def clean_phone(self) -> str:
        return super().clean_phone() if self.cleaned_data["phone"].strip() else ""

    def person(self) -> dict[str, str]:
        """Return the columns of a person, cleaned."""
        return {name: self.cleaned_data[name] for name in PERSON}


class BuyerForm(PersonForm):
    email = forms.EmailField(
        label=_("メールアドレス"), required=False, max_length=254, error_messages={"invalid": _("メールアドレスの形になっていません。")},
        help_text=_("あると、確認と発送のメールが届きます。"),
    )  # fmt: skip


class ParcelForm(forms.Form):
    """What is asked of a parcel besides its recipient."""

    same = forms.BooleanField(label=_("注文者へ届ける"), required=False)
    wish_on = forms.DateField(
        label=_("届け日の希望"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("日付を選んでください。")},
    )  # fmt: skip
    wish_time = forms.ChoiceField(label=_("時間帯"), required=False)
    delivery_method = forms.ChoiceField(
        label=_("配送方法"), required=False, choices=[("", _("おまかせ")), *DELIVERY_METHODS.items()]
    )
    warehouse = forms.ChoiceField(label=pgettext_lazy("one", "倉庫"), required=False)
    noshi = forms.CharField(label=_("のし"), required=False, max_length=200)
    drop_off = forms.CharField(label=_("置き配"), required=False, max_length=100)

    def __init__(self, *args: Any, houses: Sequence[Warehouse], today: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.houses = {encode(house.pk): house for house in houses}
        self.today = today
        self.fields["warehouse"] = forms.ChoiceField(
            label=pgettext_lazy("one", "倉庫"),
            required=False,
            choices=[("", _("自動で決める")), *((key, house.name) for key, house in self.houses.items())],
        )
        slots = dict.fromkeys([*SLOTS, *filter(None, [str(self.initial.get("wish_time", ""))[:MOST_OF_A_SLOT]])])
        choices = [
            ("", _("指定なし")),
            *((slot, slot) for slot in slots),
        ]  # a copied order may wish for hours of its own
        self.fields["wish_time"] = forms.ChoiceField(label=_("時間帯"), required=False, choices=choices)

    def clean_wish_on(self) -> Any:
        """Return the day. Raises ValidationError for one that is past."""
        day = self.cleaned_data["wish_on"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("過ぎた日です。今日より後の日を選んでください。"))
        return day

    def clean_warehouse(self) -> Warehouse | None:
        return self.houses.get(self.cleaned_data["warehouse"])


class LineForm(forms.Form):
    """A line: one of our products by its SKU, or what else is sold, by name."""

    item = forms.CharField(
        label=_("商品(SKUか名前)"), max_length=500, error_messages={"required": _("商品を入れてください。")}
    )
    quantity = Yen(label=_("数量"), required=True, initial=1, error_messages={"required": _("数を入れてください。")})
    unit_price_yen = Yen(
        label=_("単価(税込)"),
        required=True,
        error_messages={"required": _("単価を入れてください。0円なら 0 と入れます。")},
    )
    tax_rate = forms.TypedChoiceField(label=_("税率"), choices=TAXES, coerce=int, initial=10)
    options = forms.CharField(label=_("選択肢・名入れ"), required=False, max_length=2_000)

    def __init__(self, *args: Any, products: Mapping[str, Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = products

    @property
    def product(self) -> Product | None:
        """The product whose SKU is typed, if it is one."""
        return self.products.get(narrow(str(self["item"].value() or "")).casefold())

    def is_empty(self) -> bool:
        """Say whether nothing was typed: such a line is left out."""
        return not any(str(self[name].value() or "").strip() for name in ("item", "unit_price_yen", "options"))

    def clean_quantity(self) -> int:
        """Return the quantity. Raises ValidationError for none, or more than a line can hold."""
        quantity: int = self.cleaned_data["quantity"]
        if not 1 <= quantity <= MOST_PIECES:
            raise forms.ValidationError(_("1から100,000までの数を入れてください。"))
        return quantity

    def line(self) -> dict[str, Any]:
        """Return the line, cleaned, as `create_manual_order` takes it."""
        data = self.cleaned_data
        named = {"product": self.product} if self.product else {"name": data["item"]}
        return {**named, **{name: data[name] for name in ("quantity", "unit_price_yen", "tax_rate", "options")}}
