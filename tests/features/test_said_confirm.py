"""Confirm: by us once after the wait, a refusal in the mall's words, an open amount waits for its sum; by another system never by us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from automation.engine import work as judge
from hub.models import AuditEntry, Clock, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders import keeping
from orders.models import Order, Shop, TaskMark
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_order, take_in, the_order
from tests.features.steps import let_pass
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run
from tests.pages import browser


def open_tasks(tenant: Tenant, number: str) -> set[str]:
    with tenant_transaction(tenant.pk):
        marks = TaskMark.objects.filter(order__number=number, closed_at__isnull=True)
        return set(marks.values_list("task__key", flat=True))


@pytest.fixture
def clock() -> Iterator[None]:
    yield
    Clock.objects.all().delete()


@pytest.mark.feature("F005")
def test_by_us_once_after_the_wait_and_the_mall_is_in_processing(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    numbers = place(world, tenant, shop_id, n=3, kinds=["bank_never"])
    let_pass(world, minutes=25)
    assert world.mall_ledger("confirm") == []

    let_pass(world, minutes=180, step=15)

    assert sorted(line["number"] for line in world.mall_ledger("confirm")) == sorted(numbers)
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.values_list("mall_state", "mall_code", "confirm_state")) == {
            ("processing", "200", "confirmed")
        }
        assert set(Order.objects.values_list("status__name", flat=True)) <= {"入金待ち", "確認待"}


@pytest.mark.feature("F005", "F081")
def test_by_another_system_no_confirm_leaves_and_the_order_waits_for_the_mall(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop_id).update(confirm_by="other")
    before = len([line for line in world.mall_ledger("request") if line["function"] == "confirmOrder"])
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run("poll")
    map_all(tenant)

    let_pass(world, minutes=90, step=15)
    waits = the_order(tenant, number)
    world.post(world.mall_url, "staff/confirm", {"number": number})
    let_pass(world, minutes=240, step=15)

    assert (waits.mall_state, waits.phase) == ("new", "payment")
    assert the_order(tenant, number).phase in ("ready", "shipping", "shipped")
    assert [line["by"] for line in world.mall_ledger("confirm")] == ["staff"]
    assert len([line for line in world.mall_ledger("request") if line["function"] == "confirmOrder"]) == before
    with tenant_transaction(tenant.pk):
        assert not AuditEntry.objects.filter(verb="mall.confirmed").exists()


@pytest.mark.feature("F005")
def test_an_open_amount_opens_its_task_and_is_confirmed_when_it_is_fixed(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["postage_never"])

    let_pass(world, minutes=90, step=10)
    open_, confirmed = open_tasks(tenant, number), world.mall_ledger("confirm")
    world.post(world.mall_url, "staff/fix-postage", {"number": number, "yen": 800})
    let_pass(world, minutes=60, step=10)

    assert ("mall_amount" in open_, confirmed) == (True, [])
    assert "mall_amount" not in open_tasks(tenant, number)
    assert [line["number"] for line in world.mall_ledger("confirm")] == [number]
    assert the_order(tenant, number).postage_yen == 800


@pytest.mark.feature("F005", "F021")
def test_a_refusal_shows_the_malls_words_and_is_gone_when_the_mall_has_moved(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    order_at_mall = world.mall.order(number)
    with order_at_mall.edit() as model:  # the shop's staff reopens the sum between our decision and our call
        total, model["requestPrice"] = model["requestPrice"], -9999

    let_pass(world, minutes=5)

    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        effect = Effect.objects.get(kind="mall.confirm")
    assert (order.confirm_state, effect.state, order.held) == ("refused", "stopped", True)
    client = browser(tenant)
    page = client.get(f"/search/?q={number}", follow=True).content.decode()
    errors = client.get("/attention/errors/").content.decode()
    for words in ("注文確認が拒否された", "金額が未確定のため、注文確認できません。"):
        assert words in page, words
    assert number.split("-", 1)[1] in errors
    with order_at_mall.edit() as model:
        model["requestPrice"] = total
    world.post(world.mall_url, "staff/confirm", {"number": number})
    let_pass(world, minutes=40, step=10)
    assert "confirm_refused" not in open_tasks(tenant, number)


@pytest.mark.feature("F005")
@pytest.mark.usefixtures("clock")
def test_ten_days_unconfirmed_is_warned_until_the_mall_has_confirmed(tenant: Tenant) -> None:
    shop = make_shop(tenant, confirm_by="other")
    order = mall_order(state="new", payment_state="open", blocks=("unconfirmed",), placed_at=NOW)
    take_in(tenant, shop, order)
    warned = []
    for days in (9, 10, 11):
        moment = NOW + timedelta(days=days, minutes=1)
        Clock.objects.all().delete()
        Clock.objects.create(real_start=moment, business_start=moment, speed=0.0)
        keeping.work(tenant.pk)
        warned.append("confirm_late" in open_tasks(tenant, order.number))

    page = browser(tenant).get(f"/search/?q={order.number}", follow=True).content.decode()
    take_in(tenant, shop, changed(order, state="processing", blocks=("payment",)), now=moment)
    judge(tenant.pk)

    assert warned == [False, True, True]
    assert "14日で自動キャンセル" in page
    assert "confirm_late" not in open_tasks(tenant, order.number)
