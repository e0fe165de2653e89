"""What warehouses add to 要確認エラー: results that are overdue, and results that fit nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.clock import JAPAN
from hub.problems import say
from hub.troubles import Act, Source, Trouble
from orders.models import Warehouse
from warehouses.adapters import WarehouseAbility, adapter_class
from warehouses.models import RequestAnswer, ResultIssue, WarehouseRequest


def overdue(now: datetime) -> QuerySet[WarehouseRequest]:
    """Return live requests whose result should have come: past the hour of their ship day at which the warehouse tells it."""
    local = now.astimezone(JAPAN)
    telling = [kind for kind in settings.WAREHOUSES if WarehouseAbility.RESULTS in adapter_class(kind).abilities]
    houses = Warehouse.objects.filter(kind__in=telling).values_list("pk", "result_due_hour")
    due = [
        Q(warehouse=pk, ship_on__lte=local.date() if local.hour >= hour else local.date() - timedelta(days=1)) for pk, hour in houses
    ]  # fmt: skip
    open_ones = WarehouseRequest.objects.filter(
        ended_at__isnull=True, answer__in=[RequestAnswer.OPEN, RequestAnswer.ACCEPTED]
    )
    return open_ones.filter(reduce(or_, due)) if due else open_ones.none()


def _missing_count(now: datetime) -> int:
    return overdue(now).count()


def _missing(now: datetime, limit: int) -> list[Trouble]:
    rows = overdue(now).select_related("warehouse", "parcel").order_by("ship_on", "pk")[:limit]
    return [
        Trouble(
            title=_("出荷実績が届いていません"),
            cause=_("%(warehouse)s へ依頼番号 %(reference)s で依頼しました。倉庫に確かめてください。") % {
                "warehouse": row.warehouse.name, "reference": row.reference},
            since=row.asked_at, url=reverse("orders:detail", args=[row.parcel.order_id]), icon="hourglass", tone="wait",
            order_id=row.parcel.order_id, acts=_missing_acts(row),
        )
        for row in rows
    ]  # fmt: skip


def _missing_acts(row: WarehouseRequest) -> list[Act]:
    """Return what may be done about an overdue result: the warehouse is asked, or gives the parcel back."""
    page = reverse("orders:detail", args=[row.parcel.order_id])
    return [
        Act(words=_("倉庫に聞く"), url=reverse("warehouses:ask", args=[row.pk]), primary=True),
        Act(words=_("取り下げる"), url=f"{page}#verbs", method="get", right="orders.cancel",
            about=_("倉庫に止めてもらいます。もう出荷していたら、そう知らせます。")),
    ]  # fmt: skip


def _odd_count(now: datetime) -> int:
    return ResultIssue.objects.filter(solved_at__isnull=True).count()


def _odd(now: datetime, limit: int) -> list[Trouble]:
    rows = (
        ResultIssue.objects.filter(solved_at__isnull=True)
        .select_related("warehouse")
        .order_by("found_at", "pk")[:limit]
    )
    orders = dict(
        WarehouseRequest.objects.filter(reference__in=[row.reference for row in rows]).values_list(
            "reference", "parcel__order_id"
        )
    )
    return [
        Trouble(
            title=_("%(warehouse)s の実績 %(reference)s を記録できません") % {"warehouse": row.warehouse.name, "reference": row.reference},
            cause=say(row.reason, row.params), since=row.found_at, icon="warehouse", tone="wait", order_id=orders.get(row.reference),
            url=reverse("orders:detail", args=[orders[row.reference]]) if row.reference in orders else reverse("warehouses:list"),
            acts=_odd_acts(row, orders.get(row.reference)),
        )
        for row in rows
    ]  # fmt: skip


def _odd_acts(row: ResultIssue, order_id: int | None) -> list[Act]:
    """Return what may be done about a result that was not booked: enter it by hand, or know it to be settled."""
    known = Act(
        words=_("確認済みにする"), url=reverse("warehouses:settle", args=[row.pk]), primary=order_id is None,
        about=_("この実績は記録しません。倉庫と話がついたとき、または手で入れたあとに。同じ実績がまた届けば、また並びます。"),
    )  # fmt: skip
    if order_id is None:
        return [known]
    url = f"{reverse('orders:detail', args=[order_id])}#tracking"
    return [Act(words=_("送り状番号を入れる"), url=url, method="get", right="orders.ship", primary=True), known]


SOURCES = [
    Source(key="missing", words=gettext_lazy("届かない実績"), count=_missing_count, rows=_missing),
    Source(key="odd", words=gettext_lazy("合わない実績"), count=_odd_count, rows=_odd),
]
