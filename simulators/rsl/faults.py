"""Faults of the warehouse: those of every simulator on its calls, and results that are told wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulators.faults import ANSWER_KINDS, KINDS, Fault, Faults

# What the feed says wrongly; the ledger keeps the truth. Function of all of them: "feed".
FEED_KINDS = ("result_repeated", "result_backwards", "result_unknown", "result_too_many", "result_broken")
CALL_KINDS = ANSWER_KINDS | {"slow"}


@dataclass(kw_only=True)
class RslFault(Fault):
    """A fault of the warehouse."""

    kinds: ClassVar[frozenset[str]] = KINDS | frozenset(FEED_KINDS)


class RslFaults(Faults):
    """A plan that knows the warehouse's own kinds."""

    fault_class = RslFault
