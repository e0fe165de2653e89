"""`manage.py verify_audit`: will check the seals of the audit (promise G27). There are none yet, so it never ends well."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Check that no entry of the audit was changed, removed or put in. Needs seals, which a later delivery makes."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "nothing was verified: the audit is not sealed yet. Entries can only be inserted, by the rights of the database role; a later "
            "delivery seals them each minute in a chain per tenant, and this command will then compare every entry with its seal and name "
            "the first that was changed, removed or put in."
        )
