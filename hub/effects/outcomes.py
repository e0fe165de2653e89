"""What a writing call can have come to. There are four, and an adapter must say which: nothing is guessed later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """It happened. `data` is what the other side gave back (ids, times), kept in `Effect.result`."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NotDone:
    """It surely did not happen; try later. `line`: the line or the key is at fault, not this effect, so no try is used up.

    `blind`: the key or the function is refused (401, 403): the breaker of the function opens.
    """

    reason: str
    detail: str = ""
    line: bool = True
    blind: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The other side said no to this very effect. `reason` is a code, `detail` its own words."""

    reason: str
    detail: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Unsure:
    """No answer, or one that tells nothing: it may have happened. It is looked for before anything else.

    `open_id`: accepted, outcome later (the counterpart's id to ask for).
    """

    reason: str
    detail: str = ""
    open_id: str = ""


Outcome = Receipt | NotDone | Refused | Unsure
