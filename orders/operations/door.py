"""The one door through which orders change: lock in id order, write named columns, revision + 1, audit. A fixed number of
statements however large the set. Operations call it; nothing else does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection
from django.db.models import QuerySet

from hub.audit import Actor
from hub.tenancy import current_tenant
from orders.lookups import as_array
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
    """One order's change. `after` holds Order columns by attname; `notes` is for the audit alone (before, after), `quiet`
    for the row alone."""

    order_id: int
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    notes_before: Mapping[str, Any] = field(default_factory=dict)
    notes_after: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    quiet: Mapping[str, Any] = field(default_factory=dict)


def lock(ids: Iterable[int], *columns: str) -> list[Order]:
    """Lock live and deleted orders of the set in id order; return them with these columns (all, if none are named)."""
    rows = _locking(ids)
    return list(rows.only("id", "tenant_id", *columns) if columns else rows)


def locked_values(ids: Iterable[int], *columns: str) -> list[Any]:
    """Lock the same way; return rows with `pk` and these columns only: a quarter of the time for acts over a thousand orders."""
    return list(_locking(ids).values_list("pk", *columns, named=True))


def _locking(ids: Iterable[int]) -> QuerySet[Order]:
    wanted = sorted(set(ids))
    if len(wanted) > MOST:
        raise TooManyOrders(f"{len(wanted)} orders in one operation; at most {MOST}")
    return Order.objects.filter(pk__among=as_array(wanted)).order_by("pk").select_for_update(no_key=True, of=("self",))


def write(
    rows: Sequence[Row],
    *,
    verb: str,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
    judge: bool = True,
    judged: bool = False,
) -> dict[int, int]:
    """Write the rows; return the new revision of each order. All rows must name the same columns.

    `judge`: the change makes the order due for the rules (never before its waiting time has passed). `judged`: the rules themselves
    write, as the last thing of their pass, so the order is judged at its new revision.
    """
    if not rows:
        return {}
    columns = (*rows[0].after, *rows[0].quiet)
    assert all((*row.after, *row.quiet) == columns for row in rows), "rows of one write name the same columns"
    values = [{**row.after, **row.quiet} for row in rows]
    assert not any(isinstance(value, bytes | memoryview) for value in values[0].values()), (
        "bytes are handed in as bytea reads them"
    )
    sets = "".join(f'"{column}" = x."{column}", ' for column in columns) + _ALWAYS
    if judged:
        sets += "judged_revision = o.revision + 1, judge_at = NULL"
    else:
        sets += "judge_at = CASE WHEN %(judge)s THEN greatest(o.ready_at, %(now)s) ELSE o.judge_at END"
    asked: dict[str, Any] = {
        "now": now,
        "judge": judge,
        "tenant": current_tenant(),
        "ids": as_array([row.order_id for row in rows]),
    }
    if all(value == values[0] for value in values):
        source, where = f"json_to_record(%(rows)s::json) AS x({_types(columns)})", "o.id = ANY(%(ids)s::bigint[])"
        asked["rows"] = _json({"id": 0, **values[0]})
    else:
        source, where = f"json_to_recordset(%(rows)s::json) AS x({_types(columns)})", "o.id = x.id"
        asked["rows"] = _json([{"id": row.order_id, **value} for row, value in zip(rows, values, strict=True)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE orders_order o SET {sets} FROM {source} WHERE o.tenant_id = %(tenant)s AND {where} RETURNING o.id, o.revision",
            asked,
        )
        revisions: dict[int, int] = dict(cursor.fetchall())
    enter_audit(rows, revisions, verb=verb, by=by, now=now, batch_id=batch_id)
    return revisions


_ALWAYS = "revision = o.revision + 1, changed_at = %(now)s, "


def enter_audit(
    rows: Sequence[Row],
    revisions: Mapping[int, int | None],
    *,
    verb: str,
    by: Actor,
    now: datetime,
    batch_id: int | None,
) -> None:
    """Write one entry for each row, and one detail where it says before or after, in one statement."""
    if not rows:
        return
    said: dict[str, Sequence[Any]] = {
        "o": [row.order_id for row in rows],
        "r": [revisions.get(row.order_id) for row in rows],
        "p": [row.params for row in rows],
        **_differences(rows),
    }
    # What every row says alike (of a bulk act: all but the status before) goes to the server once, and is read there once.
    alike = {name: values[0] for name, values in said.items() if name != "o" and all(v == values[0] for v in values)}
    each = {name: values for name, values in said.items() if name not in alike}
    entries = [dict(zip(each, values, strict=True)) for values in zip(*each.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH x AS MATERIALIZED (
                SELECT {", ".join(f"{'c' if name in alike else 'j'}.{name}" for name in _COLUMNS)}
                FROM json_to_recordset(%s::json) AS j({_typed(each)}), json_to_record(%s::json) AS c({_typed(alike) or "o bigint"})),
            e AS (
                INSERT INTO hub_auditentry
                    (tenant_id, order_id, revision, at, actor_kind, actor_id, actor_name, verb, params, batch_id)
                SELECT %s, o, r, %s, %s, %s, %s, %s, p, %s FROM x ORDER BY o RETURNING id, order_id)
            INSERT INTO hub_auditdetail (tenant_id, entry_id, before, after)
            SELECT %s, e.id, x.b, x.a FROM e JOIN x ON x.o = e.order_id
            WHERE x.b <> '{{}}'::jsonb OR x.a <> '{{}}'::jsonb
            """,
            [
                _json(entries),
                _json(alike),
                current_tenant(),
                now,
                by.kind,
                by.id,
                by.name,
                verb,
                batch_id,
                current_tenant(),
            ],
        )


_COLUMNS = {"o": "bigint", "r": "integer", "p": "jsonb", "b": "jsonb", "a": "jsonb"}


def _typed(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {_COLUMNS[name]}" for name in names)


def _differences(rows: Sequence[Row]) -> dict[str, list[Mapping[str, Any]]]:
    """Return what the history says of the rows, before and after: what was named as it was and is as before is left out."""
    found: dict[str, list[Mapping[str, Any]]] = {"b": [], "a": []}
    for row in rows:
        before, after = row.before, row.after
        if same := [name for name, value in before.items() if name in after and after[name] == value]:
            before = {name: value for name, value in before.items() if name not in same}
            after = {name: value for name, value in after.items() if name not in same}
        found["b"].append({**before, **row.notes_before} if row.notes_before else before)
        found["a"].append({**after, **row.notes_after} if row.notes_after else after)
    return found


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
    return _encode(value).decode()


def _plain(value: Any) -> Any:
    """Say what JSON has no word for: amounts and words that are translated late as text."""
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


@lru_cache(maxsize=256)
def _types(columns: tuple[str, ...]) -> str:
    """Return the column definition list of a JSON record, from the model's own types."""
    fields = {f.attname: f for f in Order._meta.concrete_fields}
    return ", ".join(["id bigint", *(f'"{column}" {fields[column].db_type(connection)}' for column in columns)])
