"""Numbers that a mall's search names: written before their details are fetched, and given up only when the mall surely has none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from hub.tenancy import current_tenant
from orders.lookups import as_array
from orders.models import OrderNumber
from orders.models.intake import NumberState

ABSENT_AFTER = timedelta(minutes=15)
ABSENT_TRIES = 3
"""A mall's search may run ahead of its details: so long, and so often, it must say that it knows no such order."""


def name_numbers(shop_id: int, numbers: Iterable[str], *, now: datetime) -> None:
    """Write numbers that the mall names. One that it knew nothing about before is fetched again; all others stay as they are."""
    wanted = sorted(set(numbers))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH again AS (
                   UPDATE orders_ordernumber SET state = 'named', tries = 0, named_at = %(now)s
                   WHERE tenant_id = %(tenant)s AND shop_id = %(shop)s AND number = ANY(%(numbers)s::text[]) AND state = 'absent')
               INSERT INTO orders_ordernumber (tenant_id, shop_id, number, state, tries, named_at, error)
               SELECT %(tenant)s, %(shop)s, n, 'named', 0, %(now)s, '' FROM unnest(%(numbers)s::text[]) n
               ON CONFLICT (tenant_id, shop_id, number) DO NOTHING""",
            {"tenant": current_tenant(), "shop": shop_id, "now": now, "numbers": as_array(wanted)},
        )


def ask_soon(shop_id: int, *, since: datetime) -> bool:
    """Say whether a number that was named since then has its details still to come and was asked for once at most: an answer may pass
    over an order, or spoil it, and have it whole in a moment."""
    waiting = OrderNumber.objects.filter(shop_id=shop_id, state=NumberState.NAMED, tries__lte=1, named_at__gte=since)
    return waiting.exists()


def note_absent(shop_id: int, number: str, *, now: datetime) -> None:
    """Note that the mall says it knows no such order. A number that waits for its details is given up after a while, not at once;
    that of an order which is here stays as it is."""
    row = OrderNumber.objects.filter(shop_id=shop_id, number=number, state=NumberState.NAMED).first()
    if row is None:
        return
    tries = row.tries + 1
    surely = tries >= ABSENT_TRIES and row.named_at <= now - ABSENT_AFTER
    state = NumberState.ABSENT if surely else NumberState.NAMED
    OrderNumber.objects.filter(pk=row.pk, state=NumberState.NAMED).update(state=state, tries=tries)


def mark_fetched(shop_id: int, numbers: Iterable[str]) -> None:
    """Note that these numbers were fetched, and that what was refused of them before is solved."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH solved AS (
                   UPDATE orders_rejectedpayload SET solved_at = clock_timestamp()
                   WHERE tenant_id = %(tenant)s AND shop_id = %(shop)s AND number = ANY(%(numbers)s::text[]) AND solved_at IS NULL)
               INSERT INTO orders_ordernumber (tenant_id, shop_id, number, state, tries, named_at, error)
               SELECT %(tenant)s, %(shop)s, n, 'fetched', 0, clock_timestamp(), '' FROM unnest(%(numbers)s::text[]) n
               ON CONFLICT (tenant_id, shop_id, number) DO UPDATE SET state = 'fetched', error = ''""",
            {"tenant": current_tenant(), "shop": shop_id, "numbers": as_array(sorted(numbers))},
        )
