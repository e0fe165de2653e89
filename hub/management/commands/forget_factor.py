"""`manage.py forget_factor EMAIL`: take away the second factor of a person who lost both the device and the recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from hub.accounts import send_system_mail
from hub.audit import Actor, note
from hub.clock import business_now
from hub.models import User
from hub.tenancy import tenant_transaction
from hub.web import memberships_of


class Command(BaseCommand):
    help = "Take away a person's second factor and recovery codes; the person is told by mail, each of their tenants by its audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"nobody signs in as {email}")
        if not Authenticator.objects.filter(user=user).delete()[0]:
            raise CommandError(f"{user.email} has no second factor")
        for membership in memberships_of(user.pk):
            with tenant_transaction(membership.tenant_id):
                by = Actor(kind="system", name="manage.py forget_factor")
                note("member.factor_forgotten", by=by, now=business_now(), member=membership.member_id)
        with translation.override(user.language):
            send_system_mail(
                user.email,
                _("二段階認証が外されました"),
                _(
                    "管理者が、二段階認証と復旧コードを外しました。次にサインインしたら、新しい端末で設定してください。心当たりがなければ、すぐに管理者へ知らせてください。"
                ),
            )
        self.stdout.write(f"{user.email} signs in with the password alone and sets a second factor up anew")
