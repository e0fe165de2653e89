"""What callers hold the API by: names of fields, codes that mean one thing, and refusals that say in both languages what to write."""

from __future__ import annotations

from typing import Any

import pytest

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, Product, Shop
from tests.api.conftest import Caller, checksum
from tests.orders.making import make_order

PERSON = ("name", "name_kana", "email", "phone", "postal_code", "prefecture", "city", "street")


def test_a_person_is_read_and_written_under_the_same_names(call: Caller, shop: Shop) -> None:
    person = {
        "name": "山田 太郎", "name_kana": "ヤマダ タロウ", "phone": "0312345678", "postal_code": "100-0001", "prefecture": "東京都",
        "city": "千代田区", "street": "千代田1-1",
    }  # fmt: skip
    line = {"name": "手ぬぐい", "quantity": 1, "unit_price_yen": 500, "tax_rate": 10}
    made = call.post("orders", {
        "shop": encode(shop.pk), "buyer": {**person, "email": "a@example.jp"}, "payment": {"method": "bank"},
        "parcels": [{"recipient": person, "lines": [line]}],
    })  # fmt: skip
    assert made.status_code == 201, made.content
    order = made.json()
    assert tuple(order["buyer"]) == PERSON
    assert order["buyer"] == {**person, "email": "a@example.jp"}
    (parcel,) = order["parcels"]
    assert parcel["recipient"] == person

    change = {"parcels": [{"id": parcel["id"], "recipient": {"name_kana": "ヤマダ ハナコ"}}]}
    changed = call.patch(f"orders/{order['id']}", change, If_Match=made["ETag"])

    assert changed.status_code == 200, changed.content
    assert changed.json()["parcels"][0]["recipient"] == {**person, "name_kana": "ヤマダ ハナコ"}


def test_an_order_short_of_shipping_does_not_read_as_a_function_that_is_missing(call: Caller, order: Order) -> None:
    for language, title in (
        ("ja", "まだ出荷の工程に入っていません。"),
        ("en", "It has not come to shipping yet."),
    ):
        told = Caller(call.secret, language=language).get(f"orders/{encode(order.pk)}/explain").json()

        found = {one["code"]: one for one in told["obstacles"]}
        assert "not_ready" not in found
        assert (found["not_ready_to_ship"]["title"], bool(found["not_ready_to_ship"]["advice"])) == (title, True)


@pytest.mark.parametrize(
    ("path", "field", "said"),
    [
        ("orders?limit=0", "limit", "1–200"), ("tags?limit=many", "limit", "1–200"), ("orders?sort=up", "sort", "newest / oldest"),
        ("orders?deleted=maybe", "deleted", "true / false"), ("effects?state=lost", "state", "stopped"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_told_what_to_write(call: Caller, path: str, field: str, said: str) -> None:
    for language, begin, advice in (
        ("ja", "値が正しくありません", "とおりに書いてください"),
        ("en", "The value", "Write"),
    ):
        told = Caller(call.secret, language=language).get(path)

        problem = told.json()
        assert (told.status_code, problem["code"], problem["field"]) == (422, "invalid_value", field)
        assert problem["title"].startswith(begin)
        assert said in problem["detail"]
        assert advice in problem["detail"]


@pytest.mark.parametrize(
    ("condition", "code", "field"),
    [("{bad", "malformed_json", "condition"), ('{"all":[],"all":[]}', "duplicate_key", "condition"),
     ("[" * 30 + "]" * 30, "too_deep", "condition/" + "/".join("0" * 20))],
)  # fmt: skip
def test_a_condition_that_is_no_json_is_named(call: Caller, condition: str, code: str, field: str) -> None:
    told = call.get(f"orders?condition={condition}")

    assert (told.status_code, told.json()["code"], told.json()["field"]) == (400, code, field)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tags", {"name": 5}), ("tasks", {"name": "a", "condition": {"all": []}, "holds": "yes"}), ("rules", {"name": []}),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_in_japanese(call: Caller, tenant: Tenant, path: str, body: dict[str, Any]) -> None:
    before = checksum(tenant)

    told = call.post(path, body)

    assert told.status_code == 422
    assert told.json()["errors"]
    assert not [one for one in told.json()["errors"] if one["title"].isascii()]
    assert checksum(tenant) == before


def test_an_unknown_action_of_a_rule_is_named_as_it_was_written(call: Caller) -> None:
    group = call.get("rule-groups?limit=1").json()["items"][0]["id"]
    rule = {"group": group, "name": "爆", "condition": {"all": []}, "actions": [{"do": "explode"}]}

    told = call.post("rules", rule).json()

    assert (told["code"], told["field"], told["title"]) == (
        "unknown_rule_action", "actions/0", "explode という動作はありません。",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "body", "fields"),
    [
        ("{nope}", "{order_number}", ["subject"]),
        ("件名", "{nope}", ["body"]),
        ("{no}", "a\n{nope}", ["subject", "body"]),
    ],
)
def test_an_unknown_word_of_a_template_is_found_where_it_stands(
    call: Caller, subject: str, body: str, fields: list[str]
) -> None:
    told = call.post("mail-templates", {"name": "案内", "subject": subject, "body": body}).json()

    assert (told["code"], told["field"]) == ("unknown_word", fields[0])
    assert [fault["field"] for fault in told["faults"]] == fields


def test_what_a_mapping_leaves_held_is_told_by_code_and_in_words(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        listing = Listing.objects.create(shop=shop, key="t-1", name="タオル")
        product = Product.objects.create(sku="T-1", name="タオル")
        order = make_order(shop, lines=[{"listing": listing}], unmapped_lines=1, open_lines=1)
    assert (
        call.post("orders/actions/hold", {"orders": [encode(order.pk)], "params": {"reason": "確認"}}).json()["changed"]
        == 1
    )

    told = call.put(f"listings/{encode(listing.pk)}", {"product": encode(product.pk), "units": 1}).json()

    (cause,) = told["causes"]
    assert (cause["code"], cause["title"], bool(cause["task"]), cause["count"]) == ("task", "保留", True, 1)


def test_fetching_from_a_shop_whose_intake_is_stopped_is_refused(call: Caller, tenant: Tenant, shop: Shop) -> None:
    path = f"shops/{encode(shop.pk)}/fetch-now"
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(polling=False)

    told = call.post(path)

    assert (told.status_code, told.json()["code"]) == (409, "intake_stopped")
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(polling=True)
    assert call.post(path).status_code == 200


@pytest.mark.parametrize("beside", ["shop=7vwg9kys758kd", "condition={}", "cursor=x", "nonsense=1"])
def test_the_feed_of_changes_does_not_pass_over_a_filter_in_silence(call: Caller, beside: str) -> None:
    name = beside.partition("=")[0]

    told = call.get(f"orders?after=&{beside}")

    assert (told.status_code, told.json()["code"], told.json()["field"]) == (422, "not_with_after", name)
    assert call.get("orders?after=&limit=3").status_code == 200
