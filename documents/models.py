"""Layouts for paper, and the files that members asked for. The first delivery has one plain packing slip; its texts are the tenant's."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models import Member, StoredFile, one_of
from hub.tenancy import TenantForeignKey, TenantModel
from orders.models import Shop


class DocumentTemplate(TenantModel):
    """A layout by name and the tenant's texts for it."""

    layout = models.TextField()
    shop = TenantForeignKey(Shop, null=True)
    texts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "layout", "shop"], name="documents_template_once", nulls_distinct=False
            )
        ]


class FileKind(models.TextChoices):
    PACKING_SLIPS = "packing_slips"
    ORDERS_CSV = "orders_csv"


class FileState(models.TextChoices):
    """`refused`: nothing was made; `report` says why, row by row."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class FileJob(TenantModel):
    """A file over a set of orders, made in the background: which, how, for whom, and what came of it."""

    kind = models.TextField(choices=FileKind.choices)
    params = models.JSONField(default=dict)
    order_ids = ArrayField(models.BigIntegerField())
    asked = models.JSONField(default=dict)
    member = TenantForeignKey(Member, null=True)
    actor_kind = models.TextField(default="member")
    actor_id = models.BigIntegerField(null=True)
    client_key = models.TextField()
    state = models.TextField(choices=FileState.choices, default=FileState.WAITING)
    reason = models.TextField(default="")
    report = models.JSONField(default=list)
    tries = models.IntegerField(default=0)
    file = TenantForeignKey(StoredFile, null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    fence_scan = ("id", "tenant_id", "state", "lease_until", "created_at")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "client_key"], name="documents_filejob_client_key"),
            one_of("kind", FileKind, "documents_filejob_kind"),
            one_of("state", FileState, "documents_filejob_state"),
        ]
        indexes = [models.Index(fields=["created_at"], name="documents_filejob_due", condition=Q(state="waiting"))]
