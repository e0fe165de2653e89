"""Stage: the night's erasing, a chunk to a transaction; killed anywhere, it goes on. `manage.py retain` takes the same steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from hub.audit import SYSTEM, note
from hub.clock import business_now
from hub.crash import crash
from hub.models import RetentionRun, Tenant
from hub.stages import kick, stopping
from hub.tenancy import current_tenant, tenant_transaction
from orders.operations.settings.retention import days_kept
from orders.retention import erasing
from orders.retention.due import Place, next_due, rule_of

CHUNK = 200
"""Orders of one transaction."""
STEPS_A_TURN = 20


def work(tenant_id: int, unit_id: int = 0) -> bool:
    """Do some of the tenant's run; what is left is rung for at once, so that other tenants have their turn."""
    for _ in range(STEPS_A_TURN):
        if stopping() or not step(tenant_id):
            return True
    with tenant_transaction(tenant_id):
        kick("retain", tenant_id)
    crash("retention.after_turn")
    return True


def run_to_end(tenant_id: int) -> Mapping[str, int]:
    """Run, or go on with the run that was left, until nothing is due; return rows erased by table."""
    with tenant_transaction(tenant_id):
        run = _open_run(business_now())
    crash("retention.after_open")
    while step(tenant_id):
        pass
    with tenant_transaction(tenant_id):
        found = RetentionRun.objects.filter(pk=run.pk).values_list("counts", flat=True).first()
    crash("retention.after_all")
    return found or {}


def plan(tenant_id: int) -> Mapping[str, int]:
    """Return what a run would erase now, by table. The transaction is read-only: nothing can be written."""
    with tenant_transaction(tenant_id):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        rule = rule_of(days_kept(), now=business_now())
        counting = erasing.Counting(rule)
        ids, place = next_due(rule, None, limit=CHUNK)
        counting.add(ids)
        while place is not None:
            ids, place = next_due(rule, place, limit=CHUNK)
            counting.add(ids)
    crash("retention.after_plan")
    return +counting.counts


def step(tenant_id: int) -> bool:
    """Erase one chunk in one transaction; say whether to go on."""
    with tenant_transaction(tenant_id):
        now = business_now()
        run = _open_run(now)
        more = _step(run, now=now)
        crash("retention.before_commit")
    crash("retention.after_step")
    return more


def _open_run(now: datetime) -> RetentionRun:
    """Return the run that is not finished, locked, or a new one."""
    RetentionRun.objects.get_or_create(finished_at=None, defaults={"started_at": now, "days": days_kept()})
    run: RetentionRun = RetentionRun.objects.select_for_update(no_key=True).get(finished_at__isnull=True)
    return run


def _step(run: RetentionRun, *, now: datetime) -> bool:
    # Who lengthens the days in the middle of a run wants to keep what it has not reached yet.
    rule = rule_of(max(run.days, days_kept()), now=run.started_at)
    if not run.aged:
        erased = erasing.erase_aged(rule, now=now)
        run.aged = not erased
        _note(run, erased)
        return True
    after = Place(finished_at=run.looked_at, order_id=run.looked_id) if run.looked_at else None
    ids, place = next_due(rule, after, limit=CHUNK)
    if ids:
        _note(run, erasing.erase_orders(ids, rule, now=now))
    if place is not None:
        RetentionRun.objects.filter(pk=run.pk).update(looked_at=place.finished_at, looked_id=place.order_id)
        return True
    _finish(run, now=now)
    return False


def _note(run: RetentionRun, erased: Counter[str]) -> None:
    run.counts = dict(Counter(run.counts) + erased)
    RetentionRun.objects.filter(pk=run.pk).update(counts=run.counts, aged=run.aged)


def _finish(run: RetentionRun, *, now: datetime) -> None:
    """End the run. One that found nothing leaves no trace but the time."""
    if run.counts:
        RetentionRun.objects.filter(pk=run.pk).update(finished_at=now)
        note(erasing.ERASED, by=SYSTEM, now=now, run=run.pk, days=run.days, rows=run.counts)
    else:
        RetentionRun.objects.filter(pk=run.pk).delete()
    Tenant.objects.filter(pk=current_tenant()).update(retained_at=now)
