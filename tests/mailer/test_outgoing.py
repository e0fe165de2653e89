"""Sending over real SMTP: every stage refused once, silence after the dot, nothing twice, and what is checked at the last moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.audit import Actor
from hub.effects import deliver
from hub.http import InTransaction
from hub.models import AuditEntry, Breaker, Effect, EffectTry, Tenant
from hub.tenancy import tenant_transaction
from mailer import accounts, outgoing
from mailer.models import MailAccount, MailTemplate, Message
from mailer.operations import queue_message, stop_template
from mailer.presets import SHIPPED, THANKS
from orders.models import Order, Shop, TaskMark
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.conftest import NOW
from tests.mailer.conftest import effect_of, make_order, ship

Templates = dict[str, MailTemplate]
Deliver = Callable[..., None]


@pytest.fixture
def queued(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> Callable[..., list[Order]]:
    """Queue a thanks mail for n fresh orders."""

    def run(n: int = 1, *, now: datetime = NOW, manual: bool = False, **values: Any) -> list[Order]:
        with tenant_transaction(tenant.pk):
            orders = [make_order(shop, now=now, **values) for _ in range(n)]
            queue_message(
                [o.pk for o in orders], template=templates[THANKS], occasion="thanks", by=by, now=now, manual=manual
            )
        return orders

    return run


def plan(sink: MailSink, **entry: object) -> None:
    sink.faults.replace({"seed": 1, "faults": [entry]})


def look_up(tenant: Tenant, order: Order) -> Effect:
    with tenant_transaction(tenant.pk):
        return effect_of(order)


def make_due(tenant: Tenant) -> None:
    """Let the back-off be over and the breaker be closed."""
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(state="waiting").update(due_at=NOW - timedelta(days=400))
        Breaker.objects.all().delete()


@pytest.mark.feature("F137", "F138")
def test_mail_arrives_once_with_what_was_frozen(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver
) -> None:
    [order] = queued()
    with tenant_transaction(tenant.pk):
        Order.objects.filter(pk=order.pk).update(buyer_name="別の人")
        message = Message.objects.get(order=order)
    deliver_mail()
    deliver_mail()

    [line] = sink.ledger.lines("mail")
    assert line["envelope"] == {"from": "shop@example.jp", "to": [order.buyer_email]}
    assert line["subject"] == message.subject
    assert line["text"] == message.body
    assert line["message_id"] == message.message_id
    assert line["hub"] == {
        "X-Hub-Order": order.number, "X-Hub-Template": str(message.template_id), "X-Hub-Occasion": "thanks",
    }  # fmt: skip
    effect = look_up(tenant, order)
    with tenant_transaction(tenant.pk):
        message.refresh_from_db()
        verbs = list(AuditEntry.objects.filter(order_id=order.pk).order_by("pk").values_list("verb", flat=True))
    assert effect.state == "done"
    assert message.sent_at == NOW
    assert verbs == ["mail.queued", "mail.sent"]


def test_many_mails_go_in_one_conversation(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver
) -> None:
    orders = queued(30)
    plan(sink, kind="refuse", function="connect", rate=0.0)
    deliver_mail()

    assert sorted(line["envelope"]["to"][0] for line in sink.ledger.lines("mail")) == sorted(
        o.buyer_email for o in orders
    )


@pytest.mark.parametrize(
    ("stage", "kind", "reason", "of_line"),
    [
        ("connect", "refuse", "try_later", True),
        ("connect", "disconnect", "no_connection", True),
        ("ehlo", "refuse", "try_later", True),
        ("auth", "refuse", "try_later", True),
        ("auth", "refuse_535", "login_refused", True),
        ("mail", "refuse", "try_later", True),
        ("mail", "refuse_553", "sender_refused", True),
        ("mail", "disconnect", "no_connection", True),
        ("rcpt", "refuse", "try_later", False),
        ("rcpt", "refuse_421", "try_later", True),
        ("data", "refuse", "try_later", True),
        ("dot", "refuse", "try_later", False),
    ],
)  # fmt: skip
def test_failure_before_the_mail_is_taken_is_certain_and_it_goes_later(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver,
    stage: str, kind: str, reason: str, of_line: bool,
) -> None:  # fmt: skip
    _log_in(tenant, sink)
    plan(sink, kind=kind, function=stage, count=2 if stage == "auth" else 1)  # a login is tried by PLAIN, then by LOGIN
    [order] = queued()
    deliver_mail()
    failed = look_up(tenant, order)
    with tenant_transaction(tenant.pk):
        tries = list(EffectTry.objects.filter(effect=failed).values_list("outcome", "answer"))
    before = list(sink.ledger.lines("mail"))
    make_due(tenant)
    deliver_mail()

    assert before == []
    assert failed.state == "waiting"
    assert tries[0][0] == "notdone"
    assert tries[0][1]["reason"] == reason
    assert failed.attempts == (0 if of_line else 1)
    assert look_up(tenant, order).state == "done"
    assert len(sink.ledger.lines("mail")) == 1


def _log_in(tenant: Tenant, sink: MailSink) -> None:
    sink.add_account(user="shop", password="geheim-1")
    with tenant_transaction(tenant.pk):
        account = MailAccount.objects.get()
        accounts.set_password(account, "geheim-1")
        MailAccount.objects.filter(pk=account.pk).update(user="shop", password=account.password)


@pytest.mark.parametrize(("stage", "kind"), [("rcpt", "refuse_550"), ("dot", "refuse_554"), ("dot", "refuse_552")])
def test_refusal_of_this_very_mail_is_shown_with_the_servers_words(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver, stage: str, kind: str
) -> None:
    bad, good = queued(2)
    plan(sink, kind=kind, function=stage, number=bad.buyer_email, count=1)
    if stage == "dot":
        plan(sink, kind=kind, function=stage, count=1)
    deliver_mail()
    refused = look_up(tenant, bad)
    with tenant_transaction(tenant.pk):
        marks = list(TaskMark.objects.filter(order=bad, closed_at=None).values_list("task__key", flat=True))

    assert refused.state == "stopped"
    assert refused.reason in ("recipient_refused", "mail_refused")
    assert kind.removeprefix("refuse_") in refused.reason_params["detail"]
    assert marks == ["mail_needed"]
    assert look_up(tenant, good).state == "done"
    assert len(sink.ledger.lines("mail")) == 1


@pytest.mark.parametrize(
    ("stage", "kind", "taken"),
    [("dot", "timeout_after", 1), ("dot", "timeout_before", 0), ("dot", "disconnect", 1), ("data", "disconnect", 0)],
)  # a line cut inside a short text looks the same from here: all of it, dot included, had been given to the system
def test_silence_after_the_dot_stops_the_mail_and_it_never_goes_by_itself(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver, settings: Any,
    stage: str, kind: str, taken: int,
) -> None:  # fmt: skip
    settings.CALL_SECONDS = 0.6
    plan(sink, kind=kind, function=stage, count=1, applied=1.0 if kind == "disconnect" else None, seconds=3)
    [order] = queued()
    deliver_mail()
    deliver_mail()
    effect = look_up(tenant, order)

    assert (effect.state, effect.reason) == ("stopped", "maybe_done")
    assert len(sink.ledger.lines("mail")) == taken


def test_template_may_ask_to_be_sent_again_when_unsure(
    tenant: Tenant, sink: MailSink, templates: Templates, queued: Callable[..., list[Order]], deliver_mail: Deliver
) -> None:
    with tenant_transaction(tenant.pk):
        MailTemplate.objects.update(again_if_unsure=True)
    plan(sink, kind="disconnect", function="dot", count=1, applied=0.0)
    [order] = queued()
    deliver_mail()
    waiting = look_up(tenant, order)
    make_due(tenant)
    deliver_mail()

    assert waiting.state == "waiting"
    assert look_up(tenant, order).state == "done"
    assert len(sink.ledger.lines("mail")) == 1


def test_slow_drip_is_cut(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver, settings: Any
) -> None:
    settings.CALL_SECONDS = 0.5
    plan(sink, kind="slow", function="rcpt", seconds=2, count=1)
    [order] = queued()
    deliver_mail()

    effect = look_up(tenant, order)
    assert effect.state == "waiting"
    assert sink.ledger.lines("mail") == []


def test_server_that_ends_the_conversation_between_mails_costs_nothing(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver
) -> None:
    orders = queued(6)
    plan(sink, kind="refuse_421", function="mail", count=1, number=None, rate=0.5)
    deliver_mail()

    assert {look_up(tenant, order).state for order in orders} <= {"done", "waiting"}
    assert len({line["message_id"] for line in sink.ledger.lines("mail")}) == len(sink.ledger.lines("mail"))


def test_late_after_the_mark_sends_nothing(
    tenant: Tenant,
    sink: MailSink,
    queued: Callable[..., list[Order]],
    deliver_mail: Deliver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.effects.delivery.LEAVE_WITHIN", -1.0)
    [order] = queued()
    monkeypatch.setattr(deliver, "TURN_SECONDS", 0.0)
    deliver_mail()
    late = look_up(tenant, order)
    taken = list(sink.ledger.lines("mail"))
    monkeypatch.undo()

    assert (late.state, late.attempts) == ("waiting", 0)
    assert taken == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"phase": "cancelled"}, "cancelled"),
        ({"mall_state": "cancelled"}, "cancelled"),
        ({"deleted_at": NOW}, "deleted"),
        ({"ours": False}, "not_ours"),
    ],
)
def test_order_that_ended_meanwhile_gets_no_mail(
    tenant: Tenant,
    sink: MailSink,
    queued: Callable[..., list[Order]],
    deliver_mail: Deliver,
    change: dict[str, object],
    reason: str,
) -> None:
    [order] = queued()
    with tenant_transaction(tenant.pk):
        Order.objects.filter(pk=order.pk).update(**change)
    deliver_mail()
    effect = look_up(tenant, order)

    assert (effect.state, effect.reason) == ("dropped", reason)
    assert sink.ledger.lines("mail") == []


def test_mail_older_than_six_hours_is_dropped_and_a_person_is_told(
    tenant: Tenant, sink: MailSink, queued: Callable[..., list[Order]], deliver_mail: Deliver
) -> None:
    [order] = queued()
    deliver_mail(NOW + timedelta(hours=6))  # its order began a minute before it was queued
    effect = look_up(tenant, order)
    with tenant_transaction(tenant.pk):
        marks = list(TaskMark.objects.filter(order=order, closed_at=None).values_list("task__key", "reason"))

    assert (effect.state, effect.reason) == ("dropped", "mail_too_old")
    assert marks == [("mail_needed", "mail_too_old")]
    assert sink.ledger.lines("mail") == []


def test_mail_by_hand_closes_what_was_open_about_mail(
    tenant: Tenant,
    sink: MailSink,
    templates: Templates,
    by: Actor,
    queued: Callable[..., list[Order]],
    deliver_mail: Deliver,
) -> None:
    [order] = queued()
    later = NOW + timedelta(hours=7)
    deliver_mail(later)
    with tenant_transaction(tenant.pk):
        queue_message([order.pk], template=templates[THANKS], occasion="", by=by, now=later, manual=True)
    deliver_mail(later)
    with tenant_transaction(tenant.pk):
        open_marks = TaskMark.objects.filter(order=order, closed_at=None).count()

    assert [line["hub"]["X-Hub-Occasion"] for line in sink.ledger.lines("mail")] == ["manual:1"]
    assert open_marks == 0


def test_shipped_mail_of_an_order_that_came_back_is_dropped(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Deliver
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        ship(order, "123412341234")
        queue_message([order.pk], template=templates[SHIPPED], occasion="shipped", by=by, now=NOW)
        Order.objects.filter(pk=order.pk).update(shipped_at=None, phase="ready")
    deliver_mail()

    assert look_up(tenant, order).reason == "not_shipped"


def test_stopped_template_drops_what_waits(
    tenant: Tenant,
    sink: MailSink,
    templates: Templates,
    by: Actor,
    queued: Callable[..., list[Order]],
    deliver_mail: Deliver,
) -> None:
    [order] = queued()
    with tenant_transaction(tenant.pk):
        stop_template(templates[THANKS], by=by, now=NOW)
    deliver_mail()

    assert look_up(tenant, order).reason == "template_stopped"
    assert sink.ledger.lines("mail") == []


def test_shop_back_in_observing_keeps_its_mails(
    tenant: Tenant, sink: MailSink, shop: Shop, queued: Callable[..., list[Order]], deliver_mail: Deliver
) -> None:
    [order] = queued()
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(mode="observe")
    deliver_mail()
    effect = look_up(tenant, order)

    assert (effect.state, effect.hold_reason) == ("waiting", "observing")
    assert sink.ledger.lines("mail") == []


def test_names_cannot_add_headers_or_mails(
    tenant: Tenant, sink: MailSink, shop: Shop, templates: Templates, by: Actor, deliver_mail: Deliver
) -> None:
    evil = "花子\r\nBcc: thief@evil.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example>"
    with tenant_transaction(tenant.pk):
        MailTemplate.objects.filter(pk=templates[THANKS].pk).update(
            subject="{buyer_name} 様へ", body=".\n{buyer_name}\n.\n"
        )
        MailAccount.objects.update(sender_name='店"\r\nBcc: thief@evil.example')
        templates[THANKS].refresh_from_db()
        order = make_order(shop, buyer_name=evil)
        queue_message([order.pk], template=templates[THANKS], occasion="thanks", by=by, now=NOW)
    deliver_mail()

    [line] = sink.ledger.lines("mail")
    assert line["envelope"]["to"] == [order.buyer_email]
    assert set(line["headers"]) == {"From", "To", "Date", "Subject", "Message-ID", "Auto-Submitted"}
    assert line["text"].startswith(".\n花子\nBcc: thief@evil.example\n\n.\nMAIL FROM")


def test_nothing_is_spoken_inside_a_transaction(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk), pytest.raises(InTransaction):
        outgoing.check_account(MailAccount.objects.get())


@pytest.mark.parametrize(("password", "wanted"), [("geheim-1", ""), ("falsch", "login_refused")])
def test_account_is_tried_without_sending(
    tenant: Tenant, sink: MailSink, server: SmtpServer, shop: Shop, password: str, wanted: str
) -> None:
    _log_in(tenant, sink)
    with tenant_transaction(tenant.pk):
        account = MailAccount.objects.get()

    assert outgoing.check_account(account, password) == wanted
    assert outgoing.check_account(account) == ""
    assert sink.ledger.lines("mail") == []
