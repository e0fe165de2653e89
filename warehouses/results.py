"""What comes back from warehouses: results booked forward and never twice, those that do not fit listed, shipments entered by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from hub import audit
from hub.audit import Actor
from hub.models import Effect
from hub.stages import kick
from hub.tenancy import current_tenant
from orders.models import Parcel, TrackingNumber, Warehouse
from orders.operations.door import note
from orders.operations.edits import lock_parcel
from orders.operations.holds import open_mark, system_task
from orders.operations.parcels import copy_parcel, move_pieces
from orders.operations.products import follow_listings
from orders.operations.shipments import NotRecordable, Package, record_shipment
from warehouses.adapters import BadResult, ShippedPackage, ShipResult, WarehouseAbility, adapter_class
from warehouses.models import RequestAnswer, RequestLine, ResultIssue, WarehouseRequest
from warehouses.operations import WAREHOUSE, end_request, refuse

MOST_REFERENCE = 200
"""Ours are far shorter; of a longer one that a warehouse made up, the beginning is kept."""


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
    shipped, odd = _shipped_units(rights, _asked(request, rights), result.quantities)
    if odd:
        return _list(warehouse, result.reference, odd, quantities=dict(result.quantities))
    if not result.packages or not any(shipped.values()):
        return _list(warehouse, result.reference, "no_packages")
    try:
        with transaction.atomic():  # what cannot be recorded leaves the request as it was: live, for a person to end
            _ship(request, parcel, rights, shipped, result.packages, now=now)
    except NotRecordable as error:
        return _list(warehouse, result.reference, error.reason)
    return "done"


def _asked(request: WarehouseRequest, rights: Sequence[RequestLine]) -> dict[int, tuple[str, int]]:
    """Return the SKU and the units of it that were asked of each line, as they were sent: products may be renamed meanwhile."""
    payload = Effect.objects.filter(pk=request.effect_id).values_list("payload", flat=True).first() or {}
    sent = {line["line_id"]: (line["sku"], line["quantity"]) for line in payload.get("content", {}).get("lines", ())}
    today = {
        right.line_id: (
            right.line.product.sku if right.line.product else right.line.sku,
            right.line.ship_units or right.line.quantity,
        )
        for right in rights
    }
    return {line_id: sent.get(line_id, now) for line_id, now in today.items()}


def _shipped_units(
    rights: Sequence[RequestLine], asked: Mapping[int, tuple[str, int]], quantities: Mapping[str, int]
) -> tuple[dict[int, int], str]:
    """Return the pieces shipped of each line, and what is odd about the result: more than was asked, or a part of a set.

    No quantities means everything.
    """
    if not quantities:
        return {right.line_id: right.quantity for right in rights}, ""
    left = dict(quantities)
    most: dict[str, int] = {}
    shipped: dict[int, int] = {}
    for right in rights:
        sku, units = asked[right.line_id]
        per_piece = max(units // right.quantity, 1)
        pieces = min(right.quantity, left.get(sku, 0) // per_piece)
        shipped[right.line_id] = pieces
        left[sku] = left.get(sku, 0) - pieces * per_piece
        most[sku] = most.get(sku, 0) + units
    if not any(units > 0 for units in left.values()):
        return shipped, ""
    more = any(units > most.get(sku, 0) for sku, units in quantities.items())
    return shipped, "too_many_units" if more else "part_of_set"


def _ship(
    request: WarehouseRequest, parcel: Parcel, rights: Sequence[RequestLine], shipped: Mapping[int, int],
    packages: Sequence[ShippedPackage], *, now: datetime,
) -> None:  # fmt: skip
    """Record what left; what did not is split off as a new DRAFT parcel in the same transaction. Raises NotRecordable."""
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
        follow_listings(rest.pk, by=WAREHOUSE, now=now)
        orders = sorted({right.line.order_id for right in rights})
        open_mark(
            orders,
            task=system_task("short"),
            by=WAREHOUSE,
            now=now,
            reason="short",
            detail={"parcel": rest.pk, "reference": request.reference},
        )
    record_shipment(
        parcel.pk, packages=[Package(carrier=p.carrier, number=p.number, shipped_on=p.shipped_on) for p in packages],
        by=WAREHOUSE, now=now, requested=True,
    )  # fmt: skip


def _late(warehouse: Warehouse, request: WarehouseRequest, result: ShipResult, parcel: Parcel) -> str:
    """A result for a request that has ended: the same again is nothing; anything else is listed (promise G6)."""
    known = {(row.carrier, row.number) for row in TrackingNumber.objects.filter(parcel=parcel)}
    told = {(package.carrier, package.number) for package in result.packages}
    if request.answer in (RequestAnswer.SHIPPED, RequestAnswer.SHORT) and told <= known:
        return "same"
    if request.answer == RequestAnswer.CANNOT_SHIP and result.outcome == "cannot_ship":
        return "same"
    return _list(warehouse, result.reference, "late_result", outcome=result.outcome, answer=request.answer)


def list_failed(warehouse: Warehouse, result: ShipResult | BadResult, error: Exception) -> None:
    """List a result whose booking raised: it is not in the way of those after it."""
    _list(warehouse, result.reference, "result_failed", error=type(error).__name__)


def _list(warehouse: Warehouse, reference: str, reason: str, **params: Any) -> str:
    ResultIssue.objects.update_or_create(
        warehouse=warehouse,
        reference=_storable(reference)[:MOST_REFERENCE],
        reason=reason,
        defaults={"params": _storable(params), "solved_at": None},
    )
    return "listed"


def _storable(value: Any) -> Any:
    """Return what a warehouse wrote as the database can keep it: no NUL, no half of a character."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value


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


def may_enter(parcel_ids: Iterable[int]) -> set[int]:
    """Return which of these parcels a person may record although they are requested: those on the shop's own shelf, and those whose
    warehouse told a result that could not be booked."""
    requests = WarehouseRequest.objects.filter(parcel__in=list(parcel_ids), ended_at__isnull=True)
    found = list(requests.select_related("warehouse"))
    told = set(_told(found).values_list("warehouse_id", "reference"))
    return {
        request.parcel_id
        for request in found
        if (request.warehouse_id, request.reference) in told or _ships_itself(request.warehouse)
    }


def _ships_itself(warehouse: Warehouse) -> bool:
    return WarehouseAbility.PRINT in adapter_class(warehouse.kind).abilities


def _told(requests: Iterable[WarehouseRequest]) -> QuerySet[ResultIssue]:
    """Return what warehouses told about these requests and could not be booked. References are told apart by warehouse."""
    asked = list(requests)
    issues = ResultIssue.objects.filter(reference__in=[request.reference for request in asked], solved_at__isnull=True)
    return issues.filter(warehouse__in={request.warehouse_id for request in asked}).order_by("pk")


def enter_result(
    parcel_id: int, *, packages: Sequence[Package], by: Actor, now: datetime, replace: bool = False
) -> Any:
    """Record a shipment entered by hand or from a list. It ends the parcel's live request where the shop ships by itself, or where
    the warehouse told a result that could not be booked: that is then settled.

    Raises NotRecordable, also when another warehouse has the parcel and has told nothing.
    """
    parcel, _ = lock_parcel(parcel_id)
    request = WarehouseRequest.objects.filter(parcel=parcel, ended_at__isnull=True).select_related("warehouse").first()
    if request is None:
        return record_shipment(parcel_id, packages=packages, by=by, now=now, replace=replace)
    told = list(_told([request]))
    if not told and not _ships_itself(request.warehouse):
        raise NotRecordable("requested_elsewhere")
    with transaction.atomic():
        RequestLine.objects.filter(request=request, released_at__isnull=True).update(shipped_quantity=F("quantity"))
        end_request(request, RequestAnswer.SHIPPED, now=now)
        outcome = record_shipment(parcel_id, packages=packages, by=by, now=now, requested=True, replace=replace)
    for issue in told:
        settle_issue(issue, by=by, now=now)
    return outcome
