"""Editing where a parcel goes, in the side panel; a change by somebody else meanwhile is shown beside one's own."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import came_from, done
from hub.models import AuditEntry
from hub.problems import say
from hub.web import PageRequest, page
from orders.addresses import Proposal, suggest
from orders.fields.labels import PARCEL_STATES
from orders.forms.addresses import AddressForm
from orders.models import Order, Parcel
from orders.operations.edits import FREE, Conflict, edit_parcel
from orders.operations.erased import refuse_erased
from orders.views.acts import conflict, leave_alone, page_of, told

PLACE = ("postal_code", "prefecture", "city", "street")
PROPOSED = 4


@page("orders.edit")
def edit_address(request: PageRequest, pk: int) -> HttpResponse:
    """Show the form; a POST saves it if nobody changed the address since it was shown."""
    parcel = get_object_or_404(Parcel.objects, pk=pk)
    order = Order.objects.get(pk=parcel.order_id)
    refuse_erased(order)
    leave_alone(request, order.status_id)
    if request.method != "POST":
        return _form(
            request,
            order,
            parcel,
            AddressForm(initial={name: getattr(parcel, name) for name in AddressForm.base_fields}),
        )
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _form(request, order, parcel, form, status=422)
    revision = request.POST.get("revision", "")
    try:
        outcome = edit_parcel(
            pk,
            values=form.cleaned_data,
            by=request.hub.by,
            now=request.hub.now,
            seen_revision=int(revision) if revision.isdigit() else None,
        )
    except Conflict as meanwhile:
        if not (theirs := _differing(meanwhile)):
            outcome = edit_parcel(pk, values=form.cleaned_data, by=request.hub.by, now=request.hub.now)
        else:
            order.refresh_from_db()
            entry = AuditEntry.objects.filter(order_id=order.pk).order_by("-pk").first()
            assert entry is not None
            return conflict(
                request, order, entry, [_field(form, name, theirs[name]) for name in theirs], action_url=request.path
            )
    words = _("届け先を直しました") if outcome.changed else _("もうそうなっています")
    return done(request, words, to=_back(request, order))


@page("orders.edit", methods=("POST",))
def take_address(request: PageRequest, pk: int) -> HttpResponse:
    """Take a proposed address with one press: only one that the postal data proposes for the address as it stands now."""
    parcel = get_object_or_404(Parcel.objects.select_related("order"), pk=pk)
    leave_alone(request, parcel.order.status_id)
    chosen = {name: request.POST.get(name, "") for name in PLACE}
    if chosen not in [place_in(one) for one in suggest(*(getattr(parcel, name) for name in PLACE))]:
        return done(request, _("届け先がほかで変わりました。もう一度見てください。"), tone="stop")
    outcome = edit_parcel(pk, values=chosen, by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("届け先を直しました"))


def place_in(one: Proposal) -> dict[str, str]:
    """Return a proposal as the columns of a parcel; the code written as people do."""
    return {
        **{name: getattr(one, name) for name in PLACE},
        "postal_code": f"{one.postal_code[:3]}-{one.postal_code[3:]}",
    }


def proposals(parcel: Parcel) -> list[SimpleNamespace]:
    """Return what a doubtful address may have meant, each with what differs from it marked. `json` is what is sent to take it."""
    found = []
    for one in suggest(*(getattr(parcel, name) for name in PLACE), most=PROPOSED):
        values = place_in(one)
        parts = [
            SimpleNamespace(text=value, new=not _same(value, getattr(parcel, name))) for name, value in values.items()
        ]
        url = reverse("orders:take_address", args=[parcel.pk])
        found.append(SimpleNamespace(json=json.dumps(values, ensure_ascii=False), parts=parts, url=url))
    return found


def _same(one: str, other: str) -> bool:
    return one.replace("-", "") == other.replace("-", "")


def _back(request: PageRequest, order: Order) -> str:
    """Return where the form was opened from, else the order's page."""
    return came_from(request, page_of(order.pk)) if request.POST.get("next") else page_of(order.pk)


def _differing(meanwhile: Conflict) -> dict[str, Any]:
    """Return what stands now where it differs from what is wanted: what else moved on the order does not matter."""
    return {name: value for name, value in meanwhile.theirs.items() if value != meanwhile.yours[name]}


def _field(form: AddressForm, name: str, theirs: Any) -> SimpleNamespace:
    return SimpleNamespace(name=name, label=form.fields[name].label, mine=form.cleaned_data[name], theirs=theirs)


def _form(request: PageRequest, order: Order, parcel: Parcel, form: AddressForm, *, status: int = 200) -> HttpResponse:
    busy = parcel.state not in FREE
    context = {
        "parcel": parcel, "order": order, "form": form, "proposals": [] if busy or not parcel.address_doubt else proposals(parcel),
        "next": request.GET.get("next") or request.POST.get("next", ""),
        "refused": say("parcel_busy", {"state": PARCEL_STATES[parcel.state]}) if busy else "",
        "back_url": page_of(order.pk),
    }  # fmt: skip
    if not getattr(request, "htmx", False):
        whole = {
            "title": _("届け先を直す"),
            "lead": order.number,
            "back_words": order.number,
            "cancel_url": page_of(order.pk),
            **context,
        }
        return render(request, "orders/address_page.html", whole, status=status)
    return render(request, "orders/address_form.html", context, status=status)
