"""What must happen outside (Effect), and what keeps it in order and at a fit pace: lanes, breakers, throttles, leases."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models.columns import one_of
from hub.tenancy import TenantForeignKey, TenantModel


class EffectState(models.TextChoices):
    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    UNSURE = "unsure"
    STOPPED = "stopped"
    DROPPED = "dropped"


class Effect(TenantModel):
    """One intended act outside, written in the transaction of its decision (promises G10 to G18).

    `key` decides once; `payload` is the content to send, frozen; `after` names the effects it waits for while they are open.
    `hold_reason` keeps a WAITING one back until a person lets it go (flood gate) or the tenant goes live.
    """

    kind = models.TextField()
    lane = models.TextField()
    key = models.TextField()
    order_id = models.BigIntegerField(null=True)
    shop_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    state = models.TextField(choices=EffectState.choices, default=EffectState.WAITING)
    hold_reason = models.TextField(default="")
    after = ArrayField(models.BigIntegerField(), default=list)
    attempts = models.IntegerField(default=0)
    claims = models.IntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField()
    token = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    reason = models.TextField(default="")
    reason_params = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    fence_scan = ("id", "tenant_id", "lane", "state", "due_at", "claimed_until", "hold_reason")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="hub_effect_key"),
            one_of("state", EffectState, "hub_effect_state"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "order_id"], name="hub_effect_order"),
            models.Index(
                fields=["tenant_id", "lane", "due_at"],
                name="hub_effect_open",
                condition=Q(state__in=["waiting", "unsure"]),
            ),
            models.Index(
                fields=["due_at"], name="hub_effect_due", condition=Q(state__in=["waiting", "unsure"], hold_reason="")
            ),
            models.Index(fields=["claimed_until"], name="hub_effect_sending", condition=Q(state="sending")),
            models.Index(fields=["tenant_id", "settled_at"], name="hub_effect_stopped", condition=Q(state="stopped")),
            models.Index(fields=["tenant_id", "kind", "decided_at"], name="hub_effect_kind"),
        ]


class EffectTry(TenantModel):
    """One call for an effect: what was asked, what was answered, what was found when looking. The last three are kept."""

    effect = TenantForeignKey(Effect)
    at = models.DateTimeField(db_default=Now())
    act = models.TextField()
    request = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    outcome = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "effect", "-at"], name="hub_effecttry_effect")]


class Lane(TenantModel):
    """One counterpart that is spoken to one call at a time: `shop:12`, `warehouse:3`, `mail:5`."""

    name = models.TextField()
    token = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)

    fence_scan = ("id", "tenant_id", "name", "claimed_until", "served_at")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="hub_lane_name")]


class Breaker(TenantModel):
    """Whether a function of a lane answers: opened after 5 failures of the line, 60 s doubling to 15 min, one probe."""

    lane = models.TextField()
    function = models.TextField()
    failures = models.IntegerField(default=0)
    open_seconds = models.IntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    fence_scan = ("id", "tenant_id", "lane", "function", "open_until")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "lane", "function"], name="hub_breaker_function")]


class Throttle(TenantModel):
    """The next free call slot of an account at a counterpart, shared by all workers (promise G15).

    `x_at` is the last slot given to a class of calls, `x_asked_at` since when the class has been refused and waits.
    """

    account = models.TextField()
    next_slot = models.DateTimeField(db_default=Now())
    report_at = models.DateTimeField(null=True)
    intake_at = models.DateTimeField(null=True)
    reread_at = models.DateTimeField(null=True)
    reconcile_at = models.DateTimeField(null=True)
    report_asked_at = models.DateTimeField(null=True)
    intake_asked_at = models.DateTimeField(null=True)
    reread_asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "account"], name="hub_throttle_account")]


class StageLease(TenantModel):
    """Who works at a stage whose unit is the whole tenant. `again`: it was rung meanwhile, so look once more at the end."""

    stage = models.TextField()
    token = models.UUIDField(null=True)
    until = models.DateTimeField(null=True)
    again = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "stage"], name="hub_stagelease_stage")]
