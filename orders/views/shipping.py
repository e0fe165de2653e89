"""Shipping: today's cut-offs and what waits for them, what warehouses answered, what malls have not counted; numbers by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import SimpleNamespace
from urllib.parse import quote

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done
from hub.clock import JAPAN
from hub.ids import NotAnId, decode, encode
from hub.web import PageRequest, page
from orders.carriers import clean_number, number_looks_wrong
from orders.frame import chosen_ids
from orders.models import MallReport, Order, OrderLine, Parcel, TaskMark, Warehouse
from orders.models.orders import ParcelState
from orders.operations.shipments import Package
from orders.plugs import act, panel
from orders.queries import count_unplaced, next_cutoff, wanted_parcels
from orders.queries.shops import in_shops, shops_in_use
from orders.system_tasks import said
from orders.views.acts import order_to_change, told
from orders.views.words import report_cause

SHOWN_REPORTS = 20
SHOWN_CAUSES = 4


@page("orders.see", methods=("GET",))
def shipping(request: PageRequest) -> HttpResponse:
    """Show each warehouse's day, and what is shipped but not counted: of the shop that is looked at, as the lists behind it do."""
    now = request.hub.now
    shop_ids = chosen_ids(request, shops_in_use())
    counts = _counts(now, shop_ids)
    late = panel("overdue", now=now) or {}
    houses = (
        Warehouse.objects.filter(retired_at__isnull=True)
        .exclude(kind="other")
        .order_by("position", "pk")
        .defer("credentials")
    )
    context = {
        "warehouses": [_house(house, counts.get(house.pk, {}), late, now, shop_ids) for house in houses],
        "unplaced": SimpleNamespace(count=count_unplaced(shop_ids), url=unplaced_url()),
        "unreported": _unreported(shop_ids),
    }
    return render(request, "orders/shipping.html", context)


def unplaced_url() -> str:
    """Return the list of orders that are to leave and have no warehouse yet."""
    return f"{reverse('orders:list')}?to_ship=none"


def _counts(now: datetime, shop_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return how many orders are to leave each warehouse and how many have a parcel that stands where, in two statements."""
    day = now.astimezone(JAPAN).date()
    placed = Parcel.objects.filter(closed_at__isnull=True, warehouse__isnull=False)
    live = (placed.filter(order__shop_id__in=shop_ids) if shop_ids else placed).filter(
        Q(
            state__in=[ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING],
            order__is_open=True,
        )
        | Q(state=ParcelState.SHIPPED, shipped_on=day)
    )
    wanted = wanted_parcels(shop_ids).filter(warehouse__isnull=False).order_by().values("warehouse_id").annotate(
        wanted=Count("order", distinct=True), misses=Count("order", filter=Q(order__held=True), distinct=True),
    )  # fmt: skip
    rows = live.order_by().values("warehouse_id").annotate(
        asked=Count("order", filter=Q(state__in=[ParcelState.REQUESTED, ParcelState.ACCEPTED]), distinct=True),
        working=Count("order", filter=Q(state=ParcelState.WORKING), distinct=True),
        shipped=Count("order", filter=Q(state=ParcelState.SHIPPED), distinct=True),
    )  # fmt: skip
    found: dict[int, dict[str, int]] = {}
    for row in (*wanted, *rows):
        found.setdefault(row["warehouse_id"], {}).update(row)
    return found


def _house(
    house: Warehouse, counts: Mapping[str, int], late: Mapping[int, int], now: datetime, shop_ids: Sequence[int]
) -> SimpleNamespace:
    until = next_cutoff(house, now)
    return SimpleNamespace(
        pk=house.pk, name=house.name, kind_words=_kind(house.kind),
        paused=house.paused_at is not None, until=until, seconds=max(int((until - now).total_seconds()), 0), wanted=counts.get("wanted", 0),
        asked=counts.get("asked", 0), working=counts.get("working", 0), shipped=counts.get("shipped", 0), misses=counts.get("misses", 0),
        missing=_missing(house, shop_ids) if counts.get("misses") else [], late_results=late.get(house.pk, 0), urls=_urls(house, now),
    )  # fmt: skip


def _kind(kind: str) -> str:
    return _(settings.WAREHOUSES[kind].label) if kind in settings.WAREHOUSES else kind


def _missing(house: Warehouse, shop_ids: Sequence[int]) -> list[SimpleNamespace]:
    """Return what keeps the warehouse's wanted parcels from leaving."""
    wanted = wanted_parcels(shop_ids).filter(warehouse=house)
    marks = TaskMark.objects.filter(
        order__in=wanted.values("order"), closed_at__isnull=True, task__holds=True, order__is_open=True
    )
    rows = (
        marks.order_by()
        .values("task_id", "task__key", "task__name")
        .annotate(n=Count("order", distinct=True))
        .order_by("-n")[:SHOWN_CAUSES]
    )
    listed = f"{reverse('orders:list')}?to_ship={encode(house.pk)}&held=1"
    return [
        SimpleNamespace(
            words=said(row["task__key"], row["task__name"]),
            count=row["n"],
            url=f"{listed}&task={encode(row['task_id'])}",
        )
        for row in rows
    ]


def _urls(house: Warehouse, now: datetime) -> SimpleNamespace:
    """Return the list filtered to each figure."""

    def url(*tests: dict[str, object]) -> str:
        condition = {"all": [{"field": "warehouse", "op": "is", "value": house.pk}, *tests]}
        return f"{reverse('orders:list')}?condition={quote(json.dumps(condition, ensure_ascii=False))}"

    wanted = f"{reverse('orders:list')}?to_ship={encode(house.pk)}"
    today = now.astimezone(JAPAN).date().isoformat()
    return SimpleNamespace(
        wanted=wanted, asked=url({"field": "parcel_state", "op": "in", "value": ["requested", "accepted"]}),
        working=url({"field": "parcel_state", "op": "is", "value": "working"}),
        shipped=url({"field": "parcel_state", "op": "is", "value": "shipped"}, {"field": "shipped_on", "op": "is", "value": today}),
        misses=f"{wanted}&held=1",
    )  # fmt: skip


def _unreported(shop_ids: Sequence[int]) -> SimpleNamespace:
    shipped = Order.objects.filter(**in_shops(shop_ids), is_live=True)
    open_ones = MallReport.objects.filter(counted_at__isnull=True)
    whole = shipped.filter(pk__in=open_ones.values("order")).aggregate(n=Count("pk"), yen=Sum("total_yen"))
    if shop_ids:
        open_ones = open_ones.filter(order__shop_id__in=shop_ids)
    reports = open_ones.select_related("order__shop").order_by("created_at", "pk")[:SHOWN_REPORTS]
    rows = [
        SimpleNamespace(
            order=report.order,
            shop=report.order.shop,
            shipped_at=report.created_at,
            yen=report.order.total_yen,
            cause=_cause(report),
        )
        for report in reports
    ]
    return SimpleNamespace(
        count=whole["n"], yen=whole["yen"] or 0, rows=rows, url=f"{reverse('orders:list')}?unreported=1"
    )


def _cause(report: MallReport) -> str:
    if report.cause:
        return report_cause(report.cause)
    if report.sent_at is None:
        return _("報告を送るところです")
    return _("モールの夜間処理を待っています") if report.seen_at else _("モールに載ったかを確かめています")


@page("orders.ship", methods=("POST",))
def record_shipment(request: PageRequest, pk: int) -> HttpResponse:
    """Record carrier and number by hand: that is the shipment."""
    visit, order = request.hub, order_to_change(request, pk)
    parcel = _parcel(order, request.POST.get("parcel", ""))
    number, carrier = clean_number(request.POST.get("number", ""))[:60], request.POST.get("carrier", "")
    try:
        day = date.fromisoformat(request.POST.get("shipped_on", ""))
    except ValueError:
        return done(request, _("出荷日を入れてください"), tone="stop")
    package = Package(carrier=carrier, number=number, shipped_on=day)
    replace = request.POST.get("replace") == "1"
    outcome = act("enter_result")(parcel.pk, packages=[package], by=visit.by, now=visit.now, replace=replace)
    words = _("出荷を記録しました。出荷メールとモールへの報告が始まります。")
    if number_looks_wrong(carrier, number):
        words = _(
            "出荷を記録しました。送り状番号の桁や検査数字が、この運送会社のものと違うようです。番号を確かめてください。"
        )
    return told(request, outcome, words)


def _parcel(order: Order, named: str) -> Parcel:
    """Return the order's parcel that is named, else its first that has not left."""
    ids = OrderLine.objects.filter(order=order, closed_at__isnull=True).values("parcel_id")
    parcels = Parcel.objects.filter(pk__in=ids)
    if named:
        try:
            found: Parcel = get_object_or_404(parcels, pk=decode(named))
            return found
        except NotAnId:
            pass
    waiting = parcels.exclude(state__in=[ParcelState.SHIPPED, ParcelState.RETURNED]).order_by("position", "pk").first()
    return waiting or get_object_or_404(parcels.order_by("position", "pk")[:1])
