"""What taking a request back would cost now: the stage a parcel is in, and the fees of its warehouse's contract."""

from __future__ import annotations

from django.utils.translation import gettext as _

from orders.models import Parcel
from orders.models.orders import ParcelState

WITHDRAWAL, FETCH_BACK = "withdrawal_yen", "fetch_back_yen"
"""Where a warehouse's settings keep its fees: for stopping work that has begun, and for bringing back what has left."""


def cost_words(parcel: Parcel) -> str:
    """Return the chance and the cost of a withdrawal at this stage, or nothing where no warehouse has the parcel."""
    fees = parcel.warehouse.settings if parcel.warehouse else {}
    match parcel.state:
        case ParcelState.REQUESTED | ParcelState.ACCEPTED:
            return _("作業の前です。いまなら無料で取り下げられます。")
        case ParcelState.WORKING if (yen := fees.get(WITHDRAWAL)) is not None:
            return _("作業中です。取下げ料金 %(yen)s円がかかり、間に合わないこともあります。") % {"yen": f"{yen:,}"}
        case ParcelState.WORKING:
            return _("作業中です。料金がかかることがあり、間に合わないこともあります。")
        case ParcelState.SHIPPED if (yen := fees.get(FETCH_BACK)) is not None:
            return _("出荷したので取り下げられません。取戻しには手数料 %(yen)s円がかかります。") % {"yen": f"{yen:,}"}
    return ""
