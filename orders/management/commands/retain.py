"""`manage.py retain [--dry-run] [--tenant N]`: erase the persons of orders that are finished for longer than their tenant's days."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.models import Tenant
from orders.retention import running


class Command(BaseCommand):
    help = (
        "Erase now what the night's run would erase (promise G31): of every tenant, suspended ones too, or of one. May be ended at any "
        "moment and begun again, beside the running product."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be erased; nothing is written")
        parser.add_argument("--tenant", type=int, help="only this tenant")

    def handle(self, *args: Any, dry_run: bool, tenant: int | None, **options: Any) -> None:
        tenants = Tenant.objects.order_by("pk")
        if tenant is not None and not (tenants := tenants.filter(pk=tenant)).exists():
            raise CommandError(f"there is no tenant {tenant}")
        for one in tenants:
            rows = running.plan(one.pk) if dry_run else running.run_to_end(one.pk)
            self._tell(one, rows, dry_run=dry_run)

    def _tell(self, tenant: Tenant, rows: Mapping[str, int], *, dry_run: bool) -> None:
        did = "would be erased" if dry_run else "erased"
        if not rows:
            self.stdout.write(f"tenant {tenant.pk} ({tenant.retention_days} days): nothing {did}")
            return
        self.stdout.write(f"tenant {tenant.pk} ({tenant.retention_days} days): {did}")
        for table, count in sorted(rows.items()):
            self.stdout.write(f"  {table:28} {count:>10,}")
