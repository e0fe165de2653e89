"""The flood gate (promise G21): mails that the orders do not explain, or that waited behind a stopped lane, wait for one click.

It is asked when a mail is queued and again when it is about to be sent. Mails by hand and mails a person let go pass.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Greatest

from hub.models import Effect, EffectState
from mailer.models import MailTemplate, Message
from mailer.occasions import OCCASIONS
from orders.models import Order

FLOOD = "flood"
WINDOW = timedelta(minutes=10)
MOST = 50
SHARE = 1.5
LAG = timedelta(hours=1)
"""A mail whose own order began this lately is explained by it, though the rules took longer than the window to come to it."""
STOPPED = timedelta(hours=2)
MOST_WAITING = 20


def is_flood(template: MailTemplate, shop_id: int, *, now: datetime, order_ids: Collection[int] = ()) -> bool:
    """Say whether the mails of this template and shop, with those about to be queued, exceed what the orders explain."""
    mails = Message.objects.filter(
        template=template, shop_id=shop_id, queued_at__gt=now - WINDOW, by_hand=False, released_at=None
    )
    count = mails.count() + len(order_ids)
    if count <= MOST:
        return False
    began = Order.objects.filter(shop_id=shop_id).annotate(taken_in=Greatest("taken_in_at", "ready_at"))
    mailed = Q(pk__in=list(order_ids)) | Q(pk__in=mails.values("order_id"))
    explained = began.filter(
        _began_since(template, now - WINDOW) | (_began_since(template, now - LAG) & mailed)
    ).count()
    return bool(count > SHARE * explained)


def _began_since(template: MailTemplate, since: datetime) -> Q:
    began = (Q((f"{time}__gt", since)) for time in OCCASIONS[template.occasion].began)
    return reduce(or_, began)


def was_stopped(account_id: int, *, now: datetime) -> bool:
    """Say whether this account's lane has sent nothing for two hours while more than twenty mails piled up."""
    if Message.objects.filter(account_id=account_id, sent_at__gt=now - STOPPED).exists():
        return False
    piled = _unsent(account_id=account_id).aggregate(oldest=Min("queued_at"), count=Count("pk"))
    return bool(piled["count"] > MOST_WAITING and piled["oldest"] <= now - STOPPED)


def shut(**chosen: int) -> int:
    """Hold the unsent mails of an account, or of a template and shop; return how many."""
    ids = _unsent(**chosen).values_list("effect_id", flat=True)
    return Effect.objects.filter(pk__in=list(ids), state__in=_OPEN, hold_reason="").update(hold_reason=FLOOD)


_OPEN = [EffectState.WAITING, EffectState.SENDING]


def _unsent(**chosen: int) -> QuerySet[Message]:
    waiting = Effect.objects.filter(kind="mail.send", state__in=_OPEN, hold_reason="").values("pk")
    return Message.objects.filter(**chosen, sent_at=None, by_hand=False, released_at=None, effect_id__in=waiting)
