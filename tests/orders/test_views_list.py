"""The order list: what it shows, how it is narrowed, its pages, what is new, saved searches; and acts over a selection."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import batches
from orders.models import Batch, Order, Parcel, SavedSearch, Shop, Status, Tag, Task, Warehouse
from orders.operations.holds import system_task
from tests.orders.making import make_order, make_shop, order_in
from tests.orders.order_page import read
from tests.pages import browser


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def listed(client: Client, query: str = "") -> list[str]:
    """Return the order numbers of the list, in its order."""
    text = client.get(f"/orders/{query}").content.decode()
    return re.findall(r'aria-label="([A-Z0-9]+-[0-9]{8}-[0-9]+)"', text)


def status_of(tenant: Tenant, order: Order) -> str:
    with tenant_transaction(tenant.pk):
        return str(Order.objects.select_related("status").get(pk=order.pk).status.name)


def test_rows_show_number_buyer_goods_amount_and_why_they_wait(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(name="備考あり")
    order = order_in(
        tenant, shop, total_yen=12340, lines=({"name": "丸皿"}, {"name": "湯のみ"}), tasks=[task], held=True
    )

    page = browser(tenant).get("/orders/").content.decode()

    for words in (order.number.split("-", 1)[1], "佐藤 花子", "丸皿", "他1点", "12,340円", "備考あり", "カード"):
        assert words in page, words


def test_a_viewer_sees_no_names(tenant: Tenant, shop: Shop) -> None:
    order_in(tenant, shop)

    page = browser(tenant, "viewer").get("/orders/").content.decode()

    assert "花子" not in page
    assert "佐＊＊＊" in page


@pytest.mark.feature("F004")
def test_filters_narrow_by_shop_tag_task_payment_delivery_day_and_words(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        other = make_shop("二号店")
        tag = Tag.objects.get(name="急ぎ")
        task = Task.objects.get(name="離島")
    plain = order_in(tenant, shop)
    odd = order_in(
        tenant, other, tags=[tag], tasks=[task], payment_method="cod", delivery_name="クール便", at=business_now() - timedelta(days=40),
        buyer_name="高橋 健", lines=({"sku": "ZZ-9"},), total_yen=99, next_day=True,
    )  # fmt: skip
    client = browser(tenant)
    condition = json.dumps({"field": "total_yen", "op": "lt", "value": 100})

    for query in (
        f"?shop={encode(other.pk)}", f"?tag={encode(tag.pk)}", f"?task={encode(task.pk)}", "?pay=cod", "?ship=クール便", "?q=高橋", "?sku=ZZ-9",
        f"?until={(business_now() - timedelta(days=30)).date()}", f"?condition={condition}", "?next_day=1",
    ):  # fmt: skip
        assert listed(client, query) == [odd.number], query
    assert listed(client, "?pay=card") == [plain.number]
    assert set(listed(client)) == {plain.number, odd.number}


def test_a_malformed_condition_is_told_with_its_place(tenant: Tenant, shop: Shop) -> None:
    answer = browser(tenant).get("/orders/", {"condition": '{"all": [{"field": "nonsense", "op": "is", "value": 1}]}'})

    assert answer.status_code == 422
    assert "nonsense" in answer.content.decode()


def test_an_order_is_found_by_the_last_four_digits_of_a_phone(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, buyer_phone="090-5555-4321")
    order_in(tenant, shop)

    answer = browser(tenant).get("/search/?q=4321")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/orders/{encode(order.pk)}/")


@pytest.mark.feature("F022")
def test_a_pasted_list_of_numbers_names_those_that_are_not_here(tenant: Tenant, shop: Shop) -> None:
    first, second = order_in(tenant, shop), order_in(tenant, shop)

    page = (
        browser(tenant)
        .get("/search/", {"q": f"{first.number}\n{second.number}\n338866-20200101-0000000001"})
        .content.decode()
    )

    assert first.number in page
    assert second.number in page
    assert "338866-20200101-0000000001" in page
    assert "見つからない番号が 1件あります" in page


def test_pages_lead_on_and_back_to_the_same_rows(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    numbers = [order_in(tenant, shop, at=now - timedelta(minutes=60 + n)).number for n in range(53)]
    client = browser(tenant)
    first = client.get("/orders/").content.decode()
    following = unescape(re.search(r'href="([^"]+)" rel="next"', first).group(1))  # type: ignore[union-attr]

    second = client.get(f"/orders/{following}").content.decode()
    back = unescape(re.search(r'href="([^"]+)" rel="prev"', second).group(1))  # type: ignore[union-attr]

    assert listed(client) == numbers[:50]
    assert listed(client, following) == numbers[50:]
    assert listed(client, back) == numbers[:50]
    assert "51–53" in second


def test_new_orders_are_announced_and_not_pushed(tenant: Tenant, shop: Shop) -> None:
    order_in(tenant, shop)
    client = browser(tenant)
    news_url = unescape(re.search(r'id="news" hx-get="([^"]+)"', client.get("/orders/").content.decode()).group(1))  # type: ignore[union-attr]
    assert "件を表示" not in client.get(news_url).content.decode()

    order_in(tenant, shop)
    order_in(tenant, shop)

    assert "新着 2件を表示" in client.get(news_url).content.decode()


def test_the_list_costs_the_same_for_three_rows_as_for_thirty(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/orders/").status_code == 200
        return len(queries)

    for _ in range(3):
        order_in(tenant, shop)
    cost()
    few = cost()
    for _ in range(27):
        order_in(tenant, shop)
    cost()

    assert cost() == few
    assert few <= 55


def test_a_saved_search_is_a_tab(tenant: Tenant, shop: Shop) -> None:
    cod = order_in(tenant, shop, payment_method="cod")
    order_in(tenant, shop)
    client = browser(tenant)

    client.post("/orders/searches/new/?pay=cod", {"name": "代引き"})

    with tenant_transaction(tenant.pk):
        saved = SavedSearch.objects.get()
    assert listed(client, f"?saved={encode(saved.pk)}") == [cod.number]
    assert "代引き" in client.get("/orders/").content.decode()


def test_one_shop_may_be_looked_at(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        other = make_shop("二号店")
    mine = order_in(tenant, other)
    order_in(tenant, shop)
    client = browser(tenant)

    client.post("/shop/", {"shop": encode(other.pk)})

    assert listed(client) == [mine.number]


# Acts over a selection.


def bulk(client: Client, orders: list[Order], **more: str) -> Any:
    return client.post("/orders/bulk/", {"orders": ",".join(encode(order.pk) for order in orders), **more})


def test_a_preview_says_what_changes_and_what_cannot_and_changes_nothing(tenant: Tenant, shop: Shop) -> None:
    free, gone = order_in(tenant, shop), order_in(tenant, shop, status="cancelled")
    with tenant_transaction(tenant.pk):
        check = Status.objects.get(default_for="check")

    page = bulk(browser(tenant), [free, gone], set_status=encode(check.pk)).content.decode()

    assert "変わる 1件" in page
    assert "変えられない 1件" in page
    assert "キャンセル済みの受注です。" in page
    assert gone.number in page
    assert "新規受付" in page
    assert "確認待" in page
    assert status_of(tenant, free) == "新規受付"
    with tenant_transaction(tenant.pk):
        assert not Batch.objects.exists()


def test_a_confirmed_preview_changes_once_and_is_undone(tenant: Tenant, shop: Shop) -> None:
    orders = [order_in(tenant, shop) for _ in range(3)]
    with tenant_transaction(tenant.pk):
        check = Status.objects.get(default_for="check")
    client = browser(tenant)

    for _ in range(2):
        bulk(client, orders, set_status=encode(check.pk), confirmed="1", client_key="same")

    assert {status_of(tenant, order) for order in orders} == {"確認待"}
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get()
    assert (batch.changed, batch.state) == (3, "done")
    client.post(f"/orders/batches/{encode(batch.pk)}/undo/")
    assert {status_of(tenant, order) for order in orders} == {"新規受付"}


@pytest.mark.feature("F053")
def test_more_than_two_hundred_become_a_job_with_progress(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        for _ in range(201):
            make_order(shop, at=business_now() - timedelta(hours=1))
        tag = Tag.objects.get(name="急ぎ")
    client = browser(tenant)

    client.post(
        "/orders/bulk/", {"all": "1", "query": "", "add_tag": encode(tag.pk), "confirmed": "1", "client_key": "k"}
    )

    tray = client.get("/jobs/").content.decode()
    assert "急ぎ" in tray
    assert "201" in tray
    assert "中止" in tray
    with tenant_transaction(tenant.pk):
        batch = Batch.objects.get()
    assert (batch.state, batch.cursor) == ("waiting", 0)
    batches.work(tenant.pk, batch.pk)
    page = client.get(f"/orders/batches/{encode(batch.pk)}/").content.decode()
    assert "変わった 201件" in page
    assert "元に戻す" in client.get("/jobs/").content.decode()


def test_a_job_can_be_stopped(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        orders = [make_order(shop).pk for _ in range(2)]
        from hub.audit import Actor

        batch = batches.start("memo", orders, {"text": "x"}, client_key="k", by=Actor(kind="member", name="店長"))
    client = browser(tenant)

    client.post(f"/orders/batches/{encode(batch.pk)}/cancel/")

    assert batches.work(tenant.pk, batch.pk) is False
    with tenant_transaction(tenant.pk):
        assert Batch.objects.get().state == "cancelled"


@pytest.mark.parametrize(
    ("ask", "values", "said"),
    [
        ("memo", {"text": "明日電話"}, "明日電話"), ("hold", {"reason": "返事待ち"}, "返事待ち"), ("ship_on", {"day": "2999-01-05"}, "2999-01-05"),
        ("delivery", {"method": "cool", "carrier": "sagawa"}, "cool"),
    ],
)  # fmt: skip
def test_acts_that_ask_first(tenant: Tenant, shop: Shop, ask: str, values: dict[str, str], said: str) -> None:
    order, client = order_in(tenant, shop), browser(tenant)
    form = bulk(client, [order], ask=ask).content.decode()
    assert "変わる 1件" in form

    empty = bulk(client, [order], ask=ask, confirmed="1", client_key="a")
    bulk(client, [order], ask=ask, confirmed="1", client_key="b", **values)

    assert 'class="error"' in empty.content.decode()
    with tenant_transaction(tenant.pk):
        found = Order.objects.get(pk=order.pk)
        parcel = found.parcel_set.get()
        reasons = [mark.reason for mark in found.taskmark_set.all()]
    assert said in [found.memo, found.delivery_method, str(parcel.ship_on), *reasons]


def test_packing_may_not_change_orders_in_bulk(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        check = Status.objects.get(default_for="check")

    answer = bulk(browser(tenant, "packing"), [order], set_status=encode(check.pk), confirmed="1", client_key="k")

    assert answer.status_code == 403
    assert status_of(tenant, order) == "新規受付"


def test_ids_of_another_tenant_are_nobody(tenant: Tenant, other_tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(other_tenant.pk):
        theirs = make_order(make_shop("よそ"))
        before = theirs.revision
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.get(name="急ぎ")

    page = bulk(browser(tenant), [theirs], add_tag=encode(tag.pk)).content.decode()
    bulk(browser(tenant), [theirs], add_tag=encode(tag.pk), confirmed="1", client_key="k")

    assert "変わる 0件" in page
    assert theirs.number not in page
    with tenant_transaction(other_tenant.pk):
        assert Order.objects.get(pk=theirs.pk).revision == before


def test_holds_by_hand_are_released_in_bulk(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)
    bulk(client, [order], ask="hold", reason="返事待ち", confirmed="1", client_key="a")

    bulk(client, [order], release="1", confirmed="1", client_key="b")

    with tenant_transaction(tenant.pk):
        assert not Order.objects.get(pk=order.pk).held
        assert system_task("hold").taskmark_set.filter(closed_at__isnull=True).count() == 0


def _saved(client: Client, query: str) -> str:
    """Save the search that an address says; return the address it then has."""
    answer = client.post(f"{reverse('orders:search_save')}?{query}", {"name": query[:60]})
    assert answer.status_code == 302, query
    return answer.headers["Location"].removeprefix("/orders/")


def test_waiting_to_ship_saved_as_a_search_shows_the_same_orders(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        away = Warehouse.objects.create(name="よそ", kind="other")
        Status.objects.filter(default_for="payment").update(not_ours=True)
        wanted, _theirs, _cancelled, elsewhere = (
            make_order(shop, status=status) for status in ("intake", "payment", "cancelled", "intake")
        )
        Parcel.objects.all().update(ship_wanted_at=business_now())
        Parcel.objects.filter(order=elsewhere).update(warehouse=away)
    client = browser(tenant)

    assert listed(client, "?to_ship=all") == [wanted.number]
    assert listed(client, _saved(client, "to_ship=all")) == [wanted.number]
    assert listed(client, _saved(client, "to_ship=none")) == [wanted.number]


def test_what_a_saved_search_leaves_out_is_told_before_it_is_saved(tenant: Tenant, shop: Shop) -> None:
    client, save = browser(tenant), reverse("orders:search_save")
    only = f"shop={encode(shop.pk)}"

    assert "保存されません" not in read(client, f"{save}?{only}")
    assert "検索の言葉は保存されません" in read(client, f"{save}?{only}&q=佐藤")
    assert "検索の言葉、期限の絞り込みは保存されません" in read(client, f"{save}?{only}&q=佐藤&late=1")
    for query, words in (
        ("late=1", "期限の絞り込みだけの検索は保存できません"),
        ("q=佐藤", "検索の言葉だけの検索は保存できません"),
    ):
        assert words in client.get(f"{save}?{query}", follow=True).content.decode()
