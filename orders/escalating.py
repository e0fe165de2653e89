"""What has been trying to leave for hours, and what of the day is not done at 21:00: people are told, once for each occasion (promise G16).

An occasion begins with the first effect that is very late at a counterpart and ends when none is. The audit keeps both, so that workers
agree and a crash repeats nothing; age itself never stops an effect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from hub.audit import SYSTEM, note
from hub.clock import JAPAN
from hub.current import current_tenant
from hub.effects.late import VERY_LATE, LateLane, lanes_late, not_done_by
from hub.models import AuditEntry, Tenant
from orders.fields.kinds import day_of, start_of
from orders.models import Shop
from orders.notices import warn_of_evening, warn_of_late

EVENING = time(21, 0)
"""The malls' nightly job is next: what is not out by then is counted a day later."""
BEGAN, ENDED, TOLD = "outgoing.late", "outgoing.caught_up", "outgoing.evening"


def escalate(now: datetime) -> None:
    """Tell people of what is late and was not told yet, inside the open tenant transaction."""
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=current_tenant())
    late = _by_counterpart(lanes_late(VERY_LATE))
    told = _told()
    for counterpart in told - late.keys():
        note(ENDED, by=SYSTEM, now=now, to=counterpart)
    for counterpart, lanes in late.items():
        if counterpart not in told:
            warn_of_late(counterpart, lanes, now=now)
    if day_of(now) == day_of(last_evening(now)):
        _tell_evening(now)


def last_evening(now: datetime) -> datetime:
    """Return the last 21:00 in Japan."""
    today = datetime.combine(now.astimezone(JAPAN).date(), EVENING, JAPAN)
    return today if today <= now else today - timedelta(days=1)


def _tell_evening(now: datetime) -> None:
    day = day_of(now)
    if AuditEntry.objects.filter(order_id__isnull=True, verb=TOLD, params__day=day.isoformat()).exists():
        return
    if rows := not_done_by(last_evening(now), day=start_of(day)):
        warn_of_evening(rows, day=day, now=now)


def _by_counterpart(lanes: Sequence[LateLane]) -> Mapping[str, list[LateLane]]:
    """Put the lanes together that lead to one counterpart: all shops at a mall, a warehouse, a mail account."""
    shops = [lane.lane.removeprefix("shop:") for lane in lanes if lane.lane.startswith("shop:")]
    malls = dict(Shop.objects.filter(pk__in=[pk for pk in shops if pk.isdigit()]).values_list("pk", "channel"))
    found: dict[str, list[LateLane]] = defaultdict(list)
    for lane in lanes:
        kind, _colon, number = lane.lane.partition(":")
        mall = malls.get(int(number)) if kind == "shop" and number.isdigit() else None
        found[f"mall:{mall}" if mall else lane.lane].append(lane)
    return found


def _told() -> set[str]:
    """Return the counterparts whose occasion began and has not ended."""
    entries = AuditEntry.objects.filter(order_id__isnull=True, verb__in=[BEGAN, ENDED])
    latest = entries.order_by("params__to", "-pk").distinct("params__to").values_list("params__to", "verb")
    return {to for to, verb in latest if verb == BEGAN}
