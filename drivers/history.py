"""The past of the demo's shops, played at the simulated mall: people ordered, the shop's old system confirmed and shipped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta

from drivers.clockwork import Clockwork
from drivers.furnish import Furnished
from drivers.outside import Outside, Refused
from hub.tenancy import tenant_transaction
from hub.throttle import Pacer, account_of_shop
from orders import coverage
from orders.channels import channel_for
from orders.intake import save_mall_orders
from orders.models import PollWindow, Shop
from orders.polling import MALL

STEP = timedelta(hours=3)
LEFT_OPEN = timedelta(hours=6)
"""Orders younger than this are left for the hub: unconfirmed, on their way, held."""
SORTED_OUT = timedelta(hours=30)
"""After so long the shop's people had read remarks and corrected addresses, and shipped those too."""
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
        _old_system(outside, now=moment, until=until)


def _old_system(outside: Outside, *, now: datetime, until: datetime) -> None:
    """Confirm what is new and ship what is ready, as the shop did before it had the hub."""
    for row in outside.mall.get("state")["orders"]:
        placed_at = datetime.fromisoformat(row["placed_at"])
        act = {WAITING_CONFIRM: "staff/confirm", READY: "staff/ship"}.get(row["status"])
        if act is None or row["rows"] or placed_at >= until - LEFT_OPEN:
            continue
        if act == "staff/ship" and row["expected_end"] != "counted" and placed_at >= now - SORTED_OUT:
            continue
        with suppress(Refused):  # an open amount, or a change under way: it stays as it is
            outside.mall.post(act, {"number": row["number"]})


def take_in(furnished: Furnished, *, since: datetime, until: datetime, now: datetime) -> int:
    """Read the past of a tenant's shops through the intake, full answers at a time; return how many orders there were."""
    count = 0
    for shop_id in furnished.shop_ids:
        with tenant_transaction(furnished.tenant_id):
            shop = Shop.objects.get(pk=shop_id)
        with closing(channel_for(shop, pace=Pacer(furnished.tenant_id, account_of_shop(shop_id)))) as channel:
            numbers = sorted(set(channel.list_orders(since=since, until=until).numbers))
            for start in range(0, len(numbers), channel.fetch_size):
                items = channel.fetch(numbers=numbers[start : start + channel.fetch_size])
                save_mall_orders(furnished.tenant_id, shop_id, items, by=MALL, now=now)
        with tenant_transaction(furnished.tenant_id):
            coverage.cover(shop_id, PollWindow(from_at=since, until_at=until))
        count += len(numbers)
    return count
