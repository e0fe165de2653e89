"""Where open orders wait: each status with how many stand in it and how long, and which of them holds up the most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Min, Value

from orders.models import Order, Status
from orders.queries.shops import in_shops


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A status with its open orders: how many, how long they have stood there on average, and since when the oldest has."""

    status: Status
    orders: int
    mean: timedelta
    oldest_at: datetime
    worst: bool = False


def waits(now: datetime, shop_ids: Sequence[int] = ()) -> list[Wait]:
    """Return the statuses in which open orders stand, in the order of the steps. Two statements.

    The worst is where most time is spent, all orders together; the buyer's waiting time and what other systems look after are not.
    """
    stood = ExpressionWrapper(Value(now) - F("status_at"), output_field=DurationField())
    rows = Order.objects.filter(**in_shops(shop_ids), is_open=True).order_by().values("status_id")
    found = {row["status_id"]: row for row in rows.annotate(n=Count("pk"), mean=Avg(stood), oldest=Min("status_at"))}
    statuses = Status.objects.filter(pk__in=found).select_related("group")
    steps = list(statuses.order_by("group__position", "group_id", "position", "pk"))
    ours = [step for step in steps if step.default_for != "waiting" and not step.not_ours]
    worst = max(ours, key=lambda step: found[step.pk]["n"] * found[step.pk]["mean"], default=None)
    return [
        Wait(status=step, orders=found[step.pk]["n"], mean=found[step.pk]["mean"], oldest_at=found[step.pk]["oldest"], worst=step is worst)
        for step in steps
    ]  # fmt: skip
