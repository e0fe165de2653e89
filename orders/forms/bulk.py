"""What a bulk act asks for before it is done: a day, a delivery, words for the memo, a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hub.ids import decode, encode
from orders.carriers import CARRIERS
from orders.channels import CancelReason
from orders.fields.labels import DELIVERY_METHODS
from orders.models import DeliveryName, Status, Tag, Warehouse

CARRIER_CHOICES: list[tuple[str, Any]] = [("", _("変えない")), *((c.code, c.words) for c in CARRIERS.values())]


def methods() -> list[tuple[str, Any]]:
    """Return the ways of delivering, the program's own and those in use, with what each is called."""
    used = DeliveryName.objects.exclude(method="").order_by("method").values_list("method", flat=True).distinct()
    return [(code, DELIVERY_METHODS.get(code, code)) for code in dict.fromkeys([*DELIVERY_METHODS, *used])]


class LookingForm(forms.Form):
    """A form whose answers decide what the act comes to: each field that changes asks anew. Only the outcome is replaced then, never a
    field that somebody is in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        look = {
            "hx-post": reverse("orders:bulk"), "hx-vals": '{"look": "1"}', "hx-trigger": "change", "hx-sync": "closest form:replace",
            "hx-target": "#outcome", "hx-select": "#outcome > *", "hx-swap": "innerHTML", "hx-select-oob": "#confirm",
        }  # fmt: skip
        for field in self.fields.values():
            field.widget.attrs.update(look)
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["hx-trigger"] = "change, input changed delay:400ms"

    def params(self) -> dict[str, Any]:
        """Return what the act is done with."""
        raise NotImplementedError

    def first(self) -> dict[str, Any] | None:
        """Return what the act would be done with if nothing of the form were changed; None where that is nothing."""
        return None

    def chosen(self) -> dict[str, Any] | None:
        """Return what the act would be done with as the form stands; None while that is nothing."""
        if not self.is_bound:
            return self.first()
        return self.params() if self.is_valid() else None

    def offers_nothing(self) -> bool:
        """Return whether there is nothing to choose from yet."""
        return False


class DayForm(LookingForm):
    day = forms.DateField(
        label=_("発送日"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("その日になると、止めるものがなければ依頼が自動で出ます。"),
    )

    def first(self) -> dict[str, Any]:
        return {"day": self.get_initial_for_field(self.fields["day"], "day").isoformat()}

    def params(self) -> dict[str, Any]:
        return {"day": self.cleaned_data["day"].isoformat()}


class DeliveryForm(LookingForm):
    method = forms.ChoiceField(label=_("配送方法"), choices=methods)
    carrier = forms.ChoiceField(label=_("運送会社"), required=False, choices=CARRIER_CHOICES)

    def first(self) -> dict[str, Any]:
        return {"method": methods()[0][0], "carrier": ""}

    def params(self) -> dict[str, Any]:
        return {"method": self.cleaned_data["method"], "carrier": self.cleaned_data["carrier"]}


def _or_as_it_is(rows: Callable[[], list[tuple[str, Any]]]) -> Callable[[], list[tuple[str, Any]]]:
    return lambda: [("", _("変えない")), *rows()]


def _statuses() -> list[tuple[str, Any]]:
    rows = Status.objects.filter(retired_at__isnull=True).exclude(group__phase="cancelled")
    return [(encode(row.pk), row.name) for row in rows.order_by("group__position", "position", "pk")]


def _tags() -> list[tuple[str, Any]]:
    rows = Tag.objects.filter(retired_at__isnull=True, key="").order_by("position", "pk")
    return [(encode(tag.pk), tag.name) for tag in rows]


class ChangeForm(LookingForm):
    """Several changes at once; what is left empty stays as it is. It begins with none."""

    day = forms.DateField(label=_("発送日"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    method = forms.ChoiceField(label=_("配送方法"), required=False, choices=_or_as_it_is(methods))
    carrier = forms.ChoiceField(
        label=_("運送会社"), required=False, choices=CARRIER_CHOICES, help_text=_("配送方法と一緒に選んでください。")
    )
    status = forms.ChoiceField(label=_("状態"), required=False, choices=_or_as_it_is(_statuses))
    tag = forms.ChoiceField(label=_("付けるラベル"), required=False, choices=_or_as_it_is(_tags))
    text = forms.CharField(
        label=_("メモに足す言葉"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": {}})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not any(values.get(name) for name in ("day", "method", "status", "tag", "text")):
            raise forms.ValidationError(_("変えるものを一つは選んでください。"))
        return values

    def params(self) -> dict[str, Any]:
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        rows: dict[str, Any] = {name: decode(values[name]) for name in ("status", "tag") if name in values}
        return {**values, **rows, **({"day": values["day"].isoformat()} if "day" in values else {})}


class MemoForm(forms.Form):
    text = forms.CharField(
        label=_("メモに足す言葉"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("いまのメモの後ろに加えます。"),
    )

    def params(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"], "add": True}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=200, help_text=_("一覧にも表示されます。"))

    def params(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"]}


def _warehouses() -> list[tuple[str, Any]]:
    rows = Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    return [(encode(pk), name) for pk, name in rows.values_list("pk", "name")]


class WarehouseForm(LookingForm):
    warehouse = forms.ChoiceField(
        label=pgettext_lazy("one", "倉庫"),
        choices=_warehouses,
        help_text=_("まだ誰も作業していない荷物を、この倉庫から出します。"),
    )

    def offers_nothing(self) -> bool:
        return not _warehouses()

    def first(self) -> dict[str, Any]:
        return {"warehouse": decode(_warehouses()[0][0])}

    def params(self) -> dict[str, Any]:
        return {"warehouse": decode(self.cleaned_data["warehouse"])}


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=200, required=False)
    accept_fee = forms.BooleanField(
        label=_("料金がかかっても取り下げる"),
        required=False,
        help_text=_("選ばないと、料金がかかる分は取り下げずに知らせます。"),
    )

    def params(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"], "accept_fee": self.cleaned_data["accept_fee"]}


class MailForm(LookingForm):
    """Which template; `templates` are those that fit the orders."""

    template = forms.ChoiceField(label=_("テンプレート"))
    again = forms.BooleanField(
        label=_("すでに送った受注にも、もう一度送る"),
        required=False,
        help_text=_("お客様に二通届きます。選ばないと、送った受注には送りません。"),
    )

    def __init__(self, *args: Any, templates: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        template = self.fields["template"]
        assert isinstance(template, forms.ChoiceField)
        template.choices = [(encode(pk), name) for pk, name in templates]
        self._templates = templates

    def offers_nothing(self) -> bool:
        return not self._templates

    def first(self) -> dict[str, Any]:
        return {"template": self._templates[0][0], "again": False}

    def params(self) -> dict[str, Any]:
        return {"template": decode(self.cleaned_data["template"]), "again": self.cleaned_data["again"]}


class CancelForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("理由"),
        choices=[
            (CancelReason.CUSTOMER_CANCEL.value, _("お客様都合のキャンセル")), (CancelReason.CUSTOMER_OTHER.value, _("お客様都合(その他)")),
            (CancelReason.UNPAID.value, _("未入金")), (CancelReason.OUT_OF_STOCK.value, _("欠品")),
            (CancelReason.DELAY.value, _("発送遅延")),
            (CancelReason.SHOP_OTHER.value, _("店舗都合(その他)")),
        ],
    )  # fmt: skip
    restock = forms.BooleanField(label=_("モールの在庫を戻す"), required=False)

    def params(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"], "restock": self.cleaned_data["restock"]}
