"""The two clocks: business time (what shops, malls and cut-offs live by) and true time (leases, quiet times, throttles).

Business time is the database's time, unless a `clock` row says otherwise: business start + (real now - real start) x speed.
That row exists only in the demo, the journey and practice; `hub/checks.py` refuses to start production with one.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

JAPAN = ZoneInfo("Asia/Tokyo")

BUSINESS_NOW = """SELECT coalesce(
    (SELECT business_start + (clock_timestamp() - real_start) * speed FROM hub_clock LIMIT 1), clock_timestamp())"""


def business_now() -> datetime:
    """Read the business time once, at an edge; everything below is handed `now`."""
    with connection.cursor() as cursor:
        cursor.execute(BUSINESS_NOW)
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def true_now() -> datetime:
    """Read the database's own clock, for leases, quiet times and throttles."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    return row[0]
