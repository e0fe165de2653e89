"""Connecting a shop: the shop itself, how its intake runs, who confirms, its mails. The keys' form is the adapter's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hub.clock import JAPAN
from hub.form_parts import colour_field, row_field
from hub.ids import encode
from orders.channels import Ability, CredentialsForm, can, channel_class
from orders.models import Shop, Warehouse
from orders.models.shops import ConfirmBy

BACK = [
    ("0", _("いまから")),
    ("1", _("1日前から")),
    ("7", _("7日前から")),
    ("30", _("30日前から")),
    ("63", _("63日前から")),
]


class ShopForm(forms.Form):
    """What the shop is called here."""

    name = forms.CharField(label=_("名前"), max_length=100)
    mark = forms.CharField(
        label=_("印"),
        max_length=2,
        required=False,
        help_text=_("一覧で店を見分ける1〜2文字です。空なら名前の頭文字にします。"),
    )
    colour = colour_field(_("色"), initial="blue")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk").values_list("pk", "name")
        self.fields["warehouse"] = row_field(rows, label=_("ふつう出荷する倉庫"), empty=_("決めない"))


class IntakeForm(forms.Form):
    """How the intake runs."""

    wait_minutes = forms.IntegerField(
        label=_("待機（分）"), min_value=0, max_value=1_440, initial=30,
        help_text=_("注文からこの時間がたつまで、確認・自動処理・メールを始めません。翌日配送の注文は待ちません。"),
    )  # fmt: skip
    every_seconds = forms.TypedChoiceField(
        label=_("取込の間隔"),
        coerce=int,
        initial=60,
        choices=[(60, _("1分ごと")), (180, _("3分ごと")), (300, _("5分ごと")), (600, _("10分ごと"))],
    )
    next_day_name = forms.CharField(label=_("翌日配送の呼び名"), max_length=40, required=False, initial="最強翌日配送")
    harmless_remarks = forms.CharField(
        label=_("備考とみなさない回答"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("1行に1つ。備考がこれだけなら「備考なし」として扱います。"),
    )  # fmt: skip

    def clean_harmless_remarks(self) -> list[str]:
        """Return the lines that say something."""
        lines = (line.strip() for line in self.cleaned_data["harmless_remarks"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))[:200]


class StartForm(forms.Form):
    """Asked once, when a shop is connected: from when on, and whether to begin at once."""

    back_days = forms.TypedChoiceField(label=_("いつの注文から読むか"), coerce=int, choices=BACK, initial="7")
    start = forms.BooleanField(
        label=_("つながったら、すぐ取込を始める"),
        required=False,
        initial=True,
        help_text=_("はじめは「観察」です。読むだけで、何も送りません。"),
    )


class ConfirmForm(forms.Form):
    """Who confirms orders at the mall, and what ends the shop's mails."""

    confirm_by = forms.ChoiceField(
        label=_("注文確認"),
        choices=[(ConfirmBy.HUB, _("このハブがする")), (ConfirmBy.OTHER, _("ほかのシステムがする"))],
        initial=ConfirmBy.HUB,
        help_text=_("「ほかのシステムがする」なら、確認を送らずに、モールの状態が進むのを待ちます。"),
    )
    signature = forms.CharField(
        label=_("メールの署名"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can(channel, Ability.CONFIRM):  # nobody is asked who confirms where there is nothing to confirm with
            del self.fields["confirm_by"]

    def clean(self) -> dict[str, Any]:
        """Have another confirm at a mall that this hub cannot confirm at."""
        return {"confirm_by": ConfirmBy.OTHER, **(super().clean() or self.cleaned_data)}


class LiveForm(forms.Form):
    """From when on the hub acts for the shop."""

    starts_at = forms.DateTimeField(
        label=_("いつから"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("空なら、いまから。この時刻より後の注文が対象です。"),
    )  # fmt: skip

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_starts_at(self) -> datetime:
        """Return the instant; none is now."""
        value: datetime | None = self.cleaned_data["starts_at"]
        if value is None:
            return self.now
        if value > self.now + timedelta(days=90):
            raise forms.ValidationError(_("90日先までの時刻にしてください。"))
        return value.astimezone(JAPAN)


def key_form(channel: str, data: Mapping[str, Any] | None, *, kept: bool) -> CredentialsForm:
    """Return the adapter's form. `kept`: keys are stored or were tried already, so leaving all empty keeps them."""
    form: CredentialsForm = channel_class(channel).form(data)
    if kept and not any(str((data or {}).get(name, "")).strip() for name in form.fields):
        for name, field in form.fields.items():
            field.required = False
            if name in form.secret_fields:
                field.widget.attrs["placeholder"] = "••••••••"
    return form


def columns_of(shop: Shop) -> dict[str, Any]:
    """Return a shop's columns as the forms show them."""
    return {
        "name": shop.name,
        "mark": shop.mark,
        "colour": shop.colour,
        "warehouse": encode(shop.warehouse_id) if shop.warehouse_id else "",
        "wait_minutes": shop.wait_minutes,
        "every_seconds": shop.every_seconds,
        "next_day_name": shop.next_day_name,
        "harmless_remarks": "\n".join(shop.harmless_remarks),
        "confirm_by": shop.confirm_by,
        "signature": shop.signature,
    }


def values_of(forms_: Sequence[forms.Form]) -> dict[str, Any]:
    """Return the columns that the filled forms name."""
    found = {name: value for form in forms_ for name, value in form.cleaned_data.items()}
    found["mark"] = found["mark"] or found["name"][:1]
    found["warehouse_id"] = found.pop("warehouse")
    return found
