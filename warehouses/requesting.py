"""Stage: parcels that are wanted and that may ship become requests. Nothing else makes one (promises G5, G8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from hub.audit import SYSTEM
from hub.clock import business_now
from hub.crash import crash
from hub.tenancy import tenant_transaction
from orders.blocks import PAYMENT
from orders.judging import READ_WITHIN, may_ship
from orders.models import Order, OrderLine, Parcel, Shop, Warehouse
from orders.models.orders import ParcelState
from orders.operations.edits import lock_parcel
from warehouses.operations import CannotRequest, request_shipment

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
    """Return wanted DRAFT parcels whose orders look free, oldest wish first; the look is repeated under the locks.

    Orders that only lack a fresh reading of the mall are put on the reading list.
    """
    wanted = list(
        Parcel.objects.filter(state=ParcelState.DRAFT, ship_wanted_at__lte=now, closed_at__isnull=True)
        .filter(order__is_open=True, order__held=False, order__mall_block__in=["", PAYMENT], order__ours=True)
        .order_by("ship_wanted_at", "pk")[:A_TURN]
    )
    obstacles = may_ship(wanted, now=now)
    stale = [parcel.order_id for parcel in wanted if obstacles[parcel.pk] == ["mall_not_read"]]
    if stale:
        Order.objects.filter(pk__in=stale, mall_read_at__lt=now - READ_WITHIN).update(reread_at=now)
    return [parcel.pk for parcel in wanted if not obstacles[parcel.pk]]


def try_request(parcel_id: int, *, now: datetime) -> bool:
    """Request one parcel if it still may ship, under the locks of all its orders; say whether it was requested."""
    parcel, orders = lock_parcel(parcel_id)
    if parcel.state != ParcelState.DRAFT or parcel.ship_wanted_at is None or may_ship([parcel], now=now)[parcel_id]:
        return False
    try:
        warehouse = choose(parcel, orders)
        request_shipment(parcel, orders, warehouse, by=SYSTEM, now=now)
    except CannotRequest as error:
        Parcel.objects.filter(pk=parcel_id).exclude(ship_fault=error.reason).update(ship_fault=error.reason)
        return False
    return True


def choose(parcel: Parcel, orders: Sequence[Order]) -> Warehouse:
    """Return who ships the parcel: as chosen on it, else the one its products name, else the shop's. Raises CannotRequest."""
    chosen = parcel.warehouse_id
    if chosen is None:
        named = set(
            OrderLine.objects.filter(parcel=parcel, closed_at__isnull=True, quantity__gt=0)
            .annotate(ships=F("product__warehouse_id"))
            .values_list("ships", flat=True)
        )
        default = Shop.objects.get(pk=orders[0].shop_id).warehouse_id
        ships = {warehouse_id or default for warehouse_id in named}
        if len(ships) > 1:
            raise CannotRequest("several_warehouses")
        chosen = ships.pop() if ships else default
    warehouse = Warehouse.objects.filter(pk=chosen, retired_at__isnull=True).first() if chosen else None
    if warehouse is None:
        raise CannotRequest("no_warehouse")
    if warehouse.paused_at is not None:
        raise CannotRequest("paused")
    return warehouse
