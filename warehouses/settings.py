"""Warehouses as rows of settings: made, changed, tested, paused, taken out of use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from hub import rows, secrets
from hub.audit import Actor, note
from hub.problems import Refusal
from hub.tenancy import current_tenant
from orders.models import Parcel, Warehouse
from orders.models.orders import ParcelState
from orders.operations.shops import raise_rule_set
from warehouses.adapters import WarehouseAbility, adapter_class
from warehouses.models import WarehouseRequest

COLUMNS = frozenset({"name", "settings", "cutoff_at", "cutoffs", "collect_every_seconds", "result_due_hour"})
NEVER = timedelta(days=36_500)


class HasLiveRequests(Refusal):
    """The warehouse still works on requests; `count` says how many."""

    code = "warehouse_has_requests"


def create_warehouse(
    *, kind: str, name: str, by: Actor, now: datetime, credentials: Mapping[str, str] | None = None, cutoff_at: time = time(15, 30),
    cutoffs: Mapping[str, str] | None = None, settings: Mapping[str, Any] | None = None, collect_every_seconds: int = 900,
    result_due_hour: int = 21,
) -> Warehouse:  # fmt: skip
    """Add an account at a warehouse; `kind` names its adapter. One that tells no results is never asked for them."""
    asked = WarehouseAbility.RESULTS in adapter_class(kind).abilities
    warehouse = rows.create(
        Warehouse, noun="warehouse", by=by, now=now, kind=kind, name=name, cutoff_at=cutoff_at, cutoffs=dict(cutoffs or {}),
        settings=dict(settings or {}), collect_every_seconds=collect_every_seconds, result_due_hour=result_due_hour, created_at=now,
        position=rows.next_position(Warehouse.objects.all()), next_collect_at=now if asked else now + NEVER,
    )  # fmt: skip
    if credentials:
        set_credentials(warehouse, credentials, by=by, now=now)
    return warehouse


def change_warehouse(
    warehouse: Warehouse, *, values: Mapping[str, Any], by: Actor, now: datetime, seen: Mapping[str, Any] | None = None
) -> list[str]:
    """Change name, settings, cutoff_at, cutoffs, collect_every_seconds or result_due_hour."""
    assert values.keys() <= COLUMNS, values
    return rows.change(warehouse, values, noun="warehouse", by=by, now=now, seen=seen)


def owner_of(warehouse: Warehouse) -> str:
    """Return what the warehouse's credentials are bound to."""
    return f"{current_tenant()}|warehouse|{warehouse.pk}"


def set_credentials(warehouse: Warehouse, credentials: Mapping[str, str], *, by: Actor, now: datetime) -> None:
    """Store the credentials, write-only. What could not be collected before is tried at once."""
    box = secrets.seal_box(credentials, owner=owner_of(warehouse))
    asked = WarehouseAbility.RESULTS in adapter_class(warehouse.kind).abilities
    Warehouse.objects.filter(pk=warehouse.pk).update(
        credentials=box, collect_error="", **({"next_collect_at": now} if asked else {})
    )
    warehouse.refresh_from_db()
    note("warehouse.credentials", by=by, now=now, id=warehouse.pk, name=warehouse.name)


def save_test(warehouse: Warehouse, fault: str, *, by: Actor, now: datetime) -> None:
    """Keep the outcome of a test (`WarehouseAdapter.test`, called outside a transaction): empty for good."""
    Warehouse.objects.filter(pk=warehouse.pk).update(collect_error=fault)
    warehouse.collect_error = fault
    note("warehouse.tested", by=by, now=now, id=warehouse.pk, name=warehouse.name, fault=fault)


def pause_warehouse(warehouse: Warehouse, paused: bool, *, by: Actor, now: datetime) -> None:
    """Make no new requests to a warehouse, or make them again. What it has goes on."""
    changed = Warehouse.objects.filter(pk=warehouse.pk, paused_at__isnull=paused).update(
        paused_at=now if paused else None
    )
    if changed:
        warehouse.refresh_from_db()
        note(
            "warehouse.paused" if paused else "warehouse.resumed", by=by, now=now, id=warehouse.pk, name=warehouse.name
        )
        if not paused:
            raise_rule_set(now=now)


def retire_warehouse(warehouse: Warehouse, *, by: Actor, now: datetime) -> None:
    """Take a warehouse out of use. Raises HasLiveRequests, StillUsed (shops, products and rules that name it)."""
    live = WarehouseRequest.objects.filter(warehouse=warehouse, ended_at__isnull=True).count()
    if live:
        raise HasLiveRequests(name=warehouse.name, count=live)
    rows.retire(warehouse, noun="warehouse", by=by, now=now)
    Parcel.objects.filter(warehouse=warehouse, state=ParcelState.DRAFT, closed_at__isnull=True).update(
        ship_fault="no_warehouse"
    )


def restore_warehouse(warehouse: Warehouse, *, by: Actor, now: datetime) -> None:
    rows.restore(warehouse, noun="warehouse", by=by, now=now)


def reorder_warehouses(ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Put all warehouses in use in this order."""
    rows.reorder(Warehouse.objects.filter(retired_at__isnull=True), ids, noun="warehouse", by=by, now=now)
