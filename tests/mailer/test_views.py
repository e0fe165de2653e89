"""Pages of mail: what went and waits, sent again, written from an order, the gate, templates, and where mail is sent from."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.clock import business_now, true_now
from hub.ids import encode
from hub.models import Effect, EffectState, Tenant
from hub.tenancy import tenant_transaction
from mailer import gate
from mailer.models import MailAccount, MailTemplate, Message
from mailer.operations import queue_message
from orders.models import Order, Shop
from simulators.mail.session import SmtpServer
from tests.browsing import Browser, text_of, verbs
from tests.conftest import TESTER
from tests.mailer.conftest import make_order


@pytest.fixture
def owner(tenant: Tenant) -> Browser:
    return Browser(tenant, "owner")


def url(name: str, *pks: int) -> str:
    return reverse(f"mailer:{name}", args=pks)


def queued(tenant: Tenant, shop: Shop, template: MailTemplate, n: int = 1) -> list[Message]:
    """Mails that wait to be sent."""
    with tenant_transaction(tenant.pk):
        now = business_now()
        orders = [make_order(shop, now=now) for _ in range(n)]
        queue_message([order.pk for order in orders], template=template, occasion="thanks", by=TESTER, now=now)
        return list(Message.objects.order_by("pk"))


def settle(tenant: Tenant, message: Message, state: EffectState, *, reason: str = "") -> None:
    """Let a mail have ended so."""
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(pk=message.effect_id).update(state=state, reason=reason, settled_at=true_now())
        Message.objects.filter(pk=message.pk).update(sent_at=business_now() if state == EffectState.DONE else None)


# Messages.


@pytest.mark.parametrize("name", ["messages", "templates", "accounts", "template_new", "account_new"])
def test_page_shows_with_nothing_and_with_much(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate], name: str
) -> None:
    empty = owner.get(url(name))
    queued(tenant, shop, templates["サンクスメール"], 60)

    many = owner.get(url(name))

    assert (empty.status_code, many.status_code) == (200, 200)


def test_messages_are_paged_by_key(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    messages = queued(tenant, shop, templates["サンクスメール"], 60)

    first, rest = owner.get(url("messages")), owner.get(url("messages"), before=encode(messages[10].pk))

    assert text_of(first).count("@pc.example.jp") == 50
    assert text_of(rest).count("@pc.example.jp") == 10


def test_list_asks_as_often_for_many(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    queued(tenant, shop, templates["サンクスメール"])
    owner.get(url("messages"))
    with CaptureQueriesContext(connection) as one:
        owner.get(url("messages"))
    queued(tenant, shop, templates["サンクスメール"], 10)

    with CaptureQueriesContext(connection) as many:
        owner.get(url("messages"))

    assert len(many) == len(one)


def test_messages_of_a_state(tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]) -> None:
    messages = queued(tenant, shop, templates["サンクスメール"], 4)
    settle(tenant, messages[0], EffectState.DONE)
    settle(tenant, messages[1], EffectState.STOPPED, reason="mail_refused")

    shown = {
        state: text_of(owner.get(url("messages"), state=state)) for state in ("waiting", "stopped", "sent", "dropped")
    }

    assert {state: page.count("@pc.example.jp") for state, page in shown.items()} == {
        "waiting": 2,
        "stopped": 1,
        "sent": 1,
        "dropped": 0,
    }


def test_message_shows_the_mail_as_it_went(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    (message,) = queued(tenant, shop, templates["サンクスメール"])
    settle(tenant, message, EffectState.DONE)

    page = text_of(owner.get(url("message", message.pk)))

    assert message.recipient in page
    assert "佐藤 花子 様" in page
    assert "送信済" in page
    assert "お客様に二通届きます" in page


def test_stopped_mail_goes_again(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    (message,) = queued(tenant, shop, templates["サンクスメール"])
    settle(tenant, message, EffectState.STOPPED, reason="mail_refused")

    owner.post(url("message_again", message.pk))

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=message.effect_id).state == EffectState.WAITING
        assert Message.objects.count() == 1


def test_mail_that_went_is_sent_anew(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    (message,) = queued(tenant, shop, templates["サンクスメール"])
    settle(tenant, message, EffectState.DONE)

    owner.post(url("message_again", message.pk))

    with tenant_transaction(tenant.pk):
        assert list(Message.objects.order_by("pk").values_list("by_hand", flat=True)) == [False, True]


def test_waiting_mail_is_not_doubled(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    (message,) = queued(tenant, shop, templates["サンクスメール"])

    owner.post(url("message_again", message.pk))

    assert "まだ送信待ち" in owner.toast()
    with tenant_transaction(tenant.pk):
        assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("act", "verb", "state"), [("send", "mail.released", "waiting"), ("drop", "mail.dropped", "dropped")]
)
def test_gate_lets_go_or_gives_up(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate], act: str, verb: str, state: str
) -> None:
    template = templates["サンクスメール"]
    queued(tenant, shop, template, 3)
    with tenant_transaction(tenant.pk):
        gate.shut(template_id=template.pk, shop_id=shop.pk)
    assert "3通を送る前に止めています" in text_of(owner.get(url("messages")))

    owner.post(url("gate", template.pk), act=act, shop=encode(shop.pk))

    with tenant_transaction(tenant.pk):
        assert set(Effect.objects.filter(kind="mail.send").values_list("state", "hold_reason")) == {(state, "")}
    assert verbs(tenant)[-1] == verb


# Written from an order.


def an_order(tenant: Tenant, shop: Shop, **columns: Any) -> Order:
    with tenant_transaction(tenant.pk):
        return make_order(shop, now=business_now(), **columns)


def test_mail_is_written_from_an_order_in_its_own_words(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    order = an_order(tenant, shop)
    template = templates["注文確認"]

    page = text_of(owner.get(url("compose", order.pk), template=encode(template.pk)))
    answer = owner.post(
        f"{url('compose', order.pk)}?template={encode(template.pk)}",
        subject="在庫のご連絡",
        body="{buyer_name} 様\nあと2日お待ちください。",
        do="send",
    )

    assert "佐藤 花子 様" in page
    assert answer.url == reverse("orders:detail", args=[order.pk])
    with tenant_transaction(tenant.pk):
        message = Message.objects.get()
        assert (message.subject, message.by_hand) == ("在庫のご連絡", True)
        assert message.body.startswith("佐藤 花子 様\nあと2日お待ちください。\n\nテスト商店")
        assert MailTemplate.objects.get(pk=template.pk).subject == template.subject


def test_look_before_sending_sends_nothing(tenant: Tenant, owner: Browser, shop: Shop) -> None:
    order = an_order(tenant, shop)

    answer = owner.post(url("compose", order.pk), subject="ご連絡", body="{buyer_name} 様", do="look")

    assert "佐藤 花子 様" in text_of(answer)
    with tenant_transaction(tenant.pk):
        assert not Message.objects.exists()


def test_order_that_is_not_ours_gets_no_mail(tenant: Tenant, owner: Browser, shop: Shop) -> None:
    order = an_order(tenant, shop, ours=False)

    answer = owner.post(url("compose", order.pk), subject="ご連絡", body="本文", do="send")

    assert answer.status_code == 409
    with tenant_transaction(tenant.pk):
        assert not Message.objects.exists()


def test_unknown_placeholder_is_refused_with_its_place(tenant: Tenant, owner: Browser, shop: Shop) -> None:
    order = an_order(tenant, shop)

    answer = owner.post(url("compose", order.pk), subject="ご連絡", body="様\n{buyer}", do="send")

    assert answer.status_code == 422
    assert "2行目の1文字目: {buyer}" in text_of(answer)


# Templates.


def words(template: MailTemplate, **more: Any) -> dict[str, Any]:
    return {
        "name": template.name,
        "occasion": template.occasion,
        "subject": template.subject,
        "body": template.body,
        **more,
    }


def test_template_is_changed(tenant: Tenant, owner: Browser, templates: dict[str, MailTemplate]) -> None:
    template = templates["サンクスメール"]

    owner.post(url("template", template.pk), words(template, subject="ありがとうございます {order_number}"))

    assert "ありがとうございます {order_number}" in text_of(owner.get(url("templates")))
    assert verbs(tenant) == ["mail.template_changed"]


def test_template_with_an_unknown_placeholder_is_refused(
    tenant: Tenant, owner: Browser, templates: dict[str, MailTemplate]
) -> None:
    template = templates["サンクスメール"]

    answer = owner.post(url("template", template.pk), words(template, body="{nothing}"))

    assert answer.status_code == 422
    assert "{nothing} という差し込み語はありません" in text_of(answer)
    assert verbs(tenant) == []


def test_preview_fills_what_is_typed_for_a_real_order(
    tenant: Tenant, owner: Browser, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    order = an_order(tenant, shop)

    page = text_of(
        owner.post(
            url("template_preview", templates["サンクスメール"].pk), subject="{order_number}", body="{buyer_name}<b>様"
        )
    )

    assert order.number in page
    assert "佐藤 花子<b>様" in page


def test_template_is_made_stopped_and_deleted(tenant: Tenant, owner: Browser) -> None:
    owner.post(url("template_new"), name="お詫び", occasion="", subject="お詫び", body="申し訳ございません")
    with tenant_transaction(tenant.pk):
        template = MailTemplate.objects.get(name="お詫び")
    owner.post(url("template_switch", template.pk), on="0")
    stopped = text_of(owner.get(url("templates")))
    owner.post(url("template_switch", template.pk), on="1")
    owner.post(url("template_retire", template.pk))

    assert "停止中" in stopped
    assert verbs(tenant) == [
        "mail.template_added",
        "mail.template_stopped",
        "mail.template_started",
        "mail.template_retired",
    ]


# Accounts.


def account(server: SmtpServer, **more: Any) -> dict[str, Any]:
    return {
        "name": "送信口",
        "host": "127.0.0.1",
        "port": str(server.port),
        "security": "none",
        "user": "",
        "password": "",
        "sender": "a@example.jp",
        "sender_name": "店",
        "shop": "",
        **more,
    }


def test_account_is_added_after_its_server_answered(tenant: Tenant, owner: Browser, server: SmtpServer) -> None:
    answer = owner.post(url("account_new"), account(server))

    assert answer.url == url("accounts")
    assert "送信口 につながりました" in owner.toast()
    assert verbs(tenant) == ["mail.account_added", "mail.account_tested"]


def test_account_whose_server_is_silent_is_saved_and_said(tenant: Tenant, owner: Browser, server: SmtpServer) -> None:
    server.close()

    owner.post(url("account_new"), account(server))

    assert "つながりません" in owner.toast()
    with tenant_transaction(tenant.pk):
        assert MailAccount.objects.get().name == "送信口"


def test_password_is_never_shown_and_stays_when_left_empty(tenant: Tenant, owner: Browser, server: SmtpServer) -> None:
    owner.post(url("account_new"), account(server, user="u", password="p4ssw0rd"))
    with tenant_transaction(tenant.pk):
        before = MailAccount.objects.get()

    owner.post(url("account", before.pk), account(server, user="u", sender_name="別の名前"))

    with tenant_transaction(tenant.pk):
        after = MailAccount.objects.get()
    assert (after.sender_name, bytes(after.password)) == ("別の名前", bytes(before.password))
    assert "p4ssw0rd" not in owner.get(url("account", before.pk)).content.decode()


def test_stored_password_is_told_to_no_other_server(tenant: Tenant, owner: Browser, server: SmtpServer) -> None:
    owner.post(url("account_new"), account(server, user="u", password="p4ssw0rd"))
    with tenant_transaction(tenant.pk):
        before = MailAccount.objects.get()

    answer = owner.post(url("account", before.pk), account(server, user="u", port="2525"))

    assert "パスワードをもう一度入れてください" in text_of(answer)
    assert verbs(tenant) == ["mail.account_added", "mail.account_tested"], "nothing was said to the other server"
    with tenant_transaction(tenant.pk):
        assert MailAccount.objects.get().port == before.port


def test_shops_that_cannot_write_are_named(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        Shop.objects.create(name="口のない店", channel="rakuten")

    assert "口のない店 からは送れません" in text_of(owner.get(url("accounts")))


# Fenced.


def test_roles_that_may_not_are_refused(tenant: Tenant, shop: Shop, templates: dict[str, MailTemplate]) -> None:
    (message,) = queued(tenant, shop, templates["サンクスメール"])
    viewer, packing, staff = (Browser(tenant, role) for role in ("viewer", "packing", "staff"))
    template = templates["サンクスメール"].pk

    answers = [
        viewer.get(url("messages")), viewer.get(url("message", message.pk)), packing.post(url("message_again", message.pk)),
        packing.get(url("compose", message.order_id)), packing.post(url("gate", template), act="send", shop=encode(shop.pk)),
        staff.get(url("template", template)), staff.post(url("template_switch", template), on="0"), staff.get(url("account_new")),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [403] * 8
    assert "管理者" in text_of(answers[5])


def test_mail_of_another_tenant_is_not_found(
    tenant: Tenant, other_tenant: Tenant, shop: Shop, templates: dict[str, MailTemplate]
) -> None:
    (message,) = queued(tenant, shop, templates["サンクスメール"])
    stranger, template = Browser(other_tenant, "owner"), templates["サンクスメール"].pk

    answers = [
        stranger.get(url("message", message.pk)), stranger.post(url("message_again", message.pk)), stranger.get(url("compose", message.order_id)),
        stranger.post(url("gate", template), act="send", shop=encode(shop.pk)), stranger.get(url("template", template)),
        stranger.post(url("template_preview", template)), stranger.post(url("template_switch", template), on="0"),
        stranger.post(url("template_retire", template)), stranger.get(url("account", message.account_id)),
        stranger.post(url("account_test", message.account_id)), stranger.post(url("account_retire", message.account_id)),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 11
