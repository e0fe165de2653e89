"""How RMS writes and reads dates, flags and texts."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from simulators.clock import JST

DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0900")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
INQUIRY_NUMBER = re.compile(r"[0-9a-zA-Z-]{1,40}")
WEEKDAYS = "月火水木金土日"
# Signs that the strict codec refuses although every Japanese keyboard has them.
PLAIN_SIGNS = frozenset("～－￠￡￢∥—\n\r\t")


def show_datetime(instant: datetime) -> str:
    """Write an instant as the order API does: `2017-10-14T00:00:00+0900`."""
    return instant.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S+0900")


def read_datetime(value: Any) -> datetime | None:
    """Read the one spelling that is accepted; anything else is None."""
    if not isinstance(value, str) or not DATETIME.fullmatch(value):
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z").astimezone(JST)
    except ValueError:
        return None


def read_date(value: Any) -> date | None:
    """Read `YYYY-MM-DD`; anything else is None."""
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_number(value: Any) -> int | None:
    """Read a number or a numeric string (both are accepted in requests); anything else is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    return None


def show_day(day: date) -> str:
    """Write a day as the remarks do: `2025-11-08(土)`."""
    return f"{day.isoformat()}({WEEKDAYS[day.weekday()]})"


def has_machine_dependent(text: str) -> bool:
    """Say whether a text holds a character outside the plain Japanese set (機種依存文字)."""
    for sign in text:
        if sign not in PLAIN_SIGNS:
            try:
                sign.encode("shift_jis")
            except UnicodeEncodeError:
                return True
    return False
