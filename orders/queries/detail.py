"""One order with everything around it: what its page and the API read, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from hub.models import AuditDetail, AuditEntry, Effect
from orders.fields import OrderFacts
from orders.models import Order, OrderSearch, Parcel
from orders.models.orders import ParcelState
from orders.queries.facts import facts_of
from orders.queries.rows import OrderRow, rows_of

SHOWN_ENTRIES = 200
SHOWN_EFFECTS = 50
SHOWN_OTHERS = 10
SHORTEST_PHONE = 9


class NoOrder(LookupError):
    """The tenant has no such order."""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """A line of the history: who did what, and the values before and after. A change of the order has its revision."""

    pk: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    actor_name: str
    verb: str
    params: Mapping[str, Any]
    revision: int | None
    batch_id: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class OrderDetail:
    """What is known of one order. `others` are the buyer's other orders, `bundle` those of them that could go in one parcel."""

    facts: OrderFacts
    effects: Sequence[Effect]
    history: Sequence[HistoryEntry]
    others: Sequence[OrderRow]
    bundle: Sequence[int]


def order_detail(order_id: int) -> OrderDetail:
    """Return everything of an order, deleted ones too. Raises NoOrder. Messages and requests come from the apps above."""
    facts = facts_of([order_id]).get(order_id)
    if facts is None or facts.order.scratch:
        raise NoOrder(order_id)
    others = rows_of(others_of_buyer(order_id))
    return OrderDetail(
        facts=facts,
        effects=list(Effect.objects.filter(order_id=order_id).order_by("-pk")[:SHOWN_EFFECTS]),
        history=history_of(order_id),
        others=others,
        bundle=_bundle_candidates(facts, [row.pk for row in others]),
    )


def history_of(order_id: int, *, limit: int = SHOWN_ENTRIES, before: int | None = None) -> list[HistoryEntry]:
    """Return the order's history, the newest first; `before` an entry's id for older ones. Two statements."""
    rows = AuditEntry.objects.filter(order_id=order_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    entries = list(rows.order_by("-pk").defer("xid", "digest")[:limit])
    details = {
        detail.entry_id: detail
        for detail in AuditDetail.objects.filter(entry_id__among=[entry.pk for entry in entries])
    }
    nothing = AuditDetail(before={}, after={})
    return [
        HistoryEntry(
            pk=entry.pk, at=entry.at, actor_kind=entry.actor_kind, actor_id=entry.actor_id, actor_name=entry.actor_name,
            verb=entry.verb, params=entry.params, revision=entry.revision, batch_id=entry.batch_id,
            before=details.get(entry.pk, nothing).before, after=details.get(entry.pk, nothing).after,
        )
        for entry in entries
    ]  # fmt: skip


def others_of_buyer(order_id: int) -> list[int]:
    """Return the ids of the buyer's other orders, found by the phone, the newest first."""
    phone = OrderSearch.objects.filter(order=order_id).values_list("phone_rev", flat=True).first() or ""
    if len(phone) < SHORTEST_PHONE:
        return []
    same = OrderSearch.objects.filter(phone_rev=phone).exclude(order=order_id).values("order")
    found = Order.objects.filter(pk__in=same, is_live=True).order_by("-placed_at", "-pk")
    return list(found.values_list("pk", flat=True)[:SHOWN_OTHERS])


def _bundle_candidates(facts: OrderFacts, other_ids: Sequence[int]) -> list[int]:
    """Return those of the other orders that have a parcel to the same place, not yet requested, as this one has."""
    draft = [parcel for parcel in facts.parcels if parcel.state == ParcelState.DRAFT]
    if not draft or not other_ids:
        return []
    places = Q(pk__in=[])
    for parcel in draft:
        places |= Q(name=parcel.name, postal_code=parcel.postal_code, city=parcel.city, street=parcel.street)
    same = Parcel.objects.filter(
        places, order__in=other_ids, order__is_open=True, state=ParcelState.DRAFT, closed_at__isnull=True
    )
    return sorted(set(same.values_list("order_id", flat=True)))
