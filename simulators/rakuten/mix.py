"""Choose the kinds of n orders: each kind at least once where there is room for all, and in every hundred; the rest by weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from simulators.rakuten.kinds import KINDS
from simulators.rakuten.state import Order

BLOCK = 100
PAIRS = ("same_buyer",)
"""Kinds of which one alone means nothing: they come in twos."""


def choose(
    n: int,
    dice: Random,
    *,
    weights: Mapping[str, float] | None = None,
    kinds: Iterable[str] | None = None,
    next_day: bool = True,
) -> list[str]:
    """Return n kinds. `kinds` are taken in turn; `weights` replace the weights and leave out what they do not name."""
    if kinds:
        wanted = list(kinds)
        return [_known(wanted[index % len(wanted)]) for index in range(n)]
    shares = {_known(name): weight for name, weight in (weights or {}).items()} or {
        kind.name: kind.weight for kind in KINDS.values()
    }
    if not next_day:
        shares.pop("next_day", None)
    chosen: list[str] = []
    while len(chosen) < n:
        chosen += _block(dice, shares, size=min(BLOCK, n - len(chosen)), must=weights is None)
    return chosen


def _block(dice: Random, shares: Mapping[str, float], *, size: int, must: bool) -> list[str]:
    each = [*shares, *(kind for kind in PAIRS if kind in shares)]
    block = each if must and len(each) <= size else []
    block = block + dice.choices(list(shares), list(shares.values()), k=size - len(block))
    dice.shuffle(block)
    return block


def _known(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"no such kind of order: {name}")
    return name


def table(orders: Iterable[Order]) -> list[dict[str, Any]]:
    """Return kind, count and expected end of these orders."""
    counts = Counter((order.kind, order.expected_end) for order in orders)
    return [{"kind": kind, "count": count, "expected_end": end} for (kind, end), count in sorted(counts.items())]


def show(rows: Iterable[dict[str, Any]]) -> str:
    """Write the table as lines of text."""
    return "\n".join(f"mix: {row['kind']:<22} {row['count']:>6}  {row['expected_end']}" for row in rows)
