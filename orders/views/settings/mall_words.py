"""The malls' names of payment and delivery, and what they mean here (F176)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from hub.form_parts import refused
from hub.ids import encode
from hub.web import PageRequest, page, toast
from orders.fields.labels import DELIVERY_METHODS, PAYMENT_METHODS
from orders.models import DeliveryName, Order, PaymentName
from orders.operations import settings as operations

DELIVERIES = ("宅配便", "宅配便コンパクト", "メール便", "クール便（冷蔵）", "クール便（冷凍）", "店頭受取")
"""Ways of delivery on offer beside those in use already."""


@page("settings.see")
def mall_words(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        request.hub.need("settings.edit")
        return _save(request)
    return render(request, "orders/mall_words.html", {"groups": [_payments(), _deliveries()]})


def _payments() -> dict[str, Any]:
    methods = [{"value": key, "label": words} for key, words in PAYMENT_METHODS.items() if key != "unknown"]
    return {"title": _("支払方法"), "rows": _rows(PaymentName, "payment_name"), "methods": methods}


def _deliveries() -> dict[str, Any]:
    used = DeliveryName.objects.exclude(method="").order_by("method").values_list("method", flat=True).distinct()
    methods = [
        {"value": name, "label": DELIVERY_METHODS.get(name, name)} for name in dict.fromkeys([*DELIVERIES, *used])
    ]
    return {"title": _("配送方法"), "rows": _rows(DeliveryName, "delivery_name"), "methods": methods}


def _rows(model: type[PaymentName | DeliveryName], column: str) -> list[dict[str, Any]]:
    """Return the names, those without a meaning first, with the open orders that carry each."""
    held = Order.objects.filter(is_open=True).order_by().values("shop__channel", column).annotate(n=Count("pk"))
    waiting = {(row["shop__channel"], row[column]): row["n"] for row in held}
    rows = sorted(
        model.objects.all(), key=lambda row: (bool(row.method) and row.method != "unknown", row.channel, row.name)
    )
    return [
        {
            "pk": row.pk, "field_name": f"{column}-{encode(row.pk)}", "channel_label": _channel(row.channel), "name": row.name,
            "method": row.method, "waiting": 0 if row.method and row.method != "unknown" else waiting.get((row.channel, row.name), 0),
        }
        for row in rows
    ]  # fmt: skip


def _channel(key: str) -> str:
    plug = settings.CHANNELS.get(key)
    return _(plug.label) if plug else key


def _save(request: PageRequest) -> HttpResponse:
    """Write what differs; a meaning that was taken away is left, because orders were judged by it."""
    visit, moved, changed = request.hub, 0, 0
    for model, column in ((PaymentName, "payment_name"), (DeliveryName, "delivery_name")):
        for row in model.objects.order_by("pk"):
            method = request.POST.get(f"{column}-{encode(row.pk)}", "")
            if not method or method == row.method:
                continue
            act = operations.set_payment_name if model is PaymentName else operations.set_delivery_name
            counts: list[int] = []
            why = refused(lambda: counts.append(act(row.channel, row.name, method=method, by=visit.by, now=visit.now)))  # noqa: B023
            if why:
                toast(request, f"{row.name}: {why}", tone="stop")
                continue
            moved, changed = moved + counts[0], changed + 1
    if changed:
        toast(request, _("%(n)d個を決めました。%(orders)d件の受注を見直します。") % {"n": changed, "orders": moved})
    return redirect("orders:mall_words")
