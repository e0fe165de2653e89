"""Adding and changing a warehouse: what is asked beside the adapter's own form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hub.templatetags.hub_ui import weekdays
from orders.channels import CredentialsForm
from orders.models.shops import WEEKDAYS
from orders.views.withdrawing import FETCH_BACK, WITHDRAWAL
from warehouses.adapters import WarehouseAbility, adapter_class

FEES = (WITHDRAWAL, FETCH_BACK)


class WeekdayTimes(forms.Widget):
    """A time for each weekday, side by side."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        days = [
            {"name": f"{name}_{key}", "label": label, "value": (value or {}).get(key, "")}
            for key, label in zip(WEEKDAYS, weekdays(), strict=True)
        ]
        return render_to_string("warehouses/parts/weekday_times.html", {"days": days, "attrs": attrs or {}})

    def id_for_label(self, id_: str) -> str:
        return ""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:
        given = {key: str(data.get(f"{name}_{key}", "")).strip() for key in WEEKDAYS}
        return {key: text for key, text in given.items() if text}


class CutoffsField(forms.Field):
    """The weekdays with a cut-off of their own, as `Warehouse.cutoffs` keeps them."""

    widget = WeekdayTimes

    def to_python(self, value: Mapping[str, str] | None) -> dict[str, str]:
        one = forms.TimeField()
        return {key: f"{one.clean(text):%H:%M}" for key, text in (value or {}).items()}


class WarehouseForm(forms.Form):
    """A warehouse's name and hours."""

    name = forms.CharField(label=_("名前"), max_length=100)
    cutoff_at = forms.TimeField(
        label=_("締め時刻"), initial=time(15, 30), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("この時刻までの依頼は、その日の出荷になります。"),
    )  # fmt: skip
    cutoffs = CutoffsField(
        label=_("曜日ごとの締め時刻"),
        required=False,
        help_text=_("違う曜日だけ入れます。空いている曜日は、上の締め時刻です。"),
    )
    collect_every_seconds = forms.TypedChoiceField(
        label=_("実績を受け取る間隔"),
        coerce=int,
        initial=900,
        choices=[(300, _("5分ごと")), (900, _("15分ごと")), (3600, _("1時間ごと"))],
    )
    result_due_hour = forms.IntegerField(
        label=_("実績が揃う時刻（時）"),
        min_value=0,
        max_value=23,
        initial=21,
        help_text=_("出荷日のこの時刻を過ぎても実績がなければ、遅れとして出します。"),
    )

    withdrawal_yen = forms.IntegerField(
        label=_("取下げ料金（円）"),
        required=False,
        min_value=0,
        help_text=_("作業が始まってから取り下げるときの料金。受注のページに出します。"),
    )
    fetch_back_yen = forms.IntegerField(label=_("取戻し手数料（円）"), required=False, min_value=0)

    def __init__(self, *args: Any, kind: str, kept: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = dict(kept or {})
        abilities = adapter_class(kind).abilities
        if WarehouseAbility.RESULTS not in abilities:
            del self.fields["collect_every_seconds"]
        if WarehouseAbility.REQUEST not in abilities:
            del self.fields["result_due_hour"], self.fields["cutoff_at"], self.fields["cutoffs"]
        if not adapter_class(kind).form.secret_fields:
            for name in FEES:
                del self.fields[name]

    def columns(self) -> dict[str, Any]:
        """Return the values of the warehouse's columns; fees stand in its settings."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in FEES}
        fees = {name: self.cleaned_data.get(name) for name in FEES}
        kept = {name: value for name, value in self.kept.items() if name not in FEES}
        return {**values, "settings": {**kept, **{name: yen for name, yen in fees.items() if yen is not None}}}


def key_form(kind: str, data: Mapping[str, Any] | None, *, stored: bool) -> CredentialsForm:
    """Return the adapter's form. With credentials stored, leaving the secrets empty keeps all of them as they are."""
    form: CredentialsForm = adapter_class(kind).form(data)
    if stored and not any(str((data or {}).get(name, "")).strip() for name in form.secret_fields):
        for name, field in form.fields.items():
            field.required = False
            if name in form.secret_fields:
                field.widget.attrs["placeholder"] = "••••••••"
    return form


def credentials_of(form: CredentialsForm) -> dict[str, str]:
    """Return what was entered, or nothing when the secrets were left empty."""
    values = form.cleaned_data
    if form.secret_fields and not any(values.get(name) for name in form.secret_fields):
        return {}
    return {name: str(value) for name, value in values.items()}
