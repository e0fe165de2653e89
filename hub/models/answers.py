"""What was made for someone and is kept for a while: answers to API writes, and files to download."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.models.people import ApiToken, Member
from hub.tenancy import TenantForeignKey, TenantModel


class IdempotencyKey(TenantModel):
    """The answer to an API write, by the caller's key: the same key gives the same answer, another body is refused."""

    token = TenantForeignKey(ApiToken)
    key = models.TextField()
    body_hash = models.BinaryField()
    status = models.IntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "token", "key"], name="hub_idempotency_key")]


class StoredFile(TenantModel):
    """A file made for a member: an export, a PDF. Its download lives 15 minutes; the bytes are erased after 7 days."""

    member = TenantForeignKey(Member, null=True)
    name = models.TextField()
    content_type = models.TextField()
    body = models.BinaryField()
    rows = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="hub_storedfile_life")]
