"""No order is lost and none comes twice: stops, shifting pages, dying keys, poison, and deletes over a day of polls (promises G1 to G4)."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from hub.clock import JAPAN
from hub.ids import encode
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders import coverage
from orders.models import Order, OrderNumber, PollWindow, RejectedPayload, Shop
from orders.operations import shops as shop_operations
from orders.operations.leaving import delete
from orders.operations.shops import TooOld, read_again
from tests.browsing import Browser, text_of
from tests.journeys.conftest import START, World
from tests.journeys.world_steps import BY, account_of, connect, place, run


def numbers(tenant: Tenant) -> list[str]:
    with tenant_transaction(tenant.pk):
        return sorted(Order.objects.values_list("number", flat=True))


def poll(world: World, rounds: int = 1, **amount: float) -> None:
    """Let time pass and poll until nothing more is due."""
    for _ in range(rounds):
        world.pass_time(**(amount or {"minutes": 5}))
        run("poll", "poll")


@pytest.mark.feature("F001")
def test_each_visible_order_is_taken_in_exactly_once(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    placed = place(world, tenant, shop_id, n=120)

    poll(world, rounds=4)

    assert numbers(tenant) == sorted(placed)
    with tenant_transaction(tenant.pk):
        assert AuditEntry.objects.filter(verb="order.taken_in").count() == 120
        assert not RejectedPayload.objects.exists()


@pytest.mark.feature("F012")
@pytest.mark.slow
@pytest.mark.parametrize("hours", [1, 25, 70 * 24])
def test_stop_of_any_length_loses_and_doubles_nothing(world: World, tenant: Tenant, settings: Any, hours: int) -> None:
    settings.MALL_GAP_SECONDS = 0.001
    shop_id = connect(world, tenant, expiry_days=400)
    owner = Browser(tenant, "owner")
    before = place(world, tenant, shop_id, n=5)
    poll(world)
    assert drawn_gaps(owner, shop_id) == []
    stopped = world.clocks[0].now()
    owner.post(f"/settings/shops/{encode(shop_id)}/polling/", on="0")
    during = []
    for _ in range(5):
        world.pass_time(hours=hours / 5)
        during += place(world, tenant, shop_id, n=4)
        run("poll")
    now = world.clocks[0].now()

    assert numbers(tenant) == sorted(before)
    [(since, until)] = drawn_gaps(owner, shop_id)
    assert stopped - timedelta(minutes=15) <= since <= stopped + timedelta(minutes=1)
    assert now - timedelta(minutes=15) <= until <= now
    assert "取込を止めています。始めると、ここから読みます。" in text_of(
        owner.get(f"/settings/shops/{encode(shop_id)}/")
    )

    owner.post(f"/settings/shops/{encode(shop_id)}/polling/", on="1")
    world.pass_time(minutes=2)
    for _ in range(20):
        run(*["poll"] * 20)
        if not drawn_gaps(owner, shop_id):
            break

    assert numbers(tenant) == sorted(before + during)
    with tenant_transaction(tenant.pk):
        assert AuditEntry.objects.filter(verb="order.taken_in").count() == len(before + during)
        longest = max(window.until_at - window.from_at for window in PollWindow.objects.all())
    assert longest <= timedelta(minutes=30)
    assert "取りこぼしなし" in text_of(owner.get("/settings/shops/"))


def drawn_gaps(person: Browser, shop_id: int) -> list[tuple[datetime, datetime]]:
    """Return the gaps that the shop page draws: as its bar shows them, and told by the same times below it."""
    page = person.get(f"/settings/shops/{encode(shop_id)}/").content.decode()
    [bar] = re.findall(r'<svg class="coverage" viewBox="0 0 1000 22".*?</svg>', page, re.S)
    gaps = re.findall(
        r'<rect class="gap" x="([\d.]+)" y="0" width="([\d.]+)"[^>]*><title>まだ読めていない ([^<]+)</title>', bar
    )
    assert page.count('class="reason" data-tone="stop"') == len(gaps)
    found = []
    for x, width, title in gaps:
        since, until = (
            datetime.strptime(f"{START.year} {word}", "%Y %m/%d %H:%M").replace(tzinfo=JAPAN)
            for word in title.split(" – ")
        )
        until = until if until >= since else until.replace(year=START.year + 1)
        assert 0 <= float(x) < float(x) + float(width) <= 1_002
        found.append((since, until))
    return found


@pytest.mark.feature("F012")
def test_reading_again_reaches_back_730_days_and_no_further(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get(pk=shop_id)
        with pytest.raises(TooOld):
            read_again(shop, since=START - timedelta(days=731), by=BY, now=START)
        read_again(shop, since=START - timedelta(hours=3), by=BY, now=START)
        shop.refresh_from_db()
        assert shop.wanted_from == START - timedelta(hours=3)


@pytest.mark.parametrize("kind", ["page_shift", "missing_number", "repeated_number", "shuffled"])
def test_pages_that_shift_lose_nothing(world: World, tenant: Tenant, kind: str) -> None:
    shop_id = connect(world, tenant)
    world.post(world.mall_url, "faults", {"faults": [{"kind": kind, "function": "*", "rate": 0.5}]})
    placed = place(world, tenant, shop_id, n=60)

    poll(world, rounds=12)
    world.post(world.mall_url, "faults", {"faults": []})
    poll(world, rounds=6)

    assert numbers(tenant) == sorted(placed)


def test_a_number_that_an_answer_passed_over_is_asked_for_again_within_the_minute(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    placed = place(world, tenant, shop_id, n=5)
    world.post(world.mall_url, "faults", {"faults": [{"kind": "missing_number", "function": "getOrder", "count": 1}]})
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop_id).update(every_seconds=900)
    world.pass_time(minutes=5)
    run("poll")
    assert len(numbers(tenant)) == len(placed) - 1

    world.pass_time(seconds=40)
    run("poll")

    assert numbers(tenant) == sorted(placed)


@pytest.mark.parametrize(
    "kind", ["status_500", "status_503", "status_429", "html_page", "empty_200", "broken_json", "cut_body"]
)
def test_answers_that_tell_nothing_lose_nothing(world: World, tenant: Tenant, kind: str) -> None:
    shop_id = connect(world, tenant)
    wait = {"retry_after": 1} if kind == "status_429" else {}
    world.post(world.mall_url, "faults", {"faults": [{"kind": kind, "function": "*", "rate": 0.5, **wait}]})
    placed = place(world, tenant, shop_id, n=20)

    poll(world, rounds=10)
    world.post(world.mall_url, "faults", {"faults": []})
    time.sleep(1.1 if wait else 0)  # the mall asked to be left alone for a second
    poll(world, rounds=6)

    assert numbers(tenant) == sorted(placed)


@pytest.mark.feature("F025", "K14")
def test_dying_key_makes_the_shop_blind_and_nothing_is_lost_after_renewal(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    account = account_of(tenant, shop_id)
    first = place(world, tenant, shop_id, n=5)
    poll(world)
    world.post(world.mall_url, "keys", {"shop": account, "revoke_old": True})
    during = place(world, tenant, shop_id, n=5)

    poll(world, rounds=3)

    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get(pk=shop_id)
        assert shop.blind_since is not None
        assert "wrong_key" in shop.blind_reason
        assert not PollWindow.objects.filter(state="done", until_at__gt=shop.blind_since).exists()
    assert numbers(tenant) == sorted(first)
    keys = world.post(world.mall_url, "keys", {"shop": account, "issue": {}})["keys"][-1]
    with tenant_transaction(tenant.pk):
        credentials = {"service_secret": keys["service_secret"], "license_key": keys["license_key"]}
        shop_operations.set_credentials(Shop.objects.get(pk=shop_id), credentials, by=BY, now=START)
    poll(world, rounds=4)
    assert numbers(tenant) == sorted(first + during)
    with tenant_transaction(tenant.pk):
        assert Shop.objects.get(pk=shop_id).blind_since is None


def test_poison_order_is_listed_and_does_not_delay_the_others(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    good = place(world, tenant, shop_id, n=30)
    bad = place(
        world,
        tenant,
        shop_id,
        orders=[
            {"kind": "card", "override": {"orderDatetime": "yesterday"}},
            {"kind": "card", "override": {"PackageModelList": 7}},
        ],
    )

    poll(world, rounds=3)

    assert set(numbers(tenant)) >= set(good)
    with tenant_transaction(tenant.pk):
        listed = set(RejectedPayload.objects.values_list("number", flat=True))
        named = set(OrderNumber.objects.exclude(state="fetched").values_list("number", flat=True))
        assert listed == named
        assert listed <= set(bad)
        assert listed


@pytest.mark.feature("F094")
def test_a_hundred_deleted_orders_stay_deleted_over_a_day_of_polls(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    place(world, tenant, shop_id, n=100, kinds=["card"])
    poll(world, rounds=2)
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.values_list("pk", flat=True))
        assert len(delete(ids, by=BY, now=world.clocks[0].now()).changed) == 100
        read_again(Shop.objects.get(pk=shop_id), since=START - timedelta(hours=1), by=BY, now=world.clocks[0].now())

    for _ in range(24):
        world.pass_time(hours=1)
        run("poll", "reread", "judge", "keep")

    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(deleted_at__isnull=False).count() == 100
        assert Order.objects.filter(is_live=True).count() == 0
    assert world.mall_ledger("confirm") == []


@pytest.mark.feature("F003")
def test_self_cancelled_inside_the_wait_leaves_no_confirm_request_or_mail(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    poll(world, minutes=5)
    world.post(world.mall_url, "buyers/cancel", {"number": number})

    for _ in range(6):
        world.pass_time(minutes=10)
        run()

    with tenant_transaction(tenant.pk):
        order = Order.objects.select_related("status").get()
        assert (order.phase, order.mall_state) == ("cancelled", "cancelled")
    assert world.mall_ledger("confirm") == []
    assert world.warehouse_ledger("request") == []


def test_reading_again_asks_thrice_before_it_calls_the_mall_down(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    placed = place(world, tenant, shop_id, n=3)
    poll(world)

    def read_with(seed: int, rate: float) -> tuple[int, int]:
        """Let all orders be due for one turn; return how many answers were lost and how many orders are still due."""
        faults = [{"kind": "status_500", "function": "getOrder", "rate": rate}]
        world.post(world.mall_url, "faults", {"seed": seed, "faults": faults})
        now = world.clocks[0].now()
        with tenant_transaction(tenant.pk):
            Shop.objects.filter(pk=shop_id).update(reread_token=None, reread_until=None)
            Order.objects.filter(shop_id=shop_id).update(reread_at=now)
        before = fired()
        run("reread")
        with tenant_transaction(tenant.pk):
            return fired() - before, Order.objects.filter(shop_id=shop_id, reread_at__lte=now).count()

    def fired() -> int:
        answer = httpx.get(f"{world.mall_url}/_control/faults", trust_env=False, timeout=30)
        return int(answer.json()["fired"].get("status_500", 0))

    assert read_with(seed=1, rate=1.0) == (3, len(placed))
    assert {(1, 0), (2, 0)} & {read_with(seed, rate=0.5) for seed in range(12)}


def test_shop_read_seldom_catches_up_as_soon_as_a_window_left_open_is_read(world: World, tenant: Tenant) -> None:
    """A worker died in the middle of a reading. The next turn finishes it, and does not then wait for the shop's interval."""
    shop_id = connect(world, tenant)
    poll(world)
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop_id).update(every_seconds=720)
        died_at = world.clocks[0].now()
        PollWindow.objects.create(shop_id=shop_id, from_at=died_at - timedelta(minutes=4), until_at=died_at)
    world.pass_time(minutes=13)
    placed = place(world, tenant, shop_id, n=3)
    world.pass_time(minutes=3)
    run("poll", "poll", "poll")

    with tenant_transaction(tenant.pk):
        assert coverage.gaps(Shop.objects.get(pk=shop_id), until=world.clocks[0].now() - timedelta(minutes=3)) == []
    assert numbers(tenant) == sorted(placed)
