"""手動受注登録: an order from telephone, fax or shop floor entered on one page, or begun as a copy of another one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done
from hub.clock import JAPAN
from hub.ids import NotAnId, decode, encode
from hub.web import PageRequest, page
from orders.addresses import places_of
from orders.fields import OrderFacts
from orders.forms.entry import (
    MOST_LINES,
    MOST_PARCELS,
    BuyerForm,
    HeadForm,
    LineForm,
    ParcelForm,
    PersonForm,
    narrow,
)
from orders.manual import PERSON, NumberTaken, create_manual_order, tax_within
from orders.models import Order, OrderLine, Product, Shop, Warehouse
from orders.queries.facts import facts_of
from orders.queries.goods import products

RECIPIENT = ("name", "postal_code", "prefecture", "city", "street", "phone")
SHOWN_PRODUCTS = 20


@dataclass(frozen=True, kw_only=True)
class ParcelPart:
    """A parcel on the page: its forms, and its lines."""

    number: int
    parcel: ParcelForm
    person: PersonForm
    lines: list[LineForm]

    @property
    def same(self) -> bool:
        return bool(self.parcel["same"].value())


class Draft:
    """Everything typed so far. `data` is what was posted; without it the forms show `initial`."""

    def __init__(self, request: PageRequest, *, data: QueryDict | None, initial: Mapping[str, Any]) -> None:
        self.visit = request.hub
        self.today: date = self.visit.now.astimezone(JAPAN).date()
        shops = list(
            Shop.objects.filter(retired_at__isnull=True)
            .order_by("position", "pk")
            .only("pk", "tenant_id", "name", "warehouse_id", "harmless_remarks")
        )
        houses = list(
            Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk").only("pk", "tenant_id", "name")
        )
        self.head = HeadForm(data, prefix="o", shops=shops, initial=initial["head"])
        parcels = initial["parcels"]
        same = any(
            data.get(f"p{n}-same") if data is not None else parcel.get("same") for n, parcel in enumerate(parcels)
        )
        self.buyer = BuyerForm(data, prefix="b", needed=RECIPIENT if same else ("name",), initial=initial["buyer"])
        self.products = _products(initial)
        self.parcels = [self._part(n, data, parcel, houses) for n, parcel in enumerate(parcels)]

    def _part(self, n: int, data: QueryDict | None, parcel: Mapping[str, Any], houses: list[Warehouse]) -> ParcelPart:
        form = ParcelForm(data, prefix=f"p{n}", houses=houses, today=self.today, initial=dict(parcel))
        needed = () if form["same"].value() else RECIPIENT
        lines = [
            LineForm(data, prefix=f"p{n}-l{m}", products=self.products, initial=dict(line))
            for m, line in enumerate(parcel["lines"])
        ]
        person = PersonForm(data, prefix=f"p{n}-r", needed=needed, initial=parcel.get("person", {}))
        return ParcelPart(number=n + 1, parcel=form, person=person, lines=lines)

    def is_valid(self) -> bool:
        """Check every form, so that all faults are said at once. Lines left empty are let be, but not all of a parcel."""
        found = [self.head.is_valid(), self.buyer.is_valid()]
        for part in self.parcels:
            found += [part.parcel.is_valid(), part.same or part.person.is_valid()]
            typed = [line for line in part.lines if not line.is_empty()] or part.lines[:1]
            found += [line.is_valid() for line in typed]
        return all(found)

    def save(self, number: str) -> int:
        """Enter the order; return its id. Raises NumberTaken."""
        head, buyer = self.head.cleaned_data, self.buyer
        payment = {"method": head["payment"]}
        if head["paid"] and head["payment"] != "cod":
            payment["state"] = "settled"
        return create_manual_order(
            shop=head["shop"], number=head["number"] or number, payment=payment,
            buyer={**buyer.person(), "email": buyer.cleaned_data["email"]}, remarks=head["remarks"], memo=head["memo"],
            postage_yen=head["postage_yen"] or 0, fee_yen=head["fee_yen"] or 0, discount_yen=head["discount_yen"] or 0,
            parcels=[self._entered(part) for part in self.parcels], by=self.visit.by, now=self.visit.now,
        )  # fmt: skip

    def _entered(self, part: ParcelPart) -> dict[str, Any]:
        data = part.parcel.cleaned_data
        return {
            "recipient": self.buyer.person() if part.same else part.person.person(),
            "wish": {"date_on": data["wish_on"], "time": data["wish_time"]},
            **{name: data[name] for name in ("warehouse", "delivery_method", "noshi", "drop_off")},
            "lines": [line.line() for line in part.lines if not line.is_empty()],
        }

    def sums(self) -> SimpleNamespace:
        """Return what it comes to with what is typed so far; what is no number yet counts as nothing."""
        by_rate: dict[int, int] = {}
        for part in self.parcels:
            for line in part.lines:
                rate = _number(line["tax_rate"].value(), 10)
                amount = _number(line["unit_price_yen"].value()) * _number(line["quantity"].value(), 1)
                by_rate[rate] = by_rate.get(rate, 0) + amount
        postage, fee, discount = (
            _number(self.head[name].value()) for name in ("postage_yen", "fee_yen", "discount_yen")
        )
        goods = sum(by_rate.values())
        tax = tax_within(by_rate, extra_yen=postage + fee, discount_yen=discount)
        return SimpleNamespace(
            goods=goods, postage=postage, fee=fee, discount=discount, total=goods + postage + fee - discount,
            tax=[SimpleNamespace(rate=row["percent"], base_yen=row["base_yen"], tax_yen=row["tax_yen"]) for row in tax],
        )  # fmt: skip


def _number(value: Any, otherwise: int = 0) -> int:
    text = narrow(str(value if value is not None else "")).replace(",", "").removesuffix("円")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _products(initial: Mapping[str, Any]) -> dict[str, Product]:
    """Return the products whose SKU was typed on a line, by the SKU as it is compared."""
    return _named(str(line.get("item") or "") for parcel in initial["parcels"] for line in parcel["lines"])


def _named(items: Iterable[str]) -> dict[str, Product]:
    wanted = {narrow(item)[:200] for item in items} - {""}
    spelled = wanted | {item.upper() for item in wanted} | {item.lower() for item in wanted}
    return (
        {row.sku.casefold(): row for row in Product.objects.filter(retired_at__isnull=True, sku__in=spelled)}
        if wanted
        else {}
    )


# What is typed, as plain values.


BLANK: Mapping[str, Any] = {"head": {}, "buyer": {}, "parcels": [{"same": True, "lines": [{}]}]}


def typed(data: QueryDict) -> dict[str, Any]:
    """Return what was posted as plain values, each form's in a box of its own."""

    def box(prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: data.get(f"{prefix}-{name}", "")[:10_000].replace("\0", "") for name in names}

    parcels = []
    for n in range(min(_number(data.get("parcels"), 1), MOST_PARCELS) or 1):
        lines = [
            box(f"p{n}-l{m}", ("item", "quantity", "unit_price_yen", "tax_rate", "options"))
            for m in range(min(_number(data.get(f"p{n}-lines"), 1), MOST_LINES) or 1)
        ]
        own = box(f"p{n}", ("wish_on", "wish_time", "delivery_method", "warehouse", "noshi", "drop_off"))
        parcels.append({**own, "same": f"p{n}-same" in data, "person": box(f"p{n}-r", PERSON), "lines": lines})
    head = box("o", ("shop", "payment", "postage_yen", "fee_yen", "discount_yen", "remarks", "memo", "number"))
    return {"head": {**head, "paid": "o-paid" in data}, "buyer": box("b", (*PERSON, "email")), "parcels": parcels}


def changed(values: dict[str, Any], act: str) -> dict[str, Any]:
    """Add or take away a parcel or a line: `add_parcel`, `add_line:1`, `drop_parcel:1`, `drop_line:1:0`."""
    name, *places = act.split(":")
    parcels: list[dict[str, Any]] = values["parcels"]
    where = [int(place) for place in places if place.isdigit() and len(place) < 4]
    at = parcels[where[0]] if where and where[0] < len(parcels) else None
    if name == "add_parcel" and len(parcels) < MOST_PARCELS:
        parcels.append({"same": False, "person": {}, "lines": [{}]})
    elif name == "add_line" and at is not None and len(at["lines"]) < MOST_LINES:
        at["lines"].append({})
    elif name == "drop_parcel" and at is not None and len(parcels) > 1:
        parcels.remove(at)
    elif (
        name == "drop_line"
        and at is not None
        and len(where) == 2
        and where[1] < len(at["lines"])
        and len(at["lines"]) > 1
    ):
        del at["lines"][where[1]]
    return values


def copied(facts: OrderFacts) -> dict[str, Any]:
    """Return an order's values to begin another one with: all but its number, wishes that are past and what became of it."""
    order = facts.order
    buyer = {name: getattr(order, f"buyer_{name}") for name in (*PERSON, "email")}
    parcels = []
    for parcel in facts.parcels:
        person = {name: getattr(parcel, name) for name in PERSON}
        lines = [
            {"item": line.product.sku if line.product else line.name, "quantity": line.quantity, "unit_price_yen": _price(line),
             "tax_rate": line.tax_percent, "options": line.options}
            for line in facts.lines if line.parcel_id == parcel.pk and line.closed_at is None and line.quantity
        ]  # fmt: skip
        if lines:
            same = all(person[name] == buyer[name] for name in ("name", "postal_code", "city", "street"))
            own = {
                "wish_time": parcel.wish_time,
                "delivery_method": parcel.delivery_method,
                "noshi": parcel.noshi,
                "drop_off": parcel.drop_off,
            }
            house = encode(parcel.warehouse_id) if parcel.warehouse_id and parcel.warehouse_by_hand else ""
            parcels.append({**own, "warehouse": house, "same": same, "person": {} if same else person, "lines": lines})
    head = {
        "shop": encode(order.shop_id), "payment": order.payment_method if order.payment_method != "unknown" else "bank",
        "postage_yen": order.postage_yen, "fee_yen": order.fee_yen, "discount_yen": order.discount_yen,
    }  # fmt: skip
    return {"head": head, "buyer": buyer, "parcels": parcels or BLANK["parcels"]}


def _price(line: OrderLine) -> int | None:
    price: int | None = line.unit_price_incl_yen if line.unit_price_incl_yen is not None else line.unit_price_yen
    return price


# The pages.


@page("orders.edit")
def entry(request: PageRequest) -> HttpResponse:
    """Show the form; `do` adds or takes away rows, or works the sums out anew; without it the order is entered."""
    request.hub.need("addresses.see")
    if request.method != "POST":
        source = _source(request.GET.get("from", ""))
        initial = copied(source) if source else {**BLANK, "head": {"shop": encode(request.session.get("shop") or 0)}}
        return _show(request, Draft(request, data=None, initial=initial), source=source)
    values, act = typed(request.POST), request.POST.get("do", "")
    if act == "sums":
        return render(
            request, "orders/parts/entry_sums.html", {"sums": Draft(request, data=None, initial=values).sums()}
        )
    if act:
        return _show(request, Draft(request, data=None, initial=changed(values, act)))
    draft = Draft(request, data=request.POST, initial=values)
    if not draft.is_valid():
        return _show(request, draft, status=422)
    return _entered(request, draft)


def _entered(request: PageRequest, draft: Draft) -> HttpResponse:
    """Enter the order once, however often the form is sent: its number follows from the form."""
    key = (
        "".join(c for c in request.POST.get("key", "") if c in "0123456789abcdef")[:6].upper()
        or uuid.uuid4().hex[:6].upper()
    )
    number = f"M{request.hub.now.astimezone(JAPAN):%y%m%d}-{key}"
    try:
        pk = draft.save(number)
    except NumberTaken:
        taken = Order.objects.filter(
            shop=draft.head.cleaned_data["shop"], number=draft.head.cleaned_data["number"] or number
        ).first()
        if draft.head.cleaned_data["number"] or taken is None:
            draft.head.add_error("number", _("この番号の受注がもうあります。番号を変えるか、空けてください。"))
            return _show(request, draft, status=409)
        return done(request, _("この受注はもう登録してあります。"), to=reverse("orders:detail", args=[taken.pk]))
    made = Order.objects.values_list("number", flat=True).get(pk=pk)
    return done(
        request,
        _("%(number)s を登録しました。ほかの受注と同じルールで進みます。") % {"number": made},
        to=reverse("orders:detail", args=[pk]),
    )


def _source(named: str) -> OrderFacts | None:
    try:
        pk = decode(named) if named else 0
    except NotAnId:
        return None
    return facts_of([pk]).get(pk) if pk else None


def _show(request: PageRequest, draft: Draft, *, source: OrderFacts | None = None, status: int = 200) -> HttpResponse:
    if not draft.head.shops:
        done(
            request,
            _("先にショップをつないでください。手で登録する受注も、どれかのショップのものになります。"),
            tone="stop",
            to="/",
        )
        return redirect("orders:shops")
    context = {
        "draft": draft, "sums": draft.sums(), "key": request.POST.get("key") or uuid.uuid4().hex,
        "source": source.order if source else None, "back_url": request.session.get("orders_at") or reverse("orders:list"),
        "faulty": status == 422,
    }  # fmt: skip
    return render(request, "orders/entry.html", context, status=status)


def _typed_in(request: PageRequest, end: str) -> tuple[str, str]:
    """Return what was typed into the field whose name ends so, and how the ids of its form begin."""
    asked = request.POST if request.method == "POST" else request.GET
    name = next((name for name in asked if name.endswith(end)), "")
    return f"id_{name.removesuffix(end)}", asked.get(name, "").replace("\0", "")[:500]


@page("orders.edit", methods=("POST",))
def entry_products(request: PageRequest) -> HttpResponse:
    """Answer the search for a product with what may be chosen."""
    words = narrow(_typed_in(request, "-item")[1])[:100]
    shown = products(words).filter(retired_at__isnull=True)[:SHOWN_PRODUCTS] if words else []
    return render(request, "orders/parts/entry_products.html", {"products": shown})


@page("orders.edit", methods=("POST",))
def entry_item(request: PageRequest) -> HttpResponse:
    """Say what a line's item is, and what it last sold at. Posted, as the search above is: a name may be longer than an address."""
    prefix, item = _typed_in(request, "-item")
    product = next(iter(_named([item]).values()), None)
    last = (
        OrderLine.objects.filter(product=product, unit_price_yen__isnull=False).order_by("-pk").first()
        if product
        else None
    )
    fill = {f"{prefix}-unit_price_yen": _price(last), f"{prefix}-tax_rate": last.tax_percent} if last else {}
    context = {
        "item": item.strip(),
        "product": product,
        "price": _price(last) if last else None,
        "fill": json.dumps(fill) if fill else "",
    }
    return render(request, "orders/parts/entry_item.html", context)


@page("orders.edit", methods=("GET",))
def entry_place(request: PageRequest) -> HttpResponse:
    """Say which places a postal code names, to be filled in with one press."""
    prefix, code = _typed_in(request, "-postal_code")
    found = [
        {"words": f"{place.prefecture}{place.city}{place.street}",
         "fill": json.dumps({f"{prefix}-{part}": getattr(place, part) for part in ("prefecture", "city", "street")}, ensure_ascii=False)}
        for place in places_of(narrow(code))
    ]  # fmt: skip
    return render(request, "orders/parts/entry_places.html", {"code": code.strip(), "places": found})
