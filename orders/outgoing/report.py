"""Reporting shipments: read, compare, write, read (promise G19). Reads are batched by a hundred, writes go one by one.

A repeated add makes a second row at the mall, and an incomplete one keeps the whole order from being counted and paid: so a row that
is there already is never added again, and an empty or planned row is filled instead (`mallrows.py`). A report that a newer one
replaced never leaves; one of an order that was deleted after its goods left does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.audit import Actor
from hub.effects import Absent_, Delivery, Found, NotDone, Outcome, Receipt, Refused
from hub.models import Effect
from orders.channels import Absent, Channel, MallOrder, ShipmentReport
from orders.models import MallReport, Order, Shop, TrackingNumber
from orders.operations.door import note
from orders.outgoing.mall import MallHandler, look_all, numbers_of
from orders.outgoing.mallrows import Subject, Wanted, compare, keys_of, rows_at_mall, subject_of, wanted_of

MALL = Actor(kind="mall", name="report")
REPLACED = "replaced"


@dataclass(frozen=True, kw_only=True)
class Reports:
    """The shop of the lane, and what each report wants."""

    shop: Shop
    wanted: Mapping[int, Wanted]


class ReportShipment(MallHandler):
    kind = "mall.report"
    batch_size = 100
    call_size = 1
    function = "report"
    if_deleted = ""

    def prepare(self, effects: Sequence[Effect]) -> Reports:
        return Reports(shop=self.shop_of(effects), wanted=wanted_of(effects))

    def still_true(self, effect: Effect, now: object) -> str:
        return super().still_true(effect, now) or self.over([effect]).get(effect.pk, "")

    def over(self, effects: Sequence[Effect]) -> Mapping[int, str]:
        """Once a number is corrected, the newer report says it; the old one would put the old number back."""
        reports = MallReport.objects.filter(order_id__in={effect.order_id for effect in effects}).order_by("pk")
        newest: dict[Subject, int] = {
            (order_id, parcel_id, key): pk
            for order_id, parcel_id, key, pk in reports.values_list("order_id", "parcel_id", "mall_parcel_key", "pk")
        }
        later = [one for one in effects if newest.get(subject_of(one), 0) > one.payload.get("report", 0)]
        return {effect.pk: REPLACED for effect in later}

    def perform(self, delivery: Delivery, prepared: Reports, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        with self.channel(delivery, prepared.shop) as channel:
            found = look_all(channel, numbers_of(effects))
            if isinstance(found, NotDone):
                return {effect.pk: found for effect in effects}
            for effect in effects:
                order = found.get(effect.payload["number"])
                delivery.settle(effect.pk, self._one(delivery, channel, effect, prepared.wanted[effect.pk], order))
        return {}

    def _one(
        self, delivery: Delivery, channel: Channel, effect: Effect, wanted: Wanted, order: MallOrder | Absent | None
    ) -> Outcome:
        if order is None:
            return NotDone(reason="not_readable", line=False)
        if isinstance(order, Absent):
            return Refused(reason="absent")
        if order.state in ("cancelled", "cancelling"):
            return Refused(reason="cancelled")
        theirs = rows_at_mall(order, effect.payload["mall_parcel_key"])
        if theirs is None:
            return Refused(reason="parcel_gone")
        missing = compare(wanted, theirs)
        if not missing:
            return Receipt(data={"seen": True, "keys": keys_of(wanted.rows, theirs)})
        report = ShipmentReport(
            key=effect.key, number=order.number, mall_parcel_key=effect.payload["mall_parcel_key"], rows=tuple(missing)
        )
        delivery.arm([effect.pk])
        return channel.report_shipment(report=report)

    def look(self, delivery: Delivery, prepared: Reports, effects: Sequence[Effect]) -> Mapping[int, Found]:
        found = self.look_at(delivery, prepared.shop, effects)
        if isinstance(found, NotDone):
            return {effect.pk: found for effect in effects}
        verdicts: dict[int, Found] = {}
        for effect in effects:
            order = found.get(effect.payload["number"])
            rows = rows_at_mall(order, effect.payload["mall_parcel_key"]) if isinstance(order, MallOrder) else None
            if rows is None:
                verdicts[effect.pk] = NotDone(reason="not_readable") if order is None else Refused(reason="absent")
            elif compare(prepared.wanted[effect.pk], rows):
                verdicts[effect.pk] = Absent_()
            else:
                verdicts[effect.pk] = Receipt(data={"seen": True, "keys": keys_of(effect.payload["rows"], rows)})
        return verdicts

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        seen = {"seen_at": now} if receipt.data.get("seen") else {}
        report = MallReport.objects.filter(pk=effect.payload["report"])
        report.update(sent_at=now, **seen)
        report.exclude(cause=REPLACED).update(cause="")
        for tracking_id, row_key in dict(receipt.data.get("keys", {})).items():
            TrackingNumber.objects.filter(pk=int(tracking_id)).update(mall_row_key=row_key)
        Order.objects.filter(pk=effect.order_id).update(reread_at=now)
        note([effect.order_id or 0], verb="mall.reported", by=MALL, now=now, parcel=effect.payload["parcel"])

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        report = MallReport.objects.filter(pk=effect.payload["report"])
        report.exclude(cause=REPLACED).update(cause=f"refused:{refused.reason}")
