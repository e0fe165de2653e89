"""How each kind of order should end, as its mall planned it, and how far the hub has brought it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

HELD_BY: dict[str, frozenset[str]] = {
    "unpaid": frozenset({"mall_payment"}),
    "remark": frozenset({"備考あり"}),
    "address": frozenset({"住所が違う可能性"}),
    "unmapped": frozenset({"unmapped"}),
    "amount_open": frozenset({"mall_amount"}),
    "social_gift": frozenset({"mall_address"}),
    "cannot_ship": frozenset({"cannot_ship"}),
}
"""The mark (a system task's key, or a task's name) that holds an order for the reason its kind planted."""

ENDS_HERE = {"store_pickup": "held:cannot_ship"}
"""Kinds that end otherwise with the run's warehouse than the mall plans: its API has no word for a pick-up at a store."""
GONE = 900
"""The mall's status of a cancelled order."""


@dataclass(frozen=True, kw_only=True)
class End:
    """One order: what its kind planned, and what it came to."""

    number: str
    kind: str
    expected: str
    reached: str

    @property
    def ok(self) -> bool:
        return self.reached == self.expected or (self.expected == "cancelled" and self.reached == "shipped_too_late")


def ends(mall_orders: Iterable[Mapping[str, Any]], hub_orders: Mapping[str, Mapping[str, Any]]) -> list[End]:
    """Compare every order that the mall has shown with the hub's."""
    found = []
    for row in mall_orders:
        expected = row["expected_end"]
        if expected == "counted":
            expected = ENDS_HERE.get(row["kind"], expected)
        found.append(
            End(
                number=row["number"],
                kind=row["kind"],
                expected=expected,
                reached=reached(row, hub_orders.get(row["number"]), expected),
            )
        )
    return found


def reached(mall: Mapping[str, Any], hub: Mapping[str, Any] | None, expected: str) -> str:
    """Say what an order came to, in the words of the kinds' expected ends."""
    if hub is None:
        return "missing"
    holds = set(hub["holds"])
    if hub["phase"] == "done":
        return "counted" if mall["counted_at"] and not hub["unreported"] else "done_uncounted"
    if hub["phase"] == "cancelled":
        return "cancelled"
    if mall["status"] == GONE and hub["phase"] == "shipped" and hub["mall_state"] == "cancelled":
        return "shipped_too_late"
    held_for = expected.partition(":")[2]
    if held_for and HELD_BY[held_for] & holds:
        return expected
    return f"{hub['phase']}{':' + ','.join(sorted(holds)) if holds else ''}"


def table(found: Iterable[End]) -> list[str]:
    """Return one line for each kind: how many, planned end, and what came of them."""
    kinds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for end in found:
        kinds[end.kind, end.expected][end.reached if not end.ok else "as planned"] += 1
    lines = []
    for (kind, expected), counts in sorted(kinds.items()):
        others = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()) if name != "as planned")
        good = counts["as planned"]
        lines.append(
            f"end: {kind:<22} {sum(counts.values()):>4}  {expected:<18} {good:>4} as planned{'; ' + others if others else ''}"
        )
    return lines
