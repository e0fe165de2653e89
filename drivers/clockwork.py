"""The business clock of a run: one triple (real start, business start, speed) in the hub's row and at every simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from drivers.outside import Outside
from hub.models import Clock

JAPAN = ZoneInfo("Asia/Tokyo")


def japan(moment: datetime) -> str:
    """Write an instant as people in Japan read it."""
    return f"{moment.astimezone(JAPAN):%m-%d %H:%M:%S}"


class Clockwork:
    """Sets and moves all clocks. Leases, quiet times and request rates stay on true time."""

    def __init__(self, outside: Outside, *, start: datetime, speed: float) -> None:
        self._outside = outside
        self.speed = speed
        self.jumps = 0
        self.set(start)

    def now(self) -> datetime:
        """Return the business time."""
        return self._business + (datetime.now(UTC) - self._real) * self.speed

    def set(self, moment: datetime) -> None:
        """Put all clocks to this moment; they run on from there.

        The mall comes first and the hub last: a hub that were ahead of the mall would only cut its windows shorter.
        """
        self._real, self._business = datetime.now(UTC), moment
        triple = {"real_start": self._real.isoformat(), "business_start": moment.isoformat(), "speed": self.speed}
        for simulator in self._outside.all:
            simulator.post("clock", triple)
        with transaction.atomic():
            Clock.objects.all().delete()
            Clock.objects.create(real_start=self._real, business_start=moment, speed=self.speed)

    def jump(self, moment: datetime) -> timedelta:
        """Move ahead to this moment, never back; return by how much."""
        now = self.now()
        if moment <= now:
            return timedelta(0)
        self.set(moment)
        self.jumps += 1
        return moment - now
