"""The past of the demo's shops, played at the simulated mall: people ordered, the shop's old system confirmed and shipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from drivers.clockwork import Clockwork
from drivers.furnish import Furnished
from drivers.outside import Outside, Refused

STEP = timedelta(hours=6)
LEFT_OPEN = timedelta(hours=20)
"""Orders younger than this are left for the hub: unconfirmed, on their way, held."""
WAITING_CONFIRM, READY = 100, 300


def make_history(
    outside: Outside, clock: Clockwork, tenants: Sequence[Furnished], *, orders: int, until: datetime
) -> None:
    """Let the mall play from the clock's time until `until`; the mall's nights count what was shipped."""
    accounts = [account for tenant in tenants for account in tenant.accounts]
    start = clock.now()
    for account in accounts:
        outside.mall.post(
            "orders",
            {"shop": account, "n": orders // len(accounts), "from": start.isoformat(), "until": until.isoformat()},
        )
    moment = start
    while moment < until:
        moment = min(moment + STEP, until)
        outside.mall.post("clock", {"business_start": moment.isoformat(), "speed": 0.0})
        _old_system(outside, before=until - LEFT_OPEN)


def _old_system(outside: Outside, *, before: datetime) -> None:
    """Confirm what is new and ship what is ready, as the shop did before it had the hub."""
    for row in outside.mall.get("state")["orders"]:
        if datetime.fromisoformat(row["placed_at"]) >= before or row["expected_end"] != "counted":
            continue
        act = {WAITING_CONFIRM: "staff/confirm", READY: "staff/ship"}.get(row["status"])
        if act and not row["rows"]:
            try:
                outside.mall.post(act, {"number": row["number"]})
            except Refused:
                continue  # an open amount, or a change under way: it stays as it is
