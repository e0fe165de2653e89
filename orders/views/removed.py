"""取込から外した受注: what people took out, and the one click that brings it back."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from django.http import HttpResponse
from django.shortcuts import render

from hub.clock import JAPAN
from hub.models import Member
from hub.web import PageRequest, page
from orders.models import Order
from orders.operations.leaving import BACK_WITHIN
from orders.queries import Filter, count_orders, page_of_orders
from orders.queries.pages import BadCursor
from orders.views.narrowing import SIZE
from orders.views.words import masked_name


@page("orders.see", methods=("GET",))
def removed(request: PageRequest) -> HttpResponse:
    """List the orders that were taken out, the newest first."""
    visit = request.hub
    today = visit.now.astimezone(JAPAN).date()
    kept = Filter(deleted=True)
    try:
        found = page_of_orders(kept, today=today, cursor=request.GET.get("cursor", ""), size=SIZE)
    except BadCursor:
        found = page_of_orders(kept, today=today, size=SIZE)
    who = _who([row.pk for row in found.rows])
    may = visit.may("orders.delete")
    rows = [
        SimpleNamespace(
            pk=row.pk, number=row.number, shop=row.shop, placed_at=row.placed_at, total_yen=row.total_yen, deleted_at=row.deleted_at,
            buyer_name=row.buyer_name if visit.may("addresses.see") else masked_name(row.buyer_name), deleted_by=who.get(row.pk, ""),
            may_take_back=may and row.deleted_at is not None and row.deleted_at >= visit.now - BACK_WITHIN,
        )
        for row in found.rows
    ]  # fmt: skip
    context = {"rows": rows, "page": _page(found.next, found.previous, len(rows), kept, today)}
    return render(request, "orders/removed.html", context)


def _who(ids: list[int]) -> dict[int, str]:
    deleted = dict(Order.objects.filter(pk__in=ids, deleted_by_id__isnull=False).values_list("pk", "deleted_by_id"))
    names = {m.pk: str(m.user) for m in Member.objects.filter(pk__in=deleted.values()).select_related("user")}
    return {pk: names.get(member, "") for pk, member in deleted.items()}


def _page(following: str | None, before: str | None, rows: int, kept: Filter, today: date) -> SimpleNamespace:
    total = count_orders(kept, today=today, limit=10_001)
    return SimpleNamespace(
        first=1 if rows else 0, last=rows, total=total if before is None else None, previous_url=f"?cursor={before}" if before else "",
        next_url=f"?cursor={following}" if following else "",
    )  # fmt: skip
