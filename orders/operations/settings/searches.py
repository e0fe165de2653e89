"""Saved searches: a condition, columns and order of columns under a name; a member's own, or shared with the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub import rows
from hub.audit import Actor, Entry, record
from hub.models import Member
from orders.conditions import EVERYTHING, dump, parse
from orders.models import SavedSearch


def create_search(
    *,
    name: str,
    condition: Any,
    by: Actor,
    now: datetime,
    columns: Sequence[str] = (),
    member: Member | None = None,
    shared: bool = False,
) -> SavedSearch:
    """Save a search at the end of the list. Without a member it is the tenant's, and shared. Raises ConditionError."""
    return rows.create(
        SavedSearch, noun="search", by=by, now=now, name=name, condition=_clean(condition), columns=list(columns), member=member,
        shared=shared or member is None, position=rows.next_position(SavedSearch.objects.all()), created_at=now,
    )  # fmt: skip


def change_search(
    search: SavedSearch, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change name, condition, columns or shared."""
    assert values.keys() <= {"name", "condition", "columns", "shared"}, values
    written = {**values, **({"condition": _clean(values["condition"])} if "condition" in values else {})}
    return rows.change(search, written, noun="search", by=by, now=now, seen=seen)


def delete_search(search: SavedSearch, *, by: Actor, now: datetime) -> None:
    """Delete a saved search; its content stays in the audit."""
    said = {"id": search.pk, "name": search.name}
    record([Entry(verb="search.deleted", params=said, before={"condition": search.condition})], by=by, now=now)
    search.delete()


def reorder_searches(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all saved searches in this order."""
    rows.reorder(SavedSearch.objects.all(), ids, noun="search", by=by, now=now)


def _clean(condition: Any) -> dict[str, Any]:
    return dump(EVERYTHING) if condition in (None, {}) else dump(parse(condition))
