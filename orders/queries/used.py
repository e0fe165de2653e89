"""Which ways of paying and delivering are in use: what the filters of a list offer, read from the latest orders in one statement."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from hub.tenancy import current_tenant

LOOKED_AT = 2_000
_LATEST = """SELECT DISTINCT payment_method, payment_name, delivery_name FROM (
    SELECT payment_method, payment_name, delivery_name FROM orders_order
    WHERE tenant_id = %(tenant)s AND is_live ORDER BY placed_at DESC, id DESC LIMIT %(most)s) latest"""


@dataclass(frozen=True, kw_only=True)
class Used:
    """Payments by the hub's word, each with the malls' names for it; names of deliveries."""

    payments: dict[str, list[str]]
    deliveries: list[str]


def used_methods() -> Used:
    """Return what the latest orders were paid and are delivered with."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"tenant": current_tenant(), "most": LOOKED_AT})
        rows = sorted(cursor.fetchall())
    payments: dict[str, list[str]] = {}
    for method, name, _delivery in rows:
        names = payments.setdefault(method, [])
        if name and name not in names:
            names.append(name)
    return Used(payments=payments, deliveries=sorted({row[2] for row in rows if row[2]}))
