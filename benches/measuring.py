"""Figures: medians of ratios over interleaved rounds, p95 over many calls, slopes over table sizes."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. `met` is None for figures that are printed and not asserted."""

    row: str
    goal: str
    what: str
    limit: str
    product: str
    ratio: str
    bar: str
    met: bool | None
    data: dict[str, Any] = field(default_factory=dict)


class GateFailed(AssertionError):
    """A result was wrong, so its speed means nothing."""


def gate(holds: bool, what: str) -> None:
    """Void the run when a result is wrong."""
    if not holds:
        raise GateFailed(what)


def timed(act: Callable[[], Any]) -> float:
    """Return the seconds of one call. Garbage of earlier work is collected before, not during it."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began
    finally:
        gc.enable()


def many(act: Callable[[], Any], times: int, warm: int = 5) -> list[float]:
    """Return the milliseconds of many calls, after a few that warm up."""
    for _ in range(warm):
        act()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return found


def p95(values: Iterable[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * 0.95) - 1)]


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the least-squares slope of log(value) over log(size): 0 is flat, 1 is linear."""
    xs, ys = [math.log(size) for size in sizes], [math.log(value) for value in values]
    mid_x, mid_y = sum(xs) / len(xs), sum(ys) / len(ys)
    below = sum((x - mid_x) ** 2 for x in xs)
    return sum((x - mid_x) * (y - mid_y) for x, y in zip(xs, ys, strict=True)) / below if below else 0.0


@dataclass(frozen=True)
class Ratio:
    """The median of per-round ratios with the least and the greatest."""

    values: tuple[float, ...]

    @property
    def mid(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        return f"{self.mid:.2f} ({min(self.values):.2f}–{max(self.values):.2f})"

    def data(self) -> dict[str, Any]:
        return {"ratio": self.mid, "min": min(self.values), "max": max(self.values), "rounds": len(self.values)}


def ratios(over: Sequence[float], under: Sequence[float]) -> Ratio:
    """Return `over / under` round by round."""
    return Ratio(tuple(a / b for a, b in zip(over, under, strict=True)))


def said(met: bool | None) -> str:
    return "–" if met is None else "yes" if met else "**no**"


def table(figures: Sequence[Figure]) -> str:
    """Return the Markdown table."""
    head = "| row | goal | what | limit | product | ratio, median (min–max) | wanted | met |\n" + "| --- " * 8 + "|"
    lines = [
        f"| {f.row} | {f.goal} | {f.what} | {f.limit} | {f.product} | {f.ratio} | {f.bar} | {said(f.met)} |"
        for f in figures
    ]
    return "\n".join([head, *lines])
