"""The platform's rows: tenants and people, what must happen outside (Effect), and who did what (AuditEntry)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.tenancy import TenantForeignKey, TenantModel

__all__ = [
    "AccessRow", "ApiToken", "AuditDetail", "AuditEntry", "AuditSeal", "Breaker", "Clock", "Effect", "EffectTry",
    "IdempotencyKey", "Invitation", "Lane", "Member", "Role", "StageLease", "StoredFile", "System", "Tenant", "Throttle", "User",
]  # fmt: skip


if TYPE_CHECKING:
    _Field = models.Field[str, str]
else:
    _Field = models.Field


class Xid8Field(_Field):
    """PostgreSQL's 64-bit transaction id, as text. Filled by the database; orders entries without gaps (`hub/changes.py`)."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class CurrentXid(models.Func):
    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = Xid8Field()


def one_of(field: str, values: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """Return the CHECK that keeps a text state inside its list."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": values.values}), name=name)


class Tenant(models.Model):
    """One contract; owns everything else."""

    name = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    suspended_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(null=True)
    outgoing = models.BooleanField(default=True)
    outgoing_reason = models.TextField(default="", blank=True)
    practice = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None) -> User:
        """Create a person who signs in by e-mail; the address is stored in lower case."""
        user = self.model(email=self.normalize_email(email).lower())
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do is said by their Member rows, one for each tenant."""

    email = models.EmailField(unique=True)
    name = models.TextField(blank=True, default="")
    language = models.TextField(default="ja")
    theme = models.TextField(default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email


class Clock(models.Model):
    """At most one row: business time for the demo, the journey and practice (`hub/clock.py`)."""

    real_start = models.DateTimeField()
    business_start = models.DateTimeField()
    speed = models.FloatField()

    def __str__(self) -> str:
        return f"{self.business_start} x{self.speed}"


class System(models.Model):
    """One row of switches that hold for every tenant."""

    outgoing = models.BooleanField(default=True)
    outgoing_reason = models.TextField(default="")
    outgoing_changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "on" if self.outgoing else "off"


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    STAFF = "staff"
    PACKING = "packing"
    VIEWER = "viewer"


class Member(TenantModel):
    """A person's role in a tenant."""

    user = models.ForeignKey(User, on_delete=models.PROTECT)
    role = models.TextField(choices=Role.choices)
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)

    fence_scan = ("id", "tenant_id", "user_id", "role", "removed_at")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "user"], name="hub_member_once"),
            one_of("role", Role, "hub_member_role"),
        ]


class Invitation(TenantModel):
    """An address asked to join with a role. The link carries a secret of which only the hash is kept."""

    email = models.EmailField()
    role = models.TextField(choices=Role.choices)
    secret_hash = models.BinaryField()
    invited_by = TenantForeignKey(Member, null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    fence_scan = ("id", "tenant_id", "secret_hash", "expires_at", "accepted_at")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "secret_hash"], name="hub_invitation_secret"),
            one_of("role", Role, "hub_invitation_role"),
        ]


class ApiToken(TenantModel):
    """A program's key to one tenant: SHA-256 of `hub_` + 256 random bits, scoped, expiring, shown once."""

    name = models.TextField()
    secret_hash = models.BinaryField()
    last_four = models.TextField()
    scopes = ArrayField(models.TextField())
    created_by = TenantForeignKey(Member, null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    window_start = models.DateTimeField(null=True)
    window_calls = models.IntegerField(default=0)

    fence_scan = ("id", "tenant_id", "secret_hash", "expires_at", "revoked_at")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "secret_hash"], name="hub_apitoken_secret")]


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


class AccessRow(TenantModel):
    """A bulk read of personal data: who, with which filter, how many (promise G31)."""

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    what = models.TextField()
    filter = models.JSONField(default=dict)
    count = models.IntegerField()


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
