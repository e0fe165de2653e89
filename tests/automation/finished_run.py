"""A run that has come to its end, for the judge's tests: orders that went all the way, and ways to plant a bug into what it left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from automation.judge import Judgement, judge
from hub.clock import business_now, true_now
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from mailer.settings import save_account
from orders.models import Order
from simulators.clock import Clock as SimulatedClock
from simulators.ledger import Ledger
from simulators.mail.session import SmtpServer
from simulators.mail.sink import MailSink
from tests.conftest import make_tenant
from tests.journeys.conftest import START, World, open_world
from tests.journeys.world_steps import BY, connect, map_all, place, run

Line = dict[str, Any]
GAP = 0.02


@dataclass(kw_only=True)
class Finished:
    """A run that has come to its end: five clean orders, shipped, told to the buyer and counted."""

    tenant: Tenant
    folder: Path
    now: datetime

    def judge(self, ledgers: Path | None = None) -> Judgement:
        with override_settings(MALL_GAP_SECONDS=GAP):
            return judge(now=self.now, true_now=true_now(), ledgers=ledgers or self.folder, tenant_ids=[self.tenant.pk])

    def copy(self, folder: Path) -> Path:
        """Copy the ledgers, to plant something into the copy."""
        return Path(shutil.copytree(self.folder, folder / "ledgers"))


@contextmanager
def finished_run(folder: Path) -> Iterator[Finished]:
    """Play such a run; its ledgers stand in the folder."""
    clock = SimulatedClock()
    sink = MailSink(clock=clock, ledger=Ledger(folder / "mail.jsonl", clock))
    smtp = SmtpServer(sink, "127.0.0.1", 0)
    with open_world(folder, gap_seconds=GAP) as world:
        world.clocks.append(clock)
        world.at(START)
        tenant = make_tenant("裁判の店")
        shop_id = connect(world, tenant)
        with tenant_transaction(tenant.pk):
            values = {
                "name": "店のメール",
                "host": "127.0.0.1",
                "port": smtp.port,
                "security": "none",
                "user": "",
                "sender": "shop@shop.example",
                "sender_name": "店",
            }
            save_account(values, by=BY, now=START, shop_id=shop_id)
        place(world, tenant, shop_id, n=5, kinds=["card", "cod", "multi_line"])
        _to_the_end(world, tenant)
        now = business_now()
        (folder / "canaries.json").write_text(json.dumps(["t" * 20]))
        yield Finished(tenant=tenant, folder=folder, now=now)
    smtp.close()


def _to_the_end(world: World, tenant: Tenant) -> None:
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    for minutes in (*[10] * 6, *[55] * 16, 10):
        world.pass_time(minutes=minutes)
        run(rounds=2)
        with tenant_transaction(tenant.pk):
            if set(Order.objects.values_list("phase", flat=True)) == {"done"}:
                return
    pytest.fail("the orders did not come to their end")


def found(judgement: Judgement, invariant: str) -> str:
    """What was found for an invariant, in words; nothing for one that holds."""
    verdicts = [verdict for verdict in judgement.verdicts if verdict.invariant == invariant]
    return "; ".join(one.text for verdict in verdicts for one in verdict.findings)


def change(ledger: Path, *, kind: str, to: Callable[[Line], list[Line]]) -> Line:
    """Replace the first line of a kind by others; return it."""
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    index, first = next((index, line) for index, line in enumerate(lines) if line["kind"] == kind)
    lines[index : index + 1] = to(json.loads(json.dumps(first)))
    ledger.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return first
