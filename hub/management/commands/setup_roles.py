"""`manage.py setup_roles`: make hub_owner, hub_app and hub_scan and the database, once per server, as an administrator."""

import os
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.embedded import roles


class Command(BaseCommand):
    help = (
        "Make the database roles hub_owner, hub_app and hub_scan, the database and its privileges. Names and passwords "
        "are those in DATABASE_URL and OWNER_DATABASE_URL. May be run again at any time."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin-url", default=os.environ.get("ADMIN_DATABASE_URL", ""), help="default: ADMIN_DATABASE_URL"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        admin_url = options["admin_url"]
        if not admin_url:
            raise CommandError("ADMIN_DATABASE_URL is not set: postgresql://postgres:...@host:5432/postgres")
        app_url, owner_url = (os.environ.get(name, "") for name in ("DATABASE_URL", "OWNER_DATABASE_URL"))
        try:
            passwords = {
                roles.APP: roles.password_of(app_url, role=roles.APP),
                roles.OWNER: roles.password_of(owner_url, role=roles.OWNER),
            }
            database = urlsplit(app_url).path.removeprefix("/")
            made = roles.make_roles(admin_url, database=database, passwords=passwords)
        except (ValueError, roles.UnfitRole, psycopg.Error) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"roles {roles.OWNER}, {roles.APP}, {roles.SCAN} and database {database} are as they should be"
        )
        for name in made.refused:
            self.stderr.write(
                f"not set: {name} = {roles.APP_SETTINGS[name]} for {roles.APP} (needs a superuser, or "
                f"GRANT SET ON PARAMETER {name}); until then the server's log may hold values of failed statements"
            )
