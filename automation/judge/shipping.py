"""J2: no unit is shipped twice, and what is shipped goes where the order says. J5: every piece is shipped, requested, open or cancelled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from automation.judge.findings import OTHER, TWICE, WRONG, Case, Looked
from automation.judge.ledgers import Ledgers, Line
from orders.models import Order, OrderLine, Parcel, Product
from orders.models.orders import ParcelState
from warehouses.models import RequestLine, WarehouseRequest

AT_WAREHOUSE = (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING, ParcelState.CANCEL_ASKED)
NOT_ASKED = (ParcelState.DRAFT, ParcelState.CANCELLED, ParcelState.CANNOT_SHIP)
GONE = (ParcelState.SHIPPED, ParcelState.RETURNED)
KNOWN_WITHIN = timedelta(minutes=35)
"""A cancellation at the mall is known here after the next reading of open orders; until then nobody can heed it."""
ADDRESS = ("name", "postal_code", "prefecture", "city", "street", "phone")


def nothing_twice(case: Case) -> Looked:
    """J2: units shipped by the warehouse's ledger ≤ units ordered; no reference accepted twice; addressed as the parcel is."""
    looked = Looked()
    if case.ledgers is not None:
        requests = {request.reference: request for request in WarehouseRequest.objects.all()}
        _references(case, requests, looked)
        _units(case, requests, looked)
    _own_rows(looked)
    return looked


def _lines(ledgers: Ledgers, tenant_id: int, kind: str) -> list[Line]:
    """Return the warehouse's lines about this tenant's references: each begins with the tenant's number."""
    prefix = f"{tenant_id}-"
    return [
        line
        for line in ledgers.warehouse_lines
        if line["kind"] == kind and str(line.get("reference", "")).find(prefix) == 0
    ]


def _references(case: Case, requests: dict[str, WarehouseRequest], looked: Looked) -> None:
    assert case.ledgers is not None
    parcels = {parcel.pk: parcel for parcel in Parcel.objects.all()}
    for line in _lines(case.ledgers, case.tenant_id, "request"):
        if line["outcome"] != "accepted":
            continue
        looked.at += 1
        reference = line["reference"]
        request = requests.get(reference)
        if line["nth"] > 1:
            looked.find(TWICE, f"reference {reference} was accepted {line['nth']} times")
        if request is None:
            looked.find(OTHER, f"the warehouse has a request {reference} that we do not know")
            continue
        _addressee(line, parcels[request.parcel_id], looked)
        _cancelled_before(case.ledgers, line, looked)


def _addressee(line: Line, parcel: Parcel, looked: Looked) -> None:
    if parcel.erased_at is not None:
        return
    theirs = {name: _plain(line["recipient"].get(name, "")) for name in ADDRESS}
    ours = {name: _plain(getattr(parcel, name)) for name in ADDRESS}
    if parcel.revision == int(line["reference"].rpartition("-")[2]) and theirs != ours:
        names = ", ".join(name for name in ADDRESS if theirs[name] != ours[name])
        looked.find(WRONG, f"request {line['reference']} is addressed otherwise than its parcel: {names}")


def _cancelled_before(ledgers: Ledgers, line: Line, looked: Looked) -> None:
    asked = datetime.fromisoformat(line["at"])
    for number in line["slip"].get("order_numbers", []):
        order = ledgers.orders.get(number)
        if order is not None and order.cancelled_at is not None and order.cancelled_at < asked - KNOWN_WITHIN:
            looked.find(
                WRONG,
                f"request {line['reference']} at {asked:%m-%d %H:%M} for {number}, cancelled at {order.cancelled_at:%m-%d %H:%M}",
            )


def _units(case: Case, requests: dict[str, WarehouseRequest], looked: Looked) -> None:
    """Compare the units that left, by order and SKU, with those ordered; pieces of a set count as its units."""
    assert case.ledgers is not None
    shipped: dict[tuple[str, str], int] = defaultdict(int)
    for line in _lines(case.ledgers, case.tenant_id, "shipped"):
        for number in line["slip"].get("order_numbers", [])[:1]:
            for row in line["lines"]:
                shipped[number, row["sku"]] += row["quantity"]
    ordered = _ordered({number for number, _ in shipped})
    for (number, sku), units in sorted(shipped.items()):
        looked.at += 1
        if units > ordered[number, sku]:
            looked.find(TWICE, f"{number}: {units} of {sku} left the warehouse, {ordered[number, sku]} were ordered")


def _ordered(numbers: Iterable[str]) -> dict[tuple[str, str], int]:
    ordered: dict[tuple[str, str], int] = defaultdict(int)
    skus = dict(Product.objects.values_list("pk", "sku"))
    lines = OrderLine.objects.filter(order__number__in=list(numbers), closed_at__isnull=True).select_related("order")
    for line in lines:
        ordered[line.order.number, skus.get(line.product_id, line.sku)] += line.ship_units or line.quantity
    return ordered


def _own_rows(looked: Looked) -> None:
    """Without a ledger: the pieces that our requests say were shipped."""
    pieces: dict[int, int] = defaultdict(int)
    for line_id, quantity in RequestLine.objects.filter(shipped_quantity__gt=0).values_list(
        "line_id", "shipped_quantity"
    ):
        pieces[line_id] += quantity
    for line in OrderLine.objects.filter(pk__in=list(pieces)):
        looked.at += 1
        if pieces[line.pk] > line.quantity:
            looked.find(TWICE, f"line {line.pk}: {pieces[line.pk]} pieces were shipped, {line.quantity} ordered")


def pieces_add_up(case: Case) -> Looked:
    """J5: where a line's parcel is says what became of all its pieces."""
    looked = Looked()
    live: dict[int, int] = defaultdict(int)
    shipped: dict[int, int] = defaultdict(int)
    for right in RequestLine.objects.all():
        live[right.line_id] += right.released_at is None
        shipped[right.line_id] += right.shipped_quantity
    requested = set(RequestLine.objects.values_list("line_id", flat=True))
    for line in OrderLine.objects.filter(closed_at__isnull=True, quantity__gt=0).select_related("parcel"):
        looked.at += 1
        if text := _odd(line, line.parcel.state, live[line.pk], shipped[line.pk], was_requested=line.pk in requested):
            looked.find(OTHER, f"line {line.pk} in parcel {line.parcel_id} ({line.parcel.state}): {text}")
    _phases(looked)
    return looked


def _odd(line: OrderLine, state: str, live: int, shipped: int, *, was_requested: bool) -> str:
    if state in AT_WAREHOUSE and live != 1:
        return f"{live} live rights to ship"
    if state in (*NOT_ASKED, *GONE) and live:
        return "a right to ship is still held"
    if state in NOT_ASKED and shipped:
        return f"{shipped} pieces shipped from it"
    if state in GONE and was_requested and shipped not in (0, line.quantity):
        return f"{shipped} of {line.quantity} pieces shipped"
    return ""


def _phases(looked: Looked) -> None:
    """A shipped order has nothing left to ship, and an open one has not shipped everything."""
    left: dict[int, set[Any]] = defaultdict(set)
    for order_id, state in OrderLine.objects.filter(closed_at__isnull=True, quantity__gt=0).values_list(
        "order_id", "parcel__state"
    ):
        left[order_id].add(state)
    for order in Order.objects.filter(deleted_at__isnull=True, phase__in=["ready", "shipping", "shipped"]):
        states = left[order.pk]
        gone = bool(states) and states <= set(GONE)
        if order.phase == "shipped" and states and not gone:
            looked.find(OTHER, f"{order.number} is shipped with parcels {sorted(states)}")
        if order.phase in ("ready", "shipping") and gone:
            looked.find(OTHER, f"{order.number} is {order.phase} and everything has left")


def _plain(text: Any) -> str:
    return str(text or "").replace("-", "").strip()
