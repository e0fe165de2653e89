"""The order's page as a worker reads it: what each mark asks for, the buyer's other orders, the release day, two presses of one button."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from html import unescape

import pytest

from automation.engine import work as judge
from hub.clock import JAPAN, business_now
from hub.ids import encode
from hub.models import Clock, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, OrderTag, Parcel, Product, Status, Tag, Task, TaskMark
from orders.system_tasks import SYSTEM_TASKS
from tests.conftest import NOW, at
from tests.factories import make_shop, mall_line, mall_order, take_in, the_order
from tests.orders.making import make_order
from tests.orders.making import make_shop as open_shop
from tests.pages import browser
from warehouses.models import WarehouseRequest
from warehouses.operations import answer_withdrawal
from warehouses.requesting import work as request


@pytest.fixture
def clock() -> Iterator[None]:
    at(NOW)
    yield
    Clock.objects.all().delete()


@pytest.mark.feature("F131")
@pytest.mark.parametrize("key", [key for key, *_ in SYSTEM_TASKS])
def test_each_mark_of_the_system_says_on_the_page_what_to_do_next(tenant: Tenant, key: str) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(key=key)
        order = make_order(open_shop(), at=business_now() - timedelta(hours=2))
        TaskMark.objects.create(
            order=order, task=task, opened_at=business_now(), reason="試験", detail={"fee_yen": 330}
        )
        Order.objects.filter(pk=order.pk).update(held=task.holds)

    page = unescape(browser(tenant).get(f"/orders/{encode(order.pk)}/").content.decode())

    assert task.name in page
    assert task.what_to_do in page


@pytest.mark.feature("F131")
@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("key", ["unmapped_all", "unmapped_some"])
def test_each_label_of_the_system_says_on_the_page_what_to_do_next(tenant: Tenant, key: str) -> None:
    shop, order = make_shop(tenant), mall_order(lines=(mall_line("1"), mall_line("2")))
    take_in(tenant, shop, mall_order(lines=(mall_line("1"),)), mapped=key == "unmapped_some")
    take_in(tenant, shop, order, mapped=False)
    judge(tenant.pk)
    pk = the_order(tenant, order.number).pk

    page = browser(tenant).get(f"/orders/{encode(pk)}/").content.decode()

    with tenant_transaction(tenant.pk):
        assert list(OrderTag.objects.filter(order=pk).values_list("tag__key", flat=True)) == [key]
        assert Tag.objects.get(key=key).name in page
    assert "商品を自社SKUに対応づけると、自動で判定し直します。" in page


@pytest.mark.feature("F133")
@pytest.mark.usefixtures("clock")
def test_the_order_placed_again_is_linked_with_the_cancelled_one_on_both_pages(tenant: Tenant) -> None:
    shop, other = make_shop(tenant), make_shop(tenant)
    first, again = mall_order(state="cancelled", code="900", blocks=("cancelled",)), mall_order()
    take_in(tenant, shop, first)
    take_in(tenant, other, again)
    judge(tenant.pk)
    old, new = (the_order(tenant, order.number) for order in (first, again))
    client = browser(tenant)

    pages = [client.get(f"/orders/{encode(order.pk)}/").content.decode() for order in (old, new)]

    assert old.phase == "cancelled"
    for page, linked in zip(pages, (new, old), strict=True):
        section = page[page.index("この方のほかの受注") :]
        assert f'href="/orders/{encode(linked.pk)}/">{linked.number}' in section


@pytest.mark.feature("R02")
@pytest.mark.usefixtures("clock")
def test_goods_ordered_before_their_release_go_on_by_themselves_on_the_day_and_not_before(tenant: Tenant) -> None:
    shop, release = make_shop(tenant, warehouse="rsl"), date(2026, 12, 1)
    ahead, now_there = mall_order(lines=(mall_line("予約"),)), mall_order()
    take_in(tenant, shop, ahead, now_there)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        product = encode(Product.objects.get(sku="SKU-予約").pk)
    day = {"all": "1", "query": f"product={product}", "ask": "ship_on", "day": release.isoformat()}
    browser(tenant).post("/orders/bulk/", {**day, "confirmed": "1", "client_key": "k"})
    midnight, states = datetime.combine(release, time(), JAPAN), []

    for moment in (NOW, midnight - timedelta(seconds=1), midnight):
        at(moment)
        with tenant_transaction(tenant.pk):
            Order.objects.update(mall_read_at=moment)
        judge(tenant.pk)
        request(tenant.pk)
        with tenant_transaction(tenant.pk):
            states.append(dict(Parcel.objects.values_list("order__number", "state")))

    assert [state[ahead.number] for state in states] == ["draft", "draft", "requested"]
    assert states[0][now_there.number] == "requested"


@pytest.mark.feature("F111")
@pytest.mark.usefixtures("clock")
def test_what_went_to_the_warehouse_is_left_out_the_second_time_unless_asked_and_the_page_says_so(
    tenant: Tenant,
) -> None:
    shop = make_shop(tenant, warehouse="rsl")
    orders = [mall_order() for _ in range(3)]
    take_in(tenant, shop, *orders)
    judge(tenant.pk)
    request(tenant.pk)
    ids = ",".join(encode(the_order(tenant, order.number).pk) for order in orders)
    client, press = browser(tenant), {"orders": ids, "want_shipment": "1"}
    judge(tenant.pk)

    preview = client.post("/orders/bulk/", press).content.decode()
    client.post("/orders/bulk/", {**press, "confirmed": "1", "client_key": "k"})
    judge(tenant.pk)
    request(tenant.pk)

    assert "変わる 0件" in preview
    assert "すでにそうなっている 3件" in preview
    with tenant_transaction(tenant.pk):
        assert WarehouseRequest.objects.count() == Effect.objects.filter(kind="warehouse.send").count() == 3
        first = Order.objects.get(number=orders[0].number)
        parcel = Parcel.objects.get(order=first)
    client.post(f"/orders/{encode(first.pk)}/give-up/", {"verb": "withdraw"})
    with tenant_transaction(tenant.pk):
        answer_withdrawal(WarehouseRequest.objects.get(parcel=parcel), "agreed", fee_yen=0, now=NOW)
        withdrawn = encode(Task.objects.get(key="withdrawn").pk)
        ready = encode(Status.objects.get(default_for="ready").pk)
    client.post(f"/orders/{encode(first.pk)}/release/", {"task": withdrawn})
    client.post(f"/parcels/{encode(parcel.pk)}/reopen/", {"act": "again"})
    client.post(f"/orders/{encode(first.pk)}/status/", {"status": ready})
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert WarehouseRequest.objects.filter(parcel=parcel).count() == 2, "asked for by name, it goes again"
        assert WarehouseRequest.objects.count() == 4
