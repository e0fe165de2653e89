"""Rules in groups, their versions, and the marks that make a rule act once: on the edge, when its condition becomes true."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models import Member, one_of
from hub.tenancy import TenantForeignKey, TenantModel
from orders.models import Order, Shop


class When(models.TextChoices):
    """When a group's rules look at an order: as it comes in, whenever it changed, or at set times."""

    INTAKE = "intake"
    CHANGE = "change"
    SCHEDULE = "schedule"


class RuleGroup(TenantModel):
    """Rules that are switched together. `phases` are those it runs in; by default those before a ship request."""

    name = models.TextField()
    shop = TenantForeignKey(Shop, null=True)
    when = models.TextField(choices=When.choices, default=When.CHANGE)
    phases = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    switch_on_at = models.DateTimeField(null=True)
    switch_off_at = models.DateTimeField(null=True)
    position = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="automation_rulegroup_name"),
            one_of("when", When, "automation_rulegroup_when"),
        ]


class Rule(TenantModel):
    """A condition and actions, in their present version. `over_edits`: may overwrite what a person set."""

    group = TenantForeignKey(RuleGroup)
    name = models.TextField()
    condition = models.JSONField()
    actions = models.JSONField()
    over_edits = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    position = models.IntegerField(default=0)
    broken = models.TextField(default="")
    failures = models.IntegerField(default=0)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="automation_rule_name")]


class RuleVersion(TenantModel):
    """A rule as it stood: what the history names when it says which rule acted."""

    rule = TenantForeignKey(Rule)
    version = models.IntegerField()
    name = models.TextField()
    condition = models.JSONField()
    actions = models.JSONField()
    published_at = models.DateTimeField(db_default=Now())
    published_by = TenantForeignKey(Member, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "rule", "version"], name="automation_ruleversion_once")
        ]


class RuleMark(TenantModel):
    """A rule's condition holds for an order. The rule acted when the mark opened; it does not act while it stays.

    `acted` is false where the rule was published over orders already in and nobody chose to apply it to them.
    """

    rule = TenantForeignKey(Rule)
    order = TenantForeignKey(Order)
    version = models.IntegerField()
    opened_at = models.DateTimeField()
    acted = models.BooleanField(default=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "order", "rule"],
                name="automation_rulemark_open",
                condition=Q(closed_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "rule", "opened_at"], name="automation_rulemark_rule"),
            models.Index(fields=["tenant_id", "order"], name="automation_rulemark_order"),
        ]
