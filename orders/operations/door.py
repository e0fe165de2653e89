"""The one door through which orders change: lock in id order, write named columns, revision + 1, audit. A fixed number of
statements however large the set. Operations call it; nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from hub.audit import Actor
from hub.tenancy import current_tenant
from orders.models import Order


class TooManyOrders(Exception):
    """An operation was handed more orders than one transaction may lock; use a batch."""


MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Why an order of the set was not changed: a code (`orders/words.py` has the sentences) and its values."""

    order_id: int
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Changed:
    """What an operation came to: the orders it changed, those it found as wanted already, and those it refused."""

    changed: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def refuse(self, order_id: int, reason: str, **params: Any) -> None:
        """Note a refusal."""
        self.issues.append(Issue(order_id=order_id, reason=reason, params=params))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One order's change. `after` holds Order columns by attname; `notes` is for the audit alone (before, after)."""

    order_id: int
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    notes_before: Mapping[str, Any] = field(default_factory=dict)
    notes_after: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)


def lock(ids: Iterable[int], *columns: str) -> list[Order]:
    """Lock live and deleted orders of the set in id order; return them with these columns (all, if none are named)."""
    wanted = sorted(set(ids))
    if len(wanted) > MOST:
        raise TooManyOrders(f"{len(wanted)} orders in one operation; at most {MOST}")
    rows = Order.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True, of=("self",))
    return list(rows.only("id", "tenant_id", *columns) if columns else rows)


def write(
    rows: Sequence[Row],
    *,
    verb: str,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
    judge: bool = True,
) -> dict[int, int]:
    """Write the rows; return the new revision of each order. All rows must name the same columns.

    `judge`: the change makes the order due for the rules (never before its waiting time has passed).
    """
    if not rows:
        return {}
    columns = tuple(rows[0].after)
    assert all(tuple(row.after) == columns for row in rows), "rows of one write name the same columns"
    values = [{"id": row.order_id, **row.after} for row in rows]
    uniform = all(row.after == rows[0].after for row in rows)
    with connection.cursor() as cursor:
        if uniform:
            sets = "".join(f'"{column}" = x."{column}", ' for column in columns)
            cursor.execute(
                f"UPDATE orders_order o SET {sets}{_ALWAYS} FROM json_to_record(%s::json) AS x({_types(columns)}) "
                "WHERE o.id = ANY(%s) RETURNING o.id, o.revision",
                [now, judge, now, _json({"id": 0, **rows[0].after}), [row.order_id for row in rows]],
            )
        else:
            sets = "".join(f'"{column}" = x."{column}", ' for column in columns)
            cursor.execute(
                f"UPDATE orders_order o SET {sets}{_ALWAYS} FROM json_to_recordset(%s::json) AS x({_types(columns)}) "
                "WHERE o.id = x.id RETURNING o.id, o.revision",
                [now, judge, now, _json(values)],
            )
        revisions: dict[int, int] = dict(cursor.fetchall())
    enter_audit(rows, revisions, verb=verb, by=by, now=now, batch_id=batch_id)
    return revisions


_ALWAYS = (
    "revision = o.revision + 1, changed_at = %s, "
    "judge_at = CASE WHEN %s THEN greatest(o.ready_at, %s) ELSE o.judge_at END"
)


def enter_audit(
    rows: Sequence[Row],
    revisions: Mapping[int, int | None],
    *,
    verb: str,
    by: Actor,
    now: datetime,
    batch_id: int | None,
) -> None:
    """Write one entry and one detail for each row, in two statements."""
    if not rows:
        return
    entries = [
        {
            "o": row.order_id, "r": revisions.get(row.order_id), "p": dict(row.params),
            "b": {**row.before, **row.notes_before}, "a": {**row.after, **row.notes_after},
        }
        for row in rows
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH x AS MATERIALIZED (
                SELECT * FROM json_to_recordset(%s::json) AS j(o bigint, r integer, p jsonb, b jsonb, a jsonb)),
            e AS (
                INSERT INTO hub_auditentry
                    (tenant_id, order_id, revision, at, actor_kind, actor_id, actor_name, verb, params, batch_id)
                SELECT %s, o, r, %s, %s, %s, %s, %s, p, %s FROM x ORDER BY o RETURNING id, order_id)
            INSERT INTO hub_auditdetail (tenant_id, entry_id, before, after)
            SELECT %s, e.id, x.b, x.a FROM e JOIN x ON x.o = e.order_id
            WHERE x.b <> '{}'::jsonb OR x.a <> '{}'::jsonb
            """,
            [_json(entries), current_tenant(), now, by.kind, by.id, by.name, verb, batch_id, current_tenant()],
        )


def note(
    order_ids: Iterable[int], *, verb: str, by: Actor, now: datetime, batch_id: int | None = None, **params: Any
) -> None:
    """Enter something in the orders' history that changed none of their columns (a mark opened, a mail queued)."""
    rows = [Row(order_id=order_id, params=params) for order_id in order_ids]
    enter_audit(rows, {}, verb=verb, by=by, now=now, batch_id=batch_id)


def touch(order_ids: Iterable[int], *, verb: str, by: Actor, now: datetime, batch_id: int | None = None,
          before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, **params: Any) -> dict[int, int]:  # fmt: skip
    """Raise the revision of locked orders whose parts changed (parcel, lines, labels) and enter it in the audit."""
    rows = [
        Row(order_id=order_id, notes_before=before or {}, notes_after=after or {}, params=params)
        for order_id in sorted(set(order_ids))
    ]
    return write(rows, verb=verb, by=by, now=now, batch_id=batch_id)


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False, separators=(",", ":"))


class _Encoder(DjangoJSONEncoder):
    """Keeps microseconds, and writes bytes the way bytea reads them."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime | date):
            return o.isoformat()
        if isinstance(o, bytes | memoryview):
            return "\\x" + bytes(o).hex()
        return super().default(o)


@lru_cache(maxsize=256)
def _types(columns: tuple[str, ...]) -> str:
    """Return the column definition list of a JSON record, from the model's own types."""
    fields = {f.attname: f for f in Order._meta.concrete_fields}
    return ", ".join(["id bigint", *(f'"{column}" {fields[column].db_type(connection)}' for column in columns)])
