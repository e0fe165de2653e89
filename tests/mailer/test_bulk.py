"""一括送信: a template to the selected orders from the list: looked at first, once for each order, held by the gate, taken back in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from hub.audit import Actor
from hub.clock import true_now
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailTemplate, Message
from mailer.operations import queue_message
from mailer.presets import PREPARING, SHIPPED, THANKS
from orders.models import Batch, BatchIssue, Order, Shop, TaskMark
from simulators.mail import MailSink
from tests.conftest import NOW
from tests.mailer.conftest import make_order, ship
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("at_now")

Templates = dict[str, MailTemplate]


def orders_of(tenant: Tenant, shop: Shop, n: int = 1, **values: Any) -> list[Order]:
    with tenant_transaction(tenant.pk):
        return [make_order(shop, **values) for _ in range(n)]


def press(client: Client, orders: list[Order], **more: str) -> str:
    """Press a button of the selection bar; return the answer's words."""
    answer = client.post(
        "/orders/bulk/", {"orders": ",".join(encode(order.pk) for order in orders), "ask": "mail", **more}
    )
    return unescape(answer.content.decode())


def send(client: Client, orders: list[Order], template: MailTemplate, *, key: str = "k", **more: str) -> None:
    press(client, orders, confirmed="1", client_key=key, template=encode(template.pk), **more)


def mails(tenant: Tenant, **found: Any) -> int:
    with tenant_transaction(tenant.pk):
        return Message.objects.filter(**found).count()


def last_toast(client: Client) -> str:
    return str(client.session["toasts"][-1]["words"])


@pytest.mark.feature("F140")
def test_the_preview_shows_three_mails_as_they_will_read_and_sends_none(
    tenant: Tenant, shop: Shop, templates: Templates
) -> None:
    orders = orders_of(tenant, shop, 4, buyer_name="見本 花子")
    (unreachable,) = orders_of(tenant, shop, buyer_email="")
    client = browser(tenant, "staff")

    panel = press(client, [*orders, unreachable], look="1", confirmed="1", template=encode(templates[THANKS].pk))

    assert panel.count('<pre class="mail"') == 3
    assert f"【テスト商店】ご注文ありがとうございます（{orders[0].number}）" in panel
    assert "4通を送る" in panel
    assert "変えられない 1件" in panel
    assert unreachable.number in panel
    assert mails(tenant) == 0
    with tenant_transaction(tenant.pk):
        assert not Batch.objects.exists()
        assert not TaskMark.objects.exists(), "looking opens no task"


def test_sending_queues_one_mail_for_each_order_and_says_what_became_of_each(
    tenant: Tenant, shop: Shop, templates: Templates, deliver_mail: Callable[..., None], sink: MailSink
) -> None:
    first, second = orders_of(tenant, shop, 2)
    (unreachable,) = orders_of(tenant, shop, buyer_email="")
    client, at = browser(tenant, "staff"), true_now()

    send(client, [first, second, unreachable], templates[PREPARING])

    assert mails(tenant) == 2
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get()
        issue = BatchIssue.objects.get()
        effects = list(Effect.objects.filter(kind="mail.send"))
        Effect.objects.filter(kind="mail.send").update(due_at=true_now())
    assert (batch.changed, batch.skipped) == (2, 1)
    assert (issue.order_id, issue.reason) == (unreachable.pk, "no_address")
    assert min(effect.due_at for effect in effects) >= at + timedelta(seconds=30), "they may be taken back"
    deliver_mail()
    assert mails(tenant, sent_at__isnull=False) == 2


def test_the_same_press_twice_and_the_same_template_again_send_nothing_more(
    tenant: Tenant, shop: Shop, templates: Templates
) -> None:
    (order,) = orders_of(tenant, shop)
    client = browser(tenant)

    send(client, [order], templates[THANKS])
    send(client, [order], templates[THANKS])
    send(client, [order], templates[THANKS], key="another")
    assert mails(tenant) == 1
    assert "送信済みのため送らない 1件" in last_toast(client)
    send(client, [order], templates[THANKS], key="third", again="on")

    assert mails(tenant) == 2, "only by asking for it"


def test_a_mail_that_a_rule_sent_is_not_sent_again(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    (order,) = orders_of(tenant, shop)
    with tenant_transaction(tenant.pk):
        queue_message([order.pk], template=templates[THANKS], occasion="thanks", by=Actor(kind="rule"), now=NOW)

    send(browser(tenant), [order], templates[THANKS])

    assert mails(tenant) == 1


def test_more_than_the_orders_explain_waits_for_one_click(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    orders = orders_of(tenant, shop, 60, taken_in_at=NOW - timedelta(days=3), ready_at=NOW - timedelta(days=3))
    client = browser(tenant)

    send(client, orders, templates[PREPARING])

    assert "送信前に止めた 60件" in last_toast(client)
    with tenant_transaction(tenant.pk):
        assert set(Effect.objects.filter(kind="mail.send").values_list("state", "hold_reason")) == {
            ("waiting", "flood")
        }


def test_an_old_order_may_be_written_to(
    tenant: Tenant, shop: Shop, templates: Templates, deliver_mail: Callable[..., None]
) -> None:
    (order,) = orders_of(tenant, shop, taken_in_at=NOW - timedelta(days=2), ready_at=NOW - timedelta(days=2))
    send(browser(tenant), [order], templates[THANKS])
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(kind="mail.send").update(due_at=true_now())

    deliver_mail()

    assert mails(tenant, sent_at__isnull=False) == 1, "it is asked for now, and not late"


def test_it_is_taken_back_while_it_waits_and_not_after(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    first, second = orders_of(tenant, shop, 2)
    client = browser(tenant)
    send(client, [first, second], templates[PREPARING])
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get()
        Effect.objects.filter(order_id=second.pk).update(state="done")

    client.post(f"/orders/batches/{encode(batch.pk)}/undo/")

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(order_id=first.pk).state == "dropped"
        assert Effect.objects.get(order_id=second.pk).state == "done"
        assert BatchIssue.objects.get().reason in ("over", "left_already")


def test_a_shipped_mail_waits_for_the_shipment(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    gone, waiting = orders_of(tenant, shop, 2)
    with tenant_transaction(tenant.pk):
        ship(gone, "123456789012")

    send(browser(tenant), [gone, waiting], templates[SHIPPED])

    assert mails(tenant, order=gone) == 1
    assert mails(tenant, order=waiting) == 0


def test_it_needs_the_right_and_a_template(tenant: Tenant, shop: Shop, templates: Templates) -> None:
    orders = orders_of(tenant, shop)
    packing, owner = browser(tenant, "packing"), browser(tenant)

    refused = packing.post("/orders/bulk/", {"orders": encode(orders[0].pk), "ask": "mail"})
    with tenant_transaction(tenant.pk):
        MailTemplate.objects.update(retired_at=NOW)
    press(owner, orders)

    assert refused.status_code == 403
    assert "選べるものがありません" in last_toast(owner)
