"""J3: every shipment is at the mall, on its row, once; and is counted the next morning, or listed with its cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from automation.judge.findings import LOST, TWICE, UNREPORTED, WRONG, Case, Looked
from automation.judge.ledgers import Ledgers, MallOrder
from hub.clock import JAPAN
from hub.models import Effect, EffectState
from orders.models import MallReport, Order, OrderLine, Parcel, TrackingNumber
from warehouses.models import RequestAnswer, ResultIssue, WarehouseRequest

REPORTED_WITHIN = timedelta(minutes=30)
BOOKED_WITHIN = timedelta(minutes=35)
"""Results are collected every 15 to 30 minutes."""
MORNING = time(9, 0)
CARRIERS = {"yamato": "1001", "sagawa": "1002", "japan_post": "1003", "other": "1000"}
"""The mall's codes of the carriers that the warehouse uses."""


def everything_reported(case: Case) -> Looked:
    """J3: compare tracking numbers with the mall's rows; without a ledger, look at the proofs that our rows hold."""
    looked = Looked()
    if case.ledgers is not None:
        _at_the_mall(case, case.ledgers, looked)
        _results_booked(case, case.ledgers, looked)
    _proofs(case, looked)
    return looked


def _at_the_mall(case: Case, ledgers: Ledgers, looked: Looked) -> None:
    orders = {order.pk: order for order in Order.objects.filter(number__in=list(ledgers.orders), ours=True)}
    rows: dict[int, list[TrackingNumber]] = defaultdict(list)
    for row in TrackingNumber.objects.all():
        rows[row.parcel_id].append(row)
    due = Parcel.objects.filter(state="shipped", state_at__lt=case.now - REPORTED_WITHIN)
    baskets = set(
        OrderLine.objects.filter(parcel__in=due, order__in=orders).values_list(
            "order_id", "parcel_id", "mall_parcel_key"
        )
    )
    wanted: dict[int, dict[str, list[TrackingNumber]]] = defaultdict(lambda: defaultdict(list))
    for order_id, parcel_id, key in sorted(baskets):
        wanted[order_id][key] += rows[parcel_id]
    for order_id, parcels in wanted.items():
        theirs = ledgers.orders[orders[order_id].number]
        if theirs.cancelled_at is None:
            for key, ours in parcels.items():
                looked.at += 1
                _compare(theirs, key, ours, looked)


def _compare(theirs: MallOrder, key: str, ours: Sequence[TrackingNumber], looked: Looked) -> None:
    rows = [row for (basket, _), row in theirs.rows.items() if str(basket) == key]
    if not ours:
        looked.find(UNREPORTED, f"{theirs.number}: shipped without a number in destination {key}")
    for row in ours:
        there = [other for other in rows if other["shippingNumber"] == row.number]
        if not there:
            looked.find(UNREPORTED, f"{theirs.number}: {row.number} is not at the mall")
        elif len(there) > 1:
            looked.find(TWICE, f"{theirs.number}: {row.number} stands on {len(there)} rows at the mall")
        elif (there[0]["deliveryCompany"], there[0]["shippingDate"]) != (
            CARRIERS.get(row.carrier, ""),
            row.shipped_on.isoformat(),
        ):
            looked.find(WRONG, f"{theirs.number}: {row.number} has another carrier or day at the mall")
    numbers = {row.number for row in ours}
    for other in rows:
        if not other["shippingNumber"]:
            looked.find(
                UNREPORTED,
                f"{theirs.number}: an incomplete row {other['shippingDetailId']} keeps it from being counted",
            )
        elif other["shippingNumber"] not in numbers:
            looked.find(TWICE, f"{theirs.number}: {other['shippingNumber']} is at the mall and not ours")


def _results_booked(case: Case, ledgers: Ledgers, looked: Looked) -> None:
    """Every result the warehouse told of a request of ours is booked: its parcel has left, or the result is listed."""
    references = {request.reference: request for request in WarehouseRequest.objects.all()}
    listed = set(ResultIssue.objects.values_list("reference", flat=True))
    left = {
        "shipped": (RequestAnswer.SHIPPED, RequestAnswer.SHORT),
        "short": (RequestAnswer.SHORT, RequestAnswer.SHIPPED),
    }
    for line in ledgers.warehouse_lines:
        if line["kind"] != "told" or line["reference"] not in references:
            continue
        if datetime.fromisoformat(line["at"]) > case.now - BOOKED_WITHIN or line["outcome"] not in left:
            continue
        request = references[line["reference"]]
        if request.answer not in left[line["outcome"]] and request.reference not in listed:
            looked.find(
                LOST, f"the warehouse told that {request.reference} was {line['outcome']}; here it is {request.answer}"
            )


def _proofs(case: Case, looked: Looked) -> None:
    """Without a ledger: unsent reports have an effect on its way or on a screen; uncounted ones have a cause by 09:00."""
    here = case.now.astimezone(JAPAN)
    morning = datetime.combine(here.date(), MORNING, tzinfo=JAPAN)
    morning -= timedelta(days=0 if here >= morning else 1)
    alive = {str(key) for key in _report_keys()}
    reports = MallReport.objects.filter(counted_at__isnull=True, created_at__lt=case.now - REPORTED_WITHIN)
    for report in reports.exclude(order__mall_state__in=["cancelled", "cancelling"]).select_related("order", "parcel"):
        looked.at += case.ledgers is None
        if report.sent_at is None and str(report.pk) not in alive:
            looked.find(UNREPORTED, f"{report.order.number}: report {report.pk} is neither sent nor on its way")
        if _is_overdue(report, morning) and not report.cause:
            looked.find(UNREPORTED, f"{report.order.number}: not counted by 09:00, and no cause is named")


def _is_overdue(report: MallReport, morning: datetime) -> bool:
    """Say whether the night's job should have counted it: read back before midnight, and shipped before today."""
    shipped_on, seen_at = report.parcel.shipped_on, report.seen_at
    return bool(shipped_on and seen_at and shipped_on < morning.date() and seen_at < morning - timedelta(hours=9))


def _report_keys() -> set[int]:
    """Return the reports whose effect waits, is being sent, or is listed as stopped or unsure."""
    open_states = [EffectState.WAITING, EffectState.SENDING, EffectState.UNSURE, EffectState.STOPPED]
    payloads = Effect.objects.filter(kind="mall.report", state__in=open_states).values_list("payload", flat=True)
    return {payload["report"] for payload in payloads}
