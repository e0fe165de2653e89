"""Small drawings made by the server: the orders of each hour as bars, last week's beside them as a line."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from django.utils.translation import gettext as _

WIDTH, HEIGHT, BASE, TOP = 720, 150, 128, 8


def bars(hours: Sequence[int], then: Sequence[int], *, now_hour: int) -> SimpleNamespace:
    """Return the drawing of 24 hours; those to come are drawn faint."""
    step = WIDTH / 24
    scale = (BASE - TOP) / max(*hours, *then, 1)
    columns = [
        SimpleNamespace(
            x=round(hour * step + 4, 1), y=round(BASE - n * scale, 1), width=22, height=round(n * scale, 1), future=hour > now_hour,
            title=_("%(hour)s時 %(n)s件(先週 %(then)s件)") % {"hour": hour, "n": n, "then": then[hour]},
        )
        for hour, n in enumerate(hours)
    ]  # fmt: skip
    points = " ".join(f"{hour * step + step / 2:.1f},{BASE - n * scale:.1f}" for hour, n in enumerate(then))
    ticks = [
        SimpleNamespace(x=hour * step + step / 2, words=_("%(hour)s時") % {"hour": hour}) for hour in range(0, 24, 3)
    ]
    return SimpleNamespace(
        label=_("時間ごとの注文"),
        width=WIDTH,
        height=HEIGHT,
        base=BASE,
        columns=columns,
        then_points=points,
        ticks=ticks,
    )
