"""How long a shop's orders take from being placed to being asked for at a warehouse: median and ninetieth percentile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from hub.tenancy import current_tenant

LOOKED_AT = 1_000
_SPEED = """SELECT count(*), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM a.at - o.placed_at))
FROM (SELECT id, placed_at FROM orders_order WHERE tenant_id = %(tenant)s AND shop_id = %(shop)s AND is_live
      ORDER BY placed_at DESC, id DESC LIMIT %(most)s) o,
     LATERAL (SELECT min(e.at) AS at FROM hub_auditentry e
              WHERE e.tenant_id = %(tenant)s AND e.order_id = o.id AND e.verb = 'parcel.requested') a
WHERE a.at IS NOT NULL"""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Over `orders` orders: half of them were asked for within `median`, nine of ten within `most`."""

    orders: int
    median: timedelta
    most: timedelta


def time_to_request(shop_id: int) -> Speed | None:
    """Return the times of those of the shop's latest thousand orders that were asked for; None if there are none."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEED, {"tenant": current_tenant(), "shop": shop_id, "most": LOOKED_AT})
        row = cursor.fetchone()
    if row is None or not row[0]:
        return None
    median, most = (timedelta(seconds=float(seconds)) for seconds in row[1])
    return Speed(orders=row[0], median=median, most=most)
