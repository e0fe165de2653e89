"""What a mall's names of payment and delivery methods mean to the hub (F176). Open orders that wait for it follow at once."""

from __future__ import annotations

from datetime import datetime

from hub.audit import Actor, note
from hub.models import AuditDetail
from hub.problems import Refusal
from orders.models import DeliveryName, Order, Parcel, PaymentName
from orders.models.orders import PaymentMethod, PaymentState
from orders.operations.door import MOST, Row, lock, write
from orders.operations.edits import FREE
from orders.operations.shops import raise_rule_set


class NameUnknown(Refusal):
    """The hub has no payment method of this code."""

    code = "unknown_method"
    status = 422


def set_payment_name(channel: str, name: str, *, method: str, by: Actor, now: datetime) -> int:
    """Say what a mall's name of a payment means; return how many open orders followed. Raises NameUnknown."""
    if method not in PaymentMethod.values or method == PaymentMethod.UNKNOWN:
        raise NameUnknown(field="method", method=method)
    PaymentName.objects.update_or_create(channel=channel, name=name, defaults={"method": method})
    note("payment_name.set", by=by, now=now, channel=channel, name=name, method=method)
    waiting = Order.objects.filter(shop__channel=channel, payment_name=name, is_open=True).exclude(
        payment_method=method
    )
    ids = sorted(waiting.values_list("pk", flat=True))
    for start in range(0, len(ids), MOST):
        orders = lock(ids[start : start + MOST], "payment_method", "payment_state", "revision", "ready_at")
        rows = [
            Row(
                order_id=order.pk,
                before={"payment_method": order.payment_method, "payment_state": order.payment_state},
                after={"payment_method": method, "payment_state": _state(order, method)},
            )
            for order in orders
        ]
        write(rows, verb="order.payment_named", by=by, now=now)
    raise_rule_set(now=now)
    return len(ids)


def _state(order: Order, method: str) -> str:
    """Cash on delivery is collected by the carrier; for all others the mall's word on the money stays."""
    if method == PaymentMethod.COD:
        return PaymentState.COLLECT.value
    return PaymentState.OPEN.value if order.payment_state == PaymentState.COLLECT else order.payment_state


def set_delivery_name(channel: str, name: str, *, method: str, by: Actor, now: datetime) -> int:
    """Say what a mall's name of a delivery means; return how many open orders followed. What a person or a rule chose stays."""
    DeliveryName.objects.update_or_create(channel=channel, name=name, defaults={"method": method})
    note("delivery_name.set", by=by, now=now, channel=channel, name=name, method=method)
    waiting = Order.objects.filter(shop__channel=channel, delivery_name=name, is_open=True).exclude(
        delivery_method=method
    )
    ids = [
        pk
        for pk, edited in waiting.order_by("pk").values_list("pk", "edited_fields")
        if "delivery_method" not in edited
    ]
    followed = 0
    for start in range(0, len(ids), MOST):
        orders = lock(ids[start : start + MOST], "delivery_method", "revision", "ready_at")
        ruled = _chosen_by_rules([order.pk for order in orders if order.delivery_method])
        rows = [
            Row(order_id=order.pk, before={"delivery_method": order.delivery_method}, after={"delivery_method": method})
            for order in orders
            if order.pk not in ruled
        ]
        parcels = Parcel.objects.filter(order_id__among=[row.order_id for row in rows], state__in=FREE)
        parcels.exclude(edited_fields__has_key="delivery_method").update(delivery_method=method)
        write(rows, verb="order.delivery_named", by=by, now=now)
        followed += len(rows)
    raise_rule_set(now=now)
    return followed


def _chosen_by_rules(order_ids: list[int]) -> set[int]:
    """Return those of the orders whose delivery method a rule has set: it goes by the rule, not by the mall's name."""
    ruled = AuditDetail.objects.filter(
        entry__order_id__in=order_ids, entry__verb="order.ruled", after__has_key="delivery_method"
    )
    return set(ruled.values_list("entry__order_id", flat=True)) if order_ids else set()
