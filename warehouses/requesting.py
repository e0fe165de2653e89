"""Stage: parcels that are wanted and that may ship become requests. Nothing else makes one (promises G5, G8)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from hub.audit import SYSTEM
from hub.clock import business_now
from hub.crash import crash
from hub.tenancy import tenant_transaction
from orders.judging import READ_WITHIN, may_ship
from orders.models import Order, OrderLine, Parcel, Warehouse
from orders.models.orders import ParcelState
from orders.operations.edits import lock_parcel
from warehouses.adapters import WarehouseAbility, adapter_class
from warehouses.operations import CannotRequest, request_shipment
from warehouses.wanted import wanted_parcels

A_TURN = 500


def work(tenant_id: int, unit_id: int = 0) -> bool:
    """Request the tenant's wanted parcels that may ship, one transaction each; say whether there was anything to do."""
    with tenant_transaction(tenant_id):
        now = business_now()
        parcels = candidates(now)
    crash("requesting.after_look")
    did = False
    for parcel_id in parcels:
        with tenant_transaction(tenant_id):
            did = try_request(parcel_id, now=business_now()) or did
        crash("requesting.after_request")
    return did


def candidates(now: datetime) -> list[int]:
    """Return wanted parcels that look free, and those that no warehouse can be asked for and that do not say so yet; the oldest
    wish first. The look is repeated under the locks.

    Orders that only lack a fresh reading of the mall are put on the reading list.
    """
    found = wanted_parcels(now=now, most=A_TURN)
    if found.read:
        old = Q(mall_read_at__isnull=True) | Q(mall_read_at__lt=now - READ_WITHIN)
        lines = OrderLine.objects.filter(parcel_id__in=found.read, closed_at__isnull=True, quantity__gt=0)
        Order.objects.filter(old, pk__in=lines.values("order_id")).exclude(mall_state="none").update(reread_at=now)
    return [*found.go, *found.fault]


def try_request(parcel_id: int, *, now: datetime) -> bool:
    """Request one parcel if it still may ship, under the locks of all its orders; say whether it was requested.

    Which warehouse cannot be asked, and why, is said even while the mall still has to be read.
    """
    parcel, orders = lock_parcel(parcel_id)
    if parcel.state != ParcelState.DRAFT or parcel.ship_wanted_at is None or parcel.ship_wanted_at > now:
        return False
    obstacles = may_ship([parcel], now=now)[parcel_id]
    if obstacles not in ([], ["mall_not_read"]):
        return False
    try:
        warehouse = choose(parcel)
        if obstacles:
            return False
        request_shipment(parcel, orders, warehouse, by=SYSTEM, now=now)
    except CannotRequest as error:
        Parcel.objects.filter(pk=parcel_id).exclude(ship_fault=error.reason).update(ship_fault=error.reason)
        return False
    return True


def choose(parcel: Parcel) -> Warehouse:
    """Return who ships the parcel: as chosen on it, else the one its products name, else the shop's. Raises CannotRequest."""
    chosen = parcel.warehouse_id
    if chosen is None:
        named = set(
            OrderLine.objects.filter(parcel=parcel, closed_at__isnull=True, quantity__gt=0)
            .annotate(ships=F("product__warehouse_id"))
            .values_list("ships", flat=True)
        )
        default = Order.objects.values_list("shop__warehouse_id", flat=True).get(pk=parcel.order_id)
        ships = {warehouse_id or default for warehouse_id in named}
        if len(ships) > 1:
            raise CannotRequest("several_warehouses")
        chosen = ships.pop() if ships else default
    warehouse = Warehouse.objects.filter(pk=chosen, retired_at__isnull=True).first() if chosen else None
    if warehouse is None:
        raise CannotRequest("no_warehouse")
    if warehouse.paused_at is not None:
        raise CannotRequest("paused")
    if WarehouseAbility.REQUEST not in adapter_class(warehouse.kind).abilities:
        raise CannotRequest("not_ours_to_request")
    return warehouse
