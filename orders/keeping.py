"""Stage: hourly housekeeping of a tenant: say what has been trying for too long, fold the counts, reconcile with the malls, warn of keys
that end, drop what has served, sessions that expired among it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from hub import sessions
from hub.audit import SYSTEM
from hub.clock import JAPAN, business_now, true_now
from hub.crash import crash
from hub.models import IdempotencyKey, StoredFile, Tenant
from hub.tenancy import tenant_transaction
from hub.throttle import Later, Pacer
from orders.channels import MallBlind, MallDown, Named, channel_for
from orders.escalating import escalate, last_evening
from orders.intake.numbers import name_numbers
from orders.models import Order, OrderNumber, PollWindow, ReconcileBreak, Shop, TaskMark
from orders.models.intake import NumberState, WindowState
from orders.notices import warn_of_key
from orders.operations.holds import open_mark, system_task
from orders.polling import refuse_foreign
from orders.queries.counts import fold_deltas

WINDOWS_KEPT = timedelta(days=7)
FILES_KEPT = timedelta(days=7)
RECONCILE_EVERY = timedelta(hours=1)
RECONCILED = timedelta(hours=24)
UNCONFIRMED = timedelta(days=10)
CLEARED_IN_A_ROW = 20
WARN_AT_DAYS = (21, 14, 7, 3, 1)


def work(tenant_id: int, unit_id: int = 0) -> bool:
    """Do the tenant's housekeeping once; each part is its own transaction and may be repeated.

    What is late is looked for whenever it is rung.
    """
    with tenant_transaction(tenant_id):
        now = business_now()
        escalate(now)
    crash("keeping.after_escalate")
    with tenant_transaction(tenant_id):
        due = max(now - timedelta(hours=1), last_evening(now))
        taken = Tenant.objects.filter(Q(kept_at__isnull=True) | Q(kept_at__lt=due), pk=tenant_id)
        if taken.update(kept_at=now) != 1:
            return False
        fold_deltas()
    crash("keeping.after_fold")
    with tenant_transaction(tenant_id):
        PollWindow.objects.filter(state=WindowState.DONE, done_at__lt=now - WINDOWS_KEPT).delete()
        IdempotencyKey.objects.filter(expires_at__lt=now).delete()
        StoredFile.objects.filter(created_at__lt=now - FILES_KEPT).exclude(body=b"").update(
            body=b""
        )  # its job names the row
        _warn_unconfirmed(now)
        shops = list(Shop.objects.filter(polling=True, retired_at__isnull=True).values_list("pk", flat=True))
    crash("keeping.after_drop")
    _clear_sessions()
    for shop_id in shops:
        _warn(tenant_id, shop_id, now=now)
        _reconcile(tenant_id, shop_id, now=now)
    return True


def _clear_sessions() -> None:
    """Clear sessions that expired, of whoever they were: they belong to no tenant, so the first one served does it for all."""
    for _ in range(CLEARED_IN_A_ROW):
        with transaction.atomic():
            cleared = sessions.clear(true_now())
        crash("keeping.after_clear")
        if cleared < sessions.CLEARED_AT_ONCE:
            return


def _warn_unconfirmed(now: datetime) -> None:
    """Mark orders that the mall still has unconfirmed ten days after they were placed: it cancels them at fourteen."""
    task = system_task("confirm_late")
    late = Order.objects.filter(mall_state="new", is_open=True, placed_at__lt=now - UNCONFIRMED).exclude(
        pk__in=TaskMark.objects.filter(task=task, cause_ended_at__isnull=True).values("order_id")
    )
    ids = list(late.order_by("pk").values_list("pk", flat=True)[:1_000])
    if ids:
        open_mark(ids, task=task, by=SYSTEM, now=now)


def _warn(tenant_id: int, shop_id: int, *, now: datetime) -> None:
    """Warn at 21, 14, 7, 3 and 1 days before the shop's key ends, once each (promise G4)."""
    with tenant_transaction(tenant_id):
        shop = Shop.objects.get(pk=shop_id)
        if shop.key_expires_at is None:
            return
        days = (shop.key_expires_at.astimezone(JAPAN).date() - now.astimezone(JAPAN).date()).days
        due = next((mark for mark in sorted(WARN_AT_DAYS) if days <= mark), None)
        if due is None or (shop.key_warned_days is not None and shop.key_warned_days <= due):
            return
        Shop.objects.filter(pk=shop_id).update(key_warned_days=due)
        warn_of_key(shop, days=days, now=now)
    crash("keeping.after_warn")


def _reconcile(tenant_id: int, shop_id: int, *, now: datetime) -> None:
    """Compare the mall's list of the last 24 hours with ours; every difference is a row with a state, and is fetched."""
    with tenant_transaction(tenant_id):
        shop = Shop.objects.get(pk=shop_id)
        if shop.blind_since is not None or shop.wanted_from is None:
            return
        if shop.reconciled_at is not None and shop.reconciled_at > now - RECONCILE_EVERY:
            return
        channel = channel_for(shop, pace=Pacer(tenant_id, f"shop:{shop_id}"))
    channel.reading_class = "reconcile"
    since = max(now - RECONCILED, shop.wanted_from)
    until = now - timedelta(minutes=15)
    if since >= until:
        return
    try:
        named = channel.list_orders(since=since, until=until)
        refuse_foreign(shop, channel, named.numbers)
    except (MallDown, MallBlind, Later):
        return
    finally:
        channel.close()
    crash("keeping.after_list")
    with tenant_transaction(tenant_id):
        _compare(shop, named, since=since, until=until, now=now)
        Shop.objects.filter(pk=shop_id).update(reconciled_at=now)
    crash("keeping.after_reconcile")


def _compare(shop: Shop, named: Named, *, since: datetime, until: datetime, now: datetime) -> None:
    numbers = OrderNumber.objects.filter(shop=shop, number__in=named.numbers).exclude(state=NumberState.ABSENT)
    known = set(numbers.values_list("number", flat=True))
    missing = [number for number in named.numbers if number not in known]
    name_numbers(shop.pk, missing, now=now)
    found_again = ReconcileBreak.objects.filter(shop=shop, kind="missing_here", number__in=missing)
    found_again.filter(solved_at__isnull=False).update(solved_at=None, found_at=now)
    ReconcileBreak.objects.bulk_create(
        [ReconcileBreak(shop=shop, number=number, kind="missing_here", found_at=now) for number in missing],
        ignore_conflicts=True,
    )
    here = set(
        Order.objects.filter(shop=shop, placed_at__gte=since, placed_at__lt=until).values_list("number", flat=True)
    )
    gone = here - set(named.numbers)
    ReconcileBreak.objects.bulk_create(
        [ReconcileBreak(shop=shop, number=number, kind="missing_at_mall", found_at=now) for number in sorted(gone)],
        ignore_conflicts=True,
    )
    solved = Q(kind="missing_here", number__in=here) | Q(kind="missing_at_mall", number__in=list(named.numbers))
    ReconcileBreak.objects.filter(solved, shop=shop, solved_at__isnull=True).update(solved_at=now)
