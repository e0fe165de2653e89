"""Steps, labels, tasks and products: what their pages ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hub.form_parts import colour_field, row_field
from hub.ids import encode
from orders.fields.labels import PHASES
from orders.models import Product, Shop, Status, StatusGroup, Warehouse

MEMO = _("新しい人が見て、ここで何をするか分かるように。")


def _rows(rows: Any) -> Iterable[tuple[int, str]]:
    return [(row.pk, row.name) for row in rows]


class StatusForm(forms.Form):
    """A status: where it stands, how it looks, and after how long an order in it is late."""

    name = forms.CharField(label=_("名前"), max_length=40)
    colour = colour_field(_("色"), initial="blue")
    memo = forms.CharField(
        label=_("メモ"), required=False, max_length=500, help_text=MEMO, widget=forms.Textarea(attrs={"rows": 3})
    )
    limit_hours = forms.FloatField(
        label=_("期限（時間）"),
        required=False,
        min_value=0.1,
        max_value=24 * 60,
        help_text=_("これより長くとどまる受注を「期限を過ぎた」とします。"),
    )
    not_ours = forms.BooleanField(
        label=_("ほかのシステムの担当"),
        required=False,
        help_text=_("この状態の受注は、ふだん触りません。一括操作や出力から外れます。"),
    )

    def __init__(self, *args: Any, phase: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = StatusGroup.objects.filter(retired_at__isnull=True).order_by("position", "pk")
        groups = groups.filter(phase=phase) if phase else groups
        offered = [(group.pk, f"{group.name} ({PHASES[group.phase]})") for group in groups]
        self.fields["group"] = row_field(offered, label=_("グループ"))
        if phase:
            self.fields["default"] = forms.BooleanField(
                label=_("この工程の入口にする"),
                required=False,
                help_text=_("この工程に入る受注は、はじめにこの状態になります。"),
            )
        self.order_fields(["group", "name", "colour", "memo", "limit_hours"])

    def columns(self) -> dict[str, Any]:
        """Return the values of the status's own columns."""
        values, hours = self.cleaned_data, self.cleaned_data["limit_hours"]
        named = {name: values[name] for name in ("name", "colour", "memo", "not_ours")}
        return {**named, "limit_minutes": round(hours * 60) if hours else None}


def status_columns(status: Status) -> dict[str, Any]:
    """Return a status as its form shows it."""
    from_minutes = round(status.limit_minutes / 60, 2) if status.limit_minutes else None
    return {
        "name": status.name, "colour": status.colour, "memo": status.memo, "not_ours": status.not_ours, "limit_hours": from_minutes,
        "default": status.default_for == status.group.phase,
    }  # fmt: skip


class StatusGroupForm(forms.Form):
    """A parent of statuses. Its phase is chosen once."""

    name = forms.CharField(label=_("名前"), max_length=40)
    phase = forms.ChoiceField(
        label=_("工程"),
        choices=list(PHASES.items()),
        help_text=_("この製品にとっての意味です。あとから変えられません。"),
    )

    def __init__(self, *args: Any, made: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if made:
            del self.fields["phase"]


class RetireStatusForm(forms.Form):
    """Where the orders of a status go when it is no longer used."""

    def __init__(self, *args: Any, status: Status, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Status.objects.filter(group__phase=status.group.phase, retired_at__isnull=True).exclude(pk=status.pk)
        rows = _rows(others.order_by("group__position", "position", "pk"))
        self.fields["to"] = row_field(rows, label=_("受注の移し先"), help_text=_("同じ工程の状態から選びます。"))


class TagForm(forms.Form):
    """A label."""

    name = forms.CharField(label=_("名前"), max_length=40)
    colour = colour_field(_("色"), initial="indigo")


class TaskForm(forms.Form):
    """A task; its condition is drawn beside this form."""

    name = forms.CharField(label=_("名前"), max_length=40)
    what_to_do = forms.CharField(
        label=_("すること"), required=False, max_length=500, help_text=MEMO, widget=forms.Textarea(attrs={"rows": 2})
    )
    colour = colour_field(_("色"), initial="amber")
    holds = forms.BooleanField(
        label=_("出荷を止める"), required=False, help_text=_("このタスクが残る間は、どんな方法でも出荷依頼は出ません。")
    )

    def __init__(self, *args: Any, stops: int | None = None, **kwargs: Any) -> None:
        """`stops`: how many open orders it would hold without asking for anything; that has to be meant."""
        super().__init__(*args, **kwargs)
        shops = Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk")
        self.fields["shop"] = row_field(_rows(shops), label=pgettext_lazy("one", "ショップ"), empty=_("すべて"))
        if stops is not None:
            self.fields["stops_all"] = forms.BooleanField(
                label=_("条件なしで、すべての受注の出荷を止める"),
                help_text=_("いま開いている%(n)s件と、これから入る受注です。") % {"n": f"{stops:,}"},
                error_messages={"required": _("条件がありません。条件を足すか、ここに印を付けてください。")},
            )


class ProductForm(forms.Form):
    """One of our own SKUs."""

    sku = forms.CharField(label="SKU", max_length=100)
    name = forms.CharField(label=_("商品名"), max_length=300)
    barcode = forms.CharField(label=_("JAN・バーコード"), max_length=50, required=False)
    weight_grams = forms.IntegerField(label=_("重さ（g）"), required=False, min_value=0, max_value=1_000_000)
    temperature = forms.ChoiceField(
        label=_("温度帯"), choices=[("normal", _("常温")), ("chilled", _("冷蔵")), ("frozen", _("冷凍"))]
    )
    shelf = forms.CharField(label=_("棚"), max_length=50, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk")
        self.fields["warehouse"] = row_field(_rows(rows), label=_("出荷する倉庫"), empty=_("ショップの設定"))


PRODUCT_COLUMNS = ("sku", "name", "barcode", "weight_grams", "temperature", "shelf")


def product_columns(product: Product) -> dict[str, Any]:
    """Return a product as its form shows it."""
    own = {name: getattr(product, name) for name in PRODUCT_COLUMNS}
    return {**own, "warehouse": encode(product.warehouse_id) if product.warehouse_id else ""}
