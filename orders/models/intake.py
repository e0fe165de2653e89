"""What was read from malls: windows of time, order numbers, payloads as received, and those that could not be understood."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models import one_of
from hub.tenancy import TenantForeignKey, TenantModel
from orders.models.shops import Shop


class WindowState(models.TextChoices):
    OPEN = "open"
    DONE = "done"


class PollWindow(TenantModel):
    """A stretch of order time being read from a shop. DONE only when two readings name the same set (promise G1).

    Times are order times at the mall; `names_hash` and `total` are of the last reading. DONE rows go after 7 days.
    """

    shop = TenantForeignKey(Shop)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    state = models.TextField(choices=WindowState.choices, default=WindowState.OPEN)
    why = models.TextField(default="poll")
    tries = models.IntegerField(default=0)
    total = models.IntegerField(null=True)
    names_hash = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_at__gt=models.F("from_at")), name="orders_pollwindow_stretch"),
            one_of("state", WindowState, "orders_pollwindow_state"),
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "shop", "from_at"], name="orders_pollwindow_open", condition=Q(state="open")
            ),
            models.Index(fields=["tenant_id", "shop", "done_at"], name="orders_pollwindow_done"),
        ]


class NumberState(models.TextChoices):
    NAMED = "named"
    FETCHED = "fetched"
    REJECTED = "rejected"
    ABSENT = "absent"


class OrderNumber(TenantModel):
    """An order number that a mall's search showed. Committed before its details are fetched, so it cannot be forgotten."""

    shop = TenantForeignKey(Shop)
    number = models.TextField()
    state = models.TextField(choices=NumberState.choices, default=NumberState.NAMED)
    tries = models.IntegerField(default=0)
    named_at = models.DateTimeField()
    error = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "shop", "number"], name="orders_ordernumber_once"),
            one_of("state", NumberState, "orders_ordernumber_state"),
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "shop", "named_at"], name="orders_ordernumber_named", condition=Q(state="named")
            )
        ]


class MallSnapshot(TenantModel):
    """A payload as the mall sent it, less what must never be stored; deflated and encrypted. Kept when its hash changes."""

    order_id = models.BigIntegerField()
    hash = models.BinaryField()
    body = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "order_id", "id"], name="orders_mallsnapshot_order")]


class RejectedPayload(TenantModel):
    """An order that a mall sent and the hub could not understand: shown with the field's path, retried, never blocking others."""

    shop = TenantForeignKey(Shop)
    number = models.TextField()
    path = models.TextField()
    reason = models.TextField()
    params = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    tries = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "shop", "number"], name="orders_rejected_once")]


class ReconcileBreak(TenantModel):
    """A difference between the mall's list and ours, as a row with a state."""

    shop = TenantForeignKey(Shop)
    number = models.TextField()
    kind = models.TextField()
    found_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "shop", "number", "kind"], name="orders_reconcilebreak_once")
        ]


class PaymentName(TenantModel):
    """A mall's name of a payment method and what it means to the hub; an unknown one holds the order (F176)."""

    channel = models.TextField()
    name = models.TextField()
    method = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "channel", "name"], name="orders_paymentname_once")]


class DeliveryName(TenantModel):
    """A mall's name of a delivery method and what it means to the hub (F176)."""

    channel = models.TextField()
    name = models.TextField()
    method = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "channel", "name"], name="orders_deliveryname_once")
        ]
