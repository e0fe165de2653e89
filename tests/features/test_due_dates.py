"""Until when the buyer is to pay, and the day on which the mall cancels by itself: on the order page, in its sentence, in both languages."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order
from tests.browsing import Browser, text_of
from tests.factories import changed, make_shop, mall_order, take_in
from tests.features.steps import let_pass
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, place, run
from tests.orders.making import order_in


def facts(person: Browser, order: Order) -> dict[str, str]:
    """Return what the card of the payment says, label by label."""
    page = person.get(f"/orders/{encode(order.pk)}/").content.decode()
    [card] = re.findall(r'<dl class="facts sum">(.*?)</dl>', page, re.S)
    pairs = re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", card, re.S)
    return {label: html.unescape(re.sub(r"<[^>]*>", "", value)).strip() for label, value in pairs}


def words(person: Browser, order: Order, *, language: str = "ja") -> str:
    return text_of(person.client.get(f"/orders/{encode(order.pk)}/", headers={"accept-language": language}))


def the_one(tenant: Tenant) -> Order:
    with tenant_transaction(tenant.pk):
        order: Order = Order.objects.get()
        return order


@pytest.mark.slow
def test_dates_of_the_mall_come_and_go_with_the_order(world: World, tenant: Tenant) -> None:
    """Before the confirm the mall would cancel on a day; after it, the buyer's transfer has a last day; paid, neither is left."""
    shop_id = connect(world, tenant)
    [number] = place(world, tenant, shop_id, n=1, kinds=["bank_never"])
    owner = Browser(tenant, "owner")
    world.pass_time(minutes=5)
    run("poll", "poll")

    unconfirmed = facts(owner, the_one(tenant))
    let_pass(world, minutes=60, step=20)
    waiting, said = facts(owner, the_one(tenant)), words(owner, the_one(tenant))
    world.post(world.mall_url, "buyers/pay", {"number": number})
    let_pass(world, minutes=60, step=20)
    paid = facts(owner, the_one(tenant))

    assert the_one(tenant).pay_due_on == date(2026, 12, 1), "as the mall says it: a week after the order"
    assert (unconfirmed.get("自動キャンセル"), unconfirmed.get("入金期限")) == ("12/8(火)", None)
    assert (waiting.get("自動キャンセル"), waiting.get("入金期限")) == (None, "12/1(火)")
    assert "モールの決済待ち モールで決済が済むと自動で進みます。" in said
    assert "自動キャンセル" not in paid
    assert "モールの決済待ち" not in words(owner, the_one(tenant))


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize(("days", "stops"), [(5, False), (4, True), (0, True), (-1, True)])
def test_an_order_that_nobody_confirms_says_when_the_mall_cancels_it(tenant: Tenant, days: int, stops: bool) -> None:
    due = date(2026, 11, 22) + timedelta(days=days)
    shop = make_shop(tenant, confirm_by="other")
    order = mall_order(state="new", code="100", payment_state="open", cancel_due_on=due)
    take_in(tenant, shop, order)
    owner = Browser(tenant, "owner")
    day, weekday = f"{due.month}/{due.day}", "月火水木金土日"[due.weekday()]

    said, card = words(owner, the_one(tenant)), facts(owner, the_one(tenant))
    english = words(owner, the_one(tenant), language="en")
    take_in(tenant, shop, changed(order, state="ready", code="300", payment_state="settled"))

    assert card["自動キャンセル"] == f"{day}({weekday})"
    assert (f"注文確認がまだです。{day} にモールが自動でキャンセルします。" in said) == stops
    assert (f"It is not confirmed. The mall cancels it on {day}." in english) == stops
    assert the_one(tenant).cancel_due_on == due
    assert "自動キャンセル" not in facts(owner, the_one(tenant)), "confirmed: the mall cancels it no more"


@pytest.mark.parametrize(
    ("due", "ja", "en"),
    [
        (date(2026, 12, 1), "入金を待っています（期限 12/1）。", "It waits for the payment (until 12/1)."),
        (None, "入金を待っています。", "It waits for the payment."),
    ],
)
def test_a_wait_for_the_payment_says_until_when(tenant: Tenant, due: date | None, ja: str, en: str) -> None:
    order = order_in(
        tenant, make_shop(tenant), status="payment", payment_method="bank", payment_state="open", pay_due_on=due
    )
    owner = Browser(tenant, "owner")

    assert ja in words(owner, order)
    assert en in words(owner, order, language="en")
    assert facts(owner, order).get("入金期限") == ("12/1(火)" if due else None)
