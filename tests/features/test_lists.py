"""The list and the steps as a shop uses them: narrowing, saved searches, statuses of one's own, labels, memos, acts over many."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from automation.engine import work as judge
from documents import making
from documents.models import FileJob
from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Batch, Order, Product, SavedSearch, Shop, Status, StatusGroup, Tag
from tests.api.conftest import caller_of
from tests.orders.making import make_shop, order_in
from tests.pages import browser, make_member, signed_in


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def listed(client: Client, **query: str) -> set[str]:
    text = client.get("/orders/", query).content.decode()
    return set(re.findall(r'aria-label="([A-Z0-9]+-[0-9]{8}-[0-9]+)"', text))


def bulk(client: Client, *orders: Order, **more: str) -> str:
    ids = ",".join(encode(order.pk) for order in orders)
    answer = client.post("/orders/bulk/", {"orders": ids, "confirmed": "1", "client_key": "k" + "".join(more), **more})
    return str(answer.content.decode())


@pytest.mark.feature("F035")
def test_a_period_and_a_product_together_give_exactly_the_orders_that_hold_it_then(tenant: Tenant, shop: Shop) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        product = Product.objects.create(sku="T-1", name="タオル")
    towel: list[dict[str, Any]] = [{"product": product, "sku": "T-1"}, {"sku": "X"}]
    wanted = order_in(tenant, shop, at=now - timedelta(days=3), lines=towel)
    order_in(tenant, shop, at=now - timedelta(days=30), lines=towel)
    order_in(tenant, shop, at=now - timedelta(days=3))
    client, day = browser(tenant), (now - timedelta(days=7)).date().isoformat()

    assert listed(client, product=encode(product.pk), **{"from": day}) == {wanted.number}
    assert listed(client, sku="T-1", **{"from": day}) == {wanted.number}


@pytest.mark.feature("F038")
def test_the_first_column_is_the_number_and_opens_the_order(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)

    page = browser(tenant).get("/orders/").content.decode()

    row = re.search(r'<td class="c-check">.*?</td>\s*<td class="c-number"><a class="number" href="([^"]+)"', page, re.S)
    assert row is not None
    assert row[1] == f"/orders/{encode(order.pk)}/"


@pytest.mark.feature("F034")
def test_the_counts_of_the_tree_add_up_to_the_live_orders(tenant: Tenant, shop: Shop) -> None:
    for status in ("intake", "check", "payment", "ready", "shipped", "done", "cancelled", "waiting", "check"):
        order_in(tenant, shop, status=status)
    order_in(tenant, shop, deleted_at=business_now())
    call = caller_of(tenant)

    counts = call.get("status-counts").json()

    with tenant_transaction(tenant.pk):
        live = Order.objects.filter(is_live=True).count()
    assert live == 9
    assert sum(one["count"] for one in counts["items"]) == live


@pytest.mark.feature("F040")
def test_a_saved_search_is_its_owners_alone_unless_it_is_shared(tenant: Tenant, shop: Shop) -> None:
    cod = order_in(tenant, shop, payment_method="cod")
    order_in(tenant, shop)
    owner, colleague = signed_in(make_member(tenant, "admin")), browser(tenant, "staff")

    owner.post("/orders/searches/new/?pay=cod", {"name": "自分の代引き"})
    owner.post("/orders/searches/new/?pay=cod", {"name": "みんなの代引き", "shared": "on"})

    mine, theirs = (client.get("/orders/").content.decode() for client in (owner, colleague))
    assert ("自分の代引き" in mine, "みんなの代引き" in mine) == (True, True)
    assert ("自分の代引き" in theirs, "みんなの代引き" in theirs) == (False, True)
    with tenant_transaction(tenant.pk):
        private, shared = (encode(SavedSearch.objects.get(name=name).pk) for name in ("自分の代引き", "みんなの代引き"))
    assert listed(owner, saved=private) == listed(colleague, saved=shared) == {cod.number}
    assert len(listed(colleague, saved=private)) == 2, "another's private search narrows nothing"


@pytest.mark.feature("F042", "R23")
@pytest.mark.parametrize(("of", "numbers"), [("any", {"both", "only"}), ("every", {"only"}), ("none", {"other"})])
def test_a_product_is_asked_of_any_of_every_or_of_no_line_and_the_list_says_which(
    tenant: Tenant, shop: Shop, of: str, numbers: set[str]
) -> None:
    orders = {
        "both": order_in(tenant, shop, lines=[{"sku": "A"}, {"sku": "B"}]),
        "only": order_in(tenant, shop, lines=[{"sku": "A"}, {"sku": "A"}]),
        "other": order_in(tenant, shop, lines=[{"sku": "C"}]),
    }
    condition = json.dumps({"field": "line_sku", "op": "is", "value": "A", "of": of})
    client = browser(tenant)

    page = client.get("/orders/", {"condition": condition}).content.decode()

    assert listed(client, condition=condition) == {orders[name].number for name in numbers}
    assert [words in page for words in ("すべての明細で", "どの明細も違う")] == [of == "every", of == "none"]


@pytest.mark.feature("F044", "F045", "F046")
def test_a_new_status_is_at_once_in_list_rules_bulk_change_and_api(tenant: Tenant, shop: Shop) -> None:
    order, client, call = order_in(tenant, shop), browser(tenant, "admin"), caller_of(tenant)
    with tenant_transaction(tenant.pk):
        group = encode(StatusGroup.objects.get(name="新規").pk)

    client.post(
        "/settings/statuses/new/",
        {"group": group, "name": "のし確認", "colour": "pink", "memo": "のしの文字を見る", "limit_hours": "4"},
    )

    with tenant_transaction(tenant.pk):
        status = encode(Status.objects.get(name="のし確認").pk)
    assert "のし確認" in client.get("/orders/").content.decode()
    assert "のし確認" in client.get("/rules/new/").content.decode()
    assert status in {one["id"] for one in call.get("statuses").json()["items"]}
    bulk(client, order, set_status=status)
    page = client.get(f"/orders/{encode(order.pk)}/").content.decode()
    row = client.get("/orders/", {"status": status}).content.decode()
    assert listed(client, status=status) == {order.number}
    for text in (page, row):
        assert re.search(r'data-colour="pink"[^>]*>\s*<span>のし確認', text), "the colour never stands without its name"
    assert "のしの文字を見る" in row


@pytest.mark.feature("F048")
def test_a_group_is_made_renamed_and_retired_when_nothing_is_in_it(tenant: Tenant) -> None:
    call = caller_of(tenant)
    made = call.post("status-groups", {"name": "検品", "phase": "ready"}).json()
    renamed = call.patch(f"status-groups/{made['id']}", {"name": "検品と梱包"}).json()
    call.post("statuses", {"group": made["id"], "name": "検品中"})

    refused = call.delete(f"status-groups/{made['id']}")
    status = next(one for one in call.get("statuses").json()["items"] if one["name"] == "検品中")
    call.delete(f"statuses/{status['id']}")
    retired = call.delete(f"status-groups/{made['id']}")

    assert renamed["name"] == "検品と梱包"
    assert (refused.status_code, refused.json()["code"]) == (409, "still_used")
    assert retired.status_code in (200, 204)


@pytest.mark.feature("F057")
def test_a_memo_on_many_orders_is_seen_in_the_list_and_found(tenant: Tenant, shop: Shop) -> None:
    orders, other = [order_in(tenant, shop) for _ in range(3)], order_in(tenant, shop)
    client = browser(tenant)

    bulk(client, *orders, ask="memo", text="月曜に電話")

    page = client.get("/orders/").content.decode()
    assert page.count('title="月曜に電話"') == 3
    assert listed(client, q="月曜に電話") == {order.number for order in orders}
    assert other.number not in listed(client, q="月曜に電話")


@pytest.mark.feature("F058")
def test_labels_with_colour_are_put_on_many_filtered_by_and_asked_for_by_rules(tenant: Tenant, shop: Shop) -> None:
    orders, other = [order_in(tenant, shop, judged_revision=1) for _ in range(3)], order_in(tenant, shop)
    client, call = browser(tenant, "admin"), caller_of(tenant)
    client.post("/settings/tags/new/", {"name": "贈答", "colour": "purple"})
    with tenant_transaction(tenant.pk):
        tag = encode(Tag.objects.get(name="贈答").pk)
        Order.objects.update(mall_read_at=business_now(), judge_at=business_now())
    group = call.post("rule-groups", {"name": "贈答", "phases": ["intake", "payment", "ready"]}).json()["id"]
    condition = {"field": "tags", "op": "has", "value": [tag]}
    call.post(
        "rules",
        {"group": group, "name": "贈答の印", "condition": condition, "actions": [{"do": "add_memo", "text": "丁寧に"}]},
    )

    bulk(client, *orders, add_tag=tag)
    judge(tenant.pk)

    assert listed(client, tag=tag) == {order.number for order in orders}
    assert re.search(
        r'data-colour="purple"[^>]*>(?:<[^>]*>)*贈答', client.get("/orders/", {"tag": tag}).content.decode()
    )
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.filter(memo="丁寧に").values_list("pk", flat=True)) == {order.pk for order in orders}
        assert Order.objects.get(pk=other.pk).memo == ""


@pytest.mark.feature("F097")
def test_a_filter_acts_on_what_it_still_finds_at_that_moment_with_count_and_undo(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.get(key="unmapped_all")
    orders = [order_in(tenant, shop, status="check", tags=[tag]) for _ in range(4)]
    client = browser(tenant, "admin")
    query = {"all": "1", "query": f"tag={encode(tag.pk)}", "ask": "delete"}
    preview = client.post("/orders/bulk/", query).content.decode()
    with tenant_transaction(tenant.pk):
        orders[0].ordertag_set.all().delete()  # mapped meanwhile

    client.post("/orders/bulk/", {**query, "confirmed": "1", "client_key": "once"})

    assert "変わる 4件" in preview
    with tenant_transaction(tenant.pk):
        gone = set(Order.objects.filter(deleted_at__isnull=False).values_list("pk", flat=True))
        batch = Batch.objects.get()
    assert gone == {order.pk for order in orders[1:]}
    client.post(f"/orders/batches/{encode(batch.pk)}/undo/")
    with tenant_transaction(tenant.pk):
        assert not Order.objects.filter(deleted_at__isnull=False).exists()


def test_orders_that_another_system_looks_after_are_left_out_of_bulk_change_and_export(
    tenant: Tenant, shop: Shop
) -> None:
    ours, theirs = order_in(tenant, shop), order_in(tenant, shop, status="check")
    with tenant_transaction(tenant.pk):
        Status.objects.filter(default_for="check").update(not_ours=True)
    client = browser(tenant)

    for more in ({"orders": f"{encode(ours.pk)},{encode(theirs.pk)}"}, {"all": "1", "query": ""}):
        page = client.post("/orders/bulk/", {**more, "ask": "memo"}).content.decode()
        assert "変わる 1件" in page


@pytest.mark.feature("F059")
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_the_csv_holds_exactly_the_filtered_orders_in_the_chosen_columns_and_encoding(
    tenant: Tenant, shop: Shop, encoding: str
) -> None:
    wanted = {order_in(tenant, shop, payment_method="cod").number for _ in range(3)}
    order_in(tenant, shop)
    client = browser(tenant, "staff")
    values = {
        "all": "1",
        "query": "pay=cod",
        "columns": ["number", "payment_method"],
        "profile": "machine",
        "encoding": encoding,
    }

    page = client.post("/orders/csv/", values).headers["Location"]
    with tenant_transaction(tenant.pk):
        job = FileJob.objects.get()
    waiting = client.get(page).content.decode()
    making.work(tenant.pk, job.pk)
    url = re.search(r'href="([^"]+/download/)"', client.get(page).content.decode())

    assert url is not None
    assert "作っています" in waiting, "in the background"
    rows = client.get(url[1]).content.decode(encoding.replace("utf-8", "utf-8-sig")).split()
    assert {row.split(",")[0] for row in rows[1:]} == wanted


@pytest.mark.feature("F059")
def test_a_saved_search_keeps_the_columns_of_its_csv_for_whoever_sees_it(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, payment_method="cod", total_yen=777)
    order_in(tenant, shop)
    owner, colleague = browser(tenant, "admin"), browser(tenant, "staff")
    owner.post("/orders/searches/new/?pay=cod", {"name": "会計に渡す", "shared": "on"})
    with tenant_transaction(tenant.pk):
        saved = f"saved={encode(SavedSearch.objects.get().pk)}"
    asked = {"all": "1", "query": saved, "profile": "machine", "encoding": "cp932"}

    owner.post("/orders/csv/", {**asked, "columns": ["total_yen", "number"], "keep": "on"})
    colleague.post("/orders/csv/", {**asked, "columns": ["memo"], "keep": "on"})
    page = colleague.get(f"/orders/csv/?{saved}").content.decode()

    checked = re.findall(r'name="columns" value="([a-z_]+)"[^>]*checked', page)
    assert sorted(checked) == ["number", "total_yen"], "the colleague could not overwrite it"
    with tenant_transaction(tenant.pk):
        first = FileJob.objects.earliest("pk")
        assert first.order_ids == [order.pk]
        assert SavedSearch.objects.get().columns == ["total_yen", "number"]
