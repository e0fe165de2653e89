"""Bad input (h): for each case a status, a code, the place, a sentence in Japanese and English with what to do, and tables unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.urls import reverse

from channels_rakuten.mapping.orders import order_from
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import BadPayload, MallOrder
from orders.intake import save_mall_orders
from orders.models import MallSnapshot, Order, RejectedPayload, Shop
from simulators.rakuten.full_order import full_order
from tests.api.conftest import Caller, caller_of, checksum
from tests.browsing import Browser, text_of
from tests.channels_rakuten.conftest import sent
from tests.conftest import NOW
from tests.factories import MALL, make_shop, mall_order, take_in
from tests.journeys.conftest import World
from tests.orders.making import make_order

Ask = Callable[[Caller, Order], Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is asked wrongly, and what the answer says."""

    name: str
    ask: Ask
    status: int
    code: str
    field: str | None = None


def stale(call: Caller, order: Order) -> Any:
    return call.patch(f"orders/{encode(order.pk)}", {"memo": "私"}, If_Match='"0"')


CASES = [
    Case(name="wrong token", status=401, code="not_signed_in",
         ask=lambda call, _: Caller("hub_wrong", language=call.language).get("orders")),
    Case(name="wrong JSON", status=400, code="malformed_json", ask=lambda call, _: call("POST", "tags", raw=b'{"name": ')),
    Case(name="wrong type", status=422, code="invalid", field="name", ask=lambda call, _: call.post("tags", {"name": 5})),
    Case(name="unknown name", status=422, code="invalid", field="nmae", ask=lambda call, _: call.post("tags", {"nmae": "赤"})),
    Case(name="malformed condition", status=422, code="bad_condition", field="condition/all/0/value",
         ask=lambda call, _: call.get('orders?condition={"all":[{"field":"total_yen","op":"gte","value":"x"}]}')),
    Case(name="rule with a malformed condition", status=422, code="bad_condition", field="condition/field",
         ask=lambda call, _: call.post("rules", {
             "group": call.get("rule-groups").json()["items"][0]["id"], "name": "悪い", "condition": {"field": "x", "op": "is", "value": 1},
             "actions": [{"do": "add_memo", "text": "a"}]})),
    Case(name="stale edit", status=412, code="stale", ask=stale),
    Case(name="no revision named", status=428, code="match_needed",
         ask=lambda call, order: call.patch(f"orders/{encode(order.pk)}", {"memo": "私"})),
    Case(name="no idempotency key", status=400, code="key_needed", ask=lambda call, _: call.post("tags", {"name": "赤"}, key=None)),
    Case(name="unknown id", status=404, code="not_found", ask=lambda call, _: call.get(f"orders/{encode(1 << 60)}")),
    Case(name="no such path", status=404, code="not_found", ask=lambda call, _: call.get("nothing")),
    Case(name="wrong method", status=405, code="method_not_allowed", ask=lambda call, _: call.delete("orders")),
    Case(name="read too far back", status=422, code="too_old", field="since",
         ask=lambda call, order: call.post(f"shops/{encode(order.shop_id)}/read-again", {"since": "2020-01-01T00:00:00+09:00"})),
    Case(name="going live in the past", status=422, code="starts_in_the_past", field="since",
         ask=lambda call, order: call.post(f"shops/{encode(order.shop_id)}/go-live", {"since": "2020-01-01T00:00:00+09:00"})),
    Case(name="intake with an untested key", status=409, code="test_needed",
         ask=lambda call, order: call.patch(f"shops/{encode(order.shop_id)}", {"polling": {"enabled": True}})),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_case_says_what_is_wrong_and_what_to_do_and_changes_nothing(tenant: Tenant, case: Case) -> None:
    japanese = caller_of(tenant)
    english = Caller(japanese.secret, language="en")
    with tenant_transaction(tenant.pk):
        order = make_order(Shop.objects.create(name="店", channel="rakuten"))
    before = checksum(tenant)

    ja, en = case.ask(japanese, order), case.ask(english, order)

    for answer in (ja, en):
        assert (answer.status_code, answer.json()["code"]) == (case.status, case.code), answer.content
        assert answer["Content-Type"] == "application/problem+json"
        if case.field is not None:
            fields = [answer.json().get("field"), *(fault["field"] for fault in answer.json().get("errors", ()))]
            assert case.field in fields
    parts = ("title", "detail")  # what happened, and what to do
    assert [part for part in parts if ja.json()[part].isascii()] == []
    assert [part for part in parts if not re.fullmatch(r"[ -~…–]+", en.json()[part])] == []
    assert checksum(tenant) == before


def test_a_second_identical_request_answers_the_same_and_does_it_once(tenant: Tenant) -> None:
    call = caller_of(tenant)
    first = call.post("tags", {"name": "赤札"}, key="k")
    before = checksum(tenant)

    again = call.post("tags", {"name": "赤札"}, key="k")
    other = call.post("tags", {"name": "青札"}, key="k")

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert checksum(tenant) == before


def test_a_bad_field_in_the_middle_of_a_hundred_is_listed_with_its_place_and_the_others_go_on(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    bad_model = full_order()
    bad_model["PackageModelList"][0]["basketId"] = "そのうち"
    bad = order_from(sent(bad_model))
    assert isinstance(bad, BadPayload)
    good = [mall_order() for _ in range(99)]
    take_in(tenant, shop, good[0])

    answer: list[MallOrder | BadPayload] = [*good[:50], bad, *good[50:]]
    saved = save_mall_orders(tenant.pk, shop.pk, answer, by=MALL, now=NOW)

    assert (len(saved.new), saved.same, saved.rejected) == (98, [good[0].number], [bad.number])
    with tenant_transaction(tenant.pk):
        row = RejectedPayload.objects.get()
        assert (row.number, row.path) == (bad.number, "PackageModelList[0].basketId")
        assert Order.objects.count() == MallSnapshot.objects.count() == 99
        assert not Order.objects.filter(number=bad.number).exists()
    for language, words in (
        ("ja", ("PackageModelList[0].basketId の型が違います", "モールの画面で注文を確かめ、もう一度読んでください。")),
        ("en", ("PackageModelList[0].basketId has the wrong type", "Look at the order in the mall's own screen")),
    ):
        reader = Browser(tenant, "owner")
        reader.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        page = text_of(reader.get(reverse("orders:rejected", args=[row.pk])))
        assert all(part in page for part in words), (language, page)


@pytest.mark.parametrize(
    ("language", "words", "advice"),
    [("ja", "鍵が違います。", "鍵を、モールの管理画面から"), ("en", "The key is wrong.", "Copy the key from the mall")],
)
def test_a_wrong_key_of_the_mall_is_told_in_both_languages(
    tenant: Tenant, world: World, language: str, words: str, advice: str
) -> None:
    call = caller_of(tenant)
    wrong = {"service_secret": "SP400001_wrong", "license_key": "SL400001_wrong"}

    made = call.post("shops", {"channel": "rakuten", "name": "テスト店", "credentials": wrong}).json()
    test = Caller(call.secret, language=language).post(f"shops/{made['id']}/test").json()

    assert {one["result"] for one in test["functions"]} == {"wrong_key"}
    assert all(one["title"].startswith(words) and advice in one["advice"] for one in test["functions"]), test[
        "functions"
    ]


def test_what_the_database_refuses_is_alone_in_being_refused(tenant: Tenant) -> None:
    shop, good = make_shop(tenant), [mall_order() for _ in range(9)]
    odd = mall_order()
    odd = replace(odd, buyer=replace(odd.buyer, name="\x00"))

    saved = save_mall_orders(tenant.pk, shop.pk, [*good[:5], odd, *good[5:]], by=MALL, now=NOW)

    assert sorted(saved.new) == sorted(order.number for order in good)
    assert saved.rejected == [odd.number]
