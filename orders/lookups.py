"""Comparisons that Django lacks. Those for hot conditions use leakproof functions, so their indexes work under row security.

`begins` and `ends_with` compile to `starts_with()`; Django's `startswith` compiles to LIKE, which under a policy is only a filter.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Field, ForeignKey, Lookup, TextField

if TYPE_CHECKING:
    _Lookup = Lookup[bool]
else:
    _Lookup = Lookup

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold_text(text: str) -> str:
    """Return the form in which texts are compared loosely: NFKC (width), ASCII in lower case. SQL does the same in `mentions`."""
    return unicodedata.normalize("NFKC", text).translate(_ASCII_LOWER)


class _OfText(_Lookup):
    """A lookup whose right side is a plain text."""

    template = ""

    def right(self) -> list[Any]:
        return [self.rhs]

    def get_prep_lookup(self) -> str:
        return str(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return self.template.format(left=left), (*params, *self.right())


@TextField.register_lookup
@CharField.register_lookup
class Begins(_OfText):
    """The text begins with the value (index on a column with COLLATE "C")."""

    lookup_name = "begins"
    template = "starts_with({left}, %s)"


@TextField.register_lookup
class EndsWith(_OfText):
    """For a column that holds *reversed* text: the original ends with the value."""

    lookup_name = "ends_with"
    template = "starts_with({left}, %s)"

    def right(self) -> list[Any]:
        return [str(self.rhs)[::-1]]


@TextField.register_lookup
@CharField.register_lookup
class Closes(_OfText):
    """The text ends with the value. No index; for conditions over orders already chosen."""

    lookup_name = "closes"
    template = "right({left}, %s) = %s"

    def right(self) -> list[Any]:
        return [len(str(self.rhs)), self.rhs]


@TextField.register_lookup
@CharField.register_lookup
class Mentions(_OfText):
    """The text contains the value, whatever the width of letters and kana. No index."""

    lookup_name = "mentions"
    template = 'strpos(lower(CASE WHEN {left} IS NFKC NORMALIZED THEN {left} ELSE normalize({left}, NFKC) END COLLATE "C"), %s) > 0'
    """Most texts are in that form already: to ask first is five times as quick."""

    def right(self) -> list[Any]:
        return [fold_text(str(self.rhs))]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return self.template.format(left=left), (*params, *params, *params, *self.right())


@TextField.register_lookup
@CharField.register_lookup
class HasWord(_OfText):
    """The text is a list of words parted by spaces, and the value is one of them."""

    lookup_name = "has_word"
    template = "%s = ANY(string_to_array({left}, ' '))"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return self.template.format(left=left), (self.rhs, *params)


@Field.register_lookup
@ForeignKey.register_lookup
class Among(_Lookup):
    """The value is one of a list, as one parameter (`= ANY`): the statement's text does not depend on how many there are."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s::{self.lhs.output_field.db_type(connection)}[])", (*params, as_array(self.rhs))


def as_array(values: Any) -> Any:
    """Return a list of whole numbers or of texts as PostgreSQL reads it: a thousand ids in a tenth of the time. Others stay."""
    if type(values) is not list or not values:
        return values
    kinds = set(map(type, values))
    if kinds == {int}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {str}:
        joined = "\0".join(values)
        if joined.count("\0") == len(values) - 1:  # else a text holds one itself, which no column can
            quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
            return f'{{"{quoted}"}}'
    return values
