"""要確認エラー: everything that did not go through, from every source. Each app says what it has; one list and one count show them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

MOST_OF_A_SOURCE = 200


@dataclass(frozen=True, kw_only=True)
class Act:
    """A button of a row: what it says, where it leads and how (post, get, or peek: the side panel), and the right it needs.

    `about` is the difference it makes, for acts that want reading first: they stand in the row's menu.
    """

    words: str | Promise
    url: str
    value: str = ""
    primary: bool = False
    method: str = "post"
    right: str = "effects.act"
    about: str | Promise = ""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One thing that did not go through: what, why, since when, and what may be done. `order` and `shop` are ids or None.

    `said` are the other side's own words; they may name a person, and are shown to those who may see persons.
    """

    title: str
    cause: str
    since: datetime
    url: str
    tone: str = "stop"
    icon: str = "alert"
    order_id: int | None = None
    shop_id: int | None = None
    yen: int | None = None
    acts: Sequence[Act] = field(default=())
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One kind of trouble. `rows` gives the oldest first, at most as many as asked; `count` is exact and cheap."""

    key: str
    words: str | Promise
    count: Callable[[datetime], int]
    rows: Callable[[datetime, int], list[Trouble]]


def sources() -> list[Source]:
    """Return the sources of every app, in the order of settings.TROUBLES."""
    return [source for path in settings.TROUBLES for source in _of(import_string(path))]


def _of(found: Any) -> Sequence[Source]:
    return [found] if isinstance(found, Source) else found


def counts(now: datetime) -> dict[str, int]:
    """Return how many troubles each source has."""
    return {source.key: source.count(now) for source in sources()}


def total(now: datetime) -> int:
    """Return how many troubles there are in all: the figure beside 要対応."""
    return sum(counts(now).values())
