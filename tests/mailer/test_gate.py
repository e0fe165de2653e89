"""The flood gate: silent while orders explain the mails, one click otherwise."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from hub.audit import Actor
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer import gate, queries
from mailer.models import MailTemplate, Message
from mailer.operations import drop_flood, queue_message, release_flood
from mailer.presets import ORDERED, SHIPPED, THANKS
from orders.models import Order, Shop, Status
from simulators.mail import MailSink
from tests.conftest import NOW
from tests.mailer.conftest import make_order

Templates = dict[str, MailTemplate]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def make_orders(shop: Shop, n: int, *, began: datetime, prefix: str) -> list[int]:
    """Many bare orders that were taken in at one moment."""
    status = Status.objects.get(default_for="intake")
    rows = Order.objects.bulk_create(
        [
            Order(shop=shop, number=f"{prefix}-{i}", status=status, status_at=began, placed_at=began - 30 * MINUTE, ready_at=began,
                  taken_in_at=began - 29 * MINUTE, changed_at=began, ours=True, buyer_email=f"b{i}@example.jp")
            for i in range(n)
        ]
    )  # fmt: skip
    return [row.pk for row in rows]


def queue(ids: list[int], template: MailTemplate, by: Actor, now: datetime, **extra: bool) -> None:
    for start in range(0, len(ids), 250):
        queue_message(
            ids[start : start + 250], template=template, occasion=template.occasion or "rule:1", by=by, now=now, **extra
        )


def holds(tenant: Tenant) -> dict[str, int]:
    with tenant_transaction(tenant.pk):
        reasons = list(Effect.objects.filter(kind="mail.send", state="waiting").values_list("hold_reason", flat=True))
    return {reason: reasons.count(reason) for reason in set(reasons)}


@pytest.mark.slow
def test_three_thousand_new_orders_in_ten_minutes_need_no_click(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None]
) -> None:
    """300 a minute. The first minute's mails leave at once; behind the last minute's 2,700 wait, and the next turn sends on.

    All 3,000 leave in the same way; sending them takes a minute or more of a test's time.
    """
    for minute in range(10):
        at = NOW + minute * MINUTE
        with tenant_transaction(tenant.pk):
            queue(make_orders(shop, 300, began=at, prefix=f"m{minute}"), templates[THANKS], by, at)
        if minute == 0:
            deliver_mail(at)
            assert len(sink.ledger.lines("mail")) == 300

    assert holds(tenant) == {"": 2_700}
    deliver_mail(NOW + 9 * MINUTE, seconds=1.0)

    sent = len(sink.ledger.lines("mail"))
    assert sent > 300
    assert holds(tenant) == {"": 3_000 - sent}
    with tenant_transaction(tenant.pk):
        assert not gate.is_flood(templates[THANKS], shop.pk, now=NOW + 12 * MINUTE)
        message = Message.objects.first()
        assert message is not None
        assert not gate.was_stopped(message.account_id, now=NOW + 15 * MINUTE)


def test_rules_that_lag_behind_a_burst_need_no_click(
    tenant: Tenant, shop: Shop, templates: Templates, by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        ids = make_orders(shop, 300, began=NOW, prefix="burst")
        queue(ids, templates[THANKS], by, NOW + 25 * MINUTE)

    assert holds(tenant) == {"": 300}


def test_one_order_every_three_hours_needs_no_click(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None]
) -> None:
    for n in range(5):
        at = NOW + n * 3 * HOUR
        with tenant_transaction(tenant.pk):
            queue([make_order(shop, now=at).pk], templates[THANKS], by, at)
        deliver_mail(at)

    assert len(sink.ledger.lines("mail")) == 5


def test_mails_to_old_orders_wait_for_one_click(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None]
) -> None:
    with tenant_transaction(tenant.pk):
        old = make_orders(shop, 60, began=NOW - 30 * HOUR, prefix="old")
        queue(old[:40], templates[ORDERED], by, NOW)
        assert holds_inside() == {"": 40}
        queue(old[40:], templates[ORDERED], by, NOW + MINUTE)
    deliver_mail(NOW + MINUTE)

    assert holds(tenant) == {"flood": 60}
    assert sink.ledger.lines("mail") == []

    with tenant_transaction(tenant.pk):
        [held] = queries.held_mails()
        released = release_flood(templates[ORDERED], shop, by=by, now=NOW + 2 * MINUTE)
    deliver_mail(NOW + 2 * MINUTE)

    assert (held.count, held.template_id, held.shop_id) == (60, templates[ORDERED].pk, shop.pk)
    assert released == 60
    assert len(sink.ledger.lines("mail")) == 60
    with tenant_transaction(tenant.pk):
        entry = AuditEntry.objects.get(verb="mail.released")
        assert entry.params["count"] == 60
        assert queries.held_mails() == []


def holds_inside() -> dict[str, int]:
    reasons = list(Effect.objects.filter(kind="mail.send", state="waiting").values_list("hold_reason", flat=True))
    return {reason: reasons.count(reason) for reason in set(reasons)}


def test_fifty_are_few_and_fifty_one_are_a_flood(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    with tenant_transaction(tenant.pk):
        old = make_orders(shop, 51, began=NOW - 30 * HOUR, prefix="old")
        assert not gate.is_flood(templates[THANKS], shop.pk, now=NOW, order_ids=old[:50])
        assert gate.is_flood(templates[THANKS], shop.pk, now=NOW, order_ids=old)


def test_mails_up_to_half_as_many_again_as_the_orders_pass(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    with tenant_transaction(tenant.pk):
        new = make_orders(shop, 60, began=NOW - MINUTE, prefix="new")
        old = make_orders(shop, 31, began=NOW - 30 * HOUR, prefix="old")
        assert not gate.is_flood(templates[THANKS], shop.pk, now=NOW, order_ids=[*new, *old[:30]])
        assert gate.is_flood(templates[THANKS], shop.pk, now=NOW, order_ids=[*new, *old])


@pytest.mark.parametrize(
    ("name", "explained_by_shipments", "explained_by_new_orders"),
    [(SHIPPED, True, False), (THANKS, False, True), (ORDERED, True, True)],
)
def test_each_mail_is_explained_by_what_it_tells_of(
    tenant: Tenant, shop: Shop, templates: Templates, name: str, explained_by_shipments: bool, explained_by_new_orders: bool
) -> None:  # fmt: skip
    """A shipped mail by shipments, a thanks mail by new orders, a rule's mail by either."""
    with tenant_transaction(tenant.pk):
        shipped = make_orders(shop, 60, began=NOW - 168 * HOUR, prefix="shipped")
        Order.objects.filter(pk__in=shipped).update(phase="shipped", shipped_at=NOW - MINUTE)
        assert gate.is_flood(templates[name], shop.pk, now=NOW, order_ids=shipped) is not explained_by_shipments

        Order.objects.filter(pk__in=shipped).update(shipped_at=NOW - 168 * HOUR)
        new = make_orders(shop, 60, began=NOW - MINUTE, prefix="new")
        assert gate.is_flood(templates[name], shop.pk, now=NOW, order_ids=new) is not explained_by_new_orders


def test_shipped_mails_up_to_half_as_many_again_as_the_shipments_pass(
    tenant: Tenant, shop: Shop, templates: Templates
) -> None:
    with tenant_transaction(tenant.pk):
        shipped = make_orders(shop, 60, began=NOW - 168 * HOUR, prefix="shipped")
        Order.objects.filter(pk__in=shipped).update(phase="shipped", shipped_at=NOW - MINUTE)
        others = make_orders(shop, 31, began=NOW - 168 * HOUR, prefix="other")
        assert not gate.is_flood(templates[SHIPPED], shop.pk, now=NOW, order_ids=[*shipped, *others[:30]])
        assert gate.is_flood(templates[SHIPPED], shop.pk, now=NOW, order_ids=[*shipped, *others])


def test_another_shop_explains_nothing(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    with tenant_transaction(tenant.pk):
        other: Shop = Shop.objects.create(name="二号店", channel="rakuten", mode="live")
        make_orders(other, 100, began=NOW - MINUTE, prefix="other")
        old = make_orders(shop, 60, began=NOW - 30 * HOUR, prefix="old")
        assert gate.is_flood(templates[THANKS], shop.pk, now=NOW, order_ids=old)


@pytest.mark.slow
def test_after_a_stop_of_six_hours_nothing_goes_before_the_click(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None]
) -> None:
    """500 thanks mails pile up over six hours while nothing leaves; some of their orders are cancelled meanwhile."""
    with tenant_transaction(tenant.pk):
        queue([make_order(shop).pk], templates[THANKS], by, NOW)
    deliver_mail(NOW)
    for n in range(10):
        at = NOW + n * 36 * MINUTE
        with tenant_transaction(tenant.pk):
            queue(make_orders(shop, 50, began=at, prefix=f"h{n}"), templates[THANKS], by, at)
    end = NOW + 6 * HOUR
    with tenant_transaction(tenant.pk):
        Order.objects.filter(number__in=["h0-0", "h0-1", "h5-0"]).update(phase="cancelled")
    deliver_mail(end)
    before_click = len(sink.ledger.lines("mail"))
    held = holds(tenant)
    with tenant_transaction(tenant.pk):
        release_flood(templates[THANKS], shop, by=by, now=end)
    deliver_mail(end)

    assert before_click == 1
    assert held == {"flood": 498}  # two were met cancelled before the gate shut; the third is when its turn comes
    assert len(sink.ledger.lines("mail")) == 1 + 497


@pytest.mark.parametrize(("minutes", "held"), [(119, 0), (120, 21), (180, 21)])
def test_twenty_one_are_worth_a_click_once_they_waited_two_hours(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None], minutes: int, held: int
) -> None:  # fmt: skip
    with tenant_transaction(tenant.pk):
        queue(make_orders(shop, 21, began=NOW, prefix="stopped"), templates[THANKS], by, NOW)
    deliver_mail(NOW + minutes * MINUTE)

    assert holds(tenant) == ({"flood": held} if held else {})
    assert len(sink.ledger.lines("mail")) == 21 - held


def test_twenty_that_waited_are_not_worth_a_click(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None]
) -> None:
    with tenant_transaction(tenant.pk):
        queue(make_orders(shop, 20, began=NOW, prefix="few"), templates[THANKS], by, NOW)
    deliver_mail(NOW + 3 * HOUR)

    assert len(sink.ledger.lines("mail")) == 20


def test_mail_after_a_shut_gate_is_not_held_with_the_others(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Callable[..., None]
) -> None:
    with tenant_transaction(tenant.pk):
        queue(make_orders(shop, 60, began=NOW - 30 * HOUR, prefix="old"), templates[THANKS], by, NOW)
        at = NOW + 11 * MINUTE
        queue([make_order(shop, now=at).pk], templates[THANKS], by, at)
    deliver_mail(at)

    assert holds(tenant) == {"flood": 60}
    assert len(sink.ledger.lines("mail")) == 1


def test_mails_by_hand_pass(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        queue(make_orders(shop, 80, began=NOW - 30 * HOUR, prefix="old"), templates[THANKS], by, NOW, manual=True)

    assert holds(tenant) == {"": 80}


def test_held_mails_can_be_given_up(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        queue(make_orders(shop, 60, began=NOW - 30 * HOUR, prefix="old"), templates[THANKS], by, NOW)
        dropped = drop_flood(templates[THANKS], shop, by=by, now=NOW)
        states = set(Effect.objects.filter(kind="mail.send").values_list("state", flat=True))

    assert dropped == 60
    assert states == {"dropped"}
