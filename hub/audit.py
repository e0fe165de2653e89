"""Who did what: the Actor that every operation is handed, and the rows it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.models import AuditDetail, AuditEntry


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts. `kind`: member, token, rule, mall, warehouse or system. `name` is a code or a person's name at that time."""

    kind: str
    id: int | None = None
    name: str = ""

    @property
    def is_person(self) -> bool:
        return self.kind in ("member", "token")


SYSTEM = Actor(kind="system")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line for the audit: what was done to one order (or to none), before and after."""

    verb: str
    order_id: int | None = None
    revision: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def record(entries: list[Entry], *, by: Actor, now: datetime, batch_id: int | None = None) -> list[AuditEntry]:
    """Write entries in two statements however many there are."""
    rows = AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                order_id=entry.order_id, revision=entry.revision, at=now, actor_kind=by.kind, actor_id=by.id,
                actor_name=by.name, verb=entry.verb, params=dict(entry.params), batch_id=batch_id,
            )
            for entry in entries
        ],
        batch_size=2_000,
    )  # fmt: skip
    AuditDetail.objects.bulk_create(
        [
            AuditDetail(entry_id=row.pk, before=dict(entry.before), after=dict(entry.after))
            for row, entry in zip(rows, entries, strict=True)
            if entry.before or entry.after
        ],
        batch_size=2_000,
    )
    return rows


def note(verb: str, *, by: Actor, now: datetime, **params: Any) -> AuditEntry:
    """Record an act that touches no order: a setting changed, a member removed."""
    return record([Entry(verb=verb, params=params)], by=by, now=now)[0]
