"""Call slots of an account at a counterpart, shared by all workers through one row (promise G15).

A slot is reserved by one UPDATE by the database's clock. At most the next slot is given ahead, so that precedence means something:
intake first when its last slot is three gaps old, else reports (with confirms and cancels), intake, re-reading, reconciliation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from hub import stages
from hub.crash import crash
from hub.http import boottime
from hub.tenancy import tenant_transaction

CLASSES = ("report", "intake", "reread", "reconcile")
ALIASES = {"confirm": "report", "cancel": "report"}
MOST_SECONDS = 30.0
"""Nobody waits longer than this for a slot: the work is given back and comes again."""
LEAD_SECONDS = 0.15
"""How long before its slot a call is marked, so that the mark's commit does not make it late."""


class Later(Exception):
    """No slot within 30 s; come again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no slot for {seconds:.1f} s")
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True)
class Slot:
    """An answer of the row, in the database's seconds: the slot (granted), or when asking again makes sense; and when it was told."""

    granted: bool
    at: float
    told: float


class DatabaseClock:
    """Where the database's clock stands against our boot clock: each answer was told between asking and hearing, so bounds narrow.

    They are learnt anew every ten seconds, and when they contradict each other, because clocks are set and drift.
    """

    LEARNT_SECONDS = 10.0

    def __init__(self) -> None:
        self._bounds = (0.0, 0.0, float("-inf"))

    def learn(self, *, asked: float, told: float, heard: float) -> None:
        """Take in one answer."""
        low, high, since = self._bounds
        lowest, highest = max(low, asked - told), min(high, heard - told)
        if heard - since > self.LEARNT_SECONDS or lowest > highest:
            self._bounds = (asked - told, heard - told, heard)
        else:
            self._bounds = (lowest, highest, since)

    def local(self, moment: float) -> tuple[float, float]:
        """Return the earliest and the latest boot time that a database moment can be."""
        low, high, _ = self._bounds
        return moment + low, moment + high


_database = DatabaseClock()


# `first` is what stands before a class: others that were refused within the last one and a half gaps and come first now.
_ASK = """
UPDATE hub_throttle x SET
    next_slot = CASE WHEN d.granted THEN d.slot + d.gap ELSE x.next_slot END,
    report_at = CASE WHEN d.granted AND %(klass)s = 'report' THEN d.slot ELSE x.report_at END,
    intake_at = CASE WHEN d.granted AND %(klass)s = 'intake' THEN d.slot ELSE x.intake_at END,
    reread_at = CASE WHEN d.granted AND %(klass)s = 'reread' THEN d.slot ELSE x.reread_at END,
    reconcile_at = CASE WHEN d.granted AND %(klass)s = 'reconcile' THEN d.slot ELSE x.reconcile_at END,
    report_asked_at = CASE WHEN %(klass)s = 'report' THEN d.asked ELSE x.report_asked_at END,
    intake_asked_at = CASE WHEN %(klass)s = 'intake' THEN d.asked ELSE x.intake_asked_at END,
    reread_asked_at = CASE WHEN %(klass)s = 'reread' THEN d.asked ELSE x.reread_asked_at END
FROM (
    SELECT s.*, CASE WHEN s.granted THEN NULL ELSE s.t END AS asked FROM (
        SELECT c.*, c.near AND NOT c.first AS granted FROM (
            SELECT w.*, w.slot <= w.t + w.gap AS near,
                CASE %(klass)s
                    WHEN 'intake' THEN w.report_waits AND NOT w.intake_starves
                    WHEN 'report' THEN w.intake_waits AND w.intake_starves
                    WHEN 'reread' THEN w.report_waits OR w.intake_waits
                    ELSE w.report_waits OR w.intake_waits OR w.reread_waits
                END AS first
            FROM (
                SELECT r.id, r.t, r.gap, greatest(r.t, r.next_slot) AS slot, r.next_slot,
                    coalesce(r.report_asked_at > r.t - 1.5 * r.gap, false) AS report_waits,
                    coalesce(r.intake_asked_at > r.t - 1.5 * r.gap, false) AS intake_waits,
                    coalesce(r.reread_asked_at > r.t - 1.5 * r.gap, false) AS reread_waits,
                    coalesce(r.intake_at <= greatest(r.t, r.next_slot) - 3 * r.gap, true) AS intake_starves
                FROM (
                    SELECT h.*, clock_timestamp() AS t, make_interval(secs => %(gap)s) AS gap FROM hub_throttle h
                    WHERE h.tenant_id = %(tenant)s AND h.account = %(account)s FOR UPDATE
                ) r
            ) w
        ) c
    ) s
) d
WHERE x.id = d.id
RETURNING d.granted, extract(epoch FROM CASE
    WHEN d.granted THEN d.slot WHEN d.near THEN d.t + d.gap ELSE d.next_slot - d.gap END)::float8,
    extract(epoch FROM clock_timestamp())::float8"""

_MAKE = "INSERT INTO hub_throttle (tenant_id, account) VALUES (%(tenant)s, %(account)s) ON CONFLICT (tenant_id, account) DO NOTHING"

_PAUSE = """
UPDATE hub_throttle SET next_slot = greatest(next_slot, clock_timestamp() + make_interval(secs => %(seconds)s))
WHERE tenant_id = %(tenant)s AND account = %(account)s"""


def account_of_shop(shop_id: int) -> str:
    """Return the throttle's name of a shop's mall account; it is also the name of the shop's lane."""
    return f"shop:{shop_id}"


class Pacer:
    """Hands out the slots of one account. Implements orders.channels.Pace; call it outside any transaction."""

    def __init__(self, tenant_id: int, account: str) -> None:
        self.tenant_id = tenant_id
        self.account = account
        self._before_leaving: Callable[[], None] | None = None

    def before_leaving(self, act: Callable[[], None] | None) -> None:
        """Run `act` (the mark of the effects in the next call) once a slot is got, just before it begins."""
        self._before_leaving = act

    @property
    def waits_to_leave(self) -> bool:
        """Whether an act was set and no call has left since."""
        return self._before_leaving is not None

    def wait(self, klass: str) -> None:
        """Return when a call of this class may leave. Raises Later when that is more than 30 s away."""
        klass = ALIASES.get(klass, klass)
        if klass not in CLASSES:
            raise ValueError(f"no class of calls: {klass}")
        give_up = boottime() + MOST_SECONDS
        while True:
            slot = self._ask(klass)
            earliest, latest = _database.local(slot.at)
            if latest > give_up:
                raise Later(max(1.0, latest - boottime()))
            if not slot.granted:
                _sleep_until(max(latest, boottime() + 0.001))
            elif self._leave(latest, last_moment=earliest + late_seconds()):
                return

    def pause(self, seconds: float) -> None:
        """Give out no slot for so long: the counterpart asked for it (Retry-After)."""
        values: dict[str, Any] = {"tenant": self.tenant_id, "account": self.account, "seconds": seconds}
        with tenant_transaction(self.tenant_id), connection.cursor() as cursor:
            cursor.execute(_MAKE, values)
            cursor.execute(_PAUSE, values)
        crash("throttle.after_pause")

    def _leave(self, slot: float, *, last_moment: float) -> bool:
        """Mark and wait for the slot; return False when it was missed."""
        if self._before_leaving is not None:
            _sleep_until(slot - LEAD_SECONDS)
            self._before_leaving()
        _sleep_until(slot)
        if boottime() > last_moment:
            return False
        self._before_leaving = None
        return True

    def _ask(self, klass: str) -> Slot:
        values: dict[str, Any] = {
            "tenant": self.tenant_id,
            "account": self.account,
            "klass": klass,
            "gap": settings.MALL_GAP_SECONDS,
        }
        with tenant_transaction(self.tenant_id), connection.cursor() as cursor:
            slot = _take(cursor, values)
            if slot is None:
                cursor.execute(_MAKE, values)
                slot = _take(cursor, values)
        crash("throttle.after_ask")
        assert slot is not None
        return slot


def _take(cursor: CursorWrapper, values: dict[str, Any]) -> Slot | None:
    asked = boottime()
    cursor.execute(_ASK, values)
    row = cursor.fetchone()
    heard = boottime()
    if row is None:
        return None
    _database.learn(asked=asked, told=row[2], heard=heard)
    return Slot(granted=row[0], at=row[1], told=row[2])


def late_seconds() -> float:
    """Return by how much a caller may miss its slot: 50 ms at a gap of 1.05 s, in proportion below, never under 10 ms."""
    gap: float = settings.MALL_GAP_SECONDS
    return min(0.05, max(0.01, gap * 0.048))


def _sleep_until(moment: float) -> None:
    """Sleep until this boot time, in short pieces, so that a process asked to end does not wait for a slot."""
    while (left := moment - boottime()) > 0:
        if stages.stopping():
            raise Later(1.0)
        time.sleep(min(left, 0.5))
