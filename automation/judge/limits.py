"""J11: no shop's mall is called more often than it allows, whoever calls."""

from __future__ import annotations

from datetime import datetime

from automation.judge.findings import OTHER, Looked
from automation.judge.ledgers import Ledgers

WINDOW_GAPS = 20
"""Calls are counted over so many gaps (at least a second): a call delayed on its way may arrive close to the next one."""
SPARE = 2
"""The call at either end of a window, and one that was under way when it began."""


def never_too_often(ledgers: Ledgers, gap_seconds: float) -> Looked:
    looked = Looked()
    seconds = max(1.0, WINDOW_GAPS * gap_seconds)
    most = round(seconds / gap_seconds) + SPARE
    for shop, moments in ledgers.calls().items():
        looked.at += len(moments)
        busiest, at = densest(moments, seconds)
        if busiest > most:
            looked.find(
                OTHER, f"shop {shop}: {busiest} calls in {seconds:.1f} s from {at:%H:%M:%S.%f}, {most} are allowed"
            )
    return looked


def densest(moments: list[datetime], seconds: float) -> tuple[int, datetime]:
    """Return the most calls in any stretch of so many seconds, and when it began."""
    best, begin = 0, 0
    where = moments[0]
    for end, moment in enumerate(moments):
        while (moment - moments[begin]).total_seconds() >= seconds:
            begin += 1
        if end - begin + 1 > best:
            best, where = end - begin + 1, moments[begin]
    return best, where
