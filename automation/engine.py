"""Stage: judge orders that are due. One pass per order and revision, top to bottom; a pass writes each order once.

A rule acts on the edge: once, when its condition becomes true for an order (RuleMark). See docs/architecture.md, "Rules".
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError

from automation.passing import Pass, RuleFailed
from automation.rulebook import load_rulebook
from hub.audit import SYSTEM
from hub.clock import business_now
from hub.crash import crash
from hub.stages import kick
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.operations.holds import open_mark, system_task

CHUNK = 1_000
CHUNKS_A_TURN = 20


def work(tenant_id: int, unit_id: int = 0) -> bool:
    """Judge the tenant's due orders, a chunk at a time; say whether there was anything to do."""
    did = False
    for _ in range(CHUNKS_A_TURN):
        judged = judge_chunk(tenant_id)
        crash("engine.after_chunk")
        did = did or judged > 0
        if judged < CHUNK:
            break
    if did:
        kick("request", tenant_id, 0)
    return did


def judge_chunk(tenant_id: int, *, size: int = CHUNK) -> int:
    """Judge up to `size` due orders in one transaction; a chunk that fails is halved until the bad order is alone, and held."""
    try:
        with tenant_transaction(tenant_id):
            now = business_now()
            return run_pass(_due(now, size), now=now)
    except (RuleFailed, DatabaseError) as error:
        failed = error
    if size > 1:
        return max(judge_chunk(tenant_id, size=max(1, size // 10)), 1)
    with tenant_transaction(tenant_id):
        now = business_now()
        ids = _due(now, 1)
        _set_aside(ids, failed, now=now)
        return len(ids)


def judge_orders(tenant_id: int, order_ids: Sequence[int], *, until: float) -> bool:
    """Judge these orders now, those of them that are due, while the monotonic clock shows less than `until`; say whether all were.

    For a person who waits for the answer (a mapping). What is left, or fails, stays due for the stage.
    """
    for start in range(0, len(order_ids), CHUNK):
        if time.monotonic() > until:
            return False
        try:
            with tenant_transaction(tenant_id):
                now = business_now()
                due = Order.objects.filter(pk__in=order_ids[start : start + CHUNK], judge_at__lte=now).order_by("pk")
                run_pass(
                    list(
                        due.select_for_update(no_key=True, skip_locked=True, of=("self",)).values_list("pk", flat=True)
                    ),
                    now=now,
                )
        except (RuleFailed, DatabaseError):
            return False
        crash("engine.after_asked")
    return True


def _due(now: datetime, size: int) -> list[int]:
    due = Order.objects.filter(judge_at__lte=now).order_by("judge_at", "pk")
    return list(due.select_for_update(no_key=True, skip_locked=True, of=("self",)).values_list("pk", flat=True)[:size])


def run_pass(order_ids: Sequence[int], *, now: datetime) -> int:
    """Run rules and tasks over locked orders inside the open transaction; return how many were judged."""
    if not order_ids:
        return 0
    Pass(order_ids, load_rulebook(now=now), now=now).run()
    return len(order_ids)


def _set_aside(order_ids: Sequence[int], error: Exception, *, now: datetime) -> None:
    """Hold an order that breaks its pass, and take it off the queue until it changes."""
    rule = getattr(error, "rule", None)
    open_mark(
        order_ids, task=system_task("rule_failed"), by=SYSTEM, now=now, reason="rule_failed",
        detail={"rule": rule.name if rule else "", "error": type(error).__name__},
    )  # fmt: skip
    if isinstance(error, RuleFailed):
        error.count_failure()
    Order.objects.filter(pk__in=order_ids).update(judge_at=None)
