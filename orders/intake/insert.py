"""Inserting many rows of a model with one statement: rows as JSON, constants once, ids taken from the sequence beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection, models

from hub.tenancy import TenantModel, current_tenant

_encoder = msgspec.json.Encoder()
MANY = 50
"""With fewer rows the statement keeps one text, which is found again; with so many, each value said once counts more."""


def hexed(value: bytes) -> str:
    """Return bytes the way bytea reads them."""
    return "\\x" + value.hex()


def take_ids(wanted: Mapping[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    """Take ids from the models' sequences, all in one statement."""
    parts = ", ".join(
        f"ARRAY(SELECT nextval('{model._meta.db_table}_id_seq') FROM generate_series(1, {int(n)}))"
        for model, n in wanted.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        row = cursor.fetchone()
    assert row is not None
    return {model: list(ids) for model, ids in zip(wanted, row, strict=True)}


@lru_cache(maxsize=512)
def _statement(model: type[TenantModel], given: tuple[str, ...], constant: tuple[str, ...]) -> str:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    column = {name: f'"{fields[name].column}"' for name in (*given, *constant)}

    def types(names: tuple[str, ...]) -> str:
        return ", ".join(f"{column[name]} {_type(fields[name])}" for name in names)

    table = model._meta.db_table
    targets = ", ".join(["tenant_id", *(column[name] for name in (*given, *constant))])
    values = ", ".join(["%s", *(f"x.{column[name]}" for name in given), *(f"d.{column[name]}" for name in constant)])
    constants = f", json_to_record(%s::json) AS d({types(constant)})" if constant else ""
    return f'INSERT INTO "{table}" ({targets}) SELECT {values} FROM json_to_recordset(%s::json) AS x({types(given)}){constants}'


def _type(field: models.Field[Any, Any]) -> str:
    if isinstance(field, models.ForeignKey):
        return str(field.target_field.rel_db_type(connection))
    if isinstance(field, models.AutoField | models.BigAutoField):
        return "bigint"
    return str(field.db_type(connection))


@lru_cache(maxsize=64)
def _defaults(model: type[TenantModel], given: tuple[str, ...]) -> dict[str, Any]:
    """Return the model's own defaults for the columns that were not given; those the database fills are left out."""
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        name = field.attname
        if name in given or name in ("id", "tenant_id") or field.generated or field.has_db_default():
            continue
        found[name] = field.get_default()
    return found


def _shared(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is the same in every row of many, to be said once: of an order's eighty columns that is about half."""
    if len(rows) < MANY:
        return {}
    first = rows[0]
    plain = {name: value for name, value in first.items() if name != "id" and not isinstance(value, dict | list)}
    return {name: value for name, value in plain.items() if all(row[name] == value for row in rows)}


def insert_rows(model: type[TenantModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows; every row names the same columns (by attname)."""
    if not rows:
        return
    shared = _shared(rows)
    given = tuple(name for name in rows[0] if name not in shared)
    constants = {**_defaults(model, tuple(rows[0])), **shared}
    varying = [{name: row[name] for name in given} for row in rows] if shared else rows
    encoded = [_encoder.encode(varying).decode(), *([_encoder.encode(constants).decode()] if constants else [])]
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, given, tuple(constants)), [current_tenant(), *encoded])
