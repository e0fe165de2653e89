"""Tenants, people, what each may do in which tenant, and programs' keys."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hub.models.columns import one_of
from hub.tenancy import TenantForeignKey, TenantModel


class Tenant(models.Model):
    """One contract; owns everything else.

    `retention_days`: so long the persons of a finished order are kept; `retained_at` is when what was due was last erased.
    """

    name = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    suspended_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(null=True)
    outgoing = models.BooleanField(default=True)
    outgoing_reason = models.TextField(default="", blank=True)
    practice = models.BooleanField(default=False)
    retention_days = models.IntegerField(default=180)
    retained_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(retention_days__range=(7, 3650)), name="hub_tenant_retention_days")
        ]

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
