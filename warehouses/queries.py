"""What the page of warehouses shows: requests without a result, and those whose result is late."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, F, Q

from hub.clock import JAPAN
from warehouses.models import WarehouseRequest


def open_requests(*, now: datetime) -> dict[int, tuple[int, int]]:
    """Return for each warehouse its open requests, and those of them that should have a result by now. One statement."""
    local = now.astimezone(JAPAN)
    late = Q(ship_on__lt=local.date()) | Q(ship_on=local.date(), warehouse__result_due_hour__lte=local.hour)
    rows = WarehouseRequest.objects.filter(ended_at__isnull=True).order_by().values(key=F("warehouse_id"))
    counted = rows.annotate(n=Count("pk"), late=Count("pk", filter=late))
    return {row["key"]: (row["n"], row["late"]) for row in counted}
