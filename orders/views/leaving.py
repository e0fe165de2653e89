"""The four ways out of an order, never one button: withdraw the parcel, let go here, cancel at the mall too, take out of the hub."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done, typed
from hub.problems import say
from hub.web import PageRequest, page
from orders.channels import CancelReason
from orders.models import Order, OrderLine, Parcel
from orders.operations import leaving
from orders.operations.leaving import BUSY
from orders.plugs import act
from orders.views.acts import order_to_change, told


@page("orders.cancel", methods=("POST",))
def give_up(request: PageRequest, pk: int) -> HttpResponse:
    """Do the way out that was chosen."""
    visit, order = request.hub, order_to_change(request, pk)
    reason = typed(request, "reason")
    match request.POST.get("verb", ""):
        case "withdraw":
            return _withdraw(request, order, reason, accept_fee=False)
        case "withdraw_fee":
            return _withdraw(request, order, reason, accept_fee=True)
        case "not_here":
            outcome = leaving.cancel_here([pk], by=visit.by, now=visit.now)
            return told(
                request, outcome, _("ここでは扱わないことにしました。モールには伝えていません。"), verb="order.let_go"
            )
        case "cancel_at_mall":
            why = request.POST.get("why", "") or CancelReason.CUSTOMER_CANCEL.value
            known = {one.value for one in CancelReason}
            outcome = leaving.cancel_at_mall(
                [pk], reason=CancelReason(why if why in known else CancelReason.SHOP_OTHER.value),
                restock=request.POST.get("restock") == "1",
                by=visit.by, now=visit.now,
            )  # fmt: skip
            return told(request, outcome, _("モールへキャンセルを申し込みました。モールの結果を待っています。"))
        case "delete":
            visit.need("orders.delete")
            outcome = leaving.delete([pk], by=visit.by, now=visit.now)
            words = _("%(number)s を取込から外しました") % {"number": order.number}
            return told(request, outcome, words, verb="order.deleted")
    return done(request, say("unknown_action", {"action": request.POST.get("verb", "") or "–"}), tone="stop")


def _withdraw(request: PageRequest, order: Order, reason: str, *, accept_fee: bool) -> HttpResponse:
    lines = OrderLine.objects.filter(order=order, closed_at__isnull=True)
    parcels = (
        Parcel.objects.filter(pk__in=lines.values("parcel_id"), state__in=BUSY)
        .exclude(state="cancel_asked")
        .order_by("pk")
    )
    asked = list(parcels.values_list("pk", flat=True))
    if not asked:
        return done(request, say("nothing_to_withdraw"), tone="stop", to=reverse("orders:detail", args=[order.pk]))
    for parcel_id in asked:
        act("ask_withdrawal")(parcel_id, accept_fee=accept_fee, reason=reason, by=request.hub.by, now=request.hub.now)
    return done(request, _("倉庫に取下げを頼みました。返事が届くと、ここに出ます。"))
