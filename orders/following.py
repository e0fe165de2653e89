"""Facts of the mall that move an order by themselves: cancelled, counted, or shipped by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.audit import Actor
from orders.channels import MallOrder
from orders.models import MallReport, Order, OrderLine, Parcel, TaskMark, TrackingNumber
from orders.models.orders import ParcelState
from orders.operations.door import Row, lock, touch, write
from orders.operations.holds import close_mark, open_mark, system_task
from orders.operations.leaving import cancel_by_mall
from orders.operations.status import default_status

COUNTED = ("shipped", "settled")
ABOUT_CONFIRMING = ("confirm_late", "confirm_refused")
"""System tasks that have had their day when the mall has the order confirmed, whoever confirmed it."""


def follow_mall(order_id: int, mall: MallOrder, *, was: Mapping[str, str], by: Actor, now: datetime) -> None:
    """Let the order follow what the mall says, inside the open transaction."""
    if was["mall_state"] == "new" != mall.state:
        _close(order_id, *ABOUT_CONFIRMING, by=by, now=now)
    if mall.state == "cancelled":
        cancel_by_mall([order_id], by=by, now=now)
        _close(order_id, "cancel_asked", by=by, now=now)
        return
    note_seen(order_id, mall, now=now)
    if mall.state in COUNTED:
        count(order_id, by=by, now=now)
    if elsewhere := _foreign_numbers(order_id, mall):
        open_mark(
            [order_id],
            task=system_task("shipped_elsewhere"),
            by=by,
            now=now,
            reason="number_at_mall",
            detail={"numbers": sorted(elsewhere)},
        )


def _close(order_id: int, *keys: str, by: Actor, now: datetime) -> None:
    marks = TaskMark.objects.filter(order_id=order_id, task__key__in=keys, closed_at__isnull=True)
    for mark in marks.select_related("task"):
        close_mark([order_id], task=mark.task, by=by, now=now)


def _foreign_numbers(order_id: int, mall: MallOrder) -> set[str]:
    """Return tracking numbers that stand at the mall, are not ours, and belong to parcels that we have not shipped."""
    theirs = {row.number for parcel in mall.parcels for row in parcel.tracking if row.number}
    if not theirs:
        return set()
    parcels = set(OrderLine.objects.filter(order_id=order_id).values_list("parcel_id", flat=True))
    unshipped = Parcel.objects.filter(pk__in=parcels).exclude(state__in=[ParcelState.SHIPPED, ParcelState.RETURNED])
    if not unshipped.exists():
        return set()
    ours = set(TrackingNumber.objects.filter(parcel_id__in=parcels).values_list("number", flat=True))
    return theirs - ours


def note_seen(order_id: int, mall: MallOrder, *, now: datetime) -> None:
    """Note, for each open report, whether our numbers can be read back at the mall (the second proof)."""
    for report in MallReport.objects.filter(order_id=order_id, counted_at__isnull=True, sent_at__isnull=False):
        rows = {
            row.number: row.row_key
            for parcel in mall.parcels
            if parcel.key == report.mall_parcel_key
            for row in parcel.tracking
        }
        ours, theirs = _learn_row_keys(report.parcel_id, rows), set(rows)
        incomplete = [
            row.row_key
            for parcel in mall.parcels
            for row in parcel.tracking
            if not (row.number and row.carrier and row.shipped_on)
        ]
        seen = now if ours <= theirs else None
        cause = f"row_incomplete:{incomplete[0]}" if incomplete else ("" if seen else "number_not_at_mall")
        if (report.seen_at is None) != (seen is None) or report.cause != cause:
            MallReport.objects.filter(pk=report.pk).update(seen_at=report.seen_at or seen, cause=cause)


def _learn_row_keys(parcel_id: int, rows: Mapping[str, str]) -> set[str]:
    """Remember on which of the mall's rows our numbers stand, so that a corrected number replaces its row; return our numbers."""
    ours = list(TrackingNumber.objects.filter(parcel_id=parcel_id))
    for tracking in ours:
        if rows.get(tracking.number, "") not in ("", tracking.mall_row_key):
            TrackingNumber.objects.filter(pk=tracking.pk).update(mall_row_key=rows[tracking.number])
    return {tracking.number for tracking in ours}


def count(order_id: int, *, by: Actor, now: datetime) -> None:
    """The mall has counted the order as shipped (the third proof): its reports are green and the order is done."""
    MallReport.objects.filter(order_id=order_id, counted_at__isnull=True).update(counted_at=now, cause="")
    order = lock([order_id], "phase", "status_id", "status_at", "unreported", "revision")[0]
    if not order.unreported and order.phase != "shipped":
        return
    if order.phase == "shipped":
        status = default_status("done")
        row = Row(
            order_id=order_id,
            before={
                "status_id": order.status_id,
                "phase": order.phase,
                "status_at": order.status_at,
                "unreported": order.unreported,
            },
            after={"status_id": status.pk, "phase": "done", "status_at": now, "unreported": False},
        )
        write([row], verb="order.counted", by=by, now=now)
    else:
        Order.objects.filter(pk=order_id).update(unreported=False)
        touch([order_id], verb="order.counted", by=by, now=now)
