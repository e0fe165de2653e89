"""An order that the mall sent and the hub could not understand: what came, where it failed, and another try."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from hub import secrets
from hub.audit import note
from hub.problems import advise, say
from hub.tenancy import current_tenant
from hub.web import PageRequest, page, toast
from orders.models import RejectedPayload
from orders.troubles import read_again

SHOWN = 100_000
"""More of a payload is not shown; the whole stays stored."""


@page("addresses.see")
def rejected(request: PageRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(RejectedPayload.objects.select_related("shop"), pk=pk)
    if request.method == "POST":
        visit = request.hub
        visit.need("effects.act")
        read_again(row, now=visit.now)
        note("rejected.again", by=visit.by, now=visit.now, number=row.number, shop=row.shop_id)
        toast(request, _("%(number)s を、次の取込でもう一度読みます。") % {"number": row.number})
        return redirect("orders:rejected", pk)
    return render(request, "orders/rejected.html", {"rejected": _shown(row)})


def _shown(row: RejectedPayload) -> dict[str, Any]:
    values = {**row.params, "path": row.path}
    return {
        "pk": row.pk,
        "number": row.number,
        "shop": row.shop,
        "path": row.path,
        "tries": row.tries,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "reason_words": say(row.reason, values),
        "what_to_do": advise(row.reason, values) or _("モールの画面で注文を確かめ、もう一度読んでください。"),
        "body": _body(row),
        "solved_at": row.solved_at,
    }


def _body(row: RejectedPayload) -> str:
    """Return the payload, set out to be read; it was stripped of what must never be stored before it was kept."""
    if not bytes(row.body):
        return ""
    try:
        text = secrets.unseal_text(
            bytes(row.body), owner=f"{current_tenant()}|rejected|{row.shop_id}|{row.number}"
        ).decode(errors="replace")
    except secrets.Unreadable:
        return ""
    with suppress(ValueError):
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return text[:SHOWN]
