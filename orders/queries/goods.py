"""What the pages of products and mall items show: orders that wait for a mapping, suggestions, and what a mapping set free."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from orders.models import Listing, Order, OrderLine, Product, TaskMark

SUGGESTED = 8
KNOWN = 3_000
"""Suggestions are sought among this many products."""


def listings(*, unmapped: bool, shop_id: int | None = None) -> QuerySet[Listing]:
    """Return mall items, those that hold most open orders first; `waiting` is their number."""
    lines = OrderLine.objects.filter(
        listing=OuterRef("pk"), product__isnull=True, closed_at__isnull=True, order__is_open=True
    )
    counted = lines.order_by().values("listing").annotate(n=Count("order", distinct=True)).values("n")
    rows = Listing.objects.filter(shop__retired_at__isnull=True).select_related("shop", "product")
    rows = rows.filter(product__isnull=True) if unmapped else rows
    rows = rows.filter(shop=shop_id) if shop_id else rows
    rows = rows.annotate(waiting=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
    return (
        rows.order_by(F("product").asc(nulls_first=True), "-waiting", "-pk")
        if not unmapped
        else rows.order_by("-waiting", "-pk")
    )


def unmapped_count() -> int:
    return Listing.objects.filter(product__isnull=True, shop__retired_at__isnull=True).count()


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A product that a mall item may mean. `same`: their codes are equal; else their names are alike."""

    pk: int
    sku: str
    name: str
    same: bool


def suggestions(rows: Sequence[Listing]) -> dict[int, list[Suggestion]]:
    """Return for each unmapped item the products it may mean, the likeliest first. One statement."""
    wanted = [row for row in rows if row.product_id is None]
    if not wanted:
        return {}
    products = list(
        Product.objects.filter(retired_at__isnull=True).order_by("-pk").values_list("pk", "sku", "name")[:KNOWN]
    )
    words = {pk: _words(name) for pk, _sku, name in products}
    return {row.pk: _likely(row, products, words) for row in wanted}


def _likely(row: Listing, products: Sequence[tuple[int, str, str]], words: Mapping[int, set[str]]) -> list[Suggestion]:
    own, codes = _words(f"{row.name} {row.variation}"), {_folded(row.key)}
    scored = []
    for pk, sku, name in products:
        same = _folded(sku) in codes
        score = (
            1_000
            if same
            else len(own & words[pk]) * 10 + (5 if _folded(sku) and _folded(sku) in _folded(row.name) else 0)
        )
        if score:
            scored.append((score, pk, Suggestion(pk=pk, sku=sku, name=name, same=same)))
    return [found for _score, _pk, found in sorted(scored, key=lambda one: (-one[0], one[1]))[:SUGGESTED]]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _words(text: str) -> set[str]:
    parts = re.split(r"[\s・、。/()【】「」\[\]※★☆×+|,:!?~〜-]+", _folded(text))
    return {part for part in parts if len(part) > 1}


@dataclass(frozen=True, kw_only=True)
class Freed:
    """What became of the orders that contain an item: how many were looked at, moved on and are still held, and by what."""

    looked_at: int
    moved: int
    held: int
    causes: tuple[tuple[str, int | None, int], ...]
    """(code or task name, task id, orders); each held order counts once."""


def freed(order_ids: Sequence[int], *, now: datetime) -> Freed:
    """Say where these orders stand after they were judged. Two statements."""
    rows = list(Order.objects.filter(pk__in=order_ids).values_list("pk", "held", "unmapped_lines", "ready_at"))
    marks = TaskMark.objects.filter(order_id__in=[pk for pk, *_rest in rows], closed_at__isnull=True, task__holds=True)
    first: dict[int, tuple[str, int]] = {}
    for order_id, task_id, name in marks.order_by("opened_at", "pk").values_list("order_id", "task_id", "task__name"):
        first.setdefault(order_id, (name, task_id))
    causes: Counter[tuple[str, int | None]] = Counter()
    for pk, is_held, unmapped, ready_at in rows:
        if ready_at > now:
            causes["waiting", None] += 1
        elif unmapped:
            causes["partly_mapped", None] += 1
        elif is_held:
            causes[first.get(pk, ("held", 0))] += 1
    held = sum(causes.values())
    listed = tuple((name, task_id, n) for (name, task_id), n in causes.most_common())
    return Freed(looked_at=len(rows), moved=len(rows) - held, held=held, causes=listed)


def products(text: str) -> QuerySet[Product]:
    """Return our products with their mall items, those in use first. Texts are found anywhere in SKU and name."""
    items = (
        Listing.objects.filter(product=OuterRef("pk")).order_by().values("product").annotate(n=Count("pk")).values("n")
    )
    rows = Product.objects.select_related("warehouse").annotate(
        items=Coalesce(Subquery(items, output_field=IntegerField()), 0)
    )
    if text:
        rows = rows.filter(Q(sku__mentions=text) | Q(name__mentions=text) | Q(barcode=text))
    return rows.order_by(F("retired_at").asc(nulls_first=True), "sku", "pk")


def units_sold(product_ids: Sequence[int], *, now: datetime) -> dict[int, int]:
    """Return how many pieces of each product were shipped in the last 30 days. One statement."""
    lines = OrderLine.objects.filter(
        product__in=product_ids, closed_at__isnull=True, parcel__shipped_on__gt=(now - timedelta(days=30)).date()
    )
    return dict(lines.order_by().values("product_id").annotate(n=Sum("ship_units")).values_list("product_id", "n"))
