"""Who read personal data in bulk: one row for each page, feed, export or file, with what was asked for and how many (promise G31)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.audit import Actor
from hub.models import AccessRow

LONGEST = 500
"""Characters kept of a value that was asked for."""


def note_read(what: str, *, by: Actor, asked: Mapping[str, str], count: int, now: datetime) -> None:
    """Leave a row for a read of so many orders, parcels or mails; for none there is nothing to leave."""
    if count:
        AccessRow.objects.create(
            actor_kind=by.kind, actor_id=by.id, what=what, count=count, at=now,
            filter={name: value[:LONGEST] for name, value in asked.items()},
        )  # fmt: skip
