"""Stage: judge orders that are due. One pass per order and revision, top to bottom; a pass writes each order once.

A rule acts on the edge: once, when its condition becomes true for an order (RuleMark). See docs/architecture.md, "Rules".
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError, transaction

from automation.failing import count, held_by, hold_for
from automation.models import Rule, RuleGroup
from automation.passing import Pass, RuleFailed
from automation.rulebook import Rulebook, group_is_on, load_rulebook, switch_off_broken
from hub.clock import business_now
from hub.crash import crash
from hub.faults import is_passing
from hub.stages import kick
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.operations.door import lock
from orders.outgoing.held import let_go_of

log = logging.getLogger(__name__)

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
    """Judge up to `size` due orders in one transaction; a chunk that fails is cut down until the bad order is alone, and held.

    A passing fault of the database holds nobody: it is raised, and the orders stay due. So does an order that fails no more.
    """
    ids: list[int] = []
    try:
        with tenant_transaction(tenant_id):
            now = business_now()
            ids = _due(now, size)
            book = run_pass(ids, now=now)
    except (RuleFailed, DatabaseError) as error:
        if is_passing(error):
            raise
        failed = error
    else:
        _switch_off(tenant_id, book)
        return len(ids)
    if not ids:
        raise failed
    if len(ids) > 1:
        return max(judge_chunk(tenant_id, size=max(1, len(ids) // 10)), 1)
    rule: Rule | None = getattr(failed, "rule", None)
    if rule is None:
        try:
            with tenant_transaction(tenant_id):
                rule = _blame(ids[0], now=business_now())
        except FailsNoMore:
            log.warning("order %s failed and fails no more; it stays due", ids[0], exc_info=failed)
            return 1
    crash("engine.after_blame")
    with tenant_transaction(tenant_id):
        return _set_aside(ids[0], rule, failed, now=business_now())


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


def _switch_off(tenant_id: int, book: Rulebook) -> None:
    """Switch off what a pass had to leave out, each in a transaction of its own: settings are locked before orders.

    Whoever dies before it leaves it to the next pass.
    """
    for row, why in book.broken:
        with tenant_transaction(tenant_id):
            switch_off_broken(row, why, now=business_now())
        crash("engine.after_switching_off")


def _due(now: datetime, size: int) -> list[int]:
    due = Order.objects.filter(judge_at__lte=now).order_by("judge_at", "pk")
    return list(due.select_for_update(no_key=True, skip_locked=True, of=("self",)).values_list("pk", flat=True)[:size])


def run_pass(order_ids: Sequence[int], *, now: datetime) -> Rulebook:
    """Run rules and tasks over locked orders inside the open transaction, and let go what waited for them to be handled again; return
    what they were judged by."""
    if not order_ids:
        return Rulebook(strata=(), tasks=())
    book = load_rulebook(now=now)
    Pass(order_ids, book, now=now).run()
    let_go_of(order_ids)
    return book


def _blame(order_id: int, *, now: datetime) -> Rule | None:
    """Return the rule without which the pass over the order succeeds: the last of the shortest run of rules with which it fails.

    Each try is undone. None where it fails without any rule. Raises FailsNoMore.
    """
    book = load_rulebook(now=now)
    rules = book.rules
    if not _fails(order_id, book, now=now):
        raise FailsNoMore
    if _fails(order_id, book.first(0), now=now):
        return None
    well, bad = 0, len(rules)
    while bad - well > 1:
        middle = (well + bad) // 2
        well, bad = (well, middle) if _fails(order_id, book.first(middle), now=now) else (middle, bad)
    return rules[bad - 1].rule


class FailsNoMore(Exception):
    """The pass over the order succeeds by now: nothing is known to be wrong with it or with a rule."""


class _Undo(Exception):
    """Rolls a try back."""


def _fails(order_id: int, book: Rulebook, *, now: datetime) -> bool:
    try:
        with transaction.atomic():
            Pass([order_id], book, now=now).run()
            raise _Undo
    except _Undo:
        return False
    except (RuleFailed, DatabaseError) as error:
        if is_passing(error):
            raise
        return True


def _set_aside(order_id: int, rule: Rule | None, error: Exception, *, now: datetime) -> int:
    """Hold an order that breaks its pass, and take it off the queue until it or its rule changes; count it against the rule.

    Settings are locked before orders, as whoever changes them does, and with the order those that are freed if it is the last that
    the rule fails on. Where the order or its rule was changed meanwhile, nothing is done.
    """
    together = [order_id]
    if rule is not None:
        group = RuleGroup.objects.select_for_update(no_key=True).get(pk=rule.group_id)
        present = Rule.objects.select_for_update(no_key=True).get(pk=rule.pk)
        runs = present.enabled and not present.broken and present.retired_at is None and group_is_on(group, now=now)
        if not runs or present.version != rule.version:
            return 1
        together += held_by([rule.pk])
    due_at = {order.pk: order.judge_at for order in lock(together, "judge_at")}.get(order_id)
    if due_at is None or due_at > now:
        return 1
    hold_for(rule, order_id, error, now=now)
    Order.objects.filter(pk=order_id).update(judge_at=None)
    if rule is not None:
        count(rule, order_id, now=now)
    return 1
