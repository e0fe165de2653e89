"""What comes back from warehouses: results booked forward and never twice, those that do not fit listed, shipments entered by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from hub import audit
from hub.audit import Actor
from hub.stages import kick
from hub.tenancy import current_tenant
from orders.models import Parcel, TrackingNumber, Warehouse
from orders.operations.door import note
from orders.operations.edits import lock_parcel
from orders.operations.holds import open_mark, system_task
from orders.operations.parcels import copy_parcel, move_pieces
from orders.operations.shipments import NotRecordable, Package, record_shipment
from warehouses.adapters import BadResult, ShippedPackage, ShipResult, WarehouseAbility, adapter_class
from warehouses.models import RequestAnswer, RequestLine, ResultIssue, WarehouseRequest
from warehouses.operations import WAREHOUSE, end_request, refuse


def apply_result(warehouse: Warehouse, result: ShipResult | BadResult, *, now: datetime) -> str:
    """Book one result of a warehouse: only forward, never twice; what does not fit is listed. Return what it came to.

    done, same (known already), listed.
    """
    if isinstance(result, BadResult):
        return _list(warehouse, result.reference, result.reason, path=result.path, **result.params)
    request = WarehouseRequest.objects.filter(reference=result.reference, warehouse=warehouse).first()
    if request is None:
        return _list(warehouse, result.reference, "unknown_reference")
    parcel, _ = lock_parcel(request.parcel_id)
    request = WarehouseRequest.objects.get(pk=request.pk)
    if request.ended_at is not None:
        return _late(warehouse, request, result, parcel)
    if result.outcome == "cannot_ship":
        refuse(
            request,
            now=now,
            reason=result.reason or "cannot_ship",
            detail=result.reason,
            answer=RequestAnswer.CANNOT_SHIP,
        )
        return "done"
    rights = list(
        RequestLine.objects.filter(request=request, released_at__isnull=True)
        .select_related("line__product")
        .order_by("line_id")
    )
    shipped = _shipped_units(rights, result.quantities)
    if shipped is None:
        return _list(warehouse, result.reference, "too_many_units", quantities=dict(result.quantities))
    if not result.packages or not any(shipped.values()):
        return _list(warehouse, result.reference, "no_packages")
    return _ship(request, parcel, rights, shipped, result.packages, now=now)


def _shipped_units(rights: Sequence[RequestLine], quantities: Mapping[str, int]) -> dict[int, int] | None:
    """Return the pieces shipped of each line, or None if more came than was asked. No quantities means everything."""
    if not quantities:
        return {right.line_id: right.quantity for right in rights}
    left = dict(quantities)
    shipped: dict[int, int] = {}
    for right in rights:
        line = right.line
        sku = line.product.sku if line.product else line.sku
        per_piece = max((line.ship_units or line.quantity) // line.quantity, 1)
        pieces = min(right.quantity, left.get(sku, 0) // per_piece)
        shipped[right.line_id] = pieces
        left[sku] = left.get(sku, 0) - pieces * per_piece
    return None if any(units > 0 for units in left.values()) else shipped


def _ship(
    request: WarehouseRequest, parcel: Parcel, rights: Sequence[RequestLine], shipped: Mapping[int, int],
    packages: Sequence[ShippedPackage], *, now: datetime,
) -> str:  # fmt: skip
    """Record what left; what did not is split off as a new DRAFT parcel in the same transaction."""
    short = {
        right.line_id: right.quantity - shipped[right.line_id]
        for right in rights
        if shipped[right.line_id] < right.quantity
    }
    for right in rights:
        RequestLine.objects.filter(pk=right.pk).update(shipped_quantity=shipped[right.line_id], released_at=now)
    end_request(request, RequestAnswer.SHORT if short else RequestAnswer.SHIPPED, now=now)
    if short:
        rest = copy_parcel(parcel, now=now)
        for right in rights:
            if right.line_id in short:
                move_pieces(right.line, short[right.line_id], rest)
        orders = sorted({right.line.order_id for right in rights})
        open_mark(
            orders,
            task=system_task("short"),
            by=WAREHOUSE,
            now=now,
            reason="short",
            detail={"parcel": rest.pk, "reference": request.reference},
        )
    try:
        record_shipment(
            parcel.pk, packages=[Package(carrier=p.carrier, number=p.number, shipped_on=p.shipped_on) for p in packages],
            by=WAREHOUSE, now=now, requested=True,
        )  # fmt: skip
    except NotRecordable as error:
        return _list(request.warehouse, request.reference, error.reason)
    return "done"


def _late(warehouse: Warehouse, request: WarehouseRequest, result: ShipResult, parcel: Parcel) -> str:
    """A result for a request that has ended: the same again is nothing; anything else is listed (promise G6)."""
    known = {(row.carrier, row.number) for row in TrackingNumber.objects.filter(parcel=parcel)}
    told = {(package.carrier, package.number) for package in result.packages}
    if request.answer in (RequestAnswer.SHIPPED, RequestAnswer.SHORT) and told <= known:
        return "same"
    if request.answer == RequestAnswer.CANNOT_SHIP and result.outcome == "cannot_ship":
        return "same"
    return _list(warehouse, result.reference, "late_result", outcome=result.outcome, answer=request.answer)


def _list(warehouse: Warehouse, reference: str, reason: str, **params: Any) -> str:
    ResultIssue.objects.update_or_create(
        warehouse=warehouse, reference=reference, reason=reason, defaults={"params": params, "solved_at": None}
    )
    return "listed"


def collect_now(warehouse: Warehouse, *, parcel: Parcel, reference: str, by: Actor, now: datetime) -> None:
    """Make the warehouse due for its results at once; a person asked about one of its requests."""
    Warehouse.objects.filter(pk=warehouse.pk).update(next_collect_at=now)
    note([parcel.order_id], verb="warehouse.asked", by=by, now=now, name=warehouse.name, reference=reference)
    kick("collect", current_tenant(), warehouse.pk)


def settle_issue(issue: ResultIssue, *, by: Actor, now: datetime) -> None:
    """Note that a person has dealt with a result that could not be booked. The same result again is listed again."""
    if ResultIssue.objects.filter(pk=issue.pk, solved_at__isnull=True).update(solved_at=now):
        audit.note(
            "result.settled",
            by=by,
            now=now,
            warehouse=issue.warehouse_id,
            reference=issue.reference,
            reason=issue.reason,
        )


def enter_result(
    parcel_id: int, *, packages: Sequence[Package], by: Actor, now: datetime, replace: bool = False
) -> Any:
    """Record a shipment entered by hand or from a list: it ends the parcel's live request where the shop ships by itself.

    Raises NotRecordable when another warehouse has the parcel.
    """
    parcel, _ = lock_parcel(parcel_id)
    request = WarehouseRequest.objects.filter(parcel=parcel, ended_at__isnull=True).select_related("warehouse").first()
    if request is not None:
        if WarehouseAbility.PRINT not in adapter_class(request.warehouse.kind).abilities:
            raise NotRecordable("requested_elsewhere")
        RequestLine.objects.filter(request=request, released_at__isnull=True).update(shipped_quantity=F("quantity"))
        end_request(request, RequestAnswer.SHIPPED, now=now)
        return record_shipment(parcel_id, packages=packages, by=by, now=now, requested=True, replace=replace)
    return record_shipment(parcel_id, packages=packages, by=by, now=now, replace=replace)
