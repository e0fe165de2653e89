"""What rules would have done for an observed shop: the shop's page shows it before anyone goes live."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from automation.queries import would_do
from orders.models import Shop
from orders.queries.shops import Would, register_would


def would_request(shop: Shop, now: datetime) -> Would:
    return Would(what=_("出荷依頼"), count=would_do(shop, "want_shipment", now=now))


def would_mail(shop: Shop, now: datetime) -> Would:
    return Would(what=_("メール"), count=would_do(shop, "send_mail", now=now))


register_would(would_request)
register_would(would_mail)
