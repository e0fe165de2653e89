"""Which wanted parcels there is something to do about: one statement over all of them, so that those that cannot go now never
keep the others from being looked at, however many and however old they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from hub.tenancy import current_tenant
from orders.blocks import PAYMENT
from orders.judging import READ_WITHIN, SHIPPABLE
from orders.system_tasks import BLOCK_TASKS
from warehouses.adapters import WarehouseAbility, adapter_class


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Parcels by what is to be done about them, the oldest wish first; at most as many of each as were asked for.

    `go`: all looks well. `fault`: no warehouse can be asked, and another reason stands on them, or none. `read`: only the mall was
    not read lately, and nobody has asked for that yet.
    """

    go: list[int] = field(default_factory=list)
    fault: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)


def wanted_parcels(*, now: datetime, most: int) -> Wanted:
    """Look at the tenant's wanted parcels as `orders.judging.may_ship` and `warehouses.requesting.choose` will under the locks."""
    found = Wanted()
    taking = [kind for kind in settings.WAREHOUSES if WarehouseAbility.REQUEST in adapter_class(kind).abilities]
    values: dict[str, Any] = {
        "tenant": current_tenant(), "now": now, "read_since": now - READ_WITHIN, "phases": [str(phase) for phase in SHIPPABLE],
        "payment": PAYMENT, "payment_task": BLOCK_TASKS[PAYMENT], "taking": taking, "most": most,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, values)
        for parcel_id, what in cursor.fetchall():
            getattr(found, what).append(parcel_id)
    return found


_WANTED = """
WITH looked_at AS (
    SELECT p.id, p.ship_wanted_at, p.ship_fault,
           bool_and(
               o.is_open AND NOT o.held AND o.ours AND o.phase = ANY(%(phases)s::text[]) AND o.ready_at <= %(now)s
               AND o.judged_revision = o.revision AND o.judged_rule_set = s.rule_set
               AND (s.mode = 'live' OR o.mall_state = 'none')
               AND (o.mall_block = '' OR o.mall_block = %(payment)s AND EXISTS (
                    SELECT 1 FROM orders_taskmark m JOIN orders_task t ON t.tenant_id = m.tenant_id AND t.id = m.task_id
                    WHERE m.tenant_id = o.tenant_id AND m.order_id = o.id AND t.key = %(payment_task)s
                      AND m.closed_at IS NOT NULL AND m.cause_ended_at IS NULL))
           ) AS free,
           coalesce(bool_or(o.mall_state <> 'none' AND (o.mall_read_at IS NULL OR o.mall_read_at < %(read_since)s)), false) AS old,
           coalesce(bool_or(o.reread_at <= %(now)s), false) AS on_list,
           min(house.id) AS house, min(house.id) IS DISTINCT FROM max(house.id) OR count(house.id) NOT IN (0, count(*)) AS several
    FROM orders_parcel p
    JOIN orders_order lead ON lead.tenant_id = p.tenant_id AND lead.id = p.order_id
    JOIN orders_shop seller ON seller.tenant_id = lead.tenant_id AND seller.id = lead.shop_id
    JOIN orders_orderline l ON l.tenant_id = p.tenant_id AND l.parcel_id = p.id AND l.closed_at IS NULL AND l.quantity > 0
    JOIN orders_order o ON o.tenant_id = l.tenant_id AND o.id = l.order_id
    JOIN orders_shop s ON s.tenant_id = o.tenant_id AND s.id = o.shop_id
    LEFT JOIN orders_product g ON g.tenant_id = l.tenant_id AND g.id = l.product_id
    LEFT JOIN LATERAL (SELECT coalesce(p.warehouse_id, g.warehouse_id, seller.warehouse_id) AS id) house ON true
    WHERE p.tenant_id = %(tenant)s AND p.state = 'draft' AND p.closed_at IS NULL AND p.ship_wanted_at <= %(now)s
      AND lead.is_open AND NOT lead.held
    GROUP BY p.id),
judged AS (
    SELECT x.*, CASE WHEN x.several THEN 'several_warehouses' WHEN w.id IS NULL OR w.retired_at IS NOT NULL THEN 'no_warehouse'
                     WHEN w.paused_at IS NOT NULL THEN 'paused' WHEN NOT w.kind = ANY(%(taking)s::text[]) THEN 'not_ours_to_request'
                     ELSE '' END AS fault
    FROM looked_at x LEFT JOIN orders_warehouse w ON w.tenant_id = %(tenant)s AND w.id = x.house
    WHERE x.free),
sorted AS (
    SELECT id, ship_wanted_at, CASE WHEN fault <> '' AND fault <> ship_fault THEN 'fault' WHEN fault <> '' THEN NULL
                                    WHEN NOT old THEN 'go' WHEN NOT on_list THEN 'read' END AS what
    FROM judged),
placed AS (
    SELECT id, what, row_number() OVER (PARTITION BY what ORDER BY ship_wanted_at, id) AS place FROM sorted WHERE what IS NOT NULL)
SELECT id, what FROM placed WHERE place <= %(most)s ORDER BY what, place"""
