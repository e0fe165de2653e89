"""The tenant's steps: groups with a fixed phase, statuses inside them, and which status is the default of its phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub import rows
from hub.audit import Actor, note
from hub.problems import Refusal
from orders.models import Order, Phase, Status, StatusGroup
from orders.operations.shops import raise_rule_set

COLOURS = ("grey", "blue", "cyan", "teal", "green", "olive", "amber", "orange", "red", "pink", "purple", "indigo")
"""The colours that the stylesheet knows, for statuses, labels, tasks and shops."""


class StatusHasOrders(Refusal):
    """Orders are in the status; `count` says how many."""

    code = "status_has_orders"


class StatusIsDefault(Refusal):
    """The status is the default of its phase; another one must be first."""

    code = "status_is_default"


class OtherPhase(Refusal):
    """The group has another phase: its orders would mean something else."""

    code = "other_phase"


def create_group(*, name: str, phase: str, by: Actor, now: datetime) -> StatusGroup:
    """Add a group at the end. Its phase is fixed for ever."""
    position = rows.next_position(StatusGroup.objects.all())
    return rows.create(
        StatusGroup, noun="status_group", by=by, now=now, name=name, phase=Phase(phase).value, position=position
    )


def change_group(
    group: StatusGroup, *, name: str, by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Rename a group."""
    return rows.change(group, {"name": name}, noun="status_group", by=by, now=now, seen=seen)


def retire_group(group: StatusGroup, *, by: Actor, now: datetime) -> None:
    """Take a group out of use once none of its statuses is. Raises StillUsed."""
    names = list(
        Status.objects.filter(group=group, retired_at__isnull=True).order_by("position").values_list("name", flat=True)
    )
    if names:
        raise rows.StillUsed(name=group.name, users="、".join(names[:5]))
    rows.retire(group, noun="status_group", by=by, now=now)


def restore_group(group: StatusGroup, *, by: Actor, now: datetime) -> None:
    rows.restore(group, noun="status_group", by=by, now=now)


def reorder_groups(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all groups in use in this order."""
    rows.reorder(StatusGroup.objects.filter(retired_at__isnull=True), ids, noun="status_group", by=by, now=now)


def create_status(
    *, group: StatusGroup, name: str, by: Actor, now: datetime, colour: str = "grey", memo: str = "", limit_minutes: int | None = None,
    not_ours: bool = False,
) -> Status:  # fmt: skip
    """Add a status at the end of its group."""
    rows.need_in_use(group, field="group")
    position = rows.next_position(Status.objects.filter(group=group))
    return rows.create(
        Status, noun="status", by=by, now=now, group=group, name=name, colour=colour, memo=memo, limit_minutes=limit_minutes,
        not_ours=not_ours, position=position,
    )  # fmt: skip


def change_status(
    status: Status, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change name, colour, memo, limit_minutes or not_ours."""
    assert values.keys() <= {"name", "colour", "memo", "limit_minutes", "not_ours"}, values
    return rows.change(status, values, noun="status", by=by, now=now, seen=seen)


def move_status(status: Status, *, group: StatusGroup, by: Actor, now: datetime) -> None:
    """Put a status into another group of the same phase. Raises OtherPhase."""
    rows.need_in_use(group, field="group")
    if group.phase != status.group.phase:
        raise OtherPhase(field="group", name=group.name)
    values = {"group_id": group.pk, "position": rows.next_position(Status.objects.filter(group=group))}
    rows.change(status, values, noun="status", by=by, now=now)
    raise_rule_set(now=now)


def make_default(status: Status, *, by: Actor, now: datetime) -> None:
    """Make a status the one that orders of its phase enter by themselves."""
    rows.need_in_use(status)
    phase = status.group.phase
    if status.default_for == phase:
        return
    if status.default_for:
        raise StatusIsDefault(name=status.name)
    was = Status.objects.filter(default_for=phase).first()
    Status.objects.filter(default_for=phase).update(default_for="")
    Status.objects.filter(pk=status.pk).update(default_for=phase)
    status.default_for = phase
    note(
        "status.made_default", by=by, now=now, id=status.pk, name=status.name, phase=phase, was=was.pk if was else None
    )


def retire_status(status: Status, *, by: Actor, now: datetime) -> None:
    """Take a status out of use. Raises StatusIsDefault, StatusHasOrders, StillUsed (rules and searches that name it)."""
    if status.default_for:
        raise StatusIsDefault(name=status.name)
    count = Order.objects.filter(status=status, is_live=True).count()
    if count:
        raise StatusHasOrders(name=status.name, count=count)
    rows.retire(status, noun="status", by=by, now=now)


def restore_status(status: Status, *, by: Actor, now: datetime) -> None:
    rows.restore(status, noun="status", by=by, now=now)


def reorder_statuses(group: StatusGroup, ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all statuses in use of a group in this order."""
    rows.reorder(Status.objects.filter(group=group, retired_at__isnull=True), ids, noun="status", by=by, now=now)
