"""Undo: of one change, or of a whole batch. The columns a change wrote are set back where they still hold what it wrote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hub.audit import Actor
from hub.models import AuditDetail, AuditEntry
from orders.models import Order, OrderTag
from orders.operations.door import Changed, Row, lock, touch, write
from orders.operations.edits import restore_delivery

UNDOABLE = {"order.status", "order.memo", "order.delivery", "order.tag_added", "order.tag_removed", "order.deleted", "order.taken_back",
            "order.let_go", "order.remark_read"}  # fmt: skip
"""Verbs that can be set back here. What went outside cannot: withdraw or correct it instead."""

_COLUMNS = {field.attname: field for field in Order._meta.concrete_fields}


class NotUndoable(Exception):
    """This act cannot be undone; the message is the verb."""


def undo_entries(entry_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Set back what these audit entries wrote. An order where somebody changed the same column since is listed, not touched."""
    entries = list(AuditEntry.objects.filter(pk__in=list(entry_ids)).order_by("-pk"))
    details = {d.entry_id: d for d in AuditDetail.objects.filter(entry_id__in=[e.pk for e in entries])}
    if bad := next((entry.verb for entry in entries if entry.verb not in UNDOABLE), None):
        raise NotUndoable(bad)
    orders = {order.pk: order for order in lock({entry.order_id for entry in entries if entry.order_id})}
    outcome = Changed()
    groups: dict[tuple[str, ...], list[Row]] = {}
    for entry in entries:
        order, detail = orders.get(entry.order_id or 0), details.get(entry.pk)
        if order is None or detail is None:
            continue
        if entry.verb in ("order.tag_added", "order.tag_removed"):
            _undo_tag(order, entry, detail, outcome, by=by, now=now, batch_id=batch_id)
            continue
        before = {column: value for column, value in detail.before.items() if column in _COLUMNS}
        if entry.verb == "order.status" and order.phase in ("shipped", "done"):
            outcome.refuse(order.pk, "already_shipped")
        elif not all(_stands(order, column, detail.after.get(column)) for column in before):
            outcome.refuse(order.pk, "changed_since")
        else:
            row = Row(
                order_id=order.pk, before={c: _now(order, c) for c in before}, after=before, params={"undoes": entry.pk}
            )
            groups.setdefault(tuple(before), []).append(row)
            if parcels := detail.before.get("parcels"):
                restore_delivery(parcels, wrote=detail.after.get("delivery_method", order.delivery_method))
            outcome.changed.append(order.pk)
    for rows in groups.values():
        write(rows, verb="order.undone", by=by, now=now, batch_id=batch_id, judge=False)
    return outcome


def _stands(order: Order, column: str, wrote: Any) -> bool:
    """Say whether the column still holds what the entry wrote; an instant has more than one spelling in JSON."""
    value = getattr(order, column)
    if isinstance(value, datetime) and isinstance(wrote, str):
        return value == datetime.fromisoformat(wrote)
    return bool(_now(order, column) == wrote)


def _now(order: Order, column: str) -> Any:
    value = getattr(order, column)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _undo_tag(
    order: Order,
    entry: AuditEntry,
    detail: AuditDetail,
    outcome: Changed,
    *,
    by: Actor,
    now: datetime,
    batch_id: int | None,
) -> None:
    added = entry.verb == "order.tag_added"
    tag_id = (detail.after if added else detail.before)["tag"]
    carried = OrderTag.objects.filter(order=order, tag_id=tag_id)
    if carried.exists() != added:
        outcome.refuse(order.pk, "changed_since")
        return
    if added:
        carried.delete()
    else:
        OrderTag.objects.create(order=order, tag_id=tag_id)
    touch([order.pk], verb="order.undone", by=by, now=now, batch_id=batch_id, undoes=entry.pk)
    outcome.changed.append(order.pk)
