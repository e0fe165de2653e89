"""The business clock that a driver shares with every simulator: (real start, business start, speed)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

JST = timezone(timedelta(hours=9), "JST")


def true_now() -> datetime:
    """Return the machine's own time."""
    return datetime.now(UTC)


def parse_instant(value: str | datetime) -> datetime:
    """Read an ISO 8601 instant; an offset is required."""
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs an offset: {value}")
    return instant


class Clock:
    """Tell business time: business_start + (real now - real_start) * speed.

    Without arguments business time is real time. Speed 0 makes a clock that moves by `advance` alone.
    """

    def __init__(
        self,
        real_start: datetime | None = None,
        business_start: datetime | None = None,
        speed: float = 1.0,
        *,
        real: Callable[[], datetime] = true_now,
    ) -> None:
        self._lock = threading.RLock()
        self._real = real
        start = real_start or real()
        self.set(start, business_start or start, speed)

    def set(self, real_start: datetime, business_start: datetime, speed: float) -> None:
        """Replace the triple."""
        if speed < 0:
            raise ValueError("a clock does not run backwards")
        with self._lock:
            self._real_start = parse_instant(real_start)
            self._business_start = parse_instant(business_start)
            self._speed = float(speed)

    def now(self) -> datetime:
        """Return business time, in Japan's offset."""
        with self._lock:
            passed = self._real() - self._real_start
            return (self._business_start + passed * self._speed).astimezone(JST)

    def real_now(self) -> datetime:
        """Return true time: leases, quiet times and request rates run on it."""
        return self._real()

    def advance(self, seconds: float) -> datetime:
        """Jump ahead by business seconds and return the new business time."""
        with self._lock:
            self._business_start += timedelta(seconds=seconds)
            return self.now()

    def to_json(self) -> dict[str, Any]:
        """Return the triple as JSON values, with the present business time beside it."""
        with self._lock:
            return {
                "real_start": self._real_start.isoformat(),
                "business_start": self._business_start.isoformat(),
                "speed": self._speed,
                "now": self.now().isoformat(),
            }

    def apply_json(self, data: dict[str, Any]) -> None:
        """Follow what a driver posted to `/_control/clock`: a triple, `advance_seconds`, or both in that order.

        Raises ValueError at any other name: a clock that stands still must not look as if it had followed.
        """
        if unknown := sorted(data.keys() - {"real_start", "business_start", "speed", "now", "advance_seconds"}):
            raise ValueError(
                f"a clock takes real_start, business_start, speed and advance_seconds, not {', '.join(unknown)}"
            )
        if "business_start" in data:
            self.set(
                parse_instant(data.get("real_start") or self.real_now()),
                parse_instant(data["business_start"]),
                float(data.get("speed", 1.0)),
            )
        if "advance_seconds" in data:
            self.advance(float(data["advance_seconds"]))
