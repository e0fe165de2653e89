"""What the pages of rules ask for: groups, and what a rule does as rows of one act and one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from automation.actions import ACTIONS, Action, Shelf
from automation.models import RuleGroup, When
from hub.form_parts import row_field
from hub.ids import NotAnId, decode, encode
from orders.carriers import CARRIERS
from orders.fields.choosing import delivery_methods
from orders.fields.labels import PHASES
from orders.models import Shop

WHEN = {
    When.INTAKE.value: gettext_lazy("取込のとき、一度だけ"),
    When.CHANGE.value: gettext_lazy("取込と変更のたび"),
    When.SCHEDULE.value: gettext_lazy("決まった時刻"),
}


class GroupForm(forms.Form):
    """A group of rules: when it looks, at which steps, for which shop, and when it goes on or off by itself."""

    name = forms.CharField(label=gettext_lazy("名前"), max_length=100)
    when = forms.ChoiceField(
        label=gettext_lazy("いつ働くか"), choices=[(key, WHEN[key]) for key in (When.CHANGE.value, When.INTAKE.value)]
    )
    phases = forms.MultipleChoiceField(
        label=gettext_lazy("どの工程の受注に"), required=False, choices=list(PHASES.items()), widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("選ばなければ、出荷依頼より前（取込・決済・出荷準備）です。"),
    )  # fmt: skip
    switch_on_at = forms.DateTimeField(
        label=gettext_lazy("この時刻に使用を始める"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    switch_off_at = forms.DateTimeField(
        label=gettext_lazy("この時刻に使用をやめる"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops = Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk").values_list("pk", "name")
        self.fields["shop"] = row_field(shops, label=pgettext("one", "ショップ"), empty=_("すべて"))
        self.order_fields(["name", "when", "phases", "shop", "switch_on_at", "switch_off_at"])


def group_columns(group: RuleGroup) -> dict[str, Any]:
    """Return a group's columns as the form shows them."""
    return {
        "name": group.name, "when": group.when, "phases": group.phases, "shop": encode(group.shop_id) if group.shop_id else "",
        "switch_on_at": group.switch_on_at, "switch_off_at": group.switch_off_at,
    }  # fmt: skip


# What a rule does: each act is one word and at most one value.

BLANK = "–"


def offered_acts(shelf: Shelf) -> list[dict[str, Any]]:
    """Return the acts that may be chosen, with their values: what the builder is drawn from."""
    return [
        {
            "key": action.key, "label": str(action.label), "values": _values(action, shelf), "bare": not action.params,
            "placeholder": _("メモの文") if "text" in action.params.values() else "",
        }
        for action in ACTIONS.values()
    ]  # fmt: skip


def _values(action: Action, shelf: Shelf) -> list[dict[str, str]] | None:
    kinds = list(action.params.values())
    if "delivery" in kinds:
        return _deliveries()
    if not kinds or kinds[0] not in shelf.rows:
        return None
    rows = list(shelf.rows[kinds[0]].values())
    if kinds[0] == "status":
        rows = sorted(rows, key=lambda status: (status.group.position, status.position, status.pk))
    return [{"value": encode(row.pk), "label": row.name} for row in rows]


def _deliveries() -> list[dict[str, str]]:
    """Return delivery methods, each alone and with each carrier."""
    found = []
    for method in delivery_methods():
        found.append({"value": f"{method.value}|", "label": str(method.label)})
        found += [
            {"value": f"{method.value}|{carrier.code}", "label": f"{method.label} · {carrier.words}"}
            for carrier in CARRIERS.values()
        ]
    return found


def acts_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the acts as they are stored, from the rows that a page sent. What they name is checked when they are bound."""
    keys, values = data.getlist("act"), data.getlist("act_value")  # type: ignore[attr-defined]
    return [_stored(key, value) for key, value in zip(keys, [*values, *[""] * len(keys)], strict=False)]


def _stored(key: str, value: str) -> dict[str, Any]:
    action = ACTIONS.get(key)
    if action is None or not action.params:
        return {"do": key}
    if key == "set_delivery":
        method, _bar, carrier = value.partition("|")
        return {"do": key, "method": method, **({"carrier": carrier} if carrier else {})}
    ((name, kind),) = action.params.items()
    if kind == "text":
        return {"do": key, name: value.strip()}
    try:
        return {"do": key, name: decode(value)}
    except NotAnId:
        return {"do": key}


def rows_of(actions: Sequence[Mapping[str, Any]], shelf: Shelf) -> list[dict[str, Any]]:
    """Return stored acts as rows of the builder."""
    offered = {act["key"]: act for act in offered_acts(shelf)}
    rows = []
    for data in actions:
        act = offered.get(str(data.get("do")))
        if act is not None:
            rows.append(
                {"key": act["key"], "value": _shown(data), "values": act["values"], "bare": act["bare"], "error": ""}
            )
    return rows or [
        {"key": "set_status", "value": "", "values": offered["set_status"]["values"], "bare": False, "error": ""}
    ]


def _shown(data: Mapping[str, Any]) -> str:
    if data["do"] == "set_delivery":
        return f"{data.get('method', '')}|{data.get('carrier', '')}"
    value = next((data[name] for name in ACTIONS[data["do"]].params if data.get(name) is not None), "")
    return encode(value) if isinstance(value, int) else str(value)


def acts_in_words(actions: Sequence[Mapping[str, Any]], shelf: Shelf) -> list[dict[str, str]]:
    """Return what a rule does, for its sentence."""
    found = []
    for data in actions:
        action = ACTIONS.get(str(data.get("do")))
        if action is None:
            found.append({"words": str(data.get("do")), "value": ""})
            continue
        found.append(
            {
                "words": str(action.label),
                "value": "・".join(
                    filter(None, (_said(kind, data.get(name), shelf) for name, kind in action.params.items()))
                ),
            }
        )
    return found


def _said(kind: str, value: Any, shelf: Shelf) -> str:
    if value is None:
        return ""
    if kind in shelf.rows:
        row = shelf.rows[kind].get(value)
        return row.name if row else _("（削除された項目）")
    if kind == "carrier":
        return str(CARRIERS[value].words) if value in CARRIERS else str(value)
    return str(value)
