"""How a field is shown: its value in words, for columns, files and mail; and the vocabulary as JSON for the condition builder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext

from hub.clock import JAPAN
from orders.fields.base import Field
from orders.fields.facts import OrderFacts
from orders.fields.kinds import OPS, Kind
from orders.fields.labels import FLAG, SUBJECTS


def words_for(field: Field) -> Mapping[Any, str]:
    """Return the words for the codes of a field whose choices are fixed; empty for others. No statement."""
    if not field.closed or field.choices is None:
        return {}
    return {choice.value: str(choice.label) for choice in field.choices()}


def show(field: Field, facts: OrderFacts) -> str:
    """Return the field of an order in words. Dates as 2026/11/22, instants as 2026/11/22 14:05, both in Japan; money plain."""
    value, known = field.value(facts), words_for(field)
    return "、".join(_said(one, known) for one in (value if isinstance(value, list) else [value]))


def _said(value: Any, known: Mapping[Any, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(FLAG[value])
    if isinstance(value, datetime):
        return f"{value.astimezone(JAPAN):%Y/%m/%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y/%m/%d}"
    return known.get(value, str(value))


def vocabulary(fields: Mapping[str, Field]) -> list[dict[str, Any]]:
    """Return the vocabulary for the condition builder: what can be asked, how, and with which values. One statement a list of rows."""
    return [
        {
            "key": field.key,
            "label": str(field.label),
            "subject": str(SUBJECTS.get(field.subject, field.subject)),
            "kind": field.kind.value,
            "relative": field.kind in (Kind.DAY, Kind.INSTANT),
            "of": ways_of_asking(field),
            "closed": field.closed or field.kind in (Kind.ROW, Kind.ROWS),
            "ops": [{"key": op, "label": str(OPS[op].label), "takes": OPS[op].takes} for op in field.ops],
            "choices": None if field.choices is None else [
                {"value": choice.value, "label": str(choice.label), "colour": choice.colour} for choice in field.choices()
            ],
        }
        for field in fields.values()
    ]  # fmt: skip


def ways_of_asking(field: Field) -> list[dict[str, str]]:
    """Return the three ways of asking lines or parcels; empty for fields of the order itself."""
    if field.source is None or not field.asked_of_each:
        return []
    words = {
        "lines": (gettext("どれかの商品"), gettext("すべての商品"), gettext("どの商品も違う")),
        "parcels": (gettext("どれかの荷物"), gettext("すべての荷物"), gettext("どの荷物も違う")),
        "tracking": (gettext("どれかの送り状"), gettext("すべての送り状"), gettext("どの送り状も違う")),
    }[field.source.key]
    return [{"key": key, "label": label} for key, label in zip(("any", "every", "none"), words, strict=True)]
