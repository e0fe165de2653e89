"""Moving orders between statuses, and what may not be jumped over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from hub.audit import Actor
from orders.judging import obstacles_of_orders, unpaid
from orders.lookups import as_array
from orders.models import OrderLine, Parcel, Phase, Status
from orders.models.orders import ParcelState
from orders.models.statuses import OPEN_PHASES, PHASE_ORDER
from orders.operations.door import Changed, Row, locked_values, write


class StatusRetired(Exception):
    """The status is no longer in use."""


def default_status(key: str) -> Status:
    """Return the tenant's default status for a phase (or for `waiting` and `check`)."""
    status: Status = Status.objects.select_related("group").get(default_for=key)
    return status


def set_status(
    order_ids: Iterable[int],
    *,
    status: Status,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
    judge: bool = True,
) -> Changed:
    """Move the orders to another status of their tenant.

    Refused, order by order: cancelled and deleted orders; a rule moving to an earlier phase; into *shipping* while something holds;
    into *shipped* before the parcels are (enter carrier and number instead); out of *shipped* to before it; into *cancelled* (that
    is an act of its own); past a payment the mall has not settled and nobody has passed by name. Raises StatusRetired.
    """
    if status.retired_at is not None:
        raise StatusRetired(status.name)
    phase = Phase(status.group.phase)
    outcome = Changed()
    orders = locked_values(order_ids, "status_id", "phase", "status_at", "deleted_at", "mall_block")
    obstacles = obstacles_of_orders([order.pk for order in orders], now=now) if phase is Phase.SHIPPING else {}
    not_settled = unpaid((order.pk, order.mall_block) for order in orders) if phase is Phase.READY else set()
    unshipped = _with_unshipped_parcels(orders) if phase in (Phase.SHIPPED, Phase.DONE) else set()
    rows = []
    for order in orders:
        held, unpaid_ = obstacles.get(order.pk, ()), order.pk in not_settled
        if refusal := _refusal(order, phase, by, held, has_unshipped=order.pk in unshipped, is_unpaid=unpaid_):
            outcome.refuse(order.pk, refusal, status=status.name)
        elif order.status_id == status.pk:
            outcome.unchanged.append(order.pk)
        else:
            rows.append(
                Row(
                    order_id=order.pk,
                    before={"status_id": order.status_id, "phase": order.phase, "status_at": order.status_at},
                    after={"status_id": status.pk, "phase": phase.value, "status_at": now},
                )
            )
            outcome.changed.append(order.pk)
    write(rows, verb="order.status", by=by, now=now, batch_id=batch_id, judge=judge)
    return outcome


def _refusal(
    order: Any, phase: Phase, by: Actor, obstacles: Iterable[str], *, has_unshipped: bool, is_unpaid: bool
) -> str:
    now_in = Phase(order.phase)
    if order.deleted_at is not None:
        return "deleted"
    if now_in is Phase.CANCELLED:
        return "cancelled"
    if phase is Phase.CANCELLED:
        return "cancel_is_an_act"
    if by.kind == "rule" and PHASE_ORDER[phase] < PHASE_ORDER[now_in]:
        return "rules_never_go_back"
    if now_in in (Phase.SHIPPED, Phase.DONE) and phase in OPEN_PHASES:
        return "already_shipped"
    if phase in (Phase.SHIPPED, Phase.DONE) and has_unshipped:
        return "needs_tracking"
    if phase is Phase.SHIPPING and any(obstacles):
        return "held"
    if phase is Phase.READY and is_unpaid and PHASE_ORDER[now_in] < PHASE_ORDER[phase]:
        return "payment_open"
    return ""


def _with_unshipped_parcels(orders: list[Any]) -> set[int]:
    """Return the orders that have an open line in a parcel that has not left. Parcels that have left are not looked into."""
    here = Parcel.objects.filter(order_id__among=as_array([order.pk for order in orders])).exclude(
        state__in=[ParcelState.SHIPPED, ParcelState.RETURNED]
    )
    open_line = OrderLine.objects.filter(parcel_id=OuterRef("pk"), closed_at__isnull=True, quantity__gt=0)
    return set(here.filter(Exists(open_line)).values_list("order_id", flat=True))


__all__ = ["StatusRetired", "default_status", "set_status"]
