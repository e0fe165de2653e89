"""People before pages: members with each role, signed in, and what their requests need."""

from __future__ import annotations

from itertools import count

from django.test import Client

from hub.models import Member, Tenant, User
from hub.tenancy import tenant_transaction

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD = "correct horse battery"
_numbers = count(1)


def make_member(tenant: Tenant, role: str = "owner", *, name: str = "", password: str | None = None) -> Member:
    """A person who works in the tenant."""
    user = User.objects.create_user(f"{role}-{next(_numbers)}@people.example", password)
    if name:
        User.objects.filter(pk=user.pk).update(name=name)
    with tenant_transaction(tenant.pk):
        member: Member = Member.objects.create(user=user, role=role)
        return member


def signed_in(member: Member) -> Client:
    """A browser in which this member is signed in."""
    client = Client(headers={"accept-language": "ja"})
    client.force_login(User.objects.get(pk=member.user_id), backend=BACKEND)
    return client


def browser(tenant: Tenant, role: str = "owner") -> Client:
    """A browser of a new member with this role."""
    return signed_in(make_member(tenant, role))
