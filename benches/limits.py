"""The limits of writing: the rows that the product wrote, copied and upserted by plain SQL into a twin of its database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from django.db import models

from hub.models import AuditDetail, AuditEntry
from orders.models import (
    MallSnapshot,
    Order,
    OrderLine,
    OrderNumber,
    OrderSearch,
    OrderTag,
    Parcel,
    SearchPhone,
)

WRITTEN: tuple[type[models.Model], ...] = (
    Order,
    Parcel,
    OrderLine,
    MallSnapshot,
    OrderSearch,
    SearchPhone,
    OrderTag,
    AuditEntry,
    AuditDetail,
    OrderNumber,
)
"""Every table that taking orders in writes to."""
_OF_ORDERS = "order_id = ANY(%(ids)s)"
_WHERE: dict[type[models.Model], str] = {
    Order: "id = ANY(%(ids)s)",
    OrderNumber: "(shop_id, number) IN (SELECT shop_id, number FROM orders_order WHERE id = ANY(%(ids)s))",
    AuditDetail: "entry_id IN (SELECT id FROM hub_auditentry WHERE order_id = ANY(%(ids)s))",
}


@dataclass(frozen=True)
class Rows:
    """Rows of each table in the text that COPY reads."""

    of: Mapping[type[models.Model], bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.of.values()))


@cache
def columns(model: type[models.Model]) -> str:
    """Return the columns that are written: generated ones fill themselves."""
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if not field.generated)


def read_back(owner: psycopg.Connection[Any], order_ids: Sequence[int]) -> Rows:
    """Read what the product wrote for these orders."""
    found = {}
    with owner.cursor() as cursor:
        for model in WRITTEN:
            where = _WHERE.get(model, _OF_ORDERS) % {"ids": f"'{{{','.join(map(str, order_ids))}}}'::bigint[]"}
            asked = f'COPY (SELECT {columns(model)} FROM "{model._meta.db_table}" WHERE {where}) TO STDOUT'
            with cursor.copy(asked) as copy:
                found[model] = b"".join(bytes(piece) for piece in copy)
    owner.commit()
    return Rows(found)


def copy_bare(owner: psycopg.Connection[Any], rows: Rows) -> None:
    """COPY straight into the final tables, and commit. Numbers were named before, so theirs are left out."""
    with owner.cursor() as cursor:
        for model, text in rows.of.items():
            if text and model is not OrderNumber:
                with cursor.copy(f'COPY "{model._meta.db_table}" ({columns(model)}) FROM STDIN') as copy:
                    copy.write(text)
    owner.commit()


def make_staging(owner: psycopg.Connection[Any]) -> None:
    """Make the session's staging tables, once: making them for each answer would slow the limit down."""
    with owner.cursor() as cursor:
        for model in WRITTEN:
            table = model._meta.db_table
            cursor.execute(
                f'CREATE TEMP TABLE "s_{table}" ON COMMIT DELETE ROWS AS SELECT {columns(model)} FROM "{table}" LIMIT 0'
            )
    owner.commit()


def upsert(owner: psycopg.Connection[Any], rows: Rows) -> None:
    """COPY to the staging tables and upsert from them in one statement, idempotent by the natural key, and commit."""
    with owner.cursor() as cursor:
        for model, text in rows.of.items():
            if text:
                with cursor.copy(f'COPY "s_{model._meta.db_table}" ({columns(model)}) FROM STDIN') as copy:
                    copy.write(text)
        cursor.execute(_upsert())
    owner.commit()


@cache
def _upsert() -> str:
    names = [field.column for field in Order._meta.concrete_fields if not field.generated]
    sets = ", ".join(
        f'"{name}" = excluded."{name}"' for name in names if name not in ("id", "tenant_id", "shop_id", "number")
    )
    parts = [
        f"""o AS (INSERT INTO orders_order ({columns(Order)}) SELECT {columns(Order)} FROM s_orders_order ORDER BY shop_id, number
            ON CONFLICT (tenant_id, shop_id, number) DO UPDATE SET {sets}
            WHERE orders_order.snapshot_hash IS DISTINCT FROM excluded.snapshot_hash RETURNING id)""",
        f"""n AS (INSERT INTO orders_ordernumber ({columns(OrderNumber)}) SELECT {columns(OrderNumber)} FROM s_orders_ordernumber
            ORDER BY shop_id, number
            ON CONFLICT (tenant_id, shop_id, number) DO UPDATE SET state = excluded.state, error = excluded.error)""",
        *(
            f'{model.__name__.lower()} AS (INSERT INTO "{model._meta.db_table}" ({columns(model)}) '
            f'SELECT {columns(model)} FROM "s_{model._meta.db_table}" ON CONFLICT (id) DO NOTHING)'
            for model in WRITTEN
            if model not in (Order, OrderNumber)
        ),
    ]
    return f"WITH {', '.join(parts)} SELECT count(*) FROM o"


def strip(owner: psycopg.Connection[Any]) -> None:
    """Take row security and the counters' triggers off the twin: a limit writes the rows and nothing else."""
    with owner.cursor() as cursor:
        for model in WRITTEN:
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" NO FORCE ROW LEVEL SECURITY')
        for event in ("insert", "update", "delete"):
            cursor.execute(f"DROP TRIGGER orders_count_{event} ON orders_order")
    owner.commit()
