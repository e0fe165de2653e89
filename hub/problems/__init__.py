"""Problems in words: each code has a title and what to do, in Japanese and English. One catalogue for the API and the pages.

An act that is refused raises a `Refusal`, or an exception that `explain` was taught to read by the app that raises it. Rows and
outcomes keep codes and parameters, never sentences; `say` makes the sentence in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, ClassVar

from django.utils.translation import get_language

from hub.problems import orders, outside, platform, settings
from hub.problems.texts import Text

CATALOGUE: Mapping[str, Text] = {**platform.TEXTS, **orders.TEXTS, **settings.TEXTS, **outside.TEXTS}


class Refusal(Exception):
    """An act was refused. `code` is in the catalogue; `params` fill its sentence; `field` is the value at fault, if one is."""

    code: ClassVar[str] = ""
    status: ClassVar[int] = 409

    def __init__(self, *, field: str = "", **params: Any) -> None:
        super().__init__(self.code)
        self.field = field
        self.params = params


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A refusal, ready to be told: by a page as a sentence, by the API as problem+json. `more` are further members."""

    code: str
    status: int = 409
    field: str = ""
    params: Mapping[str, Any] = dataclass_field(default_factory=dict)
    more: Mapping[str, Any] = dataclass_field(default_factory=dict)

    def title(self, language: str = "") -> str:
        """Return what happened."""
        return say(self.code, self.params, language)

    def advice(self, language: str = "") -> str:
        """Return what to do about it."""
        return advise(self.code, self.params, language)


def say(code: str, params: Mapping[str, Any] | None = None, language: str = "") -> str:
    """Return the sentence of a code. A code without one is shown as it is: a test keeps that from happening."""
    text = CATALOGUE.get(code)
    return text.title(_language(language)).format_map(_Values(params or {})) if text else code


def advise(code: str, params: Mapping[str, Any] | None = None, language: str = "") -> str:
    """Return what to do about a code, or an empty text."""
    text = CATALOGUE.get(code)
    return text.advice(_language(language)).format_map(_Values(params or {})) if text else ""


def _language(language: str) -> str:
    return "en" if (language or get_language() or "ja").startswith("en") else "ja"


class _Values(dict[str, Any]):
    """Values of a sentence; one that is not given is shown as a dash instead of failing."""

    def __missing__(self, key: str) -> str:
        return "–"


Reader = Callable[[Any], Problem]
_READERS: dict[type[BaseException], Reader] = {}


def teach(kind: type[BaseException], reader: Reader) -> None:
    """Say how an exception of an app reads as a problem. Called in `AppConfig.ready()` through the app's `words.py`."""
    _READERS[kind] = reader


def explain(error: BaseException) -> Problem | None:
    """Return the problem that an expected error tells of, or None for one that nobody expects."""
    if isinstance(error, Refusal):
        return Problem(code=error.code, status=error.status, field=error.field, params=error.params)
    for kind in type(error).__mro__:
        if reader := _READERS.get(kind):
            return reader(error)
    return None


def known() -> tuple[type[BaseException], ...]:
    """Return the exceptions that `explain` can read: what an edge may catch."""
    return (Refusal, *_READERS)


__all__ = ["CATALOGUE", "Problem", "Refusal", "Text", "advise", "explain", "known", "say", "teach"]
