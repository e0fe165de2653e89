"""The platform's rows: tenants and people, what must happen outside (Effect), and who did what (AuditEntry)."""

from hub.models.answers import IdempotencyKey, StoredFile
from hub.models.audit import AccessRow, AuditDetail, AuditEntry, AuditSeal
from hub.models.columns import CurrentXid, Xid8Field, one_of
from hub.models.effects import Breaker, Effect, EffectState, EffectTry, Lane, StageLease, Throttle
from hub.models.installation import Clock, System
from hub.models.people import ApiToken, Invitation, Member, Role, Tenant, User, UserManager
from hub.models.retention import RetentionRun

__all__ = [
    "AccessRow",
    "ApiToken",
    "AuditDetail",
    "AuditEntry",
    "AuditSeal",
    "Breaker",
    "Clock",
    "CurrentXid",
    "Effect",
    "EffectState",
    "EffectTry",
    "IdempotencyKey",
    "Invitation",
    "Lane",
    "Member",
    "RetentionRun",
    "Role",
    "StageLease",
    "StoredFile",
    "System",
    "Tenant",
    "Throttle",
    "User",
    "UserManager",
    "Xid8Field",
    "one_of",
]
