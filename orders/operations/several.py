"""Several changes of orders as one act: for each order all of them, or none where one is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from hub.audit import Actor
from orders.operations.door import Changed, Issue

Change = Callable[..., Changed]


class _Refused(Exception):
    """Some orders cannot have every change: what was written for this round is taken back."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("refused")
        self.issues = issues


def change_several(
    order_ids: Iterable[int], *, changes: Sequence[Change], by: Actor, now: datetime, batch_id: int | None = None
) -> Changed:
    """Make every change on each order. An order that one of them refuses is left as it was, with the first reason."""
    ids, issues = sorted(set(order_ids)), dict[int, Issue]()
    while True:
        try:
            with transaction.atomic():
                outcomes = [change(ids, by=by, now=now, batch_id=batch_id) for change in changes]
                if found := [issue for outcome in outcomes for issue in outcome.issues]:
                    raise _Refused(found)
        except _Refused as refused:
            for issue in refused.issues:
                issues.setdefault(issue.order_id, issue)
            ids = [pk for pk in ids if pk not in issues]
            continue
        changed = {pk for outcome in outcomes for pk in outcome.changed}
        return Changed(
            changed=sorted(changed), unchanged=[pk for pk in ids if pk not in changed], issues=list(issues.values())
        )
