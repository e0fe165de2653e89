"""Memory and odd orders: ten thousand waiting ones, a long remark, twenty destinations, sums that differ, a key that dies between two pages."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from automation.engine import work as judge
from channels_rakuten.client import RmsClient
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import coverage
from orders.models import Order, OrderLine, Parcel, PollWindow, Shop, TaskMark
from orders.operations import shops as shop_operations
from tests.conftest import NOW
from tests.factories import BUYER, changed, make_shop, mall_line, mall_order, take_in, the_order
from tests.journeys.conftest import World
from tests.journeys.world_steps import BY, account_of, connect, place, run
from tests.pages import browser

WAITING = 10_000
MOST_MEMORY_KB = 300 * 1024


def most_memory_kb(pid: int) -> int:
    """Return the most memory that the program has held since it began (wait4 would count what it was forked from, too)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        if found and Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"--until-idle\0"):
            return int(found[1])
    return 0


@pytest.mark.slow
@pytest.mark.usefixtures("at_now")
def test_ten_thousand_waiting_orders_are_drained_by_a_process_of_at_most_300_mb(tenant: Tenant, tmp_path: Path) -> None:
    shop = make_shop(tenant, confirm_by="other")
    for _ in range(WAITING // 100):
        orders = (mall_order(state="new", payment_state="open", blocks=("unconfirmed",)) for _ in range(100))
        take_in(tenant, shop, *orders, mapped=False)
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(judge_at__lte=NOW).count() == WAITING

    log = tmp_path / "drain.txt"
    with log.open("wb") as out:
        drain = subprocess.Popen([sys.executable, "manage.py", "tick", "--until-idle"], stdout=out, stderr=out)
        most = 0
        while drain.poll() is None:
            most = max(most, most_memory_kb(drain.pid))
            time.sleep(0.05)

    assert drain.returncode == 0, log.read_text()
    assert 0 < most <= MOST_MEMORY_KB
    with tenant_transaction(tenant.pk):
        assert not Order.objects.filter(judge_at__isnull=False).exists()
        assert set(Order.objects.values_list("status__name", flat=True)) == {"確認待"}


@pytest.mark.usefixtures("at_now")
def test_twenty_destinations_of_ten_lines_are_twenty_parcels_shown_folded(tenant: Tenant) -> None:
    lines = [mall_line(str(n)) for n in range(200)]
    one = mall_order(lines=tuple(lines[:1])).parcels[0]
    parcels = tuple(
        replace(one, key=str(n), recipient=replace(BUYER, name=f"受取 {n}"), lines=tuple(lines[n * 10 : n * 10 + 10]))
        for n in range(20)
    )
    order = changed(mall_order(lines=tuple(lines)), parcels=parcels)

    take_in(tenant, make_shop(tenant), order)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.count() == 20
        assert OrderLine.objects.count() == 200
    page = browser(tenant).get(f"/orders/{encode(the_order(tenant, order.number).pk)}/").content.decode()
    assert page.count('<section class="card" id="parcel-') == 5
    assert "ほか 15件の荷物を表示" in page


@pytest.mark.usefixtures("at_now")
def test_sums_that_differ_open_a_task_that_says_both(tenant: Tenant) -> None:
    order = mall_order(total_yen=1_234)
    take_in(tenant, make_shop(tenant), order)
    judge(tenant.pk)

    page = browser(tenant).get(f"/orders/{encode(the_order(tenant, order.number).pk)}/").content.decode()

    assert the_order(tenant, order.number).held
    with tenant_transaction(tenant.pk):
        assert TaskMark.objects.filter(task__name="金額不一致", closed_at__isnull=True).exists()
    assert "金額不一致" in page
    assert "明細の合計は1,000円、モールの合計は1,234円です（差 +234円）。" in page


def test_a_key_that_dies_between_two_pages_closes_no_window_and_loses_nothing(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = RmsClient.search.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "size", 10)
    shop_id = connect(world, tenant)
    placed = place(world, tenant, shop_id, n=25)
    first_page_passes = {"seed": 94, "faults": [{"kind": "status_401", "function": "searchOrder", "rate": 0.5}]}
    world.post(world.mall_url, "faults", first_page_passes)

    world.pass_time(minutes=5)
    run("poll")

    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get(pk=shop_id)
        assert shop.blind_since is not None
        assert not PollWindow.objects.filter(state="done").exists()
        assert coverage.gaps(shop, until=world.clocks[0].now() - timedelta(minutes=2))
        assert not Order.objects.exists()
    answers = [line["status"] for line in world.mall_ledger("request") if line["function"] == "searchOrder"]
    assert answers[-2:] == [200, 401], "the first page came, the second did not"
    assert "注文が見えていません" in browser(tenant).get("/").content.decode()

    world.post(world.mall_url, "faults", {"faults": []})
    key = world.post(world.mall_url, "keys", {"shop": account_of(tenant, shop_id), "issue": {}})["keys"][-1]
    renewed = {name: key[name] for name in ("service_secret", "license_key")}
    with tenant_transaction(tenant.pk):
        shop_operations.set_credentials(Shop.objects.get(pk=shop_id), renewed, by=BY, now=world.clocks[0].now())
    for _ in range(4):
        world.pass_time(minutes=2)
        run("poll")

    with tenant_transaction(tenant.pk):
        assert sorted(Order.objects.values_list("number", flat=True)) == sorted(placed)
        assert Shop.objects.get(pk=shop_id).blind_since is None
