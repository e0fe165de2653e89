"""Row 9: sessions of the database ended in the middle, while somebody looks at pages all the time."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg

from drivers.asking import Asker
from drivers.furnish import BY
from drivers.place import admin_url
from drivers.strikes.fault import NowAndThen
from hub.operations import create_token
from hub.tenancy import tenant_transaction

if TYPE_CHECKING:
    from drivers.chaos import Chaos

WELL_AFTER = 30.0
"""So many seconds after a session was ended no page may show it any more."""


class EndedSessions(NowAndThen):
    """pg_terminate_backend of a random session of the product."""

    wanted = 20

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._admin = psycopg.connect(admin_url(), autocommit=True)
        self._moments: list[float] = []
        with tenant_transaction(chaos.tenant_ids[0]):
            made = create_token(
                name="row 9", scopes=["orders:read"], by=BY, now=chaos.clock.now(), expires_at=chaos.clock.now() + timedelta(days=30)
            )  # fmt: skip
        self._asker = Asker(chaos.house.address, ("/healthz", "/api/v1/orders"), token=made.secret)
        self._asker.start()

    def strike(self) -> bool:
        query = """SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename = 'hub_app'
            AND (application_name = 'web' OR application_name LIKE 'worker%%')"""
        pids = [row[0] for row in self._admin.execute(query, [self.chaos.place.database]).fetchall()]
        if not pids:
            return False
        self._admin.execute("SELECT pg_terminate_backend(%s)", [self.dice.choice(pids)])
        self._moments.append(time.monotonic())
        return True

    def end(self) -> None:
        self._admin.close()

    def measured(self) -> str:
        self._asker.stop()
        latest = max(self._lateness(), default=0.0)
        return f"pages={self._asker.asked} errors={len(self._asker.failures)} latest_error={latest:.1f}s_after"

    def broken(self) -> list[str]:
        late = [seconds for seconds in self._lateness() if seconds > WELL_AFTER]
        few = ["no page was asked for"] if not self._asker.asked else []
        return [*few, *[f"a page failed {seconds:.0f} s after a session was ended" for seconds in late[:3]]]

    def _lateness(self) -> list[float]:
        """Return for each failed page how long before it the last session had been ended."""
        return [
            moment - max((struck for struck in self._moments if struck <= moment), default=float("-inf"))
            for moment, _ in self._asker.failures
        ]
