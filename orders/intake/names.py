"""What a mall's names of payment and delivery mean to this tenant (F176). A delivery name that nobody knows is listed, not guessed."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from orders.channels import MallOrder
from orders.intake.reading import Known
from orders.models import DeliveryName, Shop


def in_our_words(shop: Shop, orders: Sequence[MallOrder], known: Known) -> list[MallOrder]:
    """Return the orders with the tenant's own methods for the mall's names; the mall's word stays where the tenant says nothing.

    Unknown delivery names become rows without a method: the settings page shows them, and their orders carry a task until named.
    """
    unknown = sorted({order.delivery_name for order in orders if order.delivery_name} - set(known.deliveries))
    if unknown:
        DeliveryName.objects.bulk_create(
            [DeliveryName(channel=shop.channel, name=name) for name in unknown], ignore_conflicts=True
        )
    return [_named(order, known.payments, known.deliveries) for order in orders]


def _named(order: MallOrder, payments: dict[str, str], deliveries: dict[str, str]) -> MallOrder:
    method = deliveries.get(order.delivery_name, "") or order.delivery_method
    payment = payments.get(order.payment_name, "") or order.payment_method
    if method == order.delivery_method and payment == order.payment_method:
        return order
    state = order.payment_state
    if payment != order.payment_method:
        state = "collect" if payment == "cod" else "open" if state == "collect" else state
    said = copy(order)  # a fifth of what replace() costs, which makes all fifty fields anew
    vars(said).update(delivery_method=method, payment_method=payment, payment_state=state)
    return said
