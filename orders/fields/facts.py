"""What is known of one order, loaded in a fixed number of statements (`orders/queries`): what fields show, and pages print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orders.models import MallReport, Order, OrderLine, Parcel, Shop, Status, StatusGroup, Tag, TaskMark, TrackingNumber


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """An order with everything of the core around it. `lines` are the open ones, `closed_lines` those that vanished or went.

    Each line's `parcel`, `product` and `listing`, each mark's `task` and each parcel's `warehouse` are loaded. `parcels` are those
    the open lines lie in; a parcel shared with other orders is in the facts of each. `marks` are the open ones.
    """

    order: Order
    shop: Shop
    status: Status
    group: StatusGroup
    parcels: Sequence[Parcel] = ()
    lines: Sequence[OrderLine] = ()
    closed_lines: Sequence[OrderLine] = ()
    tracking: Sequence[TrackingNumber] = ()
    reports: Sequence[MallReport] = ()
    tags: Sequence[Tag] = ()
    marks: Sequence[TaskMark] = ()
    shared_with: Sequence[tuple[int, int]] = field(default=())
    """(parcel id, order id) of other orders that have lines in a parcel of this one."""
