"""Row 40: a warehouse that would ship a repeated reference again, and often stays silent after accepting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.faults import SILENCE
from drivers.strikes.fault import Fault

if TYPE_CHECKING:
    from drivers.chaos import Chaos

LATE = 5.0
"""True seconds until a late request is accepted; the quiet time of the run is longer."""


class SilentWarehouse(Fault):
    """Half of the calls are carried out and not answered, some of the rest are carried out later."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._before = self._fired()
        plan = [
            {"kind": "timeout_after", "function": "request", "rate": 0.5, "seconds": SILENCE},
            {"kind": "late_apply", "function": "request", "rate": 0.2, "seconds": LATE, "silence_seconds": SILENCE},
        ]
        chaos.outside.warehouse.post("faults", {"seed": chaos.seed, "faults": plan})

    @property
    def count(self) -> int:
        return self._fired() - self._before

    def end(self) -> None:
        self.chaos.outside.warehouse.post("faults", {"faults": []})

    def measured(self) -> str:
        lines = [line for line in self.chaos.ledgers().warehouse_lines if line["kind"] == "request"]
        tenants = tuple(f"{pk}-" for pk in self.chaos.tenant_ids)
        ours = [line for line in lines if str(line["reference"]).startswith(tenants) and line["outcome"] == "accepted"]
        return f"accepted={len(ours)} more_than_once={sum(line['nth'] > 1 for line in ours)}"

    def _fired(self) -> int:
        return int(sum(self.chaos.outside.warehouse.get("state")["faults"]["fired"].values()))
