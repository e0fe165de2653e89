"""The runs of retention: what was erased, when and by which rule. A run that was ended in the middle is gone on with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hub.tenancy import TenantModel


class RetentionRun(TenantModel):
    """One run over a tenant (promise G31), with the days of its beginning; at most one of a tenant is not finished.

    `aged`: what goes by its age alone is gone. `looked_at` and `looked_id` say behind which order to go on. `counts`: table to rows
    erased. All of it is written in the transaction of each chunk, so a run that was killed goes on where it was.
    """

    started_at = models.DateTimeField()
    days = models.IntegerField()
    aged = models.BooleanField(default=False)
    looked_at = models.DateTimeField(null=True)
    looked_id = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id"], name="hub_retentionrun_open", condition=Q(finished_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "-id"], name="hub_retentionrun_recent")]
