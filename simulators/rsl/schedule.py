"""When things happen at the warehouse: the cut-off, the ship day, work, shipping and results, all in Japan's time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from simulators.clock import JST

CUT_OFF = time(15, 30)  # 15:29:59 counts for the day, 15:30:00 for the next; 365 days a year
WORK_FROM = time(8, 0)
SHIPPING_FROM = time(17, 0)
RESULTS_FROM = time(19, 0)
MAX_WISH_DAYS = 30
# Two days on the way; everywhere else one.
FAR = frozenset(("北海道", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県"))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The instants of one shipment."""

    ship_on: date
    wish_on: date | None
    work_at: datetime
    ship_at: datetime
    result_at: datetime


def acceptance_day(now: datetime) -> date:
    """Return the day for which a request received now counts."""
    local = now.astimezone(JST)
    return local.date() if local.time() < CUT_OFF else local.date() + timedelta(days=1)


def plan(*, now: datetime, wish_on: date | None, prefecture: str, backlog_rate: float, dice: random.Random) -> Plan:
    """Fix the instants of a shipment accepted now. A wished date that cannot be met is cleared, without a word."""
    first = acceptance_day(now)
    way = timedelta(days=2 if prefecture in FAR else 1)
    if wish_on is not None and not (first + way <= wish_on <= first + timedelta(days=MAX_WISH_DAYS)):
        wish_on = None
    late = dice.random() < backlog_rate
    days = dice.randint(1, 3)
    ship_on = wish_on - way if wish_on else first + timedelta(days=days if late else 0)
    work_from = max(now, at(ship_on, WORK_FROM)).replace(microsecond=0)
    return Plan(
        ship_on=ship_on,
        wish_on=wish_on,
        work_at=work_from + timedelta(seconds=dice.randint(10 * 60, 60 * 60)),
        ship_at=at(ship_on, SHIPPING_FROM) + timedelta(seconds=dice.randint(0, 90 * 60)),
        result_at=at(ship_on, RESULTS_FROM) + timedelta(seconds=dice.randint(0, 15 * 60)),
    )


def at(day: date, moment: time) -> datetime:
    """Return the instant of a time of day in Japan."""
    return datetime.combine(day, moment, tzinfo=JST)
