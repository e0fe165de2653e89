"""Who works in a tenant: members, invitations and API tokens. Secrets are returned once and kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from hub import rows, sessions
from hub.audit import Actor, note
from hub.models import ApiToken, Invitation, Member, Role, User
from hub.problems import Refusal
from hub.rights import may

INVITED_FOR = timedelta(days=7)
LONGEST_TOKEN = timedelta(days=366)
OVERLAP = timedelta(hours=1)

SCOPES: Mapping[str, str] = {
    "orders:read": "orders.see",
    "orders:write": "orders.edit",
    "personal:read": "addresses.see",
    "settings:read": "settings.see",
    "settings:write": "settings.edit",
    "shops:live": "shops.live",
    "members:write": "members.edit",
}
"""Scope → the right a member must have to give it. Without `personal:read` buyers and recipients are masked."""


class LastOwner(Refusal):
    """The tenant would have no owner any more."""

    code = "last_owner"


class OwnerOnly(Refusal):
    """Only an owner changes who is an owner."""

    code = "owner_only"
    status = 403


class AlreadyMember(Refusal):
    """The address belongs to a member already."""

    code = "already_member"


class InvitationOver(Refusal):
    """The invitation has expired or was used."""

    code = "invitation_over"


class OtherAddress(Refusal):
    """The invitation was sent to another address."""

    code = "other_address"
    status = 403


class UnknownScope(Refusal):
    """There is no such scope."""

    code = "unknown_scope"
    status = 422


class NoScopes(Refusal):
    """A token needs one scope at least."""

    code = "no_scopes"
    status = 422


class TokenLife(Refusal):
    """A token lives for at least a day and at most 366."""

    code = "token_life"
    status = 422


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret. It has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode()).digest()


# Members.


@dataclass(frozen=True, kw_only=True)
class Invited:
    """An invitation and the secret of its link, which is not kept."""

    invitation: Invitation
    secret: str


def invite(*, email: str, role: str, inviter: Member | None, by: Actor, now: datetime) -> Invited:
    """Ask a person to join; a second invitation of the same address replaces the first. Raises AlreadyMember, OwnerOnly."""
    address = email.strip().lower()
    _need_owner(inviter, Role(role))
    if Member.objects.filter(user__email=address, removed_at__isnull=True).exists():
        raise AlreadyMember(field="email", email=address)
    Invitation.objects.filter(email=address, accepted_at__isnull=True).delete()
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=address,
        role=Role(role).value,
        secret_hash=hash_of(secret),
        invited_by=inviter,
        created_at=now,
        expires_at=now + INVITED_FOR,
    )
    note("member.invited", by=by, now=now, id=invitation.pk, email=address, role=role)
    return Invited(invitation=invitation, secret=secret)


def take_back_invitation(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """Make the link worthless."""
    note("member.invitation_taken_back", by=by, now=now, id=invitation.pk, email=invitation.email)
    invitation.delete()


def find_invitation(secret: str) -> tuple[int, int] | None:
    """Return (tenant id, invitation id) of a link that still works. Needs no tenant; say nothing about why it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, invitation_id FROM hub_invitation_owner(%s)", [hash_of(secret)])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def accept_invitation(invitation_id: int, *, user: User, now: datetime) -> Member:
    """Join the invitation's tenant, whose transaction is open. Raises InvitationOver, OtherAddress."""
    invitation = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    if invitation is None or invitation.accepted_at is not None or invitation.expires_at <= now:
        raise InvitationOver
    if invitation.email != user.email.lower():
        raise OtherAddress
    member: Member
    member, _ = Member.objects.update_or_create(user=user, defaults={"role": invitation.role, "removed_at": None})
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now)
    by = Actor(kind="member", id=member.pk, name=str(user))
    note("member.joined", by=by, now=now, id=member.pk, email=user.email, role=member.role)
    return member


def change_role(member: Member, *, role: str, changer: Member | None, by: Actor, now: datetime) -> None:
    """Give a member another role; it holds from their next click. Raises OwnerOnly, LastOwner.

    Tokens and open invitations of theirs that the new role could not give end with the old one.
    """
    _need_owner(changer, Role(role), Role(member.role))
    if member.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(member)
    rows.change(member, {"role": Role(role).value}, noun="member", by=by, now=now)
    _take_back_what_they_gave(member, role=role, by=by, now=now)


def remove_member(member: Member, *, remover: Member | None, by: Actor, now: datetime) -> None:
    """End a membership: the person is out with their next click; their tokens and open invitations end too. Raises LastOwner."""
    _need_owner(remover, Role(member.role))
    if member.role == Role.OWNER:
        _keep_an_owner(member)
    if Member.objects.filter(pk=member.pk, removed_at__isnull=True).update(removed_at=now) != 1:
        return
    note("member.removed", by=by, now=now, id=member.pk, email=member.user.email)
    _take_back_what_they_gave(member, role="", by=by, now=now)


def sign_member_out(member: Member, *, ender: Member | None, by: Actor, now: datetime) -> None:
    """End all sessions of a member's person; they may sign in again. Raises OwnerOnly."""
    _need_owner(ender, Role(member.role))
    sessions.end_all(member.user_id)
    note("member.signed_out", by=by, now=now, id=member.pk, email=member.user.email)


def _take_back_what_they_gave(member: Member, *, role: str, by: Actor, now: datetime) -> None:
    """End a member's tokens and open invitations that their role (none: no role any more) could not give now."""
    for token in ApiToken.objects.filter(created_by=member, revoked_at__isnull=True):
        if not role or not all(scope in SCOPES and may(role, SCOPES[scope]) for scope in token.scopes):
            revoke_token(token, by=by, now=now)
    for invitation in Invitation.objects.filter(invited_by=member, accepted_at__isnull=True):
        if not role or not may(role, "members.edit") or (invitation.role == Role.OWNER and role != Role.OWNER):
            take_back_invitation(invitation, by=by, now=now)


def _keep_an_owner(member: Member) -> None:
    owners = (
        Member.objects.filter(role=Role.OWNER, removed_at__isnull=True).order_by("pk").select_for_update(of=("self",))
    )
    if not [owner for owner in owners if owner.pk != member.pk]:
        raise LastOwner


def _need_owner(actor: Member | None, *roles: Role) -> None:
    """Owners are made and unmade by owners; a token (no member) never does."""
    if Role.OWNER in roles and (actor is None or actor.role != Role.OWNER):
        raise OwnerOnly


# Tokens.


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token and its secret, shown once."""

    token: ApiToken
    secret: str


def create_token(
    *,
    name: str,
    scopes: Sequence[str],
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    member: Member | None = None,
) -> NewToken:
    """Make a token for a program; without an end it lives for 366 days. Raises UnknownScope, NoScopes, TokenLife."""
    wanted = [scope for scope in SCOPES if scope in set(scopes)]
    if unknown := next((scope for scope in scopes if scope not in SCOPES), None):
        raise UnknownScope(field="scopes", scope=unknown, known=", ".join(SCOPES))
    if not wanted:
        raise NoScopes(field="scopes")
    end = expires_at or now + LONGEST_TOKEN
    if not now + timedelta(days=1) <= end <= now + LONGEST_TOKEN:
        raise TokenLife(field="expires_at", days=LONGEST_TOKEN.days)
    secret = f"hub_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        name=name,
        secret_hash=hash_of(secret),
        last_four=secret[-4:],
        scopes=wanted,
        created_by=member,
        created_at=now,
        expires_at=end,
    )
    note("token.created", by=by, now=now, id=token.pk, name=name, scopes=wanted, expires_at=end.isoformat())
    return NewToken(token=token, secret=secret)


def revoke_token(token: ApiToken, *, by: Actor, now: datetime) -> None:
    """End a token at once. Doing it twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now) == 1:
        note("token.revoked", by=by, now=now, id=token.pk, name=token.name)


def find_token(secret: str) -> tuple[int, int] | None:
    """Return (tenant id, token id) of a live token. Needs no tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, token_id FROM hub_token_owner(%s)", [hash_of(secret)])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def rotate_token(
    token: ApiToken, *, life: timedelta, by: Actor, now: datetime, member: Member | None = None
) -> NewToken:
    """Make a token like this one; the old one goes on for an hour, so that nothing stops while the secret is changed.

    `member`: whose the new one is, because they hold its secret; without one, whose the old one was.
    """
    made = create_token(
        name=token.name,
        scopes=token.scopes,
        by=by,
        now=now,
        expires_at=now + min(life, LONGEST_TOKEN),
        member=member or token.created_by,
    )
    ApiToken.objects.filter(pk=token.pk, expires_at__gt=now + OVERLAP).update(expires_at=now + OVERLAP)
    note("token.rotated", by=by, now=now, id=token.pk, name=token.name, new=made.token.pk)
    return made
