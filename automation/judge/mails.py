"""J4: each mail at most once per order, template and occasion; exactly once where its effect is done; none forgotten."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from automation.judge.findings import MAILS_TWICE, OTHER, Case, Looked
from hub.models import Effect, EffectState
from mailer.accounts import accounts_of
from mailer.models import Message
from orders.models import Order
from orders.models.shops import ShopMode

DECIDED_WITHIN = timedelta(minutes=15)
"""The rules come to an order within a tick; this leaves room for a mall that was away."""


def each_once(case: Case) -> Looked:
    looked = Looked()
    numbers = dict(Order.objects.values_list("number", "pk"))
    _decided(case, looked)
    if case.ledgers is None:
        return looked
    taken: Counter[tuple[str, str, str]] = Counter()
    for mail in case.ledgers.mails:
        if mail.order in numbers:
            taken[mail.order, mail.template, mail.occasion] += 1
    for (number, _template, occasion), count in sorted(taken.items()):
        looked.at += 1
        if count > 1:
            looked.find(MAILS_TWICE, f"{number}: the mail {occasion} went {count} times")
    _done(case, looked)
    return looked


def _done(case: Case, looked: Looked) -> None:
    """Every mail whose effect is done is in the ledger, and every mail in the ledger is one of ours."""
    assert case.ledgers is not None
    heard = {mail.message_id for mail in case.ledgers.mails}
    states = dict(Effect.objects.filter(kind="mail.send").values_list("pk", "state"))
    for message in Message.objects.select_related("order"):
        if states.get(message.effect_id) == EffectState.DONE and message.message_id not in heard:
            looked.find(
                OTHER, f"{message.order.number}: the mail {message.occasion} is said to be sent and never arrived"
            )


def _decided(case: Case, looked: Looked) -> None:
    """Orders that should have a mail have one, sent, on its way or on a screen: thanks after the wait, the notice after shipment."""
    had: dict[str, set[int]] = {
        occasion: set(Message.objects.filter(template__occasion=occasion).values_list("order_id", flat=True))
        for occasion in ("thanks", "shipped")
    }
    orders = list(
        Order.objects.filter(ours=True, deleted_at__isnull=True, shop__mode=ShopMode.LIVE).exclude(buyer_email="")
    )
    able = accounts_of({order.shop_id for order in orders})
    for order in orders:
        if order.shop_id not in able or order.mall_state in ("cancelled", "cancelling") or order.phase == "cancelled":
            continue
        looked.at += case.ledgers is None
        if order.ready_at < case.now - DECIDED_WITHIN and order.judged_revision and order.pk not in had["thanks"]:
            looked.find(OTHER, f"{order.number}: no thanks mail was decided")
        if (
            order.shipped_at is not None
            and order.shipped_at < case.now - DECIDED_WITHIN
            and order.pk not in had["shipped"]
        ):
            looked.find(OTHER, f"{order.number}: no shipping mail was decided")
