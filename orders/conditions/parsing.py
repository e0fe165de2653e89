"""From JSON to nodes. Everything that is not exactly one of the four shapes is refused, with the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.conditions.nodes import AllOf, AnyOf, Node, Not, Test
from orders.fields import FIELDS, BadValue, Field, Of, read_value

MAX_DEPTH = 8
MAX_TESTS = 50

MESSAGES: Mapping[str, Promise] = {
    "not_a_condition": _("条件の形ではありません。all、any、not、または field と op の組にしてください。"),
    "not_list": _("一覧（リスト）にしてください。"),
    "empty_group": _("条件の入っていないまとまりは使えません。"),
    "too_deep": _("入れ子は%(limit)s段までです。"),
    "too_many_tests": _("条件は%(limit)s個までです。"),
    "unknown_key": _("%(key)s という項目はありません。"),
    "unknown_field": _("%(field)s という項目名はありません。"),
    "unknown_op": _("この項目に %(op)s という比べ方はありません。"),
    "no_value": _("値がありません。"),
    "takes_no_value": _("この比べ方に値は要りません。"),
    "not_text": _("文字で書いてください。"),
    "empty_text": _("値が空です。空かどうかは「空」で比べてください。"),
    "too_long": _("%(limit)s文字までです。"),
    "bad_character": _("使えない文字があります。"),
    "not_number": _("整数で書いてください。"),
    "too_large": _("%(limit)sまでです。"),
    "not_flag": _("true か false にしてください。"),
    "not_id": _("id ではありません。"),
    "not_day": _("日付（2026-11-22）か、{\"days_ago\": 3} のような書き方にしてください。"),
    "not_instant": _("日時（2026-11-22T10:00:00+09:00）にしてください。"),
    "no_offset": _("日時には時差（+09:00 など）を付けてください。"),
    "empty_list": _("一つ以上選んでください。"),
    "too_many": _("%(limit)s個までです。"),
    "not_range": _("始めと終わりの二つを書いてください。"),
    "range_reversed": _("始めが終わりより後です。"),
    "unknown_choice": _("%(value)s という値はありません。"),
    "bad_of": _("any、every、none のどれかにしてください。"),
    "no_of": _("この項目は受注に一つなので、of は使えません。"),
}  # fmt: skip


class ConditionError(ValueError):
    """A condition cannot be understood. `path` is the place (`/all/1/value`), `code` and `params` say why."""

    def __init__(self, path: str, code: str, **params: Any) -> None:
        super().__init__(f"{path or '/'}: {code}")
        self.path = path or "/"
        self.code = code
        self.params = params

    @property
    def message(self) -> str:
        """Return the reason as a sentence in the reader's language."""
        return str(MESSAGES[self.code]) % self.params


def parse(data: Any) -> Node:
    """Read a condition: at most 8 deep and 50 tests, exact types, an empty "all" only at the root. Raises ConditionError."""
    return _Reader().read(data, "", 1)


class _Reader:
    """Counts the tests while it reads."""

    def __init__(self) -> None:
        self.tests = 0

    def read(self, data: Any, path: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ConditionError(path, "too_deep", limit=MAX_DEPTH)
        if type(data) is not dict:
            raise ConditionError(path, "not_a_condition")
        if "field" in data:
            self.tests += 1
            if self.tests > MAX_TESTS:
                raise ConditionError(path, "too_many_tests", limit=MAX_TESTS)
            return _test(data, path)
        if len(data) != 1 or next(iter(data)) not in ("all", "any", "not"):
            raise ConditionError(path, "not_a_condition")
        ((word, inner),) = data.items()
        if word == "not":
            return Not(self.read(inner, f"{path}/not", depth + 1))
        return self._group(word, inner, path, depth)

    def _group(self, word: str, inner: Any, path: str, depth: int) -> Node:
        if type(inner) is not list:
            raise ConditionError(f"{path}/{word}", "not_list")
        if not inner and (word == "any" or depth > 1):
            raise ConditionError(f"{path}/{word}", "empty_group")
        nodes = tuple(self.read(one, f"{path}/{word}/{place}", depth + 1) for place, one in enumerate(inner))
        return AllOf(nodes) if word == "all" else AnyOf(nodes)


def _test(data: dict[Any, Any], path: str) -> Test:
    unknown = [key for key in data if key not in ("field", "op", "value", "of")]
    if unknown:
        raise ConditionError(path, "unknown_key", key=str(unknown[0])[:50])
    key, op = data["field"], data.get("op")
    field = FIELDS.get(key) if type(key) is str else None
    if field is None:
        raise ConditionError(f"{path}/field", "unknown_field", field=str(key)[:50])
    if type(op) is not str or op not in field.ops:
        raise ConditionError(f"{path}/op", "unknown_op", op=str(op)[:50])
    return Test(field=field.key, op=op, value=_value(field, op, data, path), of=_of(field, data, path))


def _value(field: Field, op: str, data: dict[Any, Any], path: str) -> Any:
    raw = data.get("value")
    if raw is None and op not in ("empty", "not_empty"):
        raise ConditionError(f"{path}/value", "no_value")
    try:
        value = read_value(field.kind, op, raw)
    except BadValue as fault:
        raise ConditionError(f"{path}/value", fault.code, **fault.params) from None
    if field.closed and field.choices is not None and value is not None:
        known = {choice.value for choice in field.choices()}
        for one in value if isinstance(value, tuple) else (value,):
            if one not in known:
                raise ConditionError(f"{path}/value", "unknown_choice", value=str(one)[:50])
    return value


def _of(field: Field, data: dict[Any, Any], path: str) -> Of:
    if "of" not in data:
        return Of.ANY
    if not field.asked_of_each:
        raise ConditionError(f"{path}/of", "no_of")
    if type(data["of"]) is not str or data["of"] not in Of._value2member_map_:
        raise ConditionError(f"{path}/of", "bad_of")
    return Of(data["of"])
