"""Automatic processing as a shop uses it: nested conditions, groups by the clock, switches, own tasks, tags that stop, by page and API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automation.engine import work as judge
from automation.models import Rule
from hub.ids import encode
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, OrderTag, Parcel, Product, Shop, Status, Tag, Task, TaskMark
from orders.operations.labels import add_tag, remove_tag
from orders.operations.products import map_listing
from tests.api.conftest import Caller, caller_of
from tests.conftest import NOW, TESTER, at
from tests.factories import changed, make_shop, mall_line, mall_order, take_in, the_order
from tests.pages import browser, make_member, signed_in
from warehouses.requesting import work as request

pytestmark = pytest.mark.usefixtures("at_now")

EARLY = ["intake", "payment", "ready"]


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.fixture
def call(tenant: Tenant) -> Caller:
    return caller_of(tenant)


def publish(call: Caller, condition: Any, actions: list[dict[str, Any]], *, name: str, **group: Any) -> dict[str, Any]:
    """Make a group and a rule in it by the API; return the rule."""
    made = call.post("rule-groups", {"name": f"組 {name}", "phases": EARLY, **group}).json()
    rule = call.post("rules", {"group": made["id"], "name": name, "condition": condition, "actions": actions})
    assert rule.status_code == 201, rule.content
    found: dict[str, Any] = rule.json()
    return found


def memo_of(tenant: Tenant, number: str) -> str:
    return the_order(tenant, number).memo


@pytest.mark.feature("F061")
def test_a_rule_asks_nested_questions_of_order_line_buyer_and_address(tenant: Tenant, shop: Shop, call: Caller) -> None:
    condition = {
        "all": [
            {"field": "total_yen", "op": "gte", "value": 1_000},
            {"any": [
                {"field": "line_sku", "op": "is", "value": "SKU-冷凍", "of": "any"},
                {"field": "buyer_name", "op": "contains", "value": "見本"},
            ]},
            {"not": {"any": [
                {"field": "recipient_prefecture", "op": "in", "value": ["沖縄県", "北海道"], "of": "any"},
                {"field": "gift", "op": "is", "value": True},
            ]}},
        ]
    }  # fmt: skip
    publish(call, condition, [{"do": "add_memo", "text": "当たり"}], name="三つの問い")
    hit = mall_order()
    gift, small = mall_order(gift=True), mall_order(lines=(mall_line(price_yen=10, price_incl_yen=10),))

    take_in(tenant, shop, hit, gift, small)
    judge(tenant.pk)

    assert [memo_of(tenant, order.number) for order in (hit, gift, small)] == ["当たり", "", ""]


@pytest.mark.feature("F064")
def test_a_group_is_switched_by_the_clock_and_only_its_rules_change(tenant: Tenant, shop: Shop, call: Caller) -> None:
    times = {
        "switch_on_at": (NOW + timedelta(hours=1)).isoformat(),
        "switch_off_at": (NOW + timedelta(hours=3)).isoformat(),
    }
    publish(call, {"all": []}, [{"do": "add_memo", "text": "セール"}], name="セール中", enabled=False, **times)
    memos, states = [], []

    for hours in (0, 2, 4):
        moment = NOW + timedelta(hours=hours)
        at(moment)
        order = mall_order(placed_at=moment - timedelta(hours=1))
        take_in(tenant, shop, order, now=moment)
        judge(tenant.pk)
        memos.append(memo_of(tenant, order.number))
        states.append(the_order(tenant, order.number).status.name)

    assert memos == ["", "セール", ""]
    assert states == ["発送待ち"] * 3, "the other groups go on"


@pytest.mark.feature("F065")
def test_switching_a_rule_off_holds_from_the_next_order_and_names_who_did_it(
    tenant: Tenant, shop: Shop, call: Caller
) -> None:
    rule = publish(call, {"all": []}, [{"do": "add_memo", "text": "働いた"}], name="毎回")
    first, second = mall_order(), mall_order()
    take_in(tenant, shop, first)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        pk = Rule.objects.get(name=rule["name"]).pk

    signed_in(make_member(tenant, "admin", name="切替 太郎")).post(f"/rules/{encode(pk)}/switch/", {"sent": "1"})
    take_in(tenant, shop, second)
    judge(tenant.pk)

    assert (memo_of(tenant, first.number), memo_of(tenant, second.number)) == ("働いた", "")
    with tenant_transaction(tenant.pk):
        entry = AuditEntry.objects.filter(verb="rule.changed").latest("pk")
    assert (entry.actor_kind, entry.actor_name) == ("member", "切替 太郎")


@pytest.mark.feature("F072")
def test_a_task_says_what_to_do_and_why_and_closes_itself_or_by_hand(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(remarks="ベルを鳴らさないで")
    take_in(tenant, shop, order, mapped=False)
    judge(tenant.pk)
    client, url = browser(tenant), f"/orders/{encode(the_order(tenant, order.number).pk)}/"

    page = client.get(url).content.decode()
    with tenant_transaction(tenant.pk):
        for listing in Listing.objects.filter(product__isnull=True):
            map_listing(
                listing, product=Product.objects.create(sku=f"P{listing.pk}", name="品"), units=1, by=TESTER, now=NOW
            )
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        left = list(
            TaskMark.objects.filter(order__number=order.number, closed_at__isnull=True).values_list(
                "task__name", flat=True
            )
        )
        remark = encode(Task.objects.get(name="備考あり").pk)
    client.post(f"{url}release/", {"task": remark})
    judge(tenant.pk)

    for words in ("未マッピング", "1点のうち1点", "備考あり", "ベルを鳴らさないで"):
        assert words in page, words
    assert left == ["備考あり"], "the other closed itself"
    assert not the_order(tenant, order.number).held


@pytest.mark.feature("F076", "F074")
def test_a_wished_day_and_an_island_carry_their_tasks_and_neither_stops_the_order(tenant: Tenant, shop: Shop) -> None:
    wished = mall_order(wish_on=NOW.date() + timedelta(days=5))
    plain = mall_order()
    far = changed(plain, parcels=(replace(plain.parcels[0], island=True),))
    take_in(tenant, shop, wished, far)
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        found = set(TaskMark.objects.filter(closed_at__isnull=True).values_list("order__number", "task__name"))
    assert found == {(wished.number, "届け日の指定あり"), (far.number, "離島")}
    assert {the_order(tenant, order.number).held for order in (wished, far)} == {False}


@pytest.mark.feature("F074")
def test_the_islands_are_data_that_the_tenant_edits(tenant: Tenant, shop: Shop, call: Caller) -> None:
    plain = mall_order()
    there = replace(plain.parcels[0], recipient=replace(plain.parcels[0].recipient, postal_code="7614661"))
    before, after = changed(plain, parcels=(there,)), changed(mall_order(), parcels=(there,))
    take_in(tenant, shop, before)
    judge(tenant.pk)
    island = next(task for task in call.get("tasks").json()["items"] if task["name"] == "離島")
    own = {"field": "recipient_postal_code", "op": "in", "value": ["7614661", "1000401"], "of": "any"}
    with tenant_transaction(tenant.pk):
        none = list(TaskMark.objects.filter(task__name="離島"))

    answer = call.patch(f"tasks/{island['id']}", {"condition": {"any": [island["condition"], own]}})
    take_in(tenant, shop, after)
    judge(tenant.pk)

    assert answer.status_code == 200, answer.content
    assert none == []
    with tenant_transaction(tenant.pk):
        marked = TaskMark.objects.filter(task__name="離島", closed_at__isnull=True)
        assert after.number in set(marked.values_list("order__number", flat=True))


@pytest.mark.feature("F076")
def test_a_date_that_can_be_met_carries_no_task_where_the_tenant_says_so(
    tenant: Tenant, shop: Shop, call: Caller
) -> None:
    wish = next(task for task in call.get("tasks").json()["items"] if task["name"] == "届け日の指定あり")
    soon = {"field": "wish_on", "op": "lte", "value": {"days_ahead": 2}}
    answer = call.patch(f"tasks/{wish['id']}", {"condition": {"all": [wish["condition"], soon]}})
    tight, easy = (mall_order(wish_on=NOW.date() + timedelta(days=days)) for days in (1, 6))
    take_in(tenant, shop, tight, easy)
    judge(tenant.pk)

    assert answer.status_code == 200, answer.content
    with tenant_transaction(tenant.pk):
        marked = TaskMark.objects.filter(task__name="届け日の指定あり", closed_at__isnull=True)
        assert list(marked.values_list("order__number", flat=True)) == [tight.number]


@pytest.mark.feature("F077")
def test_the_open_tasks_are_counted_by_kind_and_one_click_filters_them(tenant: Tenant, shop: Shop) -> None:
    orders = [mall_order(remarks="のし希望") for _ in range(3)]
    take_in(tenant, shop, *orders, mall_order())
    judge(tenant.pk)
    client = browser(tenant)
    with tenant_transaction(tenant.pk):
        task = encode(Task.objects.get(name="備考あり").pk)

    page = client.get("/attention/").content.decode()
    listed = client.get(f"/orders/?task={task}&held=1").content.decode()

    assert f"/orders/?task={task}&amp;held=1" in page
    assert sum(order.number.split("-", 1)[1] in listed for order in orders) == 3
    assert listed.count('aria-label="400001-') == 3


@pytest.mark.feature("F078")
def test_an_own_task_appears_and_holds_like_the_built_in_ones(tenant: Tenant, shop: Shop, call: Caller) -> None:
    condition = {"field": "line_quantity", "op": "gte", "value": 10, "of": "any"}
    call.post("tasks", {"name": "大口を確かめる", "condition": condition, "holds": True, "what_to_do": "在庫を数える"})
    order = mall_order(lines=(mall_line(quantity=12),))
    take_in(tenant, shop, order)
    judge(tenant.pk)

    client = browser(tenant)
    page = client.get(f"/orders/{encode(the_order(tenant, order.number).pk)}/").content.decode()

    assert the_order(tenant, order.number).held
    assert "大口を確かめる" in page
    assert "大口を確かめる" in client.get("/attention/").content.decode()


@pytest.mark.feature("R05")
def test_a_tag_that_blocks_ships_by_no_path_and_taking_it_off_resumes(tenant: Tenant, shop: Shop, call: Caller) -> None:
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.get(name="要連絡")
    condition = {"field": "tags", "op": "has", "value": [encode(tag.pk)]}
    call.post("tasks", {"name": "連絡がつくまで", "condition": condition, "holds": True})
    order = mall_order()
    take_in(tenant, shop, order)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        add_tag([pk], tag=tag, by=TESTER, now=NOW)
    judge(tenant.pk)
    client = browser(tenant)
    with tenant_transaction(tenant.pk):
        shipping = encode(Status.objects.get(default_for="shipping").pk)

    client.post(f"/orders/{encode(pk)}/want/")
    client.post(
        f"/orders/{encode(pk)}/status/", {"status": shipping, "revision": str(the_order(tenant, order.number).revision)}
    )
    call.post("orders/actions/want-shipment", {"orders": [{"id": encode(pk)}]})
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        before = Parcel.objects.get().state
        remove_tag([pk], tag=tag, by=TESTER, now=NOW)
    judge(tenant.pk)
    request(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert (before, Parcel.objects.get().state) == ("draft", "requested")


@pytest.mark.feature("F004")
def test_rules_may_ask_for_next_day_orders_and_their_programme_is_only_a_name(
    tenant: Tenant, shop: Shop, call: Caller
) -> None:
    with tenant_transaction(tenant.pk):
        Shop.objects.update(next_day_name="超特急便")
        tag = Tag.objects.get(name="急ぎ")
    publish(
        call, {"field": "next_day", "op": "is", "value": True}, [{"do": "add_tag", "tag": encode(tag.pk)}], name="特急"
    )
    fast, slow = mall_order(next_day=True), mall_order()
    take_in(tenant, shop, fast, slow)
    judge(tenant.pk)

    page = browser(tenant).get(f"/orders/{encode(the_order(tenant, fast.number).pk)}/").content.decode()

    with tenant_transaction(tenant.pk):
        assert list(OrderTag.objects.filter(tag=tag).values_list("order__number", flat=True)) == [fast.number]
    assert "超特急便" in page


@pytest.mark.feature("F068", "F071")
def test_a_rule_chooses_the_carrier_for_islands_and_leaves_a_memo_with_its_name(
    tenant: Tenant, shop: Shop, call: Caller
) -> None:
    actions = [
        {"do": "set_delivery", "method": "parcel", "carrier": "japan_post"},
        {"do": "add_memo", "text": "離島はゆうパック"},
    ]
    publish(call, {"field": "island", "op": "is", "value": True}, actions, name="離島の配送便")
    plain = mall_order()
    far = changed(plain, parcels=(replace(plain.parcels[0], island=True),))
    near = mall_order()
    take_in(tenant, shop, far, near)
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        carriers = dict(Parcel.objects.values_list("order__number", "carrier"))
    page = browser(tenant).get(f"/orders/{encode(the_order(tenant, far.number).pk)}/").content.decode()
    assert carriers == {far.number: "japan_post", near.number: ""}
    assert memo_of(tenant, far.number) == "離島はゆうパック"
    assert "離島の配送便" in page
