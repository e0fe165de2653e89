"""Reporting shipments: read, compare, write, read (promise G19). Reads are batched by a hundred, writes go one by one.

A repeated add makes a second row at the mall, and an incomplete one keeps the whole order from being counted and paid: so a row that
is there already is never added again, and an empty or planned row is filled instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from hub.audit import Actor
from hub.effects import Absent_, Delivery, Found, NotDone, Outcome, Receipt, Refused
from hub.models import Effect
from orders.channels import Absent, Channel, MallOrder, MallTracking, ShipmentReport, TrackingRow
from orders.models import MallReport, Order, Shop, TrackingNumber
from orders.operations.door import note
from orders.outgoing.mall import MallHandler, look_all, numbers_of

MALL = Actor(kind="mall", name="report")


class ReportShipment(MallHandler):
    kind = "mall.report"
    batch_size = 100
    call_size = 1
    function = "report"

    def perform(self, delivery: Delivery, prepared: Shop, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        with self.channel(delivery, prepared) as channel:
            found = look_all(channel, numbers_of(effects))
            if isinstance(found, NotDone):
                return {effect.pk: found for effect in effects}
            for effect in effects:
                delivery.settle(effect.pk, self._one(delivery, channel, effect, found.get(effect.payload["number"])))
        return {}

    def _one(self, delivery: Delivery, channel: Channel, effect: Effect, order: MallOrder | Absent | None) -> Outcome:
        if order is None:
            return NotDone(reason="not_readable", line=False)
        if isinstance(order, Absent):
            return Refused(reason="absent")
        if order.state in ("cancelled", "cancelling"):
            return Refused(reason="cancelled")
        theirs = rows_at_mall(order, effect.payload["mall_parcel_key"])
        if theirs is None:
            return Refused(reason="parcel_gone")
        missing = compare(effect.payload["rows"], theirs)
        if not missing:
            return Receipt(data={"seen": True, "keys": keys_of(effect.payload["rows"], theirs)})
        report = ShipmentReport(
            key=effect.key, number=order.number, mall_parcel_key=effect.payload["mall_parcel_key"], rows=tuple(missing)
        )
        delivery.arm([effect.pk])
        return channel.report_shipment(report=report)

    def look(self, delivery: Delivery, prepared: Shop, effects: Sequence[Effect]) -> Mapping[int, Found]:
        found = self.look_at(delivery, prepared, effects)
        if isinstance(found, NotDone):
            return {effect.pk: found for effect in effects}
        verdicts: dict[int, Found] = {}
        for effect in effects:
            order = found.get(effect.payload["number"])
            rows = rows_at_mall(order, effect.payload["mall_parcel_key"]) if isinstance(order, MallOrder) else None
            if rows is None:
                verdicts[effect.pk] = NotDone(reason="not_readable") if order is None else Refused(reason="absent")
            elif compare(effect.payload["rows"], rows):
                verdicts[effect.pk] = Absent_()
            else:
                verdicts[effect.pk] = Receipt(data={"seen": True, "keys": keys_of(effect.payload["rows"], rows)})
        return verdicts

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        seen = {"seen_at": now} if receipt.data.get("seen") else {}
        MallReport.objects.filter(pk=effect.payload["report"]).update(sent_at=now, cause="", **seen)
        for tracking_id, row_key in dict(receipt.data.get("keys", {})).items():
            TrackingNumber.objects.filter(pk=int(tracking_id)).update(mall_row_key=row_key)
        Order.objects.filter(pk=effect.order_id).update(reread_at=now)
        note([effect.order_id or 0], verb="mall.reported", by=MALL, now=now, parcel=effect.payload["parcel"])

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        MallReport.objects.filter(pk=effect.payload["report"]).update(cause=f"refused:{refused.reason}")


def rows_at_mall(order: MallOrder, mall_parcel_key: str) -> tuple[MallTracking, ...] | None:
    """Return the shipping rows of one mall parcel, or None if the mall has no such parcel any more."""
    return next((parcel.tracking for parcel in order.parcels if parcel.key == mall_parcel_key), None)


def compare(wanted: Sequence[Mapping[str, Any]], theirs: Sequence[MallTracking]) -> list[TrackingRow]:
    """Return the rows that must be written so that every wanted number stands at the mall: updates by key first, then adds."""
    by_number = {row.number: row for row in theirs if row.number}
    by_key = {row.row_key: row for row in theirs}
    wanted_numbers = {row["number"] for row in wanted}
    free = [
        row
        for row in theirs
        if not row.number or (row.row_key and row.number not in wanted_numbers and _ours(row, wanted))
    ]
    missing = []
    for row in wanted:
        day = date.fromisoformat(row["shipped_on"])
        there = by_number.get(row["number"]) if row["number"] else None
        if there is not None and there.carrier == row["carrier"] and there.shipped_on == day:
            continue
        if there is None and row.get("mall_row_key") in by_key:
            there = by_key[row["mall_row_key"]]
        if there is None and free:
            there = free.pop(0)
        missing.append(
            TrackingRow(
                carrier=row["carrier"], number=row["number"], shipped_on=day, row_key=there.row_key if there else ""
            )
        )
    return missing


def _ours(row: MallTracking, wanted: Sequence[Mapping[str, Any]]) -> bool:
    return any(row.row_key == item.get("mall_row_key") for item in wanted)


def keys_of(wanted: Sequence[Mapping[str, Any]], theirs: Sequence[MallTracking]) -> dict[str, str]:
    """Return the mall's row key for each of our tracking rows."""
    by_number = {row.number: row.row_key for row in theirs}
    return {str(row["tracking"]): by_number[row["number"]] for row in wanted if row["number"] in by_number}
