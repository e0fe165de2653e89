"""What several tests of the feature list do in the world outside: a mail account at the sink, and what the hub has written out there."""

from __future__ import annotations

from typing import Any

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount
from simulators.mail.session import SmtpServer
from tests.journeys.conftest import World
from tests.journeys.world_steps import run


def open_mail(tenant: Tenant, server: SmtpServer) -> None:
    """Give the tenant an account at the mail sink that all its shops write from."""
    with tenant_transaction(tenant.pk):
        MailAccount.objects.create(
            name="送信口", host="127.0.0.1", port=server.port, security="none", sender="shop@example.jp"
        )


def written(world: World) -> list[dict[str, Any]]:
    """Return a ledger line for every call of the hub that could have changed something at the mall or the warehouse."""
    calls = [
        line for line in world.mall_ledger("request") if line["function"].startswith(("confirm", "update", "cancel"))
    ]
    return [*calls, *world.warehouse_ledger("request"), *world.warehouse_ledger("withdrawn")]


def let_pass(world: World, *, minutes: int, step: int = 5) -> None:
    """Let business time pass in steps, and all stages run at each."""
    for _ in range(0, minutes, step):
        world.pass_time(minutes=step)
        run()
