"""Acts over sets of orders: outcomes per order, previews that change nothing, stale ones, batches and their undo; parcels; effects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub import stages
from hub.effects import enqueue
from hub.ids import encode
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Batch, Order, OrderLine, OrderTag, Parcel, Shop, Status, Tag, Task, TaskMark, TrackingNumber
from tests.api.conftest import Caller, caller_of, checksum
from tests.conftest import NOW
from tests.orders.making import make_order


@pytest.fixture
def three(tenant: Tenant, shop: Shop) -> list[Order]:
    with tenant_transaction(tenant.pk):
        return [make_order(shop), make_order(shop, status="cancelled"), make_order(shop)]


@pytest.fixture
def tag(tenant: Tenant) -> Tag:
    with tenant_transaction(tenant.pk):
        found: Tag = Tag.objects.filter(key="")[0]
        return found


def test_outcome_for_each_order(call: Caller, tenant: Tenant, three: list[Order]) -> None:
    with tenant_transaction(tenant.pk):
        status = Status.objects.get(default_for="check")
    body = {"orders": [encode(one.pk) for one in three] + [encode(1 << 60)], "params": {"status": encode(status.pk)}}

    answer = call.post("orders/actions/set-status", body)

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["changed"], told["unchanged"], told["refused"]) == (2, 0, 2)
    by_id = {one["id"]: one for one in told["outcomes"]}
    assert by_id[encode(three[0].pk)]["revision"] == 2
    assert (by_id[encode(three[1].pk)]["code"], by_id[encode(1 << 60)]["code"]) == ("cancelled", "not_found")
    assert by_id[encode(three[1].pk)]["title"] == "キャンセル済みの受注です。"
    with tenant_transaction(tenant.pk):
        assert set(Order.objects.exclude(pk=three[1].pk).values_list("status_id", flat=True)) == {status.pk}


def test_preview_changes_nothing(call: Caller, tenant: Tenant, three: list[Order], tag: Tag) -> None:
    before = checksum(tenant)

    told = call.post(
        "orders/actions/add-tag", {"condition": {"all": []}, "params": {"tag": encode(tag.pk)}, "preview": True}
    ).json()

    assert (told["preview"], told["changed"]) == (True, 3)
    assert checksum(tenant) == before


def test_stale_order_is_an_outcome_and_the_others_go_on(
    call: Caller, tenant: Tenant, three: list[Order], tag: Tag
) -> None:
    refs = [{"id": encode(three[0].pk), "revision": 7}, {"id": encode(three[2].pk), "revision": 1}]

    told = call.post("orders/actions/add-tag", {"orders": refs, "params": {"tag": encode(tag.pk)}}).json()

    assert {one["id"]: one.get("code", one["outcome"]) for one in told["outcomes"]} == {
        encode(three[0].pk): "stale", encode(three[2].pk): "changed",
    }  # fmt: skip
    with tenant_transaction(tenant.pk):
        assert list(OrderTag.objects.filter(tag=tag).values_list("order_id", flat=True)) == [three[2].pk]


@pytest.mark.parametrize(
    ("action", "body", "status", "code"),
    [
        ("no-such-act", {"orders": []}, 404, "not_found"),
        ("add-tag", {"params": {}}, 422, "invalid"),
        ("add-tag", {"orders": [], "params": {"tag": "x"}}, 422, "invalid"),
        ("memo", {"orders": [], "params": {"text": 3}}, 422, "invalid"),
        ("memo", {"orders": [], "params": {"words": "a"}}, 422, "invalid"),
        ("read-remark", {"condition": {"field": "nothing", "op": "is", "value": 1}}, 422, "bad_condition"),
        ("read-remark", {}, 422, "invalid_value"),
        ("hold", {"orders": []}, 422, "invalid"),
        ("hold", {"orders": [], "params": {"reason": " "}}, 422, "invalid"),
        ("cancel-at-mall", {"orders": [], "params": {"reason": "bored"}}, 422, "invalid"),
    ],
)
def test_malformed_acts_change_nothing(
    call: Caller, tenant: Tenant, three: list[Order], action: str, body: dict[str, Any], status: int, code: str
) -> None:
    before = checksum(tenant)

    answer = call.post(f"orders/actions/{action}", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert checksum(tenant) == before


def test_faults_of_params_are_located(call: Caller) -> None:
    body = call.post("orders/actions/memo", {"orders": [], "params": {"text": 3}}).json()

    assert body["field"] == "params/text"


def test_batch_runs_in_the_background_and_is_taken_back(
    call: Caller, tenant: Tenant, three: list[Order], tag: Tag
) -> None:
    body = {"condition": {"all": []}, "params": {"tag": encode(tag.pk)}, "batch": True}
    first = call.post("orders/actions/add-tag", body, key="b1")
    again = call.post("orders/actions/add-tag", body, key="b1")

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    path = f"batches/{first.json()['id']}"
    assert call.post(f"{path}/undo").json()["code"] == "batch_not_undoable"
    _work(tenant)
    done = call.get(path).json()
    assert (done["state"], done["changed"], done["total"], done["done"]) == ("done", 3, 3, 3)

    undoing = call.post(f"{path}/undo")
    _work(tenant)

    assert undoing.status_code == 202
    assert undoing.json()["undo_of"] == first.json()["id"]
    assert call.get(path).json()["undone_by"] == undoing.json()["id"]
    with tenant_transaction(tenant.pk):
        assert not OrderTag.objects.filter(tag=tag).exists()


def _work(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        open_ones = list(Batch.objects.filter(state="waiting").values_list("pk", flat=True))
    for pk in open_ones:
        stages.run("batch", tenant.pk, pk)


def test_hold_and_release_by_hand(call: Caller, tenant: Tenant, order: Order) -> None:
    ref = {"orders": [encode(order.pk)]}
    call.post("orders/actions/hold", {**ref, "params": {"reason": "確認中"}})
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=order.pk).held
        task, fact = Task.objects.get(key="hold"), Task.objects.get(key="unmapped")
        TaskMark.objects.create(order=order, task=fact, opened_at=NOW)

    refused = call.post("orders/actions/release", {**ref, "params": {"task": encode(fact.pk)}})
    released = call.post("orders/actions/release", {**ref, "params": {"task": encode(task.pk)}})

    assert (refused.status_code, refused.json()["code"]) == (409, "cause_still_there")
    assert released.json()["changed"] == 1


# Parcels.


def test_split_want_and_record(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, lines=[{"quantity": 3}])
        parcel = Parcel.objects.get(order=order)
        line = OrderLine.objects.get(order=order)

    fresh = call.post(
        "parcels/actions/split", {"parcel": encode(parcel.pk), "take": [{"line": encode(line.pk), "quantity": 1}]}
    )
    wanted = call.post("parcels/actions/want-shipment", {"parcels": [encode(parcel.pk)]})
    left = call.post(
        "parcels/actions/record-shipment",
        {
            "parcel": fresh.json()["id"],
            "packages": [{"carrier": "yamato", "number": "1111-2222-3333", "shipped_on": "2026-11-22"}],
        },
    )

    assert fresh.status_code == 201, fresh.content
    assert fresh.json()["lines"][0]["quantity"] == 1
    assert wanted.json()["changed"] == 1
    assert left.status_code == 200, left.content
    assert (left.json()["state"], left.json()["tracking"][0]["number"]) == ("shipped", "111122223333")
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(pk=parcel.pk).ship_wanted_at is not None
        assert TrackingNumber.objects.count() == 1
    listed = call.get("parcels?state=shipped").json()["items"]
    assert [one["id"] for one in listed] == [fresh.json()["id"]]


@pytest.mark.parametrize(
    ("take", "code"),
    [([{"quantity": 3}], "nothing_to_split"), ([{"quantity": 5}], "nothing_to_split"), ([{"quantity": 0}], "invalid")],
)
def test_impossible_splits_change_nothing(
    call: Caller, tenant: Tenant, shop: Shop, take: list[dict[str, Any]], code: str
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, lines=[{"quantity": 3}])
        parcel, line = Parcel.objects.get(order=order), OrderLine.objects.get(order=order)
    before = checksum(tenant)

    answer = call.post(
        "parcels/actions/split",
        {"parcel": encode(parcel.pk), "take": [{**one, "line": encode(line.pk)} for one in take]},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert checksum(tenant) == before


@pytest.mark.parametrize(
    ("packages", "code"),
    [([{"carrier": "pigeon", "number": "1"}], "unknown_carrier"), ([{"carrier": "yamato"}], "number_missing"),
     ([{"carrier": "yamato", "number": str(n)} for n in range(21)], "too_many_numbers"),
     ([{"carrier": "yamato", "number": "1", "shipped_on": "2036-01-01"}], "day_ahead"),
     ([{"carrier": "yamato", "number": "1\u200b1"}], "number_odd")],
)  # fmt: skip
def test_odd_shipments_are_refused_in_words(
    call: Caller, tenant: Tenant, order: Order, packages: list[Any], code: str
) -> None:
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=order)
    before = checksum(tenant)

    answer = call.post("parcels/actions/record-shipment", {"parcel": encode(parcel.pk), "packages": packages})

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json()["detail"]
    assert checksum(tenant) == before


def test_other_numbers_need_replace(call: Caller, tenant: Tenant, order: Order) -> None:
    with tenant_transaction(tenant.pk):
        parcel = encode(Parcel.objects.get(order=order).pk)
    body = {"parcel": parcel, "packages": [{"carrier": "yamato", "number": "111122223333"}]}
    other = {"parcel": parcel, "packages": [{"carrier": "yamato", "number": "999988887777"}]}

    assert call.post("parcels/actions/record-shipment", body).status_code == 200
    assert call.post("parcels/actions/record-shipment", body).status_code == 200
    refused = call.post("parcels/actions/record-shipment", other)
    mended = call.post("parcels/actions/record-shipment", {**other, "replace": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "other_numbers")
    assert [one["number"] for one in mended.json()["tracking"]] == ["999988887777"]


# Effects.


def test_stopped_effects_are_listed_and_dropped(call: Caller, tenant: Tenant, order: Order) -> None:
    with tenant_transaction(tenant.pk):
        effect = enqueue(
            "mall.confirm",
            lane="shop:1",
            key=f"confirm:{order.pk}",
            payload={"number": "1"},
            now=NOW,
            order_id=order.pk,
        )
        assert effect is not None
        Effect.objects.filter(pk=effect.pk).update(state="stopped", reason="unknown_order")

    listed = call.get("effects").json()["items"]
    english = Caller(call.secret, language="en").get(f"effects/{encode(effect.pk)}").json()
    body = {"effects": [encode(effect.pk), encode(1 << 60)], "reason": "モールで確認済み"}
    told = call.post("effects/actions/drop", body).json()

    assert [(one["id"], one["code"], one["order"]) for one in listed] == [
        (encode(effect.pk), "unknown_order", encode(order.pk))
    ]
    assert listed[0]["title"] != english["title"]
    assert (told["changed"], told["refused"]) == (1, 1)
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=effect.pk).state == "dropped"
    assert call.get("effects").json()["items"] == []


def test_effects_show_no_content_without_the_scope(tenant: Tenant, order: Order) -> None:
    call = caller_of(tenant, "orders:read")

    assert "佐藤" not in json.dumps(call.get("effects?state=waiting").json(), ensure_ascii=False)
