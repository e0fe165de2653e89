"""The answer: a sentence, what frees it, what holds it, and the acts offered. Codes and parameters; words are made when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from orders.explaining.texts import ACTS, ALSO, BECAUSE


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def _language(language: str) -> str:
    return "en" if (language or get_language() or "ja").startswith("en") else "ja"


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence as code and parameters."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def because(self, language: str = "") -> str:
        """Return why it is here."""
        return BECAUSE[self.code].title(_language(language)).format_map(_Values(self.params))

    def then(self, language: str = "") -> str:
        """Return what frees it."""
        return BECAUSE[self.code].advice(_language(language)).format_map(_Values(self.params))

    def also(self, language: str = "") -> str:
        """Return a remark beside it."""
        return ALSO[self.code].title(_language(language)).format_map(_Values(self.params))


@dataclass(frozen=True, kw_only=True)
class Act:
    """What may be done: its code, and what it is done to (a parcel, an effect, a task), as ids."""

    code: str
    on: int | None = None
    primary: bool = False

    def words(self, language: str = "") -> str:
        return ACTS[self.code].title(_language(language))


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One thing that keeps the order from shipping: what, in which words, and what ends it. `code` is an obstacle of judging,
    `next` what to do as the task itself says it.

    `override`: it mirrors a fact, and only a named override passes it.
    """

    code: str
    words: str
    detail: str = ""
    next: str = ""
    tone: str = "wait"
    act: Act | None = None
    task_id: int | None = None
    override: bool = False


@dataclass(frozen=True, kw_only=True)
class Why:
    """The whole answer. `tone`: moving (nothing to do), wait (a person), stop (something is wrong), good, closed."""

    tone: str
    said: Said
    also: Sequence[Said] = ()
    holds: Sequence[Hold] = ()
    acts: Sequence[Act] = ()

    def because(self, language: str = "") -> str:
        return self.said.because(language)

    def then(self, language: str = "") -> str:
        return " ".join([self.said.then(language), *(one.also(language) for one in self.also)]).strip()
