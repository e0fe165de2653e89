"""`manage.py forget_factor`: who lost the device and the codes gets in again, and hears of it."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from hub.models import AuditEntry, Tenant, User
from hub.tenancy import tenant_transaction
from tests.pages import PASSWORD, make_member


def test_the_person_signs_in_with_the_password_and_hears_of_it(tenant: Tenant, other_tenant: Tenant) -> None:
    member, colleague = make_member(tenant, password=PASSWORD), make_member(tenant, "admin")
    user = User.objects.get(pk=member.user_id)
    for one in (user, User.objects.get(pk=colleague.user_id)):
        TOTP.activate(one, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(one)

    call_command("forget_factor", user.email.upper(), stdout=StringIO())

    answer = Client().post("/sign-in/", {"login": user.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    theirs = Authenticator.objects.filter(user_id__in=[user.pk, colleague.user_id])
    assert set(theirs.values_list("user_id", flat=True)) == {colleague.user_id}
    assert [one.to for one in mail.outbox] == [[user.email]]
    for where, wanted in ((tenant, [{"member": member.pk}]), (other_tenant, [])):
        with tenant_transaction(where.pk):
            noted = AuditEntry.objects.filter(verb="member.factor_forgotten").values_list("params", flat=True)
            assert list(noted) == wanted


def test_who_has_none_is_refused(tenant: Tenant) -> None:
    user = User.objects.get(pk=make_member(tenant).user_id)

    with pytest.raises(CommandError, match="no second factor"):
        call_command("forget_factor", user.email)
    with pytest.raises(CommandError, match="nobody signs in"):
        call_command("forget_factor", "nobody@example.com")
