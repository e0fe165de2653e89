"""Undo: of one change, or of a whole batch. The columns a change wrote are set back where they still hold what it wrote."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any

from hub.audit import Actor
from hub.models import AuditDetail, AuditEntry
from orders.judging import unpaid
from orders.models import Order, OrderTag
from orders.models.statuses import PHASE_ORDER, Phase
from orders.operations.door import Changed, Row, lock, touch, write
from orders.operations.edits import restore_delivery
from orders.operations.leaving import delete, restore_wishes, take_back

UNDOABLE = {"order.status", "order.memo", "order.delivery", "order.tag_added", "order.tag_removed", "order.deleted", "order.taken_back",
            "order.let_go", "order.remark_read"}  # fmt: skip
"""Verbs that can be set back here. What went outside cannot: withdraw or correct it instead."""

OPPOSITES = {"order.deleted": take_back, "order.taken_back": delete}
"""Verbs that are undone by another act, with all that it refuses."""
RIGHTS: Mapping[str, str] = {
    "delete": "orders.delete", "take-back": "orders.delete", "cancel-here": "orders.cancel", "send-mail": "mail.send",
}  # fmt: skip
"""What a person must be allowed to undo a bulk act; of all others, to change orders."""

_COLUMNS = {field.attname: field for field in Order._meta.concrete_fields}


class NotUndoable(Exception):
    """This act cannot be undone; the message is the verb."""


def undo_entries(entry_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Set back what these audit entries wrote. An order where somebody changed the same column since is listed, not touched.

    What was taken out comes back, and what came back is taken out again, by those acts themselves: their refusals hold here too.
    """
    entries = list(AuditEntry.objects.filter(pk__in=list(entry_ids)).order_by("-pk"))
    details = {d.entry_id: d for d in AuditDetail.objects.filter(entry_id__in=[e.pk for e in entries])}
    if bad := next((entry.verb for entry in entries if entry.verb not in UNDOABLE), None):
        raise NotUndoable(bad)
    orders = {order.pk: order for order in lock({entry.order_id for entry in entries if entry.order_id})}
    not_settled = unpaid((order.pk, order.mall_block) for order in orders.values())
    outcome = Changed()
    groups: dict[tuple[str, ...], list[Row]] = {}
    leaving: dict[str, dict[int, int]] = {}
    for entry in entries:
        order, detail = orders.get(entry.order_id or 0), details.get(entry.pk)
        if order is None or detail is None:
            continue
        if entry.verb in ("order.tag_added", "order.tag_removed"):
            _undo_tag(order, entry, detail, outcome, by=by, now=now, batch_id=batch_id)
        elif refusal := _refusal(order, entry.verb, detail, not_settled):
            outcome.refuse(order.pk, refusal)
        elif entry.verb in OPPOSITES:
            leaving.setdefault(entry.verb, {})[order.pk] = entry.pk
        else:
            row = _row_back(order, entry, detail)
            groups.setdefault(tuple(row.after), []).append(row)
            outcome.changed.append(order.pk)
    for rows in groups.values():
        write(rows, verb="order.undone", by=by, now=now, batch_id=batch_id)
    if let_go := {entry.order_id for entry in entries if entry.verb == "order.let_go"} & set(outcome.changed):
        # Nobody followed their mall, and another system may have shipped them: it is read before anything leaves.
        Order.objects.filter(pk__in=let_go).exclude(mall_state="none").update(reread_at=now, mall_read_at=None)
    for verb, undoes in leaving.items():
        told = OPPOSITES[verb](undoes, by=by, now=now, batch_id=batch_id, undoes=undoes)
        outcome.changed += told.changed
        outcome.unchanged += told.unchanged
        outcome.issues += told.issues
    return outcome


def _wrote(detail: AuditDetail) -> dict[str, Any]:
    """Return the order's columns that an entry wrote, with what stood there before."""
    return {column: value for column, value in detail.before.items() if column in _COLUMNS}


def _row_back(order: Order, entry: AuditEntry, detail: AuditDetail) -> Row:
    """Return the change that sets an order back; its parcels are set back here and now."""
    before = _wrote(detail)
    if parcels := detail.before.get("parcels"):
        restore_delivery(parcels, wrote=detail.after.get("delivery_method", order.delivery_method))
    restore_wishes(detail.before.get("wishes", ()))
    return Row(order_id=order.pk, before={c: _now(order, c) for c in before}, after=before, params={"undoes": entry.pk})


def _refusal(order: Order, verb: str, detail: AuditDetail, not_settled: Container[int]) -> str:
    """Return why the order is not set back, as a code, or nothing: what refuses the way there refuses the way back."""
    if verb in ("order.status", "order.let_go"):
        if order.deleted_at is not None:
            return "deleted"
        if order.phase in (Phase.SHIPPED, Phase.DONE):
            return "already_shipped"
        if order.mall_state == "cancelled":
            return "cancelled"
    before = _wrote(detail)
    if not all(_stands(order, column, detail.after.get(column)) for column in before):
        return "changed_since"
    to_ready = verb == "order.status" and before.get("phase") == Phase.READY
    forward = to_ready and PHASE_ORDER[Phase(order.phase)] < PHASE_ORDER[Phase.READY]
    return "payment_open" if forward and order.pk in not_settled else ""


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
