"""What taking orders in must know of the tenant, read in one statement: listings, statuses, labels, names of payments and deliveries."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from hub.tenancy import current_tenant
from orders.models import Shop


@dataclass(frozen=True, kw_only=True)
class Known:
    """`listings`: key to id, product and units. `statuses`: default to id and phase. `tags`: key to id. Names to methods."""

    listings: dict[str, tuple[int, int | None, int]]
    statuses: dict[str, tuple[int, str]]
    tags: dict[str, int]
    payments: dict[str, str]
    deliveries: dict[str, str]


_READ = """SELECT
 (SELECT json_agg(json_build_array(key, id, product_id, units)) FROM orders_listing
    WHERE tenant_id = %(tenant)s AND shop_id = %(shop)s AND key = ANY(%(keys)s::text[])),
 (SELECT json_agg(json_build_array(s.default_for, s.id, g.phase)) FROM orders_status s
    JOIN orders_statusgroup g ON g.tenant_id = s.tenant_id AND g.id = s.group_id WHERE s.tenant_id = %(tenant)s AND s.default_for <> ''),
 (SELECT json_agg(json_build_array(key, id)) FROM orders_tag WHERE tenant_id = %(tenant)s AND key <> ''),
 (SELECT json_agg(json_build_array(name, method)) FROM orders_paymentname
    WHERE tenant_id = %(tenant)s AND channel = %(channel)s AND method <> ''),
 (SELECT json_agg(json_build_array(name, method)) FROM orders_deliveryname WHERE tenant_id = %(tenant)s AND channel = %(channel)s)"""


def read_known(shop: Shop, listing_keys: Collection[str]) -> Known:
    """Read it for these listing keys."""
    asked: dict[str, Any] = {
        "tenant": current_tenant(),
        "shop": shop.pk,
        "channel": shop.channel,
        "keys": list(listing_keys),
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, asked)
        row = cursor.fetchone()
    assert row is not None
    listings, statuses, tags, payments, deliveries = map(_rows, row)
    return Known(
        listings={key: (pk, product, units) for key, pk, product, units in listings},
        statuses={key: (pk, phase) for key, pk, phase in statuses},
        tags=dict(tags),
        payments=dict(payments),
        deliveries=dict(deliveries),
    )


def _rows(found: Any) -> list[list[Any]]:
    return json.loads(found) if isinstance(found, str) else found or []
