"""Memory and odd orders: ten thousand waiting ones, a long remark, twenty destinations, sums that differ, a key that dies between two pages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import Count

from automation.engine import work as judge
from channels_rakuten.client import RmsClient
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount
from orders import coverage
from orders.models import Order, OrderLine, Parcel, PollWindow, Shop, TaskMark
from simulators.ledger import Ledger
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.factories import BUYER, changed, make_shop, mall_line, mall_order, take_in, the_order
from tests.journeys.conftest import START, World
from tests.journeys.world_steps import account_of, connect, enter_key, map_all, place, run
from tests.pages import browser

WAITING, CONFIRMED = 10_000, 500
MOST_MEMORY_KB = 300 * 1024


def most_memory_kb(pid: int) -> int:
    """Return the most memory that the program has held since it began (wait4 would count what it was forked from, too)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        if found and Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"--until-idle\0"):
            return int(found[1])
    return 0


@pytest.mark.slow
def test_ten_thousand_waiting_orders_are_drained_by_a_process_of_at_most_300_mb(
    world: World, tenant: Tenant, tmp_path: Path
) -> None:
    """All at once: 9,500 orders to be judged that another system confirms, and 500 to be read again, judged, confirmed and thanked for."""
    sink = MailSink(ledger=Ledger(tmp_path / "mail.jsonl"))
    server = SmtpServer(sink)
    shop_id = connect(world, tenant)
    with tenant_transaction(tenant.pk):
        MailAccount.objects.create(
            name="送信口",
            shop_id=shop_id,
            host="127.0.0.1",
            port=server.port,
            security="none",
            sender="shop@example.jp",
        )
    placed = place(world, tenant, shop_id, n=CONFIRMED, kinds=["bank_never"])
    world.pass_time(minutes=5)
    run(*["poll"] * 8)
    map_all(tenant)
    world.pass_time(minutes=30)
    others, now = make_shop(tenant, confirm_by="other"), world.clocks[0].now()
    for _ in range((WAITING - CONFIRMED) // 100):
        orders = [
            mall_order(state="new", payment_state="open", blocks=("unconfirmed",), placed_at=START) for _ in range(100)
        ]
        take_in(tenant, others, *orders, mapped=False, now=now)
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(judge_at__isnull=False).count() == WAITING

    most, said = drain(world, tmp_path)
    server.close()

    assert 0 < most <= MOST_MEMORY_KB, said
    confirmed = [line["number"] for line in world.mall_ledger("confirm")]
    assert len(confirmed) == CONFIRMED
    assert set(confirmed) == set(placed)
    assert len(sink.ledger.lines("mail")) == CONFIRMED
    with tenant_transaction(tenant.pk):
        assert not Order.objects.filter(judge_at__isnull=False).exists()
        assert set(Order.objects.filter(shop=others).values_list("status__name", flat=True)) == {"確認待"}
        assert dict(Effect.objects.values_list("kind").annotate(n=Count("pk")).filter(state="done")) == {"mall.confirm": CONFIRMED, "mail.send": CONFIRMED}  # fmt: skip


def drain(world: World, folder: Path) -> tuple[int, str]:
    """Run all stages in a process of its own until nothing is due; return the most memory it held, and what it said."""
    outside = {
        "RAKUTEN_BASE_URL": world.mall_url, "RSL_BASE_URL": world.warehouse_url, "MALL_GAP_SECONDS": "0.02",
        "QUIET_MALL_SECONDS": "0.5", "QUIET_WAREHOUSE_SECONDS": "0.5",
    }  # fmt: skip
    log, most = folder / "drain.txt", 0
    with log.open("wb") as out:
        command = [sys.executable, "manage.py", "tick", "--until-idle"]
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **outside})
        while process.poll() is None:
            most = max(most, most_memory_kb(process.pid))
            time.sleep(0.05)
    assert process.returncode == 0, log.read_text()
    return most, log.read_text()


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
    enter_key(world, tenant, shop_id, account_of(tenant, shop_id))
    for _ in range(4):
        world.pass_time(minutes=2)
        run("poll")

    with tenant_transaction(tenant.pk):
        assert sorted(Order.objects.values_list("number", flat=True)) == sorted(placed)
        assert Shop.objects.get(pk=shop_id).blind_since is None
