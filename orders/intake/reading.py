"""What taking orders in must know of the tenant, read in one statement: listings, statuses, labels, names of payments and deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field

from hub.tenancy import current_tenant
from orders.lookups import as_array
from orders.models import Shop


def read_shop(shop_id: int) -> Shop:
    """Read a shop. Each answer needs its own anew, and making Django's query for it costs ten times what reading does."""
    statement, fields = _shop_statement()
    with connection.cursor() as cursor:
        cursor.execute(statement, [current_tenant(), shop_id])
        row = cursor.fetchone()
    if row is None:
        raise Shop.DoesNotExist
    values = [read(value) if read else value for (_, read), value in zip(fields, row, strict=True)]
    return Shop.from_db(connection.alias, [name for name, _ in fields], values)


@cache
def _shop_statement() -> tuple[str, list[tuple[str, Callable[[Any], Any] | None]]]:
    """Return the statement, and of each column the attribute and what makes the database's value Django's."""
    columns = Shop._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in columns)
    reads = [(field.attname, _reader(field)) for field in columns]
    return f"SELECT {names} FROM orders_shop WHERE tenant_id = %s AND id = %s", reads


def _reader(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    found = getattr(field, "from_db_value", None)
    return (lambda value: found(value, None, connection)) if found else None


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
        "keys": as_array(list(listing_keys)),
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
