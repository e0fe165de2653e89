"""`manage.py create_tenant NAME --owner EMAIL`: a tenant with a preset's statuses, tasks, rules and templates; prints JSON."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from automation.setup import PRESETS, create_tenant
from hub.audit import Actor
from hub.clock import business_now
from hub.models import User
from hub.operations import SCOPES, create_token
from hub.tenancy import tenant_transaction


class Command(BaseCommand):
    help = "Create a tenant and its owner. An owner who is new needs a password; one who signs in already keeps theirs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the owner's password from the first line of standard input",
        )
        parser.add_argument("--preset", choices=PRESETS, default="rakuten")
        parser.add_argument(
            "--token", action="store_true", help="also make an API token with every scope; shown this once"
        )

    def handle(
        self, *args: Any, name: str, owner: str, password_stdin: bool, preset: str, token: bool, **options: Any
    ) -> None:
        owner = owner.lower()
        try:
            validate_email(owner)
        except ValidationError:
            raise CommandError(f"{owner} is not an e-mail address") from None
        password = self._password(owner, from_stdin=password_stdin)
        now = business_now()
        tenant, member = create_tenant(name, owner_email=owner, password=password, preset=preset, now=now)
        made: dict[str, Any] = {"tenant": tenant.pk, "owner": owner}
        if token:
            with tenant_transaction(tenant.pk):
                by = Actor(kind="system", name="manage.py create_tenant")
                made["token"] = create_token(
                    name="create_tenant", scopes=list(SCOPES), by=by, now=now, member=member
                ).secret
        self.stdout.write(json.dumps(made, ensure_ascii=False))

    def _password(self, owner: str, *, from_stdin: bool) -> str | None:
        """Return a new owner's password; without one they set it by the link of a password reset."""
        if User.objects.filter(email=owner).exists():
            return None
        password = self._ask(from_stdin)
        if password is None:
            return None
        try:
            validate_password(password, User(email=owner))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password

    def _ask(self, from_stdin: bool) -> str | None:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        return getpass.getpass("Password of the owner: ") if sys.stdin.isatty() else None
