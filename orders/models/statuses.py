"""The tenant's own steps (groups with a fixed phase, statuses inside them), labels and saved searches."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models import Member, one_of
from hub.tenancy import TenantForeignKey, TenantModel


class Phase(models.TextChoices):
    """What a status means to the program. The first four are open; nothing moves back by a rule."""

    INTAKE = "intake"
    PAYMENT = "payment"
    READY = "ready"
    SHIPPING = "shipping"
    SHIPPED = "shipped"
    DONE = "done"
    CANCELLED = "cancelled"


OPEN_PHASES = (Phase.INTAKE, Phase.PAYMENT, Phase.READY, Phase.SHIPPING)
PHASE_ORDER = {phase: number for number, phase in enumerate(Phase)}


class StatusGroup(TenantModel):
    """A parent of statuses. Its phase is fixed when it is made."""

    name = models.TextField()
    phase = models.TextField(choices=Phase.choices)
    position = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="orders_statusgroup_name"),
            one_of("phase", Phase, "orders_statusgroup_phase"),
        ]

    def __str__(self) -> str:
        return self.name


class Status(TenantModel):
    """A step of the tenant's own. One status of each phase is the default for that phase (`default_for` = the phase)."""

    group = TenantForeignKey(StatusGroup)
    name = models.TextField()
    colour = models.TextField(default="grey")
    memo = models.TextField(default="")
    position = models.IntegerField(default=0)
    default_for = models.TextField(default="")
    limit_minutes = models.IntegerField(null=True)
    not_ours = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="orders_status_name"),
            models.UniqueConstraint(
                fields=["tenant_id", "default_for"], name="orders_status_default", condition=~Q(default_for="")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StatusDelta(TenantModel):
    """A change of the number of live orders in a status of a shop; a count is the sum. Written by trigger, folded by a job."""

    shop_id = models.BigIntegerField()
    status_id = models.BigIntegerField()
    n = models.BigIntegerField()
    base = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "status_id", "shop_id", "n"], name="orders_statusdelta_sum")]


class Tag(TenantModel):
    """A coloured word (ラベル). `key` is set for those the product itself sets, such as `unmapped_all`."""

    name = models.TextField()
    colour = models.TextField(default="grey")
    key = models.TextField(default="")
    position = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="orders_tag_name"),
            models.UniqueConstraint(fields=["tenant_id", "key"], name="orders_tag_key", condition=~Q(key="")),
        ]

    def __str__(self) -> str:
        return self.name


class SavedSearch(TenantModel):
    """A condition, columns and order under a name; a member's own, or shared."""

    name = models.TextField()
    member = TenantForeignKey(Member, null=True)
    shared = models.BooleanField(default=False)
    condition = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    position = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
