"""A mail is read as it was written: line by line."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, MailTemplate, Message
from tests.browser.conftest import sign_in
from tests.browser.scenes import owner_of
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop

pytestmark = pytest.mark.browser
BODY = "佐藤 花子 様\n\nご注文ありがとうございます。\n商品合計　　：1,000円"


def test_the_lines_of_a_mail_are_kept(page: Page, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop("本店")
        account = MailAccount.objects.create(name="送信", host="mail.invalid", sender="a@example.com")
        effect = Effect.objects.create(kind="mail.send", lane="mail:1", key="m", state="done", decided_at=NOW)
        message = Message.objects.create(
            order=make_order(shop), shop=shop, template=MailTemplate.objects.first(), account=account, occasion="thanks",
            recipient="b@example.com", sender="a@example.com", subject="お礼", body=BODY, message_id="m", effect_id=effect.pk,
            occurred_at=NOW, queued_at=NOW,
        )  # fmt: skip
    sign_in(page, owner_of(tenant))

    page.goto(reverse("mailer:message", args=[message.pk]))

    assert page.inner_text("pre.mail") == BODY
