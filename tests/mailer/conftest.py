"""A shop with an account at the mail sink, and orders to write about."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hub.effects import carrying, deliver
from hub.models import Effect, Lane, Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, MailTemplate
from orders.models import Order, OrderLine, Parcel, Shop, Status, TrackingNumber
from simulators.ledger import Ledger
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.conftest import NOW

_numbers = count(1)


@pytest.fixture
def sink(tmp_path: Path) -> MailSink:
    return MailSink(ledger=Ledger(tmp_path / "mail.jsonl"))


@pytest.fixture
def server(sink: MailSink) -> Iterator[SmtpServer]:
    server = SmtpServer(sink)
    yield server
    server.close()


@pytest.fixture
def templates(tenant: Tenant) -> dict[str, MailTemplate]:
    with tenant_transaction(tenant.pk):
        return {template.name: template for template in MailTemplate.objects.all()}


@pytest.fixture
def shop(tenant: Tenant, server: SmtpServer) -> Shop:
    """A live shop with its own account at the sink."""
    with tenant_transaction(tenant.pk):
        shop: Shop = Shop.objects.create(
            name="テスト商店", channel="rakuten", mode="live", signature="テスト商店\nTEL 03-1234-5678\n{buyer_name}"
        )
        MailAccount.objects.create(
            name="楽天の送信口", shop=shop, host="127.0.0.1", port=server.port, security="none", sender="shop@example.jp",
            sender_name="テスト商店",
        )  # fmt: skip
        return shop


def make_order(shop: Shop, *, now: datetime = NOW, **values: Any) -> Order:
    """An order with one line in one parcel, inside the current tenant's transaction."""
    n = next(_numbers)
    status = Status.objects.get(default_for="intake")
    order: Order = Order.objects.create(
        **{
            "shop": shop, "number": f"123456-20261122-{n:010}", "status": status, "status_at": now,
            "placed_at": now - timedelta(minutes=31),
            "ready_at": now - timedelta(minutes=1), "taken_in_at": now - timedelta(minutes=30), "changed_at": now, "ours": True,
            "mall_state": "new", "buyer_name": "佐藤 花子", "buyer_email": f"buyer-{n}@pc.example.jp", "payment_name": "クレジットカード",
            "subtotal_yen": 3960, "postage_yen": 550, "fee_yen": 0, "total_yen": 4510, **values,
        }
    )  # fmt: skip
    parcel = Parcel.objects.create(
        order=order, name="山田 太郎", postal_code="1000001", prefecture="東京都", city="千代田区", street="千代田1-1",
        wish_on=date(2026, 11, 28), wish_time="午前中",
    )  # fmt: skip
    OrderLine.objects.create(
        order=order, parcel=parcel, sku="CUP-1", name="マグカップ", options="色:青", quantity=2, unit_price_yen=1980,
        unit_price_incl_yen=1980,
    )  # fmt: skip
    return order


def ship(order: Order, *numbers: str, carrier: str = "yamato", now: datetime = NOW) -> None:
    """Make the order look shipped, without the operation (mail is what is tested here)."""
    parcel = Parcel.objects.get(order=order)
    for number in numbers:
        TrackingNumber.objects.create(parcel=parcel, carrier=carrier, number=number, shipped_on=date(2026, 11, 22))
    Parcel.objects.filter(pk=parcel.pk).update(state="shipped")
    Order.objects.filter(pk=order.pk).update(phase="shipped", shipped_at=now)


@pytest.fixture
def deliver_mail(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Deliver what is due in the mail lanes at a business time: all of it, or as much as one turn of so many seconds does."""

    def run(now: datetime = NOW, *, seconds: float = 0.0) -> None:
        monkeypatch.setattr(carrying, "business_now", lambda: now)
        with tenant_transaction(tenant.pk):
            lanes = [lane.pk for lane in Lane.objects.filter(name__startswith="mail:")]
        for lane in lanes:
            if seconds:
                monkeypatch.setattr(deliver, "TURN_SECONDS", seconds)
                deliver.work(tenant.pk, lane)
                continue
            while deliver.work(tenant.pk, lane):  # one call is one turn of the lane
                pass

    return run


def effect_of(order: Order) -> Effect:
    effect: Effect = Effect.objects.filter(order_id=order.pk, kind="mail.send").latest("pk")
    return effect
