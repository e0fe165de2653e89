"""Who did what (AuditEntry), what was before and after, and who read personal data in bulk."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models.columns import CurrentXid, Xid8Field
from hub.tenancy import TenantForeignKey, TenantModel


class AuditEntry(TenantModel):
    """Who did what to what; insert only. (xid, id) below the oldest open transaction is the gap-free change feed.

    `revision` is set where the entry changed the order's revision, and is then unique for the order.
    """

    order_id = models.BigIntegerField(null=True)
    revision = models.IntegerField(null=True)
    xid = Xid8Field(db_default=CurrentXid(), editable=False)
    at = models.DateTimeField()
    actor_kind = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.TextField(default="")
    verb = models.TextField()
    params = models.JSONField(default=dict)
    batch_id = models.BigIntegerField(null=True)
    digest = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "order_id", "revision"],
                name="hub_auditentry_revision",
                condition=Q(revision__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "order_id", "id"], name="hub_auditentry_order"),
            models.Index(
                fields=["tenant_id", "batch_id"], name="hub_auditentry_batch", condition=Q(batch_id__isnull=False)
            ),
            models.Index(fields=["tenant_id", "xid", "id"], name="hub_auditentry_feed"),
        ]


class AuditDetail(TenantModel):
    """The before and after of an entry; the only part of the audit that retention may delete."""

    entry = TenantForeignKey(AuditEntry)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "entry"], name="hub_auditdetail_entry")]


class AuditSeal(TenantModel):
    """A hash over the entries between two transaction ids. The columns stand; sealing itself comes with a later delivery."""

    from_xid = Xid8Field()
    to_xid = Xid8Field()
    epoch = models.IntegerField(default=1)
    entries = models.IntegerField()
    hash = models.BinaryField()
    at = models.DateTimeField(db_default=Now())


class AccessRow(TenantModel):
    """A bulk read of personal data: who, with which filter, how many (promise G31)."""

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    what = models.TextField()
    filter = models.JSONField(default=dict)
    count = models.IntegerField()
