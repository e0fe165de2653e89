"""Our products, and 商品マッピング: pointing mall items at them. A mapping answers with what it set free."""

from __future__ import annotations

import json
import time
import unicodedata
from datetime import datetime
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.form_parts import attempt, form_page, read_seen, refused
from hub.ids import NotAnId, decode, encode
from hub.stages import kick
from hub.web import PageRequest, page, referrer, toast
from orders.forms.settings import PRODUCT_COLUMNS, ProductForm, product_columns
from orders.models import Listing, Product, Shop, Warehouse
from orders.models.statuses import OPEN_PHASES
from orders.operations import settings as operations
from orders.operations.products import Mapped, map_listing
from orders.operations.shops import raise_rule_set
from orders.queries.goods import Freed, freed, listings, products, suggestions, units_sold, unmapped_count
from orders.system_tasks import said_by_name
from orders.views.mapping import Refusal, tell

ROWS = 50
ANSWER_SECONDS = 4.0
"""A mapping answers within five seconds; what is not judged by then is judged by the stage."""
RESULT = "mapping_result"


def _tabs(current: str) -> list[dict[str, Any]]:
    return [
        {
            "words": _("商品"),
            "url": reverse("orders:products"),
            "current": current == "products",
            "count": "",
            "tone": "",
        },
        {
            "words": _("商品マッピング"),
            "url": reverse("orders:listings"),
            "current": current == "listings",
            "count": unmapped_count() or "",
            "tone": "wait",
        },
    ]


def _paged(request: HttpRequest, rows: Any, *, here: str = "") -> tuple[list[Any], dict[str, Any]]:
    """Return the rows of the page asked for, and where it leads; `here`: the list's address where this is not it."""
    paginator = Paginator(rows, ROWS)
    shown = paginator.get_page(request.GET.get("page"))

    def url(number: int) -> str:
        return f"{here}?" + urlencode(
            {**{key: value for key, value in request.GET.items() if key != "page"}, "page": number}
        )

    return list(shown.object_list), {
        "first": shown.start_index(), "last": shown.end_index(), "total": paginator.count,
        "previous_url": url(shown.previous_page_number()) if shown.has_previous() else "",
        "next_url": url(shown.next_page_number()) if shown.has_next() else "",
    }  # fmt: skip


# Products.


@page("orders.see", methods=("GET",))
def product_list(request: PageRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:100]
    rows, shown = _paged(request, products(text))
    units = units_sold([row.pk for row in rows], now=request.hub.now)
    found = [
        {
            "pk": row.pk,
            "sku": row.sku,
            "name": row.name,
            "warehouse_name": row.warehouse.name if row.warehouse else "",
            "listings": row.items,
            "units_30d": units.get(row.pk, 0),
            "retired": row.retired_at is not None,
        }
        for row in rows
    ]
    return render(request, "orders/products.html", {"tabs": _tabs("products"), "q": text, "rows": found, "page": shown})


@page("products.edit")
def product_new(request: PageRequest) -> HttpResponse:
    visit = request.hub
    form = ProductForm(
        request.POST if request.method == "POST" else None, initial={"sku": request.GET.get("sku", "")[:100]}
    )

    def act() -> None:
        values = dict(form.cleaned_data)
        warehouse = Warehouse.objects.get(pk=values["warehouse"]) if values["warehouse"] else None
        operations.create_product(by=visit.by, now=visit.now, **{**values, "warehouse": warehouse})

    if form.is_valid() and attempt(form, act):
        toast(request, _("商品 %(sku)s を登録しました。") % {"sku": form.cleaned_data["sku"]})
        return redirect("orders:products")
    return form_page(request, form, title=_("商品を登録"), back_url=reverse("orders:products"), back_words=_("商品"))


@page("products.edit")
def product_edit(request: PageRequest, pk: int) -> HttpResponse:
    visit, product = request.hub, get_object_or_404(Product, pk=pk)
    form = ProductForm(request.POST if request.method == "POST" else None, initial=product_columns(product))

    def act() -> None:
        values = {name: form.cleaned_data[name] for name in PRODUCT_COLUMNS}
        values["warehouse_id"] = form.cleaned_data["warehouse"]
        operations.change_product(product, values=values, by=visit.by, now=visit.now, seen=read_seen(request.POST))

    if form.is_valid() and attempt(form, act):
        toast(request, _("保存しました。"))
        return redirect("orders:products")
    retired = product.retired_at is not None
    danger = {
        "words": _("もう一度使う") if retired else _("廃番にする"), "url": reverse("orders:product_retire", args=[pk]),
        "note": _("廃番です。") if retired else _("モールの商品が結び付いている間は、廃番にできません。"),
    }  # fmt: skip
    return form_page(
        request, form, title=str(product), back_url=reverse("orders:products"), back_words=_("商品"), row=product,
        seen=(*PRODUCT_COLUMNS, "warehouse_id"), danger=danger,
    )  # fmt: skip


@page("products.edit", methods=("POST",))
def product_retire(request: PageRequest, pk: int) -> HttpResponse:
    """Take a product out of use, or bring it back."""
    visit, product = request.hub, get_object_or_404(Product, pk=pk)
    act = operations.restore_product if product.retired_at is not None else operations.retire_product
    if why := refused(lambda: act(product, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("orders:product_edit", pk)
    toast(
        request,
        _("%(sku)s を廃番にしました。") % {"sku": product.sku}
        if product.retired_at
        else _("%(sku)s を戻しました。") % {"sku": product.sku},
    )
    return redirect("orders:products")


# Mall items.


@page("orders.see", methods=("GET",))
def listing_list(request: PageRequest) -> HttpResponse:
    return _listings(request)


def _listings(request: PageRequest, *, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    everything, shop_id = request.GET.get("show") == "all", _shop_asked(request)
    rows, shown = _paged(request, listings(unmapped=not everything, shop_id=shop_id), here=reverse("orders:listings"))
    likely = suggestions(rows)
    found = [
        {
            "pk": row.pk, "shop": row.shop, "key": row.key, "name": row.name or row.key, "variation": row.variation, "waiting": row.waiting,
            "product": row.product, "sku": row.product.sku if row.product else "", "units": row.units, "error": "",
            "suggestions": [
                {"pk": one.pk, "sku": one.sku, "name": one.name, "why": _("コードが同じ") if one.same else _("名前が似ています")}
                for one in likely.get(row.pk, ())
            ],
        }
        for row in rows
    ]  # fmt: skip
    if refusal is not None:
        tell(request, refusal, found)
    context = {
        "tabs": _tabs("listings"), "chips": _chips(everything, shop_id), "result": _result(request), "rows": found, "page": shown,
        "asked": f"?{request.GET.urlencode()}" if request.GET else "", "products_url": reverse("orders:products"),
    }  # fmt: skip
    return render(request, "orders/listings.html", context, status=status)


def _shop_asked(request: HttpRequest) -> int | None:
    try:
        return decode(request.GET.get("shop", ""))
    except NotAnId:
        return None


def _chips(everything: bool, shop_id: int | None) -> list[dict[str, Any]]:
    here = reverse("orders:listings")
    found = [
        {"words": _("未マッピング"), "count": unmapped_count(), "url": here, "on": not everything and shop_id is None},
        {
            "words": _("すべて"),
            "count": Listing.objects.count(),
            "url": f"{here}?show=all",
            "on": everything and shop_id is None,
        },
    ]
    shops = list(Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk"))
    if len(shops) < 2:
        return found
    show = "&show=all" if everything else ""
    counted = Listing.objects.filter(**({} if everything else {"product__isnull": True}))
    return found + [
        {
            "words": shop.name,
            "count": counted.filter(shop=shop).count(),
            "url": f"{here}?shop={encode(shop.pk)}{show}",
            "on": shop_id == shop.pk,
        }
        for shop in shops[:12]
    ]


@page("products.edit", methods=("POST",), outside=True)
def listing_map(request: PageRequest, pk: int) -> HttpResponse:
    """Map in one transaction, judge the orders that waited for it in their own, then say what it set free."""
    visit = request.hub
    started, asked_elsewhere = time.monotonic(), bool(request.POST.get("next"))
    outcome: list[Mapped] = []
    with visit.transaction():
        listing = get_object_or_404(Listing.objects.select_related("shop"), pk=pk)
        product, units, why = _asked(request)
        if not why:
            why = refused(
                lambda: outcome.append(map_listing(listing, product=product, units=units, by=visit.by, now=visit.now))
            )
        if why and asked_elsewhere:
            Refusal.of(request, pk, why).keep(request)
            return redirect(referrer(request))
        if why:
            return _listings(request, refusal=Refusal.of(request, pk, why), status=422)
        raise_rule_set(now=visit.now, shop_id=listing.shop_id)
    mapped = outcome[0]
    engine = import_module(settings.STAGES["judge"].module)
    whole = engine.judge_orders(visit.tenant.pk, mapped.looked_at, until=started + ANSWER_SECONDS)
    with visit.transaction():
        kick("judge", visit.tenant.pk)
        found = freed(mapped.looked_at, now=visit.now)
        if not asked_elsewhere:
            request.session[RESULT] = _kept(listing, product, found, now=visit.now, whole=whole)
    if asked_elsewhere:
        told = _("結び付けました。待っていた受注 %(n)s件を見直し、%(moved)s件が先へ進みました。")
        toast(request, told % {"n": found.looked_at, "moved": found.moved})
        return redirect(referrer(request))
    return redirect(f"{reverse('orders:listings')}{'?' if request.GET else ''}{request.GET.urlencode()}")


def _asked(request: HttpRequest) -> tuple[Product | None, int, str]:
    """Return the product and the units that were sent, or why they cannot be used. An empty SKU takes the mapping away."""
    sku = unicodedata.normalize("NFKC", request.POST.get("sku", "")).strip()
    try:
        units = int(request.POST.get("units", "1") or 1)
    except ValueError:
        units = 0
    if not 1 <= units <= 999:
        return None, 1, _("個数は1から999までにしてください。")
    if not sku:
        return None, units, ""
    product = (
        Product.objects.filter(sku=sku).first()
        or Product.objects.filter(sku=request.POST.get("sku", "").strip()).first()
    )
    if product is None:
        return None, units, _("SKU「%(sku)s」の商品はありません。先に商品を登録してください。") % {"sku": sku}
    return product, units, ""


def _kept(listing: Listing, product: Product | None, found: Freed, *, now: datetime, whole: bool) -> dict[str, Any]:
    item = _("%(item)s を %(sku)s に結び付けました。") if product else _("%(item)s の結び付きを外しました。")
    return {
        "item": item % {"item": listing.name or listing.key, "sku": product.sku if product else ""},
        "listing": listing.pk,
        "shop": listing.shop_id,
        "at": now.isoformat(),
        "looked_at": found.looked_at,
        "moved": found.moved,
        "held": found.held,
        "causes": [list(cause) for cause in found.causes],
        "whole": whole,
    }


def _result(request: HttpRequest) -> dict[str, Any] | None:
    """Return what the last mapping did, once."""
    kept: dict[str, Any] | None = request.session.pop(RESULT, None) if RESULT in request.session else None
    if kept is None:
        return None
    words = {"waiting": _("待機中"), "partly_mapped": _("一部が未マッピング"), "held": _("保留")}
    causes = [
        {"words": words.get(name) or said_by_name(name), "count": count, "url": _orders_url(kept, name, task_id)}
        for name, task_id, count in kept["causes"]
    ]
    rest = "" if kept["whole"] else _("（残りは引き続き見直しています）")
    return {**kept, "item": kept["item"] + rest, "causes": causes, "moved_url": _orders_url(kept, "moved")}


def _orders_url(kept: dict[str, Any], cause: str, task_id: int | None = None) -> str:
    """Return the list of the orders with the item that moved on, or that this cause of `freed` holds."""
    waited = {"field": "ready_at", "op": "lte", "value": kept["at"]}
    mapped = {"field": "unmapped", "op": "is", "value": "none"}
    held = {"field": "held", "op": "is", "value": True}
    tests: dict[str, list[dict[str, Any]]] = {
        "waiting": [{**waited, "op": "gt"}],
        "partly_mapped": [waited, {**mapped, "op": "is_not"}],
        "moved": [waited, mapped, {**held, "value": False}],
    }
    asked = tests.get(cause, [waited, mapped, held])
    if task_id:  # its name may be any word
        asked = [waited, mapped, held, {"field": "tasks", "op": "has", "value": [encode(task_id)]}]
    of_item = [
        {"field": "line_listing", "op": "is", "value": encode(kept["listing"])},
        {"field": "phase", "op": "in", "value": list(OPEN_PHASES)},
    ]
    condition = json.dumps({"all": [*of_item, *asked]}, separators=(",", ":"))
    return f"{reverse('orders:list')}?{urlencode({'shop': encode(kept['shop']), 'condition': condition})}"
