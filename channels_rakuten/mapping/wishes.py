"""The wished day and time that the mall writes into the remark; read only where the fields of their own are empty."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_BLOCK = re.compile(r"\s*\[配送日時指定[:：]\][ \t　]*\n([^\n]{0,40})(?:\n([^\n]{0,40}))?")
_DAY = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?(?:\(.\))?")
_SPAN = re.compile(r"(\d{1,2})(?::00|時)?[-~〜](\d{1,2})(?::00|時)?")
_HALVES = {"午前中": "morning", "午前": "morning", "午後": "afternoon"}


def in_remark(remark: str) -> tuple[date | None, str]:
    """Return the day and the time of the remark's first block, as far as they are written in a known way."""
    block = _BLOCK.match(remark.replace("\r\n", "\n"))
    if block is None:
        return None, ""
    first, second = (unicodedata.normalize("NFKC", line or "").strip() for line in block.groups())
    return _day(first), _time(second)


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def _time(text: str) -> str:
    if text in _HALVES:
        return _HALVES[text]
    span = _SPAN.fullmatch(text)
    start, end = map(int, span.groups()) if span else (0, 0)
    return f"{start:02d}-{end:02d}" if 0 < start < end <= 24 else ""
