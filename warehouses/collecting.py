"""Stage: ask warehouses for results and book each. The cursor moves in the transaction of the page's last booking."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.db.models.functions import Now

from hub.clock import business_now
from hub.crash import crash
from hub.stages import kick
from hub.tenancy import tenant_transaction
from orders.channels import MallBlind, MallDown
from orders.models import Warehouse
from orders.models.orders import ParcelState
from warehouses.adapters import BadResult, ShipResult, WarehouseAbility, WarehouseAdapter, adapter_for
from warehouses.models import WarehouseRequest
from warehouses.operations import begin_work
from warehouses.results import apply_result, list_failed

log = logging.getLogger(__name__)

PAGES_A_TURN = 20
LOOKED_AT = 500
"""Accepted requests whose work may have begun, asked after in a turn: the oldest first."""


def work(tenant_id: int, warehouse_id: int) -> bool:
    """Read a warehouse's new results and book them; say whether there was anything to do."""
    token = uuid.uuid4()
    with tenant_transaction(tenant_id):
        now = business_now()
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        due = Warehouse.objects.filter(free, pk=warehouse_id, next_collect_at__lte=now, retired_at__isnull=True)
        if due.update(lease_token=token, lease_until=Now() + timedelta(seconds=settings.LEASE_SECONDS)) != 1:
            return False
        warehouse = Warehouse.objects.get(pk=warehouse_id)
    crash("collecting.after_lease")
    error = ""
    adapter = adapter_for(warehouse)
    try:
        if WarehouseAbility.RESULTS in adapter.abilities:
            for _ in range(PAGES_A_TURN):
                page = adapter.results(cursor=warehouse.results_cursor)
                crash("collecting.after_page")
                book(tenant_id, warehouse, page.items)
                if not _advance(tenant_id, warehouse, token, page.cursor):
                    return True
                if not page.more:
                    break
        if WarehouseAbility.ASKABLE in adapter.abilities:
            _see_work(tenant_id, warehouse, adapter)
    except (MallDown, MallBlind) as failure:
        error = str(failure)
    finally:
        adapter.close()
    with tenant_transaction(tenant_id):
        now = business_now()
        wait = timedelta(seconds=60 if error else warehouse.collect_every_seconds)
        done = {} if error else {"collected_at": now}
        Warehouse.objects.filter(pk=warehouse_id, lease_token=token).update(
            lease_token=None, lease_until=None, next_collect_at=now + wait, collect_error=error, **done
        )
    crash("collecting.after_release")
    kick("judge", tenant_id, 0)
    return True


def book(tenant_id: int, warehouse: Warehouse, items: Sequence[ShipResult | BadResult]) -> None:
    """Book each result in a transaction of its own. One that raises is listed, and never in the way of the others (promise G3)."""
    for item in items:
        try:
            with tenant_transaction(tenant_id):
                apply_result(warehouse, item, now=business_now())
        except (OperationalError, InterfaceError):  # not the result's fault: all of the page comes again
            raise
        except Exception as error:
            log.exception("a result of warehouse %s could not be booked", warehouse.pk)
            with tenant_transaction(tenant_id):
                list_failed(warehouse, item, error)
        crash("collecting.after_result")


def _see_work(tenant_id: int, warehouse: Warehouse, adapter: WarehouseAdapter) -> None:
    """Note on which accepted parcels the warehouse has begun to work: the order says so, and what taking it back costs."""
    with tenant_transaction(tenant_id):
        accepted = WarehouseRequest.objects.filter(
            warehouse=warehouse, ended_at__isnull=True, parcel__state=ParcelState.ACCEPTED
        )
        references = list(accepted.order_by("pk").values_list("reference", flat=True)[:LOOKED_AT])
    states = adapter.find(references=references) if references else {}
    begun = [name for name, state in states.items() if state is not None and state.state == "working"]
    if begun:
        with tenant_transaction(tenant_id):
            begin_work(begun, now=business_now())


def _advance(tenant_id: int, warehouse: Warehouse, token: uuid.UUID, cursor: str) -> bool:
    """Move the cursor past a booked page and renew the lease; false when another worker has the warehouse."""
    with tenant_transaction(tenant_id):
        warehouse.results_cursor = cursor
        mine = Warehouse.objects.filter(pk=warehouse.pk, lease_token=token)
        moved = mine.update(results_cursor=cursor, lease_until=Now() + timedelta(seconds=settings.LEASE_SECONDS))
    crash("collecting.after_cursor")
    return moved == 1
