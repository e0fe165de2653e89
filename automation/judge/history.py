"""J8: every revision of an order has its one entry in the audit, and no entry is without a revision."""

from __future__ import annotations

from django.db.models import Count, Max

from automation.judge.findings import OTHER, Case, Looked
from hub.models import AuditEntry
from orders.models import Order


def every_change_entered(case: Case) -> Looked:
    looked = Looked()
    entries = (
        AuditEntry.objects.filter(revision__isnull=False)
        .values("order_id")
        .annotate(n=Count("pk"), last=Max("revision"))
    )
    known = {row["order_id"]: (row["n"], row["last"]) for row in entries}
    for pk, number, revision in Order.objects.values_list("pk", "number", "revision"):
        looked.at += 1
        entered, last = known.get(pk, (0, 0))
        if (entered, last) != (revision, revision):
            looked.find(
                OTHER, f"{number} is at revision {revision}; the audit has {entered} entries, the last for {last}"
            )
    return looked
