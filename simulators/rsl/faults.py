"""Faults of the warehouse: those of every simulator on its calls, and results that are told wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulators.faults import KINDS, Fault, Faults

# What the feed says wrongly; the ledger keeps the truth. Function of all of them: "feed".
FEED_KINDS = ("result_repeated", "result_backwards", "result_unknown", "result_too_many", "result_broken")


@dataclass(kw_only=True)
class RslFault(Fault):
    """A fault of the warehouse. visible_late: a result is in the feed later than its time says."""

    kinds: ClassVar[frozenset[str]] = KINDS | {*FEED_KINDS, "visible_late"}


class RslFaults(Faults):
    """A plan that knows the warehouse's own kinds."""

    fault_class = RslFault
