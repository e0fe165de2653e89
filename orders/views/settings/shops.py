"""Shops: the list, one shop, and its buttons. Connecting one is in `connect.py`, going live in `live.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.form_parts import refused
from hub.ids import encode
from hub.web import PageRequest, page, toast
from orders import coverage
from orders.fields.kinds import day_of, start_of
from orders.models import Shop
from orders.models.shops import ConfirmBy, ShopMode
from orders.operations import shops as operations
from orders.queries.shops import covered, shop_lines, would_confirm, would_have
from orders.queries.speed import time_to_request
from orders.views.settings import telling

SHOWN = timedelta(days=7)


def connected(pk: int) -> Shop:
    """Return a shop that is in use, or 404."""
    return get_object_or_404(Shop.objects.select_related("warehouse"), pk=pk, retired_at__isnull=True)


@page("settings.see", methods=("GET",))
def shops(request: PageRequest) -> HttpResponse:
    now = request.hub.now
    lines = shop_lines(now=now, until=telling.readable_until(now))
    context = {"shops": [telling.shop_row(line, now) for line in lines], "may_edit": request.hub.may("keys.edit")}
    return render(request, "orders/shops.html", context)


@page("settings.see", methods=("GET",))
def shop(request: PageRequest, pk: int) -> HttpResponse:
    row, now = connected(pk), request.hub.now
    until = telling.readable_until(now)
    gaps = coverage.gaps(row, until=until)
    since = min([now - SHOWN, *(gap.from_at for gap in gaps)])
    since = max(since, row.wanted_from) if row.wanted_from else since
    context = {
        "shop": telling.shop_facts(row, now),
        "test": telling.test_told(row.channel, row.test_result, row.tested_at),
        "coverage": telling.coverage_drawn(
            row, read=covered(row, since=since, until=now), gaps=gaps, since=since, until=now
        ),
        "would": _would(row, now) if row.mode == ShopMode.OBSERVE else [],
        "read_from": {
            "min_on": day_of(now - operations.OLDEST) + timedelta(days=1),
            "max_days": operations.OLDEST.days,
        },
        "unknown_fields": [{"name": name, "count": count} for name, count in sorted(row.unknown_fields.items())],
        "may_edit": request.hub.may("settings.edit"),
        "may_live": request.hub.may("shops.live"),
        "speed": time_to_request(row.pk),
        "polling_refused": telling.refusal_to_poll(row),
    }
    return render(request, "orders/shop.html", context)


def _would(row: Shop, now: datetime) -> list[dict[str, Any]]:
    """Return what an observed shop would have had confirmed, requested and mailed."""
    shown = f"{reverse('orders:list')}?shop={encode(row.pk)}"
    found = []
    if row.confirm_by == ConfirmBy.HUB:
        found.append({"words": _("注文確認"), "count": would_confirm(row, now=now), "url": shown})
    return found + [{"words": would.what, "count": would.count, "url": shown} for would in would_have(row, now=now)]


def _button(request: PageRequest, pk: int, act: Callable[[], Any], done: str) -> HttpResponse:
    """Do the act of a button on a shop's page and say how it went there."""
    if why := refused(act):
        toast(request, why, tone="stop")
    else:
        toast(request, done)
    return redirect("orders:shop", pk)


@page("settings.edit", methods=("POST",))
def shop_fetch(request: PageRequest, pk: int) -> HttpResponse:
    row, visit = connected(pk), request.hub
    if not row.polling:
        toast(request, _("取込が止まっています。始めると、すぐに読みます。"), tone="stop")
        return redirect("orders:shop", pk)
    return _button(
        request, pk, lambda: operations.fetch_now(row, by=visit.by, now=visit.now), _("いま取り込みに行きます。")
    )


@page("settings.edit", methods=("POST",))
def shop_polling(request: PageRequest, pk: int) -> HttpResponse:
    row, visit = connected(pk), request.hub
    if request.POST.get("on") == "1":
        return _button(
            request, pk, lambda: operations.start_intake(row, by=visit.by, now=visit.now), _("取込を始めました。")
        )
    said = _("取込を止めました。止めている間の注文は、始めたときに読みます。")
    return _button(request, pk, lambda: operations.stop_intake(row, by=visit.by, now=visit.now), said)


@page("settings.edit", methods=("POST",))
def shop_read_from(request: PageRequest, pk: int) -> HttpResponse:
    row, visit = connected(pk), request.hub
    try:
        since = start_of(date.fromisoformat(request.POST.get("from_on", "")))
    except ValueError:
        toast(request, _("日付を選んでください。"), tone="stop")
        return redirect("orders:shop", pk)
    if since > visit.now:
        toast(request, _("今日までの日付を選んでください。"), tone="stop")
        return redirect("orders:shop", pk)
    said = _("%(day)s から読み直します。すでにある受注は二重になりません。") % {"day": f"{since:%Y/%m/%d}"}
    return _button(request, pk, lambda: operations.read_again(row, since=since, by=visit.by, now=visit.now), said)


@page("settings.edit", methods=("POST",))
def shop_observe(request: PageRequest, pk: int) -> HttpResponse:
    row, visit = connected(pk), request.hub
    said = _("観察に戻しました。もう何も送りません。送信待ちのものは待ったままです。")
    return _button(request, pk, lambda: operations.observe(row, by=visit.by, now=visit.now), said)
