"""What has surely been read of a shop, as a set of stretches of order time; what lies between is the gap (promise G1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from orders.models import PollWindow, Shop

LONGEST = timedelta(minutes=30)
SHORTEST = timedelta(minutes=1)
OVERLAP = timedelta(minutes=30)
BEHIND = timedelta(seconds=60)
"""A window never ends later than this before now: the mall's search may show an order late."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    from_at: datetime
    until_at: datetime


def gaps(shop: Shop, *, until: datetime) -> list[Stretch]:
    """Return what is wanted (from the shop's start to `until`) and not covered, oldest first."""
    if shop.wanted_from is None or shop.wanted_from >= until:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT lower(r), upper(r) FROM orders_shop s,
                      unnest(tstzmultirange(tstzrange(s.wanted_from, %s)) - s.covered) r WHERE s.id = %s ORDER BY 1""",
            [until, shop.pk],
        )
        return [Stretch(from_at=lower, until_at=upper) for lower, upper in cursor.fetchall()]


def cover(shop_id: int, window: PollWindow) -> None:
    """Add a DONE window to what is covered."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_shop SET covered = covered + tstzmultirange(tstzrange(%s, %s)) WHERE id = %s",
            [window.from_at, window.until_at, shop_id],
        )


def uncover(shop_id: int, from_at: datetime) -> None:
    """Forget what is covered from an instant on, so that it is read again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_shop SET covered = covered - tstzmultirange(tstzrange(%s, NULL)), wanted_from = least(wanted_from, %s) "
            "WHERE id = %s",
            [from_at, from_at, shop_id],
        )


def plan_windows(shop: Shop, *, now: datetime, most: int) -> list[Stretch]:
    """Return the next windows to read: the gaps, cut to 30 minutes, each begun 30 minutes before the last covered instant."""
    end = now - BEHIND
    planned: list[Stretch] = []
    for gap in gaps(shop, until=end):
        at = max(gap.from_at - OVERLAP, shop.wanted_from or gap.from_at)
        if gap.until_at - at <= LONGEST + timedelta(minutes=5):
            at = max(at, min(gap.from_at, gap.until_at - LONGEST))
        while at < gap.until_at and len(planned) < most:
            until = min(at + LONGEST, gap.until_at)
            planned.append(Stretch(from_at=at, until_at=until))
            at = until
    return planned
