"""The core's rows, one file per subject."""

from orders.models.batches import Batch, BatchIssue
from orders.models.intake import (
    DeliveryName,
    MallSnapshot,
    OrderNumber,
    PaymentName,
    PollWindow,
    ReconcileBreak,
    RejectedPayload,
)
from orders.models.orders import (
    AT_MALL,
    MallReport,
    Order,
    OrderLine,
    OrderSearch,
    OrderTag,
    Parcel,
    SearchPhone,
    TrackingNumber,
)
from orders.models.products import Listing, Product
from orders.models.shops import Shop, Warehouse
from orders.models.statuses import Phase, SavedSearch, Status, StatusDelta, StatusGroup, Tag
from orders.models.tasks import Task, TaskMark

__all__ = [
    "AT_MALL", "Batch", "BatchIssue", "DeliveryName", "Listing", "MallReport", "MallSnapshot", "Order", "OrderLine", "OrderNumber",
    "OrderSearch", "OrderTag", "Parcel", "PaymentName", "Phase", "PollWindow", "Product", "ReconcileBreak", "RejectedPayload",
    "SavedSearch", "SearchPhone", "Shop", "Status", "StatusDelta", "StatusGroup", "Tag", "Task", "TaskMark",
    "TrackingNumber", "Warehouse",
]  # fmt: skip
