"""What people of the shop do during a run, because the hub asks them to: take back a shipment whose order was cancelled at the mall."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from hub.audit import Actor
from hub.tenancy import tenant_transaction
from orders.models import OrderLine, Parcel, TaskMark
from orders.models.orders import ParcelState
from warehouses.operations import CannotRequest, ask_withdrawal

BY = Actor(kind="member", name="店長")
LOOKS_EVERY_SECONDS = 1.0
STILL_THERE = (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING)


class Staff:
    """Looks at the tasks of its tenants now and then."""

    def __init__(self) -> None:
        self._tenant_ids: list[int] = []
        self._looked = 0.0
        self._asked: set[tuple[int, str]] = set()

    def watch(self, tenant_id: int) -> None:
        """Work for this tenant too."""
        self._tenant_ids.append(tenant_id)

    def act(self, now: datetime) -> Iterator[str]:
        """Do what the open tasks ask for; yield a line for each act."""
        if time.monotonic() - self._looked < LOOKS_EVERY_SECONDS:
            return
        self._looked = time.monotonic()
        for tenant_id in self._tenant_ids:
            yield from self._withdraw(tenant_id, now)

    def _withdraw(self, tenant_id: int, now: datetime) -> Iterator[str]:
        with tenant_transaction(tenant_id):
            marks = TaskMark.objects.filter(task__key="cancelled_at_mall", closed_at__isnull=True)
            lines = OrderLine.objects.filter(order_id__in=marks.values("order_id"), parcel__state__in=STILL_THERE)
            found = sorted(set(lines.values_list("parcel_id", "order__number")))
        for parcel_id, number in found:
            with tenant_transaction(tenant_id):
                if not Parcel.objects.filter(pk=parcel_id, state__in=STILL_THERE).exists():
                    continue
                try:
                    request = ask_withdrawal(parcel_id, accept_fee=True, reason="モールでキャンセル", by=BY, now=now)
                except CannotRequest:
                    continue
            if (parcel_id, request.reference) not in self._asked:
                self._asked.add((parcel_id, request.reference))
                yield f"staff: takes back the shipment of {number}, cancelled at the mall"
