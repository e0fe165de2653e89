"""Task: a kind of work or warning on orders (自動タスク, システムタグ and 保留 are this one thing). TaskMark: one open on an order."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.tenancy import TenantForeignKey, TenantModel
from orders.models.orders import Order
from orders.models.shops import Shop


class Task(TenantModel):
    """Condition + label + what to do + whether it holds the shipment.

    A system task (`key` set) mirrors a fact of the program and cannot be edited, switched off or deleted.
    """

    key = models.TextField(default="")
    name = models.TextField()
    what_to_do = models.TextField(default="")
    shop = TenantForeignKey(Shop, null=True)
    condition = models.JSONField(null=True)
    holds = models.BooleanField(default=True)
    enabled = models.BooleanField(default=True)
    colour = models.TextField(default="amber")
    position = models.IntegerField(default=0)
    broken = models.TextField(default="")
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="orders_task_key", condition=~Q(key="")),
            models.UniqueConstraint(fields=["tenant_id", "name"], name="orders_task_name"),
        ]

    def __str__(self) -> str:
        return self.name


class TaskMark(TenantModel):
    """A task on one order. Open while `closed_at` is null; unique while `cause_ended_at` is null, so that a mark closed by a
    person stays closed until its condition has ceased once."""

    order = TenantForeignKey(Order)
    task = TenantForeignKey(Task)
    opened_at = models.DateTimeField()
    opened_by_kind = models.TextField(default="system")
    opened_by_id = models.BigIntegerField(null=True)
    reason = models.TextField(default="")
    detail = models.JSONField(default=dict)
    by_hand = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    closed_by_kind = models.TextField(default="")
    closed_by_id = models.BigIntegerField(null=True)
    cause_ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "order", "task"],
                name="orders_taskmark_once",
                condition=Q(cause_ended_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "order", "task"], name="orders_taskmark_order"),
            models.Index(
                fields=["tenant_id", "task", "order"], name="orders_taskmark_open", condition=Q(closed_at__isnull=True)
            ),
        ]
