"""Faults of the mall: those of every simulator on its calls, what a page or an answer says wrongly, and a night that skips an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulators.faults import KINDS, Fault, Faults

# What a good answer says wrongly (`gateway.py`).
CONTENT_KINDS = frozenset({"null_detail_ids", "shuffled", "missing_number", "repeated_number", "page_shift"})
# visible_late: searches show an order late (function "place") · job_skips_order: the night does not count it ("nightly").
LIFE_KINDS = frozenset({"visible_late", "job_skips_order"})


@dataclass(kw_only=True)
class MallFault(Fault):
    """A fault of the mall."""

    kinds: ClassVar[frozenset[str]] = KINDS | CONTENT_KINDS | LIFE_KINDS


class MallFaults(Faults):
    """A plan that knows the mall's own kinds."""

    fault_class = MallFault
