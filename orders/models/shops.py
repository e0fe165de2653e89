"""Shop: a tenant's account at a mall. Warehouse: an account at whoever ships. Their secrets are encrypted (`hub/secrets.py`)."""

from datetime import date, time
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from hub.models import one_of
from hub.tenancy import TenantForeignKey, TenantModel

if TYPE_CHECKING:
    _Field = models.Field[str, str]
else:
    _Field = models.Field


class MultirangeField(_Field):
    """A set of stretches of time, as PostgreSQL's text form; read and written by SQL in `orders/coverage.py` only."""

    def db_type(self, connection: object) -> str:
        return "tstzmultirange"


class ShopMode(models.TextChoices):
    OBSERVE = "observe"
    LIVE = "live"


class ConfirmBy(models.TextChoices):
    HUB = "hub"
    OTHER = "other"


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The keys of `Warehouse.cutoffs`, Monday first; PostgreSQL's to_char(day, 'dy') says them too."""


class Warehouse(TenantModel):
    """An account at a warehouse. `kind` names its adapter; `own` is the shop's own shelf, `other` another system.

    `cutoffs` holds the weekdays whose cut-off is another than `cutoff_at`: {"sat": "12:00"}.
    """

    name = models.TextField()
    kind = models.TextField()
    credentials = models.BinaryField(default=b"")
    settings = models.JSONField(default=dict)
    cutoff_at = models.TimeField(default=time(15, 30))
    cutoffs = models.JSONField(default=dict)
    paused_at = models.DateTimeField(null=True)
    results_cursor = models.TextField(default="")
    next_collect_at = models.DateTimeField(db_default=Now())
    collect_every_seconds = models.IntegerField(default=900)
    result_due_hour = models.IntegerField(default=21)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    collect_error = models.TextField(default="")
    position = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    fence_scan = ("id", "tenant_id", "kind", "next_collect_at", "lease_until", "retired_at", "paused_at")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="orders_warehouse_name")]

    def __str__(self) -> str:
        return self.name

    def cutoff_on(self, day: date) -> time:
        """Return until when a request of this day leaves on it."""
        own = self.cutoffs.get(WEEKDAYS[day.weekday()])
        return time.fromisoformat(own) if own else self.cutoff_at


class Shop(TenantModel):
    """A tenant's account at a mall.

    `account` is the mall's own shop id, read by the live test; unique per tenant and channel, and no two tenants may hold it.
    `covered` is what has surely been read; `wanted_from` where reading begins; what lies between is the gap (promise G1).
    `rule_set` rises with every rule, holding task or mapping that could change a judgement.
    """

    name = models.TextField()
    mark = models.TextField(default="")
    colour = models.TextField(default="blue")
    channel = models.TextField()
    account = models.TextField(default="")
    credentials = models.BinaryField(default=b"")
    key_hint = models.TextField(default="")
    key_expires_at = models.DateTimeField(null=True)
    key_warned_days = models.IntegerField(null=True)
    tested_at = models.DateTimeField(null=True)
    test_result = models.JSONField(default=dict)

    mode = models.TextField(choices=ShopMode.choices, default=ShopMode.OBSERVE)
    live_from = models.DateTimeField(null=True)
    confirm_by = models.TextField(choices=ConfirmBy.choices, default=ConfirmBy.HUB)
    wait_minutes = models.IntegerField(default=30)
    next_day_name = models.TextField(default="最強翌日配送")
    harmless_remarks = ArrayField(models.TextField(), default=list)
    signature = models.TextField(default="")

    polling = models.BooleanField(default=False)
    every_seconds = models.IntegerField(default=60)
    wanted_from = models.DateTimeField(null=True)
    covered = MultirangeField(db_default="{}")
    next_poll_at = models.DateTimeField(db_default=Now())
    last_poll_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    reread_token = models.UUIDField(null=True)
    reread_until = models.DateTimeField(null=True)
    reconciled_at = models.DateTimeField(null=True)
    blind_since = models.DateTimeField(null=True)
    blind_reason = models.TextField(default="")
    clock_offset_seconds = models.IntegerField(null=True)
    unknown_fields = models.JSONField(default=dict)

    warehouse = TenantForeignKey(Warehouse, null=True)
    rule_set = models.IntegerField(default=1)
    position = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    fence_scan = (
        "id", "tenant_id", "channel", "account", "mode", "polling", "next_poll_at", "lease_until",
        "reread_until", "retired_at", "blind_since",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "channel", "account"],
                name="orders_shop_account",
                condition=~models.Q(account="") & models.Q(retired_at__isnull=True),
            ),
            models.UniqueConstraint(fields=["tenant_id", "name"], name="orders_shop_name"),
            one_of("mode", ShopMode, "orders_shop_mode"),
            one_of("confirm_by", ConfirmBy, "orders_shop_confirm_by"),
        ]
        indexes = [
            models.Index(
                fields=["next_poll_at"],
                name="orders_shop_due_poll",
                condition=models.Q(polling=True, retired_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name
