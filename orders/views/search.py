"""The one search box: orders by number, name, phone or tracking number, and products and shops beside them."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import pgettext

from hub.access import note_read
from hub.clock import JAPAN
from hub.web import PageRequest, page
from orders.models import Product, Shop
from orders.queries import Filter, count_orders, page_of_orders
from orders.search import look_up
from orders.views import pasted
from orders.views.listing import shown

SHOWN = 50
SHOWN_WORDS = 100
OTHERS = 5


@page("orders.see", methods=("GET",))
def search(request: PageRequest) -> HttpResponse:
    """Find a text everywhere; a single hit is opened at once, where nothing else is to be told."""
    visit = request.hub
    said = pasted.name_of(request.GET.get("q", ""), visit)
    kept_words = pasted.text_of(said, visit)
    words = kept_words or ""
    today = visit.now.astimezone(JAPAN).date()
    found = look_up(words)
    kept = Filter(found=found)
    result = page_of_orders(kept, today=today, size=SHOWN)
    total = count_orders(kept, today=today, limit=10_001)
    if not result.rows and found.how == "name":
        found = look_up(words, everywhere=True)
        kept = Filter(found=found)
        result, total = page_of_orders(kept, today=today, size=SHOWN), count_orders(kept, today=today, limit=10_001)
    others = _others(words) if words and len(words) <= SHOWN_WORDS and visit.may("settings.see") else []
    if total == 1 and not others and not (found.missing or found.left):
        return redirect("orders:detail", result.rows[0].pk)
    if visit.may("addresses.see"):
        note_read("search", by=visit.by, asked={"q": words}, count=len(result.rows), now=visit.now)
    names = dict(Shop.objects.values_list("pk", "next_day_name"))
    context = {
        "search_words": words if len(words) <= SHOWN_WORDS else f"{words[:SHOWN_WORDS]}…",
        "search_text": words,
        "orders": shown(result.rows, now=visit.now, next_day_names=names, open_names=visit.may("addresses.see")),
        "orders_total": total,
        "orders_url": f"{reverse('orders:list')}?{urlencode({'q': said})}" if total else "",
        "too_many": found.how == "too_many",
        "found": found,
        "gone": kept_words is None,
        "others": others,
    }
    return render(request, "orders/search.html", context)


def _others(words: str) -> list[SimpleNamespace]:
    products = Product.objects.filter(Q(sku__begins=words) | Q(name__mentions=words)).order_by("sku")[:OTHERS]
    shops = Shop.objects.filter(name__mentions=words, retired_at__isnull=True).order_by("position", "pk")[:OTHERS]
    return [
        *(
            SimpleNamespace(words=p.name, under=p.sku, url=reverse("orders:product_edit", args=[p.pk]), icon="products")
            for p in products
        ),
        *(
            SimpleNamespace(
                words=s.name, under=pgettext("one", "ショップ"), url=reverse("orders:shop", args=[s.pk]), icon="shop"
            )
            for s in shops
        ),
    ]
