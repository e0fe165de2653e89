"""本番開始 while a mail is queued or looked at: what was to wait for it does not wait for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.effects.settling import Settling
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailTemplate
from mailer.operations import queue_message
from mailer.presets import THANKS
from orders.models import Order, Shop
from orders.operations.shops import go_live
from simulators.mail import MailSink
from tests.conftest import NOW, TESTER
from tests.elsewhere import Elsewhere
from tests.mailer.conftest import effect_of, make_order

Templates = dict[str, MailTemplate]
Deliver = Callable[..., None]


def queue(tenant: Tenant, order: Order, templates: Templates) -> None:
    with tenant_transaction(tenant.pk):
        queue_message([order.pk], template=templates[THANKS], occasion="thanks", by=TESTER, now=NOW)


@pytest.fixture
def order(tenant: Tenant, shop: Shop) -> Order:
    with tenant_transaction(tenant.pk):
        return make_order(shop)


def observe(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(mode="observe")


@pytest.fixture
def going(tenant: Tenant, shop: Shop) -> Elsewhere:
    """Somebody else lets the shop go live."""

    def go() -> None:
        with tenant_transaction(tenant.pk):
            go_live(Shop.objects.get(pk=shop.pk), since=NOW, by=TESTER, now=NOW)

    return Elsewhere(go)


def hold_of(tenant: Tenant, order: Order) -> str:
    with tenant_transaction(tenant.pk):
        return effect_of(order).hold_reason


def test_mail_queued_while_the_shop_goes_live(
    tenant: Tenant, shop: Shop, order: Order, templates: Templates, going: Elsewhere
) -> None:
    observe(tenant, shop)
    with tenant_transaction(tenant.pk):
        queue_message([order.pk], template=templates[THANKS], occasion="thanks", by=TESTER, now=NOW)
        going.meet()
    going.end()

    assert hold_of(tenant, order) == ""


def test_mail_looked_at_while_the_shop_goes_live(
    tenant: Tenant, shop: Shop, order: Order, templates: Templates, going: Elsewhere, sink: MailSink, deliver_mail: Deliver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    queue(tenant, order, templates)
    observe(tenant, shop)
    real = Settling.drop

    def drop(*given: Any) -> None:
        if not going.began:
            going.meet()
        real(*given)

    monkeypatch.setattr(Settling, "drop", drop)
    deliver_mail()
    going.end()
    deliver_mail()

    assert hold_of(tenant, order) == ""
    assert len(sink.ledger.lines("mail")) == 1


def test_mail_queued_while_somebody_changes_the_shop_is_held_when_it_is_sent(
    tenant: Tenant, shop: Shop, order: Order, templates: Templates, sink: MailSink, deliver_mail: Deliver
) -> None:
    """Whoever queues it has locked its order, and may not wait for the shop."""
    observe(tenant, shop)
    with tenant_transaction(tenant.pk):
        Shop.locked([shop.pk])
        with Elsewhere(lambda: queue(tenant, order, templates)):
            pass
    unheld = hold_of(tenant, order)
    deliver_mail()

    assert (unheld, hold_of(tenant, order)) == ("", "observing")
    assert sink.ledger.lines("mail") == []
