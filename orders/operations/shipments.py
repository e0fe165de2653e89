"""Recording that a parcel left: tracking numbers, 出荷済 when the last parcel is gone, and the report to the mall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.audit import Actor
from hub.clock import JAPAN
from hub.effects import enqueue
from hub.models import Effect
from orders import carriers
from orders.channels import Ability, can
from orders.judging import unpaid
from orders.models import MallReport, Order, OrderLine, Parcel, Shop, TrackingNumber
from orders.models.orders import ParcelState
from orders.operations.door import Changed, Row, touch, write
from orders.operations.edits import lock_parcel
from orders.operations.status import default_status

MOST_NUMBERS = 20


class NotRecordable(Exception):
    """The parcel cannot take this result; `reason` is a code: other_numbers, too_many_numbers, no_request, unknown_carrier, not_open,
    payment_open, erased, number_missing, number_odd, day_ahead."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Package:
    """One tracking number as it is to be recorded. An empty number is allowed for carriers without tracking."""

    carrier: str
    number: str
    shipped_on: date


def record_shipment(
    parcel_id: int,
    *,
    packages: Sequence[Package],
    by: Actor,
    now: datetime,
    requested: bool = False,
    replace: bool = False,
) -> Changed:
    """Record that a parcel left with these numbers. The same numbers again change nothing.

    `requested`: the result of a live request (the caller holds and ends it). Otherwise the parcel must have none: a hand entry is
    itself the shipment of a shop that ships by itself. `replace` corrects the numbers of a parcel that has left already.
    In the same transaction: tracking rows, parcel SHIPPED, the order's status when its last parcel with lines left, one report
    for each (order, mall parcel) and shipment. Raises NotRecordable.
    """
    parcel, orders = lock_parcel(parcel_id)
    _check(packages, latest=_latest_day(by, now))
    known = {(row.carrier, row.number): row for row in TrackingNumber.objects.filter(parcel=parcel)}
    wanted = {(package.carrier, package.number): package for package in packages}
    shipped_already = parcel.state in (ParcelState.SHIPPED, ParcelState.RETURNED)
    if shipped_already and set(known) == set(wanted):
        return Changed(unchanged=[order.pk for order in orders])
    if parcel.erased_at is not None:
        raise NotRecordable("erased")
    if shipped_already and not replace:
        raise NotRecordable("other_numbers")
    if not requested and not shipped_already and parcel.state != ParcelState.DRAFT:
        raise NotRecordable("no_request" if parcel.state == ParcelState.CANCELLED else "requested_elsewhere")
    if any(order.deleted_at is not None or order.phase == "cancelled" for order in orders) and not requested:
        raise NotRecordable("not_open")
    if not requested and not shipped_already and unpaid((order.pk, order.mall_block) for order in orders):
        raise NotRecordable("payment_open")
    old_rows = [row for key, row in known.items() if key not in wanted]
    shipment = parcel.shipment + 1
    TrackingNumber.objects.filter(pk__in=[row.pk for row in old_rows]).delete()
    TrackingNumber.objects.bulk_create(
        [
            TrackingNumber(parcel=parcel, carrier=p.carrier, number=p.number, number_rev=p.number[::-1], shipped_on=p.shipped_on,
                           shipment=shipment, mall_row_key=old_rows[i].mall_row_key if i < len(old_rows) else "")
            for i, p in enumerate(p for key, p in wanted.items() if key not in known)
        ]
    )  # fmt: skip
    shipped_on = max(package.shipped_on for package in packages)
    Parcel.objects.filter(pk=parcel.pk).update(
        state=ParcelState.SHIPPED,
        state_at=now,
        shipped_on=shipped_on,
        shipment=shipment,
        ship_wanted_at=None,
        ship_fault="",
    )
    ids = [order.pk for order in orders]
    touch(
        ids,
        verb="parcel.shipped",
        by=by,
        now=now,
        parcel=parcel.pk,
        before={"numbers": [list(key) for key in known]},
        after={"numbers": [list(key) for key in wanted], "shipped_on": shipped_on.isoformat()},
    )
    _finish_orders(orders, now=now, by=by)
    for order in orders:
        queue_reports(order, parcel, shipment=shipment, now=now)
    return Changed(changed=ids)


def _latest_day(by: Actor, now: datetime) -> date:
    """Return the last day that may be given as the day of shipping: today. A warehouse may tell at night what leaves in the morning."""
    return now.astimezone(JAPAN).date() + timedelta(days=int(by.kind == "warehouse"))


def _check(packages: Sequence[Package], *, latest: date) -> None:
    if not packages or len(packages) > MOST_NUMBERS:
        raise NotRecordable("too_many_numbers" if packages else "no_numbers")
    for package in packages:
        if package.carrier not in carriers.CARRIERS:
            raise NotRecordable("unknown_carrier")
        if not package.number and carriers.CARRIERS[package.carrier].has_numbers:
            raise NotRecordable("number_missing")
        number = package.number
        if number and not (number.isascii() and number.isprintable() and any(sign.isdigit() for sign in number)):
            raise NotRecordable("number_odd")
        if package.shipped_on > latest:
            raise NotRecordable("day_ahead")


def _finish_orders(orders: Sequence[Order], *, now: datetime, by: Actor) -> None:
    """Move orders whose every parcel with open lines has left to the tenant's 出荷済."""
    ids = [order.pk for order in orders]
    waiting = set(
        OrderLine.objects.filter(order_id__in=ids, closed_at__isnull=True, quantity__gt=0)
        .exclude(parcel__state__in=[ParcelState.SHIPPED, ParcelState.RETURNED])
        .values_list("order_id", flat=True)
    )
    gone = [
        order for order in orders if order.pk not in waiting and order.phase not in ("shipped", "done", "cancelled")
    ]
    if not gone:
        return
    status = default_status("shipped")
    rows = [
        Row(
            order_id=order.pk,
            before={
                "status_id": order.status_id,
                "phase": order.phase,
                "status_at": order.status_at,
                "shipped_at": order.shipped_at,
            },
            after={"status_id": status.pk, "phase": "shipped", "status_at": now, "shipped_at": now},
        )
        for order in gone
    ]
    write(rows, verb="order.status", by=by, now=now)


def queue_reports(order: Order, parcel: Parcel, *, shipment: int, now: datetime) -> None:
    """Decide the report of this shipment to the order's mall: one for each mall parcel that has lines in it (promise G10)."""
    if order.mall_state == "none" or not order.ours:
        return
    keys = set(
        OrderLine.objects.filter(parcel=parcel, order=order)
        .exclude(mall_parcel_key="")
        .values_list("mall_parcel_key", flat=True)
    )
    shop = Shop.objects.get(pk=order.shop_id)
    if not can(shop.channel, Ability.REPORT_SHIPMENT):
        return
    rows = TrackingNumber.objects.filter(parcel=parcel).order_by("pk")
    for key in sorted(keys):
        report, _ = MallReport.objects.get_or_create(
            order=order, parcel=parcel, mall_parcel_key=key, shipment=shipment, defaults={"created_at": now}
        )
        MallReport.objects.filter(
            order=order, parcel=parcel, mall_parcel_key=key, shipment__lt=shipment, counted_at__isnull=True
        ).update(counted_at=now, cause="replaced")
        enqueue(
            "mall.report",
            lane=f"shop:{shop.pk}",
            key=f"report:{order.pk}:{key}:{parcel.pk}:{shipment}",
            payload={
                "report": report.pk, "order": order.pk, "number": order.number, "mall_parcel_key": key, "parcel": parcel.pk,
                "rows": [
                    {
                        "tracking": r.pk, "mall_row_key": r.mall_row_key, "carrier": r.carrier, "number": r.number,
                        "shipped_on": r.shipped_on.isoformat(),
                    }
                    for r in rows
                ],
            },
            now=now,
            order_id=order.pk,
            shop_id=shop.pk,
            after=_open_confirms(order),
        )  # fmt: skip
    if keys:
        Order.objects.filter(pk=order.pk).update(unreported=True)


def _open_confirms(order: Order) -> list[int]:
    return list(Effect.objects.filter(key=f"confirm:{order.pk}").values_list("pk", flat=True))
