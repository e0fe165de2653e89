"""The condition builder on pages: what it draws, and the condition that comes back as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from hub.ids import encode
from orders.conditions import EVERYTHING, ConditionError, Node, dump, parse
from orders.fields import FIELDS, Kind
from orders.fields.showing import vocabulary


def read_condition(data: Mapping[str, Any]) -> Node:
    """Return the condition that a page sent. Raises ConditionError."""
    text = str(data.get("condition", "")) or "{}"
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ConditionError("", "not_a_condition") from None
    return parse(given)


def drawn(node: Node | None, *, given: str = "", error: ConditionError | None = None) -> dict[str, Any]:
    """Return what the builder is drawn from: a node, or what was sent and refused."""
    return {
        "json": given or json.dumps(dump(node or EVERYTHING, outside=True), ensure_ascii=False),
        "error_path": error.path if error else "",
        "fields": _offered(),
        "words": _words(),
    }


def _offered() -> list[dict[str, Any]]:
    """Return the vocabulary with rows named by their outside ids."""
    offered = vocabulary(FIELDS)
    for field in offered:
        if field["kind"] in (Kind.ROW, Kind.ROWS) and field["choices"]:
            for choice in field["choices"]:
                choice["value"] = encode(choice["value"])
    return offered


def _words() -> dict[str, str]:
    return {
        "all": _("すべて当てはまる"),
        "any": _("どれか当てはまる"),
        "none": _("どれも当てはまらない"),
        "join": _("条件のつなぎ方"),
        "add_test": _("条件を足す"),
        "add_group": _("まとまりを足す"),
        "remove_test": _("この条件を消す"),
        "remove_group": _("このまとまりを消す"),
        "field": _("項目"),
        "op": _("比べ方"),
        "value": _("値"),
        "of": _("どの明細を見るか"),
        "yes": _("はい"),
        "no": _("いいえ"),
        "days_ago": _("日前"),
        "days_ahead": _("日後"),
        "day": _("日付"),
        "several": _("、で区切っていくつでも"),
        "gone": _("（削除された項目）"),
        "everything": _("条件がないので、すべての受注に当てはまります。"),
        "empty": _("このまとまりは空です。条件を足すか、消してください。"),
    }
