"""What a check finds, and what the judge says of an invariant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automation.judge.ledgers import Ledgers

LOST, TWICE, UNREPORTED, WRONG, MAILS_TWICE, OTHER = "lost", "twice", "unreported", "wrong", "mails_twice", "other"
COUNTS = (LOST, TWICE, UNREPORTED, WRONG, MAILS_TWICE)
"""The sums of the journey's last line. What is OTHER fails its invariant and stands in its line alone."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One breach: which sum it belongs to, and what it is in words for a developer."""

    count: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a check is given: one tenant, whose transaction is open and read-only, the two clocks, and the ledgers if there are any."""

    tenant_id: int
    now: datetime
    """Business time."""
    true_now: datetime
    ledgers: Ledgers | None


@dataclass(kw_only=True)
class Looked:
    """How much a check looked at, and what it found."""

    at: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(self, count: str, text: str) -> None:
        self.findings.append(Finding(count=count, text=text))

    def merge(self, other: Looked) -> None:
        self.at += other.at
        self.findings += other.findings


Check = Callable[[Case], Looked]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the judge says of one invariant over all tenants."""

    invariant: str
    what: str
    looked_at: int
    findings: tuple[Finding, ...]
    skipped: str = ""

    @property
    def holds(self) -> bool:
        return not self.findings

    def line(self) -> str:
        """Say it in one line."""
        if self.skipped:
            return f"{self.invariant:<4} --    {self.what}: {self.skipped}"
        if self.holds:
            return f"{self.invariant:<4} ok    {self.what}: {self.looked_at} looked at"
        shown = "; ".join(finding.text for finding in self.findings[:3])
        more = f"; and {len(self.findings) - 3} more" if len(self.findings) > 3 else ""
        return f"{self.invariant:<4} FAIL  {self.what}: {len(self.findings)} found in {self.looked_at}: {shown}{more}"


def sums(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return the sums of the journey's last line."""
    found = [finding.count for verdict in verdicts for finding in verdict.findings]
    return {count: found.count(count) for count in COUNTS}
