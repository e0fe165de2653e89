"""Orders by the API: list, filters, pages, the change feed, one order, changes with If-Match, manual orders, explain, history."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.ids import encode
from hub.models import AccessRow, AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.api.reading import read_by_ids
from orders.models import Order, Parcel, Product, Shop, Status, Tag, Task
from orders.operations import labels, leaving
from tests.api.conftest import Caller, caller_of, checksum
from tests.conftest import NOW, TESTER
from tests.orders.making import make_order

KEYS = {
    "id", "number", "shop", "channel", "status", "placed_at", "buyer", "payment", "next_day", "remarks", "memo", "tags", "tasks",
    "subtotal_yen", "postage_yen", "fee_yen", "coupons", "points_yen", "discount_yen", "total_yen", "tax", "wrapping", "noshi", "drop_off",
    "parcels", "revision", "created_at", "updated_at",
}  # fmt: skip
"""What contract.md promises of an order."""


@pytest.fixture
def many(tenant: Tenant, shop: Shop) -> list[Order]:
    with tenant_transaction(tenant.pk):
        return [make_order(shop, at=NOW - timedelta(minutes=n), lines=[{}, {"sku": "B-2"}]) for n in range(7)]


def test_list_reads_as_the_contract_says(call: Caller, order: Order) -> None:
    answer = call.get("orders")

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["next"] is None
    (found,) = body["items"]
    assert found.keys() >= KEYS
    assert found["id"] == encode(order.pk)
    assert found["status"]["phase"] == "intake"
    assert found["status"]["group"]["name"] == "新規"
    assert found["placed_at"] == "2026-11-22T12:00:00+09:00"
    assert found["buyer"]["name"] == "佐藤 花子"
    assert found["total_yen"] == 1500
    (parcel,) = found["parcels"]
    assert parcel["reported"] == "no"
    assert parcel["lines"][0]["sku"] == "A-1"


def test_pages_by_cursor_neither_repeat_nor_skip(call: Caller, many: list[Order], tenant: Tenant, shop: Shop) -> None:
    first = call.get("orders?limit=3").json()
    with tenant_transaction(tenant.pk):
        make_order(shop, at=NOW + timedelta(hours=1))
    second = call.get(f"orders?limit=3&cursor={first['next']}").json()
    third = call.get(f"orders?limit=3&cursor={second['next']}").json()

    ids = [one["id"] for page in (first, second, third) for one in page["items"]]
    assert ids == [encode(one.pk) for one in many]
    assert third["next"] is None


def test_filters_take_away(call: Caller, many: list[Order], tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.filter(key="")[0]
        labels.add_tag([many[2].pk], tag=tag, by=TESTER, now=NOW)
        status = Status.objects.get(default_for="intake")
        other = Status.objects.get(default_for="ready")

    def numbers(query: str) -> list[str]:
        answer = call.get(f"orders?{query}")
        assert answer.status_code == 200, answer.content
        return [one["number"] for one in answer.json()["items"]]

    assert numbers(f"number={many[1].number}") == [many[1].number]
    assert numbers(f"tag={encode(tag.pk)}") == [many[2].number]
    assert len(numbers(f"status={encode(status.pk)}")) == 7
    assert numbers(f"status={encode(other.pk)}") == []
    assert numbers(f"q={many[3].number}") == [many[3].number]
    condition = json.dumps({"all": [{"field": "tags", "op": "has", "value": encode(tag.pk)}]})
    assert numbers(f"condition={condition}") == [many[2].number]
    assert numbers("status=0000000000000") == []


def test_malformed_condition_is_located(call: Caller) -> None:
    condition = json.dumps(
        {
            "all": [
                {"field": "number", "op": "is", "value": "1"},
                {"field": "payment_method", "op": "like", "value": "x"},
            ]
        }
    )

    answer = call.get(f"orders?condition={condition}")

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["field"], body["params"]["path"]) == ("bad_condition", "condition/all/1/op", "/all/1/op")
    assert "like" in body["title"]


def test_list_of_a_hundred_takes_four_statements(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        ids = [make_order(shop, lines=[{}, {}]).pk for _ in range(5)]
        with CaptureQueriesContext(
            connection,
        ) as few:
            read_by_ids(ids[:1], personal=True)
        with CaptureQueriesContext(connection) as more:
            read_by_ids(ids, personal=True)

    assert len(few) == len(more) == 3


def test_without_the_scope_people_are_masked(tenant: Tenant, order: Order) -> None:
    call = caller_of(tenant, "orders:read")

    body = call.get(f"orders/{encode(order.pk)}").json()

    assert body["buyer"] == {
        "name": "***", "name_kana": "***", "email": "***", "phone": "***5678", "postal_code": "150***", "prefecture": "東京都", "city": "***",
        "street": "***",
    }  # fmt: skip
    assert body["parcels"][0]["recipient"]["name"] == "***"
    assert (body["remarks"], body["memo"], body["mall"]["fields"]) == ("***", "***", {})
    text = json.dumps(body, ensure_ascii=False)
    assert "佐藤" not in text
    assert "渋谷" not in text
    with tenant_transaction(tenant.pk):
        assert AccessRow.objects.count() == 0


@pytest.mark.parametrize("query", ["q=佐藤", 'condition={"field":"buyer_name","op":"contains","value":"佐"}'])
def test_without_the_scope_people_cannot_be_probed(tenant: Tenant, order: Order, query: str) -> None:
    answer = caller_of(tenant, "orders:read").get(f"orders?{query}")

    assert answer.status_code == 403
    assert answer.json()["params"] == {"scope": "personal:read"}


def test_reading_in_bulk_leaves_a_trace(call: Caller, order: Order, tenant: Tenant) -> None:
    call.get("orders?sort=oldest")

    with tenant_transaction(tenant.pk):
        row = AccessRow.objects.get()
        assert (row.what, row.count, row.filter) == ("api.orders", 1, {"sort": "oldest"})


# The change feed.


def feed(call: Caller, after: str = "", limit: int = 200) -> dict[str, Any]:
    answer = call.get(f"orders?after={after}&limit={limit}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def settled(call: Caller, after: str, wanted: int) -> dict[str, Any]:
    """The feed once it shows so many orders. A transaction open anywhere in the cluster holds it back: then there is no answer here."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = feed(call, after)
        if len(found["items"]) >= wanted:
            return found
        time.sleep(0.2)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
        oldest, newest = cursor.fetchone()
    if oldest < newest:
        pytest.skip("another session of this cluster keeps a transaction open")
    return found


def test_feed_tells_changes_once_and_deleted_ones_too(call: Caller, tenant: Tenant, many: list[Order]) -> None:
    start = settled(call, "", 0)
    with tenant_transaction(tenant.pk):
        leaving.delete([many[1].pk], by=TESTER, now=NOW)
        labels.set_memo([many[0].pk], text="あ", add=True, by=TESTER, now=NOW)
        labels.set_memo([many[0].pk], text="い", add=True, by=TESTER, now=NOW)

    found = settled(call, start["next"], 2)

    assert [(one["id"], one["deleted_at"] is not None) for one in found["items"]] == [
        (encode(many[1].pk), True),
        (encode(many[0].pk), False),
    ]
    assert found["items"][1]["memo"].endswith("い")
    assert feed(call, found["next"])["items"] == []


def test_feed_never_passes_an_open_transaction(
    call: Caller, tenant: Tenant, many: list[Order], second_connection: Any
) -> None:
    start = feed(call)["next"]
    with second_connection(tenant) as late:
        late(many[5].pk)
        with tenant_transaction(tenant.pk):
            labels.set_memo([many[6].pk], text="先", add=True, by=TESTER, now=NOW)
        during = feed(call, start)
    after = settled(call, during["next"], 2 - len(during["items"]))

    seen = [one["id"] for page in (during, after) for one in page["items"]]
    assert encode(many[5].pk) in seen
    assert encode(many[6].pk) in seen


def test_feed_in_pages_of_one_loses_none(call: Caller, tenant: Tenant, many: list[Order]) -> None:
    start = feed(call)["next"]
    with tenant_transaction(tenant.pk):
        for one in many:
            labels.set_memo([one.pk], text="ページ", add=True, by=TESTER, now=NOW)
    settled(call, start, len(many))
    seen, more = [], True
    while more:
        page = feed(call, start, limit=1)
        seen += [one["id"] for one in page["items"]]
        start, more = page["next"], page["more"]

    assert seen == [encode(one.pk) for one in many]


# One order.


def test_change_needs_if_match(call: Caller, order: Order) -> None:
    answer = call.patch(f"orders/{encode(order.pk)}", {"memo": "新"})

    assert (answer.status_code, answer.json()["code"]) == (428, "match_needed")


def test_change_and_stale_change(call: Caller, order: Order, tenant: Tenant) -> None:
    path = f"orders/{encode(order.pk)}"
    seen = call.get(path)["ETag"]
    parcel = call.get(path).json()["parcels"][0]["id"]

    changed = call.patch(
        path, {"memo": "新しいメモ", "parcels": [{"id": parcel, "recipient": {"street": "神宮前9-9"}}]}, If_Match=seen
    )
    before = checksum(tenant)
    stale = call.patch(path, {"memo": "古い人のメモ"}, If_Match=seen)

    assert changed.status_code == 200, changed.content
    assert changed.json()["memo"] == "新しいメモ"
    assert changed.json()["parcels"][0]["recipient"]["street"] == "神宮前9-9"
    assert changed["ETag"] == f'"{changed.json()["revision"]}"'
    assert stale.status_code == 412
    body = stale.json()
    assert (body["code"], body["theirs"], body["yours"]) == ("stale", {"memo": "新しいメモ"}, {"memo": "古い人のメモ"})
    assert checksum(tenant) == before


def test_change_of_a_parcel_of_another_order_is_refused(call: Caller, many: list[Order], tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        foreign = Parcel.objects.get(order=many[1]).pk
    before = checksum(tenant)

    answer = call.patch(
        f"orders/{encode(many[0].pk)}",
        {"memo": "x", "parcels": [{"id": encode(foreign), "noshi": "祝"}]},
        If_Match='"1"',
    )

    assert (answer.status_code, answer.json()["field"]) == (422, "parcels/0/id")
    assert checksum(tenant) == before


def test_manual_order_is_entered_once(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        product = Product.objects.create(sku="T-1", name="タオル")
    body = {
        "shop": encode(shop.pk), "buyer": {"name": "手 入力", "phone": "03-1111-2222"}, "payment": {"method": "cod"}, "postage_yen": 500,
        "parcels": [{
            "recipient": {"name": "受取 人", "postal_code": "1500001", "prefecture": "東京都", "city": "渋谷区", "street": "神宮前1-2-3"},
            "wish": {"date_on": "2026-12-01", "time": "午前中"},
            "lines": [{"product": encode(product.pk), "quantity": 3, "unit_price_yen": 1000}],
        }],
    }  # fmt: skip

    first = call.post("orders", body, key="manual-1")
    again = call.post("orders", body, key="manual-1")

    assert first.status_code == 201, first.content
    found = first.json()
    assert found["total_yen"] == 3500
    assert found["payment"]["state"] == "collect"
    assert found["parcels"][0]["lines"][0]["product"]["sku"] == "T-1"
    assert found["parcels"][0]["wish"] == {"date_on": "2026-12-01", "time": "午前中"}
    assert again.json()["id"] == found["id"]
    assert again["Idempotency-Replayed"] == "true"
    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        assert (order.ours, order.judge_at is not None, order.mall_state) == (True, True, "none")
        assert AuditEntry.objects.filter(order_id=order.pk, verb="order.entered", actor_kind="token").exists()
    assert call.get("orders?q=2222").json()["items"][0]["id"] == found["id"]


def test_manual_order_names_every_fault(call: Caller, shop: Shop, tenant: Tenant) -> None:
    before = checksum(tenant)
    body = {
        "shop": encode(shop.pk), "buyer": {"name": 5}, "payment": {"method": "gold"}, "colour": "red",
        "parcels": [{"recipient": {"name": "あ"}, "lines": [{"name": "物", "quantity": "3"}]}],
    }  # fmt: skip

    answer = call.post("orders", body)

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert [fault["field"] for fault in answer.json()["errors"]] == ["colour"]
    body.pop("colour")
    faults = call.post("orders", body).json()["errors"]
    assert [fault["field"] for fault in faults] == ["buyer/name", "payment/method", "parcels/0/lines/0/quantity"]
    assert checksum(tenant) == before


def test_explain_says_why_and_what_frees(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(key="hold")
        order = make_order(shop, tasks=[task], mall_block="payment", held=True)

    body = call.get(f"orders/{encode(order.pk)}/explain").json()
    english = Caller(call.secret, language="en").get(f"orders/{encode(order.pk)}/explain").json()

    assert body["may_ship"] is False
    codes = {one["code"] for one in body["obstacles"]}
    assert codes >= {"not_judged", "mall_forbids", "task_holds"}
    assert all(one["title"] for one in body["obstacles"])
    assert body["title"]
    assert english["title"] != body["title"]
    assert {rule["name"] for rule in body["rules"]} >= {"発送待ちは出荷依頼する"}
    assert all({"field", "sentence", "holds"} <= test.keys() for rule in body["rules"] for test in rule["tests"])


def test_history_shows_who_and_what(call: Caller, order: Order) -> None:
    path = f"orders/{encode(order.pk)}"
    call.patch(path, {"memo": "一"}, If_Match='"1"')
    call.patch(path, {"memo": "二"}, If_Match='"2"')

    first = call.get(f"{path}/history?limit=1").json()
    rest = call.get(f"{path}/history?limit=1&cursor={first['next']}").json()

    assert (first["items"][0]["verb"], first["items"][0]["after"]) == ("order.memo", {"memo": "二"})
    assert first["items"][0]["actor"]["kind"] == "token"
    assert rest["items"][0]["after"] == {"memo": "一"}
    assert rest["next"] is None
