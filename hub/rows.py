"""Rows of settings: made, changed, retired, brought back and put in order. Each act is audited, and each refusal has words.

Used by the operations over settings of every app; the nouns (`status`, `tag`, `rule` …) begin their verbs in the audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction

from hub.audit import Actor, Entry, note, record
from hub.problems import Refusal
from hub.tenancy import TenantModel

Row = TypeVar("Row", bound=TenantModel)


class NameTaken(Refusal):
    """Another row of the tenant has this name (or code)."""

    code = "name_taken"


class IsRetired(Refusal):
    """The row is no longer in use."""

    code = "retired"


class IsSystem(Refusal):
    """The row belongs to the product."""

    code = "system_row"


class StillUsed(Refusal):
    """Other rows name this one; `users` says which."""

    code = "still_used"


class Stale(Refusal):
    """The row was changed since it was read; `theirs` is what stands now."""

    code = "stale"
    status = 412


class OtherRows(Refusal):
    """The rows to put in order are not the rows there are."""

    code = "other_rows"


def create(model: type[Row], *, noun: str, by: Actor, now: datetime, secret: Iterable[str] = (), **values: Any) -> Row:
    """Make a row. `secret` columns stay out of the audit. Raises NameTaken."""
    with _unique(values):
        row: Row = model.objects.create(**values)
    record([Entry(verb=f"{noun}.created", params=_about(row), after=_shown(values, secret))], by=by, now=now)
    return row


def change(
    row: Row, values: Mapping[str, Any], *, noun: str, by: Actor, now: datetime, seen: Mapping[str, Any] | None = None,
    secret: Iterable[str] = (),
) -> list[str]:  # fmt: skip
    """Write the columns that differ; return their names. `seen` holds values as the person saw them. Raises Stale, NameTaken."""
    model = type(row)
    current: Row = model.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
    if seen is not None and (
        theirs := {name: getattr(current, name) for name, value in seen.items() if getattr(current, name) != value}
    ):
        raise Stale(theirs=_shown(theirs, secret))
    differing = {name: value for name, value in values.items() if getattr(current, name) != value}
    if not differing:
        return []
    before = {name: getattr(current, name) for name in differing}
    for name, value in differing.items():
        setattr(current, name, value)
        setattr(row, name, value)
    with _unique(differing):
        current.save(update_fields=list(differing))
    entry = Entry(
        verb=f"{noun}.changed", params=_about(current), before=_shown(before, secret), after=_shown(differing, secret)
    )
    record([entry], by=by, now=now)
    return list(differing)


def retire(row: Row, *, noun: str, by: Actor, now: datetime) -> None:
    """Take a row out of use; it stays for what names it. Raises StillUsed. Doing it twice changes nothing."""
    if users := used_by(row):
        raise StillUsed(name=name_of(row), users="、".join(users[:5]) + ("…" if len(users) > 5 else ""))
    if type(row).objects.filter(pk=row.pk, retired_at__isnull=True).update(retired_at=now) == 1:
        row.retired_at = now  # type: ignore[attr-defined]
        note(f"{noun}.retired", by=by, now=now, **_about(row))


def restore(row: Row, *, noun: str, by: Actor, now: datetime) -> None:
    """Bring a retired row back."""
    if type(row).objects.filter(pk=row.pk, retired_at__isnull=False).update(retired_at=None) == 1:
        row.retired_at = None  # type: ignore[attr-defined]
        note(f"{noun}.restored", by=by, now=now, **_about(row))


def reorder(rows: models.QuerySet[Any], ids: Sequence[int], *, noun: str, by: Actor, now: datetime) -> None:
    """Put the rows in this order; `ids` are all of them, each once. Raises OtherRows."""
    current = {row.pk: row for row in rows.order_by("pk").select_for_update(no_key=True, of=("self",))}
    if sorted(current) != sorted(ids):
        raise OtherRows
    changed = [current[pk] for place, pk in enumerate(ids) if current[pk].position != place]
    for place, pk in enumerate(ids):
        current[pk].position = place
    if changed:
        rows.model.objects.bulk_update(changed, ["position"])
        note(f"{noun}.reordered", by=by, now=now, ids=list(ids))


def need_in_use(row: Any, *, field: str = "") -> None:
    """Raise IsRetired when the row is no longer in use."""
    if row is not None and row.retired_at is not None:
        raise IsRetired(field=field, name=name_of(row))


def next_position(rows: models.QuerySet[Any]) -> int:
    """Return the place behind the last row."""
    last = rows.aggregate(last=models.Max("position"))["last"]
    return 0 if last is None else last + 1


# Who uses a row: each app says for the rows below it.

User = Callable[[Any], Sequence[str]]
_USERS: dict[str, list[User]] = {}


def register_user(model: str, users: User) -> None:
    """Say who uses rows of a model (`orders.Status`): a function from the row to the names of its users."""
    _USERS.setdefault(model, []).append(users)


def used_by(row: TenantModel) -> list[str]:
    """Return the names of what uses the row."""
    return [name for users in _USERS.get(row._meta.label, ()) for name in users(row)]


# How values stand in the audit.


def name_of(row: Any) -> str:
    """Return what people call the row."""
    return str(getattr(row, "name", row))[:200]


def _about(row: TenantModel) -> dict[str, Any]:
    return {"id": row.pk, "name": name_of(row)}


def _shown(values: Mapping[str, Any], secret: Iterable[str]) -> dict[str, Any]:
    hidden = set(secret)
    return {name: "***" if name in hidden else _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


@contextmanager
def _unique(values: Mapping[str, Any]) -> Iterator[None]:
    """Turn the database's refusal of a second row with the same name into words; the savepoint keeps the transaction."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(error.__cause__, "sqlstate", "") != "23505":
            raise
        constraint = str(getattr(diagnosis, "constraint_name", ""))
        named = [key for key in ("name", "sku", "key", "email") if key in values]
        name = next((key for key in named if constraint.endswith(f"_{key}")), next(iter(named), ""))
        raise NameTaken(field=name, name=str(values.get(name, "")), constraint=constraint) from None
