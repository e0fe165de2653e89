"""Wait: an order is stored at once and shown waiting; nothing is done for it before its shop's wait is over, and everything then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from automation.engine import work as judge
from automation.judge import judge as audit
from hub.clock import business_now, true_now
from hub.models import Clock, Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, Message
from orders.models import Order, Parcel, Shop
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.browsing import text_of
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_order, take_in, the_order
from tests.features.steps import let_pass, open_mail, written
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run
from tests.pages import browser


@pytest.fixture
def clock() -> Iterator[None]:
    yield
    Clock.objects.all().delete()


def at(moment: datetime) -> datetime:
    Clock.objects.all().delete()
    Clock.objects.create(real_start=moment, business_start=moment, speed=0.0)
    return moment


def began(tenant: Tenant, number: str) -> tuple[list[str], bool]:
    """Return which effects were decided for the order, and whether its shipment is wished for."""
    with tenant_transaction(tenant.pk):
        order = Order.objects.get(number=number)
        kinds = sorted(Effect.objects.filter(order_id=order.pk).values_list("kind", flat=True))
        return kinds, Parcel.objects.filter(order=order, ship_wanted_at__isnull=False).exists()


@pytest.mark.feature("F003")
@pytest.mark.parametrize("minutes", [10, 30, 90])
@pytest.mark.usefixtures("clock")
def test_nothing_begins_before_the_shops_wait_and_everything_at_its_end(tenant: Tenant, minutes: int) -> None:
    shop = make_shop(tenant, wait_minutes=minutes)
    with tenant_transaction(tenant.pk):
        MailAccount.objects.create(name="口", host="127.0.0.1", port=1, security="none", sender="shop@example.jp")
    paid = mall_order(placed_at=NOW)
    new = mall_order(placed_at=NOW, state="new", payment_state="open", blocks=("unconfirmed",))
    take_in(tenant, shop, paid, new, now=at(NOW + timedelta(minutes=1)))

    end = NOW + timedelta(minutes=minutes)
    take_in(
        tenant, shop, changed(paid, sub_status="x"), changed(new, sub_status="x"), now=at(end - timedelta(seconds=1))
    )
    judge(tenant.pk)
    before = [began(tenant, order.number) for order in (paid, new)]
    waiting = {the_order(tenant, order.number).status.name for order in (paid, new)}
    take_in(tenant, shop, changed(paid, sub_status="y"), changed(new, sub_status="y"), now=at(end))
    judge(tenant.pk)

    assert (before, waiting) == ([([], False), ([], False)], {"待機"})
    assert began(tenant, paid.number) == (["mail.send"], True)
    assert began(tenant, new.number) == (["mail.send", "mall.confirm"], False)


@pytest.mark.feature("F003", "F004")
@pytest.mark.usefixtures("clock")
def test_a_next_day_order_does_not_wait_in_any_shop(tenant: Tenant) -> None:
    shop = make_shop(tenant, wait_minutes=90)
    order = mall_order(placed_at=NOW, next_day=True, state="new", payment_state="open", blocks=("unconfirmed",))

    take_in(tenant, shop, order, now=at(NOW + timedelta(seconds=30)))
    judge(tenant.pk)

    assert "mall.confirm" in began(tenant, order.number)[0]


@pytest.mark.feature("F001", "F002", "F003")
def test_an_order_is_stored_within_15_minutes_of_being_seen_and_says_how_long_it_waits(
    world: World, tenant: Tenant
) -> None:
    shop_id = connect(world, tenant)
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop_id).update(every_seconds=600)
    placed: list[str] = []
    for _ in range(12):
        placed += place(world, tenant, shop_id, n=3)
        world.pass_time(minutes=5)
        run("poll")
    client = browser(tenant)

    seen = {line["number"]: datetime.fromisoformat(line["at"]) for line in world.mall_ledger("order_visible")}
    with tenant_transaction(tenant.pk):
        late = [
            order.number
            for order in Order.objects.all()
            if order.taken_in_at - seen[order.number] > timedelta(minutes=15)
        ]
        waits = Order.objects.filter(status__default_for="waiting", next_day=False).latest("placed_at")
        stored = set(Order.objects.values_list("number", flat=True))
    assert late == []
    visible_long = {
        number for number, moment in seen.items() if moment <= world.clocks[0].now() - timedelta(minutes=15)
    }
    assert visible_long <= stored
    judgement = audit(now=business_now(), true_now=true_now(), ledgers=world.folder, tenant_ids=[tenant.pk])
    here, _alike = [verdict for verdict in judgement.verdicts if verdict.invariant == "J1"]
    assert (here.line(), judgement.sums["lost"]) == (f"J1   ok    {here.what}: {here.looked_at} looked at", 0)
    assert here.looked_at >= len(visible_long) > 0, "those that wait count as in"
    for left, minutes in (
        (timedelta(minutes=29, seconds=30), 30),
        (timedelta(minutes=7), 7),
        (timedelta(seconds=1), 1),
    ):
        at(waits.ready_at - left)
        page = text_of(client.get(f"/search/?q={waits.number}", follow=True))
        assert f"注文から30分は、お客様のキャンセルを待っています。 あと{minutes}分で自動で動き出します。" in page
        assert "待機" in page
    at(waits.ready_at)
    assert "自動で動き出します" not in text_of(client.get(f"/search/?q={waits.number}", follow=True))


@pytest.mark.feature("F003", "R19")
def test_cancelled_inside_the_wait_is_shown_and_stands_in_no_ledger(
    world: World, tenant: Tenant, server: SmtpServer, sink: MailSink
) -> None:
    shop_id = connect(world, tenant)
    open_mail(tenant, server)
    before = len(written(world))
    cancelled, kept = place(world, tenant, shop_id, n=2, kinds=["card"])
    world.pass_time(minutes=5)
    run()
    map_all(tenant)
    world.post(world.mall_url, "buyers/cancel", {"number": cancelled})

    let_pass(world, minutes=120, step=10)

    with tenant_transaction(tenant.pk):
        assert Order.objects.get(number=cancelled).phase == "cancelled"
        assert not Message.objects.filter(order__number=cancelled).exists()
        assert not Effect.objects.filter(order_id=Order.objects.get(number=cancelled).pk).exists()
    assert {line["number"] for line in world.mall_ledger("confirm")} == {kept}
    assert {line["slip"]["order_numbers"][0] for line in world.warehouse_ledger("request")} <= {kept}
    assert {line["hub"]["X-Hub-Order"] for line in sink.ledger.lines("mail")} == {kept}
    assert len(written(world)) > before
    page = browser(tenant).get(f"/search/?q={cancelled}", follow=True).content.decode()
    assert "キャンセル" in page
