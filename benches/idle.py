"""Row *idle*: what a tick costs when nothing is due, and whether one large tenant keeps small ones waiting."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.db import connection

from benches import places
from benches.filling import insert
from benches.measuring import Figure, gate, p95, ratios
from benches.shelf import watched
from benches.shops import business_now
from hub import stages
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Shop, Warehouse

TENANTS, SHOPS = 2_000, 5
SMALL, LARGE = 200, 5_000


def run(size: str, rows: Sequence[str] = ()) -> list[Figure]:
    """Measure the row."""
    with places.fresh("idle") as name:
        _tenants(name, TENANTS, SHOPS)
        places.settle(name)
        idle = _idle()
    with places.fresh("fair") as name:
        _tenants(name, SMALL, 1)
        _tenants(name, 1, LARGE)
        places.settle(name)
        fair = _fair(3 if size == "small" else 5)
    return [idle, fair]


def _tenants(name: str, tenants: int, shops: int) -> None:
    """Make tenants whose shops poll, with a warehouse each: read, collected and kept just now, so that nothing is due."""
    with places.own(name) as owner, owner.cursor() as cursor:
        insert(
            cursor,
            Tenant,
            {
                "name": "'店 ' || n",
                "kept_at": "clock_timestamp() + interval '1 day'",
                "retained_at": "clock_timestamp()",
                "created_at": "now()",
            },
            f"generate_series(1, {tenants}) n",
        )
        cursor.execute("SELECT array_agg(id) FROM (SELECT id FROM hub_tenant ORDER BY id DESC LIMIT %s) t", [tenants])
        made = f"unnest('{{{','.join(map(str, cursor.fetchone()[0]))}}}'::bigint[]) t"  # type: ignore[index]
        day = "clock_timestamp() + interval '1 day'"
        insert(cursor, Warehouse, {"tenant_id": "t", "name": "'倉庫'", "kind": "'rsl'"}, made)
        shop = {
            "tenant_id": "t",
            "name": "'店舗 ' || n",
            "channel": "'rakuten'",
            "account": "'4' || n",
            "mode": "'live'",
            "polling": "true",
        }
        insert(cursor, Shop, shop, f"{made} CROSS JOIN generate_series(1, {shops}) n")
        cursor.execute(f"UPDATE orders_shop SET next_poll_at = {day}")
        cursor.execute(f"UPDATE orders_warehouse SET next_collect_at = {day}")
        owner.commit()


def _idle() -> Figure:
    """Tick every stage with nothing due: statements and seconds of each, the slowest quarter left in."""
    sent: dict[str, int] = {}
    ticks = []
    for number in range(25):
        began = time.perf_counter()
        for stage in settings.STAGES:
            with watched() as statements:
                due = stages.due(stage, _now())
            gate(not due, f"{len(due)} units are due at {stage}")
            sent[stage] = len(statements.sent)
        if number >= 5:
            ticks.append(time.perf_counter() - began)
    share = median(ticks) / settings.TICK_SECONDS * 100
    return Figure(
        row="idle",
        goal="24",
        what=f"a tick, {TENANTS * SHOPS:,} shops of {TENANTS:,} tenants, none due",
        limit="one statement a stage",
        product=f"{sum(sent.values())} statements for "
        f"{len(sent)} stages, {median(ticks) * 1000:.1f} ms a tick of {settings.TICK_SECONDS:.0f} s",
        ratio=f"{share:.2f} % of a core",
        bar="1 a stage; ≤ 1 %",
        met=set(sent.values()) == {1} and share <= 1,
        data={"statements": sent, "tick_ms": median(ticks) * 1000},
    )


_CLOCK: list[datetime] = []


def _now() -> datetime:
    """Return the business time of the tick: read once, as the tick does."""
    if not _CLOCK:
        _CLOCK.append(business_now())
    return _CLOCK[0]


def _fair(rounds: int) -> Figure:
    """Serve everything that is due, round after round of the tick; the small ones' waits alone and beside the large tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM hub_tenant ORDER BY id")
        tenants = [row[0] for row in cursor.fetchall()]
    small, large = tenants[:SMALL], tenants[SMALL]
    alone, beside = [], []
    for _ in range(rounds):
        _make_due(small)
        alone.append(p95(_serve(small)))
        _make_due([*small, large])
        beside.append(p95(_serve(small)))
    ratio = ratios(beside, alone)
    return Figure(
        row="idle",
        goal="f",
        what=f"one tenant with {LARGE:,} due shops beside {SMALL} with one each: the small ones' wait",
        limit=f"alone: p95 {median(alone) * 1000:.0f} ms",
        product=f"p95 {median(beside) * 1000:.0f} ms",
        ratio=str(ratio),
        bar="≤ 2",
        met=ratio.mid <= 2,
        data=ratio.data(),
    )


def _make_due(tenants: Sequence[int]) -> None:
    for tenant in tenants:
        with tenant_transaction(tenant):
            Shop.objects.update(next_poll_at=business_now() - timedelta(seconds=1), lease_until=None)


def _serve(small: Sequence[int]) -> list[float]:
    """Take units as ticks name them, lease each and put it off; return when each small tenant's shop was begun."""
    wanted = set(small)
    begun: dict[int, float] = {}
    began = time.perf_counter()
    while wanted - begun.keys():
        now = business_now()
        for unit in stages.due("poll", now):
            begun.setdefault(unit.tenant_id, time.perf_counter() - began)
            with tenant_transaction(unit.tenant_id):
                Shop.objects.filter(pk=unit.unit_id).update(next_poll_at=now + timedelta(hours=1))
    return [seconds for tenant, seconds in begun.items() if tenant in wanted]
