"""The judge's round: every check over every tenant, read-only, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from automation.judge import coming_in, fences, history, limits, mails, outbox, reporting, shipping
from automation.judge.findings import Case, Check, Finding, Looked, Verdict, sums
from automation.judge.ledgers import Ledgers
from hub.models import Tenant
from hub.tenancy import tenant_transaction

PER_TENANT: tuple[tuple[str, str, Check, bool], ...] = (
    # invariant, what it says, check, does it need ledgers
    ("J1", "every visible order is here, once", coming_in.all_here, False),
    ("J1", "orders say what the mall says", coming_in.says_the_same, True),
    ("J2", "no unit shipped twice, no reference accepted twice", shipping.nothing_twice, False),
    ("J3", "every shipment is at the mall, once, and counted", reporting.everything_reported, False),
    ("J4", "each mail once, none forgotten", mails.each_once, False),
    ("J5", "all pieces are shipped, requested, open or cancelled", shipping.pieces_add_up, False),
    ("J6", "no effect forgotten in flight", outbox.nothing_forgotten, False),
    ("J7", "nothing lies unread at the mall", coming_in.nothing_unread, False),
    ("J8", "one audit entry a revision", history.every_change_entered, False),
    ("J9", "nothing of a tenant in another's world", fences.own_world_only, True),
    ("J10", "no secret in rows", fences.no_secret_in_rows, True),
)
NEEDS_LEDGERS = "needs ledgers"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """All verdicts, in order."""

    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.verdicts)

    @property
    def sums(self) -> dict[str, int]:
        """lost, twice, unreported, wrong, mails_twice."""
        return sums(self.verdicts)


def judge(
    *, now: datetime, true_now: datetime, ledgers: Path | None = None, tenant_ids: Iterable[int] | None = None
) -> Judgement:
    """Judge these tenants, or all that are not suspended. `ledgers` is the folder of the simulators' ledgers."""
    ids = (
        sorted(tenant_ids)
        if tenant_ids is not None
        else sorted(Tenant.objects.filter(suspended_at__isnull=True).values_list("pk", flat=True))
    )
    books = Ledgers(folder=ledgers) if ledgers is not None else None
    cases = [Case(tenant_id=pk, now=now, true_now=true_now, ledgers=books) for pk in ids]
    verdicts = [
        _over_tenants(cases, invariant, what, check, books, needs) for invariant, what, check, needs in PER_TENANT
    ]
    verdicts += _over_all(books)
    return Judgement(verdicts=tuple(verdicts))


def _over_tenants(
    cases: list[Case], invariant: str, what: str, check: Check, books: Ledgers | None, needs: bool
) -> Verdict:
    if needs and books is None:
        return Verdict(invariant=invariant, what=what, looked_at=0, findings=(), skipped=NEEDS_LEDGERS)
    looked = Looked()
    for case in cases:
        with tenant_transaction(case.tenant_id):
            _promise_to_read_only()
            found = check(case)
        looked.at += found.at
        looked.findings += [
            Finding(count=one.count, text=f"tenant {case.tenant_id}: {one.text}") for one in found.findings
        ]
    return _verdict(invariant, what, looked)


def _over_all(books: Ledgers | None) -> list[Verdict]:
    verdicts = []
    for invariant, what in (("J10", "no secret in logs"), ("J11", "no shop's mall called too often")):
        if books is None:
            verdicts.append(Verdict(invariant=invariant, what=what, looked_at=0, findings=(), skipped=NEEDS_LEDGERS))
    if books is not None:
        logs = fences.no_secret_in_logs(books.folder.parent / "logs", books.canaries)
        calls = limits.never_too_often(books, settings.MALL_GAP_SECONDS)
        verdicts = [
            _verdict("J10", "no secret in logs", logs),
            _verdict("J11", "no shop's mall called too often", calls),
        ]
    return [*verdicts, _verdict("J12", "tables fenced, keys composite, role ordinary", fences.catalogue())]


def _verdict(invariant: str, what: str, looked: Looked) -> Verdict:
    return Verdict(invariant=invariant, what=what, looked_at=looked.at, findings=tuple(looked.findings))


def _promise_to_read_only() -> None:
    """Have the database refuse whatever a check might try to write."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
