"""Labels (ラベル): the tenant's coloured words. Those with a key are set by the product and only change colour and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub import rows
from hub.audit import Actor
from orders.models import Tag


def create_tag(*, name: str, by: Actor, now: datetime, colour: str = "grey") -> Tag:
    """Add a label at the end."""
    return rows.create(
        Tag, noun="tag", by=by, now=now, name=name, colour=colour, position=rows.next_position(Tag.objects.all())
    )


def change_tag(
    tag: Tag, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change name or colour."""
    assert values.keys() <= {"name", "colour"}, values
    return rows.change(tag, values, noun="tag", by=by, now=now, seen=seen)


def retire_tag(tag: Tag, *, by: Actor, now: datetime) -> None:
    """Take a label out of use; orders keep it. Raises IsSystem, StillUsed (rules and searches that name it)."""
    if tag.key:
        raise rows.IsSystem(name=tag.name)
    rows.retire(tag, noun="tag", by=by, now=now)


def restore_tag(tag: Tag, *, by: Actor, now: datetime) -> None:
    rows.restore(tag, noun="tag", by=by, now=now)


def reorder_tags(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all labels in use in this order."""
    rows.reorder(Tag.objects.filter(retired_at__isnull=True), ids, noun="tag", by=by, now=now)
