"""発送日: on which day parcels are to be requested. Until its first moment the wish waits; no rule and no cut-off hurries it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from hub.audit import Actor
from hub.clock import JAPAN
from orders.fields.kinds import start_of
from orders.models import Parcel
from orders.models.orders import ParcelState
from orders.operations.door import Changed, lock, touch


def ship_on(order_ids: Iterable[int], *, day: date, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Say on which day the orders' parcels are to ship: they are wanted from its first moment on, at once if it is today or past."""
    outcome = Changed()
    orders = lock(order_ids, "phase", "deleted_at", "revision")
    for order in orders:
        if order.deleted_at is not None or order.phase in ("shipped", "done", "cancelled"):
            outcome.refuse(order.pk, "not_open")
    refused = {issue.order_id for issue in outcome.issues}
    ids = [order.pk for order in orders if order.pk not in refused]
    wanted_at = start_of(day) if day > now.astimezone(JAPAN).date() else now
    free = Parcel.objects.filter(order_id__in=ids, state=ParcelState.DRAFT, closed_at__isnull=True).exclude(
        ship_on=day, ship_wanted_at__isnull=False
    )
    outcome.changed = sorted(set(free.values_list("order_id", flat=True)))
    free.update(ship_on=day, ship_wanted_at=wanted_at, ship_fault="")
    outcome.unchanged = [pk for pk in ids if pk not in set(outcome.changed)]
    touch(outcome.changed, verb="parcel.ship_on", by=by, now=now, batch_id=batch_id, after={"ship_on": day.isoformat()})
    return outcome
