"""出荷済: set when the result is recorded; mail and report start from it side by side, once each, and the mall may be away for hours."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from hub.clock import JAPAN
from hub.ids import encode
from hub.models import Breaker, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import MallReport, Order, Parcel, Shop
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.features.steps import let_pass, open_mail
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect, map_all, place, run
from tests.pages import browser


def make_due(tenant: Tenant) -> None:
    """Let the waiting of true time be over, after an outage of business time."""
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(state__in=["waiting", "unsure"]).update(
            due_at=Order.objects.earliest("pk").placed_at - timedelta(days=900)
        )
        Breaker.objects.all().delete()
        Shop.objects.update(reread_until=None, lease_until=None)


@pytest.mark.feature("F113", "F115", "F138", "F155", "F156")
def test_mail_goes_at_once_and_the_report_when_the_mall_is_back(
    world: World, tenant: Tenant, server: SmtpServer, sink: MailSink
) -> None:
    shop_id = connect(world, tenant)
    open_mail(tenant, server)
    (number,) = place(world, tenant, shop_id, n=1, kinds=["card"])
    world.pass_time(minutes=2)
    run()
    map_all(tenant)
    let_pass(world, minutes=90, step=10)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        assert Parcel.objects.get().state in ("accepted", "working", "requested")
    world.post(world.mall_url, "faults", {"faults": [{"kind": "status_503", "function": "*"}]})

    for _ in range(60):
        world.pass_time(minutes=15)
        run("collect", "judge", "deliver")
        with tenant_transaction(tenant.pk):
            order = Order.objects.select_related("status").get()
        if order.phase == "shipped":
            break
    recorded = world.clocks[0].now()
    world.pass_time(minutes=4)
    run("judge", "deliver")

    told = [line for line in sink.ledger.lines("mail") if line["hub"]["X-Hub-Occasion"] == "shipped"]
    assert (order.status.name, order.unreported) == ("出荷済", True)
    assert [line["hub"]["X-Hub-Order"] for line in told] == [number]
    assert world.clocks[0].now() - recorded < timedelta(minutes=5)
    with tenant_transaction(tenant.pk):
        row = Parcel.objects.get().trackingnumber_set.get()
        assert Effect.objects.get(kind="mall.report").state != "done"
    assert row.number in told[0]["text"]
    client = browser(tenant)
    assert "未反映" in client.get(f"/orders/{encode(pk)}/").content.decode()
    assert encode(pk) in client.get("/orders/?unreported=1").content.decode()
    for _ in range(7):
        world.pass_time(hours=1)
        run("judge", "deliver", "reread")
    assert world.mall_ledger("shipping_add") == []

    world.post(world.mall_url, "faults", {"faults": []})
    for _ in range(20):
        make_due(tenant)
        run("deliver")
        with tenant_transaction(tenant.pk):
            if Effect.objects.get(kind="mall.report").state == "done":
                break
        time.sleep(0.2)
    (added,) = world.mall_ledger("shipping_add")
    assert (added["row"]["shippingNumber"], added["row"]["shippingDate"]) == (row.number, row.shipped_on.isoformat())
    assert added["row"]["deliveryCompany"]
    with tenant_transaction(tenant.pk):
        report = MallReport.objects.get()
        assert (report.sent_at is not None, report.counted_at) == (True, None)
    assert "未反映" in client.get(f"/orders/{encode(pk)}/").content.decode()
    let_pass(world, minutes=36 * 60, step=60)

    with tenant_transaction(tenant.pk):
        assert list(Order.objects.values_list("phase", "unreported")) == [("done", False)]
        assert MallReport.objects.get().counted_at is not None
    assert len(world.mall_ledger("shipping_add")) == 1
    assert len([line for line in sink.ledger.lines("mail") if line["hub"]["X-Hub-Occasion"] == "shipped"]) == 1
    assert row.shipped_on <= recorded.astimezone(JAPAN).date()
