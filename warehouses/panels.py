"""What warehouses add to the order page: how far each parcel's request has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from hub.problems import say
from orders.models import MallReport, Parcel
from orders.models.orders import ParcelState
from warehouses.models import RequestAnswer, WarehouseRequest
from warehouses.troubles import overdue

ORDER = (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING, ParcelState.SHIPPED)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A station on a parcel's way. `kind`: done, now, bad, or empty for what is still to come."""

    words: str
    at: datetime | None
    kind: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """A parcel's way, and what its warehouse said last."""

    steps: tuple[Step, ...]
    note: str
    fee_yen: int | None


def requests_of(*, parcels: Iterable[Parcel], now: datetime) -> Mapping[int, Way]:
    """Return the way of each parcel that was ever requested or shipped. Two statements."""
    rows = {parcel.pk: parcel for parcel in parcels}
    latest: dict[int, WarehouseRequest] = {}
    for request in WarehouseRequest.objects.filter(parcel_id__in=list(rows)).select_related("warehouse").order_by("pk"):
        latest[request.parcel_id] = request
    reports: dict[int, list[MallReport]] = {}
    for report in MallReport.objects.filter(parcel_id__in=list(rows)).exclude(cause="replaced").order_by("pk"):
        reports.setdefault(report.parcel_id, []).append(report)
    wanted = [parcel for pk, parcel in rows.items() if pk in latest or parcel.state in ORDER]
    return {parcel.pk: _way(parcel, latest.get(parcel.pk), reports.get(parcel.pk, [])) for parcel in wanted}


def _way(parcel: Parcel, request: WarehouseRequest | None, reports: list[MallReport]) -> Way:
    reached = ORDER.index(parcel.state) if parcel.state in ORDER else -1
    note = " ".join(
        filter(None, (say(request.reason) if request and request.reason else "", request.detail if request else ""))
    )
    steps = [Step(words=_("依頼"), at=request.asked_at if request else None, kind="done")] if request else []
    if parcel.state == ParcelState.CANNOT_SHIP:
        steps.append(Step(words=_("出荷不可"), at=parcel.state_at, kind="bad"))
        return Way(steps=tuple(steps), note=note, fee_yen=None)
    if parcel.state in (ParcelState.CANCELLED, ParcelState.CANCEL_ASKED):
        gone = parcel.state == ParcelState.CANCELLED
        steps.append(
            Step(words=_("取下げ") if gone else _("取下げ待ち"), at=parcel.state_at, kind="bad" if gone else "now")
        )
        return Way(steps=tuple(steps), note=note, fee_yen=request.fee_yen if request else None)
    if parcel.state == ParcelState.DRAFT:
        return Way(steps=(), note=note, fee_yen=None)
    if request:
        accepted = request.answered_at if request.answer != RequestAnswer.OPEN else None
        steps.append(Step(words=_("受付"), at=accepted, kind=_kind(reached, 1)))
        steps.append(
            Step(
                words=_("作業"),
                at=parcel.state_at if parcel.state == ParcelState.WORKING else None,
                kind=_kind(reached, 2),
            )
        )
    steps.append(Step(words=_("出荷"), at=parcel.state_at if reached == 3 else None, kind=_kind(reached, 3)))
    if reports:
        counted = [report.counted_at for report in reports]
        at = max(moment for moment in counted if moment) if all(counted) else None
        steps.append(Step(words=_("反映"), at=at, kind="done" if at else "bad" if reports[-1].cause else "now"))
    return Way(steps=tuple(steps), note=note, fee_yen=request.fee_yen if request else None)


def _kind(reached: int, at: int) -> str:
    return "done" if reached >= at else "now" if reached == at - 1 else ""


def overdue_by_warehouse(*, now: datetime) -> Mapping[int, int]:
    """Return how many results of each warehouse are overdue."""
    rows = overdue(now).order_by().values("warehouse_id").annotate(n=Count("pk"))
    return dict(rows.values_list("warehouse_id", "n"))
