"""A world outside for tests: the simulated mall, warehouse and mail sink on loopback, all on one business clock with the hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from hub.models import Clock, Tenant
from simulators.clock import Clock as SimulatedClock
from simulators.ledger import Ledger, read
from simulators.rakuten.mall import RakutenMall
from simulators.rsl.app import RslWarehouse
from simulators.server import Server

START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
"""Tuesday 2026-11-24, 09:00 in Japan."""


@dataclass(kw_only=True)
class World:
    """The outside, and the business clock that hub and simulators share. `at` moves all of them."""

    mall: RakutenMall
    warehouse: RslWarehouse
    mall_url: str
    warehouse_url: str
    clocks: list[SimulatedClock]
    folder: Path

    def at(self, moment: datetime) -> None:
        """Set the business time everywhere; it then runs at true speed."""
        real = datetime.now(UTC)
        Clock.objects.all().delete()
        Clock.objects.create(real_start=real, business_start=moment, speed=1.0)
        for clock in self.clocks:
            clock.set(real, moment, 1.0)

    def pass_time(self, **amount: float) -> None:
        """Let business time pass."""
        self.at(self.clocks[0].now() + timedelta(**amount))

    def post(self, url: str, path: str, data: Any) -> Any:
        """Tell a simulator something on its control path."""
        answer = httpx.post(f"{url}/_control/{path}", json=data, trust_env=False, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def mall_ledger(self, kind: str = "") -> list[dict[str, Any]]:
        return [line for line in read(self.folder / "mall.jsonl") if not kind or line["kind"] == kind]

    def warehouse_ledger(self, kind: str = "") -> list[dict[str, Any]]:
        return [line for line in read(self.folder / "rsl.jsonl") if not kind or line["kind"] == kind]


@contextmanager
def open_world(folder: Path, *, gap_seconds: float = 0.02) -> Iterator[World]:
    """Open a world whose ledgers are in this folder, with the hub's settings pointing at it."""
    mall_clock, rsl_clock = SimulatedClock(), SimulatedClock()
    mall = RakutenMall(clock=mall_clock, ledger=Ledger(folder / "mall.jsonl"), seed=7)
    warehouse = RslWarehouse(clock=rsl_clock, ledger=Ledger(folder / "rsl.jsonl"), seed=7)
    mall_server, rsl_server = Server(mall.app, "127.0.0.1", 0), Server(warehouse.app, "127.0.0.1", 0)
    world = World(
        mall=mall,
        warehouse=warehouse,
        mall_url=mall_server.url,
        warehouse_url=rsl_server.url,
        clocks=[mall_clock, rsl_clock],
        folder=folder,
    )
    with override_settings(
        CHANNEL_BASE_URLS={"rakuten": mall_server.url},
        WAREHOUSE_BASE_URLS={**settings.WAREHOUSE_BASE_URLS, "rsl": rsl_server.url},
        MALL_GAP_SECONDS=gap_seconds,
        QUIET_MALL_SECONDS=0.5,
        QUIET_WAREHOUSE_SECONDS=0.5,
    ):
        world.at(START)
        try:
            yield world
        finally:
            Tenant.objects.update(suspended_at=START)
            Clock.objects.all().delete()
            mall_server.close()
            rsl_server.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened
