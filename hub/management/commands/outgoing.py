"""`manage.py outgoing on|off [--tenant N]`: the switch that keeps everything that leaves waiting, within one claim (promise G18).

The contract names switches of a lane and of a kind too; they are refused until there are any.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.audit import Actor
from hub.clock import business_now
from hub.effects.switches import switch_system, switch_tenant
from hub.models import Tenant
from hub.tenancy import tenant_transaction


class Command(BaseCommand):
    help = "Let effects go (on) or keep them all waiting (off), for the installation or for one tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("switch", choices=["on", "off"])
        parser.add_argument("--tenant", type=int, help="only this tenant's effects")
        parser.add_argument("--lane", help="not possible yet: one counterpart's effects, such as shop:12")
        parser.add_argument("--kind", help="not possible yet: one kind of effects, such as mail.send")
        parser.add_argument("--reason", default="", help="shown in the red bar while it is off")

    def handle(
        self, *args: Any, switch: str, tenant: int | None, reason: str, lane: str | None = None, kind: str | None = None, **options: Any
    ) -> None:  # fmt: skip
        if lane is not None or kind is not None:
            raise CommandError(
                "nothing was switched: so far only the installation and a tenant (--tenant) have a switch, a lane or a kind has none. "
                "A warehouse or a mail template can be paused on its page."
            )
        on = switch == "on"
        now = business_now()
        if tenant is None:
            switch_system(on, reason=reason, now=now)
            self.stdout.write(f"outgoing is {switch} for the installation")
            return
        if not Tenant.objects.filter(pk=tenant).exists():
            raise CommandError(f"there is no tenant {tenant}")
        with tenant_transaction(tenant):
            switch_tenant(on, reason=reason, by=Actor(kind="system", name="manage.py outgoing"), now=now)
        self.stdout.write(f"outgoing is {switch} for tenant {tenant}")
