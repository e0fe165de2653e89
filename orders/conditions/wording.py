"""A condition as a sentence, in parts that a template can set in bold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext, override

from hub.clock import JAPAN
from orders.conditions.nodes import AllOf, Node, Not, Test
from orders.fields import FIELDS, OPS, Field, Kind, Of, Relative
from orders.fields.kinds import NUMBER_WORDS
from orders.fields.labels import FLAG

SHOWN = 5
"""Longer lists of values are cut and counted."""


@dataclass(frozen=True)
class Part:
    """A piece of the sentence. `kind`: field, value, word or bracket; the first two are set in bold."""

    kind: str
    text: str

    @property
    def strong(self) -> bool:
        return self.kind in ("field", "value")


def describe(node: Node, language: str, known: dict[str, Mapping[Any, str]] | None = None) -> tuple[Part, ...]:
    """Return the sentence of a condition, such as **支払方法** が **代金引換** で **備考** が **空**.

    Names of rows (labels, shops) are read from the current tenant, one statement for each list of names that occurs. `known` keeps
    them from one call to the next, for pages with many conditions.
    """
    with override(language):
        names = _Names(known)
        if node == AllOf(()):
            return (Part("word", gettext("すべての受注")),)
        return tuple(_joined(_parts(node, names, top=True)))


def sentence(node: Node, language: str) -> str:
    """Return the same as plain text."""
    return "".join(part.text for part in describe(node, language))


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Merge neighbours that are mere words."""
    last: Part | None = None
    for part in parts:
        if last is not None and last.kind == part.kind == "word":
            last = Part("word", last.text + part.text)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last


class _Names:
    """The words for values, read once for each list."""

    def __init__(self, known: dict[str, Mapping[Any, str]] | None = None) -> None:
        self.known: dict[str, Mapping[Any, str]] = {} if known is None else known

    def of(self, field: Field, value: Any) -> str:
        if isinstance(value, bool):
            return str(FLAG[value])
        if isinstance(value, Relative):
            return _relative(value)
        if isinstance(value, datetime):
            return f"{value.astimezone(JAPAN):%Y/%m/%d %H:%M}"
        if isinstance(value, date):
            return f"{value:%Y/%m/%d}"
        if field.kind is Kind.YEN:
            return gettext("%(n)s円") % {"n": f"{value:,}"}
        if isinstance(value, int) and field.kind is Kind.NUMBER:
            return f"{value:,}"
        return self._named(field).get(
            value, str(value) if field.kind not in (Kind.ROW, Kind.ROWS) else gettext("（削除された項目）")
        )

    def _named(self, field: Field) -> Mapping[Any, str]:
        if field.choices is None:
            return {}
        if field.key not in self.known:
            self.known[field.key] = {choice.value: str(choice.label) for choice in field.choices()}
        return self.known[field.key]


def _relative(value: Relative) -> str:
    if value.days == 0:
        return gettext("今日")
    if value.days < 0:
        return gettext("%(n)s日前") % {"n": -value.days}
    return gettext("%(n)s日後") % {"n": value.days}


def _parts(node: Node, names: _Names, *, top: bool = False) -> Iterator[Part]:
    if isinstance(node, Test):
        yield from _of_test(node, names)
    elif isinstance(node, Not):
        yield Part("bracket", gettext("（"))
        yield from _parts(node.node, names, top=True)
        yield Part("bracket", gettext("）"))
        yield Part("word", gettext(" ではない"))
    else:
        yield from _of_group(
            node.nodes, gettext(" で ") if isinstance(node, AllOf) else gettext(" または "), names, top
        )


def _of_group(nodes: tuple[Node, ...], joiner: str, names: _Names, top: bool) -> Iterator[Part]:
    bare = top or len(nodes) == 1
    if not bare:
        yield Part("bracket", gettext("（"))
    for place, one in enumerate(nodes):
        if place:
            yield Part("word", joiner)
        yield from _parts(one, names, top=len(nodes) == 1)
    if not bare:
        yield Part("bracket", gettext("）"))


def _of_test(test: Test, names: _Names) -> Iterator[Part]:
    field = FIELDS[test.field]
    numeric = field.kind in (Kind.NUMBER, Kind.YEN)
    pattern = str(NUMBER_WORDS[test.op] if numeric and test.op in NUMBER_WORDS else OPS[test.op].says)
    if test.of is not Of.ANY:
        yield Part("word", gettext("すべての明細で ") if test.of is Of.EVERY else gettext("どの明細も違う: "))
    for piece in re.split(r"(%\(field\)s|%\(value\)s)", pattern):
        if piece == "%(field)s":
            yield Part("field", str(field.label))
        elif piece == "%(value)s":
            yield Part("value", _values(field, test.op, test.value, names))
        elif piece:
            yield Part("word", piece)


def _values(field: Field, op: str, value: Any, names: _Names) -> str:
    if not isinstance(value, tuple):
        return names.of(field, value)
    if op == "between":
        return gettext("〜").join(names.of(field, one) for one in value)
    said = gettext("・").join(names.of(field, one) for one in value[:SHOWN])
    return said + (gettext(" ほか%(n)s件") % {"n": len(value) - SHOWN} if len(value) > SHOWN else "")
