"""Deciding mails: once for each order, template and occasion, content frozen, refusals by order, history entered."""

import re
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from hub.audit import Actor
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer import composing
from mailer.models import MailAccount, MailTemplate, Message
from mailer.operations import queue_message, start_template, stop_template
from mailer.presets import PREPARING, SHIPPED, THANKS
from orders.models import Order, Shop, TaskMark
from orders.operations.door import Changed
from tests.conftest import NOW
from tests.mailer.conftest import effect_of, make_order, ship

Templates = dict[str, MailTemplate]


def queue(order: Order, template: MailTemplate, by: Actor, occasion: str = "", **extra: Any) -> Changed:
    return queue_message([order.pk], template=template, occasion=occasion or template.occasion, by=by, now=NOW, **extra)


@pytest.mark.feature("F137")
def test_thanks_mail_is_decided_once(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        first = queue(order, templates[THANKS], by)
        second = queue(order, templates[THANKS], by)
        [message] = Message.objects.filter(order=order)
        effect = effect_of(order)
        verbs = list(AuditEntry.objects.filter(order_id=order.pk).values_list("verb", flat=True))

    assert (first.changed, first.unchanged) == ([order.pk], [])
    assert (second.changed, second.unchanged) == ([], [order.pk])
    assert effect.key == f"mail:{order.pk}:{templates[THANKS].pk}:thanks"
    assert effect.lane == f"mail:{message.account_id}"
    assert message.effect_id == effect.pk
    assert message.recipient == order.buyer_email
    assert verbs == ["mail.queued"]


def test_content_says_the_order_and_ends_with_the_shops_own_signature(
    tenant: Tenant, shop: Shop, templates: Templates, by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        queue(order, templates[THANKS], by)
        message = Message.objects.get(order=order)

    assert message.subject == f"【テスト商店】ご注文ありがとうございます（{order.number}）"
    assert message.sender == '"テスト商店" <shop@example.jp>'
    assert message.body.startswith("佐藤 花子 様\n\nこのたびは楽天市場のテスト商店を")
    assert "・マグカップ（色:青）\n　1,980円 × 2 = 3,960円" in message.body
    assert "ご請求金額　　：4,510円" in message.body
    assert "山田 太郎 様\n　〒100-0001 東京都千代田区千代田1-1" in message.body
    assert "お届け希望：2026年11月28日 午前中" in message.body
    assert message.body.endswith("テスト商店\nTEL 03-1234-5678\n{buyer_name}\n")
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.jp>", message.message_id)


@pytest.mark.feature("F143")
def test_signature_follows_by_itself_and_is_the_shops(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        template = MailTemplate.objects.create(name="短い", subject="件名", body="本文です。\n")
        other: Shop = Shop.objects.create(name="二号店", channel="rakuten", mode="live", signature="二号店")
        MailAccount.objects.create(name="共用", host="127.0.0.1", port=1, security="none", sender="all@example.jp")
        orders = [make_order(shop), make_order(other)]
        for order in orders:
            queue(order, template, by, "rule:1")
        bodies = [Message.objects.get(order=order).body for order in orders]
        accounts = [Message.objects.get(order=order).account.name for order in orders]

    assert bodies == ["本文です。\n\nテスト商店\nTEL 03-1234-5678\n{buyer_name}\n", "本文です。\n\n二号店\n"]
    assert accounts == ["楽天の送信口", "共用"]


@pytest.mark.feature("F138", "F155")
def test_shipped_mail_carries_every_number_and_link(
    tenant: Tenant, shop: Shop, templates: Templates, by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        early = queue(order, templates[SHIPPED], by)
        ship(order, "123412341234", "567856785678")
        queue(order, templates[SHIPPED], by)
        body = Message.objects.get(order=order).body

    assert [issue.reason for issue in early.issues] == ["not_shipped"]
    assert "運送会社　：ヤマト運輸" in body
    assert "送り状番号：123412341234" in body
    assert "送り状番号：567856785678" in body
    assert "number01=567856785678" in body
    assert "発送日　　：2026年11月22日" in body


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"ours": False}, "not_ours"),
        ({"deleted_at": NOW}, "deleted"),
        ({"phase": "cancelled"}, "cancelled"),
        ({"mall_state": "cancelled"}, "cancelled"),
        ({"buyer_email": ""}, "no_address"),
        ({"buyer_email": "a@b.example, c@d.example"}, "bad_address"),
        ({"buyer_email": "a@b.example\r\nBcc: x@y.example"}, "bad_address"),
    ],
)
def test_orders_that_get_no_mail(
    tenant: Tenant, shop: Shop, templates: Templates, by: Actor, values: dict[str, Any], reason: str
) -> None:
    with tenant_transaction(tenant.pk):
        bad, good = make_order(shop, **values), make_order(shop)
        outcome = queue_message([bad.pk, good.pk], template=templates[THANKS], occasion="thanks", by=by, now=NOW)

    assert [(issue.order_id, issue.reason) for issue in outcome.issues] == [(bad.pk, reason)]
    assert outcome.changed == [good.pk]


def test_buyer_whom_no_mail_reaches_is_shown(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, buyer_email="")
        queue(order, templates[THANKS], by)
        queue(order, templates[THANKS], by)
        marks = list(TaskMark.objects.filter(order=order).values_list("task__key", "reason"))

    assert marks == [("mail_needed", "no_address")]


def test_stopped_template_and_missing_account_are_refused(
    tenant: Tenant, shop: Shop, templates: Templates, by: Actor
) -> None:
    template = templates[PREPARING]
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        stop_template(template, by=by, now=NOW)
        template.refresh_from_db()
        stopped = queue(order, template, by, "rule:1")
        start_template(template, by=by, now=NOW)
        template.refresh_from_db()
        MailAccount.objects.update(retired_at=NOW)
        without = queue(order, template, by, "rule:1")

    assert [issue.reason for issue in stopped.issues] == ["template_stopped"]
    assert [issue.reason for issue in without.issues] == ["no_account"]


def test_sending_again_by_hand_gets_a_number_of_its_own(
    tenant: Tenant, shop: Shop, templates: Templates, by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        queue(order, templates[THANKS], by)
        for _ in range(2):
            queue(order, templates[THANKS], by, manual=True)
        Order.objects.filter(pk=order.pk).update(phase="cancelled")
        cancelled = queue(order, templates[THANKS], by, manual=True)
        occasions = list(Message.objects.filter(order=order).order_by("pk").values_list("occasion", flat=True))

    assert occasions == ["thanks", "manual:1", "manual:2", "manual:3"]
    assert cancelled.changed == [order.pk]


def test_observing_shop_keeps_its_mails_waiting(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(mode="observe")
        order = make_order(shop)
        queue(order, templates[THANKS], by)
        assert effect_of(order).hold_reason == "observing"


def test_number_of_statements_does_not_depend_on_the_number_of_orders(
    tenant: Tenant,
    shop: Shop,
    templates: Templates,
    by: Actor,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with tenant_transaction(tenant.pk):
        orders = [make_order(shop) for _ in range(40)]
        with django_assert_max_num_queries(16):
            outcome = queue_message(
                [o.pk for o in orders], template=templates[THANKS], occasion="thanks", by=by, now=NOW
            )

    assert len(outcome.changed) == 40


def test_tenants_do_not_see_each_others_mail(
    tenant: Tenant, other_tenant: Tenant, shop: Shop, templates: Templates, by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        queue(make_order(shop), templates[THANKS], by)
    with tenant_transaction(other_tenant.pk):
        assert not Message.objects.exists()
        assert not Effect.objects.filter(kind="mail.send").exists()


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("buyer@example.jp", True), ("a..b.@docomo.ne.jp", True), ("a+b@x-y.co.jp", True), ("a@b", False), ("a b@c.jp", False),
        ("<a@b.jp>", False), ("a@b.jp,c@d.jp", False), ("日本@example.jp", False), ("a@b.jp\n", False), ("@b.jp", False),
        ("a@-b.jp", False),
    ],
)  # fmt: skip
def test_plain_addresses_only(text: str, good: bool) -> None:
    assert composing.is_address(text) is good


def test_thanks_is_dated_from_when_the_order_began(tenant: Tenant, shop: Shop, templates: Templates, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, ready_at=NOW - timedelta(hours=2))
        queue(order, templates[THANKS], by)
        assert Message.objects.get(order=order).occurred_at == NOW - timedelta(minutes=30)
