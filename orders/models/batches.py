"""Batch: one bulk act over a set of orders, resumable and undoable. What was done is in the audit; issues are the exceptions."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from hub.models import Member, one_of
from hub.tenancy import TenantForeignKey, TenantModel


class BatchState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Batch(TenantModel):
    """A bulk act: the ids in order, and a cursor that moves in the transaction of each chunk of up to 1,000.

    `tries`: how often it was taken up since its cursor last moved.
    """

    action = models.TextField()
    params = models.JSONField(default=dict)
    order_ids = ArrayField(models.BigIntegerField())
    cursor = models.IntegerField(default=0)
    client_key = models.TextField()
    member = TenantForeignKey(Member, null=True)
    actor_kind = models.TextField(default="member")
    actor_id = models.BigIntegerField(null=True)
    undo_of_id = models.BigIntegerField(null=True)
    undone_by_id = models.BigIntegerField(null=True)
    state = models.TextField(choices=BatchState.choices, default=BatchState.WAITING)
    changed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    fence_scan = ("id", "tenant_id", "state", "due_at", "lease_until")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "client_key"], name="orders_batch_client_key"),
            one_of("state", BatchState, "orders_batch_state"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="orders_batch_due", condition=models.Q(state__in=["waiting", "running"])
            ),
            models.Index(fields=["tenant_id", "-id"], name="orders_batch_recent"),
        ]


class BatchIssue(TenantModel):
    """An order that a batch skipped or failed on, with the reason as code and parameters."""

    batch = TenantForeignKey(Batch)
    order_id = models.BigIntegerField()
    kind = models.TextField()
    reason = models.TextField()
    params = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "batch", "order_id"], name="orders_batchissue_once")
        ]
