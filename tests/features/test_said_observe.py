"""Observe: a new shop reads and judges and sends nothing; going live is the owner's, shows the counts first and takes what it says."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub.clock import JAPAN
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Shop
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.api.conftest import caller_of, checksum
from tests.browsing import Browser, text_of
from tests.features.steps import let_pass, open_mail, written
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run


def figures(page: str) -> dict[str, int]:
    """Return the counts of the page that asks before going live."""
    return {words: int(n) for words, n in re.findall(r"(モールへの注文確認|出荷依頼|メール) [^0-9]*? (\d+)", page)}


@pytest.mark.feature("N03")
def test_a_day_of_observing_leaves_no_line_in_any_ledger(
    world: World, tenant: Tenant, server: SmtpServer, sink: MailSink
) -> None:
    shop_id = connect(world, tenant, live=False)
    open_mail(tenant, server)
    before = written(world)
    confirmed_by_staff = place(world, tenant, shop_id, n=3, kinds=["card"])
    new = place(world, tenant, shop_id, n=2, kinds=["bank_never"])
    world.pass_time(minutes=2)
    run("poll")
    map_all(tenant)
    for number in confirmed_by_staff:
        world.post(world.mall_url, "staff/confirm", {"number": number})
    let_pass(world, minutes=24 * 60, step=60)

    owner = Browser(tenant, "owner")
    page = text_of(owner.get(f"/settings/shops/{encode(shop_id)}/"))
    asked = text_of(owner.get(f"/settings/shops/{encode(shop_id)}/live/"))

    assert written(world) == before
    assert [line["by"] for line in world.mall_ledger("confirm")] == ["staff"] * 3
    assert sink.ledger.lines("mail") == []
    with tenant_transaction(tenant.pk):
        assert not Effect.objects.exists()
        judged = dict(Order.objects.values_list("number", "phase"))
    assert {judged[number] for number in confirmed_by_staff} == {"ready"}, "it reads and judges"
    assert {judged[number] for number in new} == {"payment"}
    assert "注文確認 2件" in page
    assert "出荷依頼 3件" in page
    assert "メール 5件" in page
    assert figures(asked) == {"モールへの注文確認": 2, "出荷依頼": 3, "メール": 5}
    assert "これまでの 5件は、いままでのシステムに残ります" in asked


@pytest.mark.feature("N03")
def test_live_takes_what_is_placed_after_it_and_earlier_ones_only_if_ticked(
    world: World, tenant: Tenant, server: SmtpServer, sink: MailSink
) -> None:
    shop_id = connect(world, tenant, live=False)
    open_mail(tenant, server)
    left, ticked = place(world, tenant, shop_id, n=2, kinds=["card"])
    let_pass(world, minutes=40, step=20)
    map_all(tenant)
    with tenant_transaction(tenant.pk):
        chosen = encode(Order.objects.get(number=ticked).pk)

    owner = Browser(tenant, "owner")
    owner.post(f"/settings/shops/{encode(shop_id)}/live/", {"starts_at": "", "orders": chosen})
    world.pass_time(minutes=1)
    after = place(world, tenant, shop_id, n=2, kinds=["card"])
    let_pass(world, minutes=120, step=15)

    ours = {ticked, *after}
    assert {line["number"] for line in world.mall_ledger("confirm")} == ours
    assert set(after) <= {line["hub"]["X-Hub-Order"] for line in sink.ledger.lines("mail")} <= ours
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.filter(ours=True).values_list("number", flat=True)) == ours
        assert not Effect.objects.filter(payload__number=left).exists()


@pytest.mark.feature("N03")
def test_live_at_a_time_begins_with_the_orders_of_that_time(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant, live=False)
    starts = world.clocks[0].now() + timedelta(hours=2)
    owner = Browser(tenant, "owner")
    words = starts.astimezone(JAPAN).strftime("%Y-%m-%dT%H:%M")
    owner.post(f"/settings/shops/{encode(shop_id)}/live/", {"starts_at": words})

    early = place(world, tenant, shop_id, n=1, kinds=["card"])
    let_pass(world, minutes=130, step=26)
    late = place(world, tenant, shop_id, n=1, kinds=["card"])
    let_pass(world, minutes=60, step=15)

    assert [line["number"] for line in world.mall_ledger("confirm")] == late
    with tenant_transaction(tenant.pk):
        assert dict(Order.objects.values_list("number", "ours")) == {early[0]: False, late[0]: True}


@pytest.mark.feature("N03")
def test_back_to_observing_keeps_what_waits_and_going_live_lets_it_go(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    numbers = place(world, tenant, shop_id, n=3, kinds=["bank_never"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    owner = Browser(tenant, "owner")

    owner.post(f"/settings/shops/{encode(shop_id)}/observe/")
    let_pass(world, minutes=120, step=20)
    with tenant_transaction(tenant.pk):
        kept = list(Effect.objects.filter(kind="mall.confirm").values_list("state", "hold_reason"))
        mode = Shop.objects.get(pk=shop_id).mode
    confirmed = world.mall_ledger("confirm")
    owner.post(f"/settings/shops/{encode(shop_id)}/live/", {"starts_at": ""})
    let_pass(world, minutes=10)

    assert (mode, kept, confirmed) == ("observe", [("waiting", "observing")] * 3, [])
    assert {line["number"] for line in world.mall_ledger("confirm")} == set(numbers)


@pytest.mark.feature("N03")
def test_back_to_observing_holds_what_is_decided_later(world: World, tenant: Tenant) -> None:
    """Results that the warehouse tells in the evening are recorded; their reports wait until the shop is live again."""
    shop_id = connect(world, tenant)
    numbers = place(world, tenant, shop_id, n=2, kinds=["card"])
    world.pass_time(minutes=2)
    run("poll")
    map_all(tenant)
    let_pass(world, minutes=120, step=10)
    owner = Browser(tenant, "owner")

    owner.post(f"/settings/shops/{encode(shop_id)}/observe/")
    before = written(world)
    let_pass(world, minutes=24 * 60, step=60)
    meanwhile = written(world)
    with tenant_transaction(tenant.pk):
        waiting = list(Effect.objects.filter(kind="mall.report").values_list("state", "hold_reason"))
    owner.post(f"/settings/shops/{encode(shop_id)}/live/", {"starts_at": ""})
    let_pass(world, minutes=10)

    assert waiting == [("waiting", "observing")] * 2
    assert meanwhile == before, "no ledger has a line of ours"
    assert sorted(line["number"] for line in world.mall_ledger("shipping_add")) == sorted(numbers)


@pytest.mark.feature("N03")
def test_what_was_unsure_at_the_click_is_not_sent_again_while_observing(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=1, kinds=["bank_never"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    world.post(world.mall_url, "faults", {"faults": [{"kind": "status_500", "function": "confirmOrder"}]})
    run("deliver")
    with tenant_transaction(tenant.pk):
        before = Effect.objects.get(kind="mall.confirm").state

    Browser(tenant, "owner").post(f"/settings/shops/{encode(shop_id)}/observe/")
    world.post(world.mall_url, "faults", {"faults": []})
    for _ in range(4):
        world.pass_time(minutes=10)
        with tenant_transaction(tenant.pk):
            Effect.objects.filter(state__in=["waiting", "unsure"]).update(due_at="2020-01-01T00:00Z")
        run("deliver")

    with tenant_transaction(tenant.pk):
        after = Effect.objects.get(kind="mall.confirm")
    assert (before, after.state, after.hold_reason) == ("unsure", "waiting", "observing")
    assert world.mall_ledger("confirm") == []


@pytest.mark.feature("N03")
def test_a_cancellation_at_the_mall_is_refused_while_observing(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=1, kinds=["bank_never"])
    world.pass_time(minutes=35)
    run("poll", "poll", "reread", "judge")
    owner = Browser(tenant, "owner")
    owner.post(f"/settings/shops/{encode(shop_id)}/observe/")
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()

    answer = owner.post(f"/orders/{encode(order.pk)}/give-up/", {"verb": "cancel_at_mall", "reason": "buyer"})
    run("deliver")

    assert "ショップが観察中です" in text_of(answer) + owner.toast()
    with tenant_transaction(tenant.pk):
        assert not Effect.objects.filter(kind="mall.cancel").exists()


def test_live_does_not_begin_in_the_past(world: World, tenant: Tenant) -> None:
    """What was placed before may be on its way by the old system: it is taken on by name only, on the page and in the API."""
    shop_id = connect(world, tenant, live=False)
    place(world, tenant, shop_id, n=1, kinds=["card"])
    let_pass(world, minutes=40, step=20)
    early = world.clocks[0].now() - timedelta(minutes=30)
    owner, caller = Browser(tenant, "owner"), caller_of(tenant)
    before = checksum(tenant)

    page = owner.post(
        f"/settings/shops/{encode(shop_id)}/live/", {"starts_at": early.astimezone(JAPAN).strftime("%Y-%m-%dT%H:%M")}
    )
    answer = caller.post(f"shops/{encode(shop_id)}/go-live", {"since": early.isoformat()})

    assert (page.status_code, answer.status_code, answer.json()["code"]) == (422, 422, "starts_in_the_past")
    assert "過ぎた時刻からは始められません" in text_of(page)
    assert {**checksum(tenant), "hub_member": None} == {**before, "hub_member": None}, (
        "but for when the owner was last here"
    )
