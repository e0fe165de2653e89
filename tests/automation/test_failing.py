"""A rule that fails on three orders switches itself off; what it held is judged without it (promise G24).

The rules fail for real: an action that raises, one that writes what the database refuses, a condition that the database cannot reckon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail

from automation import operations
from automation.engine import judge_chunk
from automation.models import Rule
from hub.audit import Actor
from hub.ids import encode
from hub.models import Clock, Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Order, Shop, Task, TaskMark
from orders.operations.holds import close_mark, system_task
from orders.operations.labels import set_memo
from tests.automation.failing_rules import (
    BAD_YEN,
    EVERYTHING,
    PER_YEN,
    TRIP,
    add_rule,
    bad_order,
    entries,
    fail_on,
    held,
    judge,
    rule_of,
    teach,
)
from tests.browsing import Browser, text_of
from tests.conftest import NOW, TESTER
from tests.counting import statements
from tests.factories import changed, make_shop, mall_order, take_in, the_order
from tests.hub.forks import Child

STAFF = Actor(kind="member", id=1, name="佐藤")


@pytest.fixture(autouse=True)
def _at_now(django_db_setup: None) -> Iterator[None]:
    Clock.objects.all().delete()
    Clock.objects.create(real_start=NOW, business_start=NOW, speed=0.0)
    mail.outbox.clear()
    yield
    Clock.objects.all().delete()


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    teach(monkeypatch)


@pytest.mark.parametrize(
    ("condition", "actions"),
    [
        (EVERYTHING, TRIP),
        (EVERYTHING, [{"do": "spoil"}]),
        (EVERYTHING, [{"do": "orphan"}]),
        (PER_YEN, [{"do": "add_memo", "text": "通った"}]),
    ],
    ids=[
        "action raises",
        "database refuses what it wrote",
        "database refuses a row beside it",
        "condition cannot be reckoned",
    ],
)
def test_third_order_switches_the_rule_off_and_sets_what_it_held_free(
    tenant: Tenant, shop: Shop, condition: Any, actions: list[dict[str, Any]]
) -> None:
    with tenant_transaction(tenant.pk):
        for role in (Role.OWNER, Role.ADMIN, Role.STAFF):
            user = User.objects.create_user(f"{role}{tenant.pk}@example.com", "x" * 20)
            Member.objects.create(user=user, role=role)
    innocent = add_rule(tenant, [{"do": "add_memo", "text": "先"}], name="先の規則")
    guilty = add_rule(tenant, actions, condition=condition)
    after = add_rule(tenant, [{"do": "add_memo", "text": "後"}], name="後の規則")
    good = mall_order(total_yen=5_000, subtotal_yen=5_000)
    take_in(tenant, shop, good)

    first = fail_on(tenant, shop, 2)
    assert held(tenant) == first
    assert not rule_of(tenant, guilty).broken
    assert rule_of(tenant, guilty).failures == 2
    assert the_order(tenant, good.number).status.name == "発送待ち", "others are not held up"
    assert mail.outbox == []
    with tenant_transaction(tenant.pk):
        rules = TaskMark.objects.filter(task__key="rule_failed").values_list("detail__rule", flat=True)
        assert set(rules) == {"転ぶ規則"}

    third = fail_on(tenant, shop, 1)

    assert rule_of(tenant, guilty).broken == "failed_on_three_orders"
    assert [rule_of(tenant, pk).broken for pk in (innocent, after)] == ["", ""]
    assert held(tenant) == []
    for number in first + third:
        order = the_order(tenant, number)
        assert (order.held, order.status.name, order.memo) == (False, "発送待ち", "先\n後"), "judged, without the rule"
    (off,) = entries(tenant, "rule.switched_itself_off")
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.filter(number__in=first + third).order_by("pk").values_list("pk", flat=True))
    assert (off.actor_kind, off.params["id"], off.params["orders"]) == ("system", guilty, ids)
    assert sorted(letter.to[0] for letter in mail.outbox) == [
        f"{role}{tenant.pk}@example.com" for role in ("admin", "owner")
    ]
    assert mail.outbox[0].subject == "ルール「転ぶ規則」が自分で止まりました"
    assert all(number in mail.outbox[0].body for number in first + third)

    fail_on(tenant, shop, 2)
    assert len(entries(tenant, "rule.switched_itself_off")) == 1
    assert len(mail.outbox) == 2
    assert held(tenant) == []


def test_one_order_that_fails_again_and_again_is_one(tenant: Tenant, shop: Shop) -> None:
    rule = add_rule(tenant, TRIP)
    (number,) = fail_on(tenant, shop, 1)
    for text in "abcd":
        with tenant_transaction(tenant.pk):
            pk = Order.objects.get(number=number).pk
            set_memo([pk], text=text, add=True, by=STAFF, now=NOW)
        judge(tenant)
        with tenant_transaction(tenant.pk):
            close_mark([pk], task=system_task("rule_failed"), by=STAFF, now=NOW)
        judge(tenant)

    assert rule_of(tenant, rule).failures == 1
    assert not rule_of(tenant, rule).broken
    assert len(entries(tenant, "rule.failed")) == 1


def test_released_orders_count_all_the_same(tenant: Tenant, shop: Shop) -> None:
    rule = add_rule(tenant, TRIP)
    for _ in range(3):
        (number,) = fail_on(tenant, shop, 1)
        with tenant_transaction(tenant.pk):
            close_mark([Order.objects.get(number=number).pk], task=system_task("rule_failed"), by=STAFF, now=NOW)
            Order.objects.filter(number=number).update(judge_at=None)

    assert rule_of(tenant, rule).broken


def test_a_correction_frees_what_was_held_acts_on_it_and_counts_anew(tenant: Tenant, shop: Shop) -> None:
    pk = add_rule(tenant, TRIP)
    first = fail_on(tenant, shop, 2)

    with tenant_transaction(tenant.pk):
        operations.publish_rule(
            Rule.objects.select_related("group").get(pk=pk), values={"condition": {"field": "total_yen", "op": "gt", "value": 1}},
            by=TESTER, now=NOW,
        )  # fmt: skip
    assert held(tenant) == []
    judge(tenant)
    assert held(tenant) == first, "not mended: it fails on them again, which are two of the new version"
    assert not rule_of(tenant, pk).broken

    with tenant_transaction(tenant.pk):
        operations.publish_rule(
            Rule.objects.select_related("group").get(pk=pk),
            values={"actions": [{"do": "add_memo", "text": "直した"}]},
            by=TESTER,
            now=NOW,
        )
    judge(tenant)

    assert held(tenant) == []
    assert {the_order(tenant, number).memo for number in first} == {"直した"}, "they waited for it"
    assert rule_of(tenant, pk).failures == 0


def test_an_order_already_in_that_was_held_is_acted_on_by_the_corrected_rule(tenant: Tenant, shop: Shop) -> None:
    order = mall_order(total_yen=5_000, subtotal_yen=5_000)
    take_in(tenant, shop, order)
    judge(tenant)
    pk = add_rule(tenant, TRIP)
    take_in(tenant, shop, changed(order, total_yen=BAD_YEN, subtotal_yen=BAD_YEN))
    judge(tenant)
    assert held(tenant) == [order.number]

    with tenant_transaction(tenant.pk):
        operations.publish_rule(
            Rule.objects.select_related("group").get(pk=pk),
            values={"actions": [{"do": "add_memo", "text": "直した"}]},
            by=TESTER,
            now=NOW,
        )
    judge(tenant)

    assert the_order(tenant, order.number).memo == "直した"


@pytest.mark.parametrize("way", ["rule", "group", "retired"])
def test_switching_off_by_hand_frees_what_was_held(tenant: Tenant, shop: Shop, way: str) -> None:
    pk = add_rule(tenant, TRIP)
    numbers = fail_on(tenant, shop, 2)

    with tenant_transaction(tenant.pk):
        rule = Rule.objects.select_related("group").get(pk=pk)
        if way == "rule":
            operations.switch_rule(rule, False, by=STAFF, now=NOW)
        elif way == "group":
            operations.switch_group(rule.group, False, by=STAFF, now=NOW)
        else:
            operations.retire_rule(rule, by=STAFF, now=NOW)
    judge(tenant)

    assert held(tenant) == []
    assert {the_order(tenant, number).status.name for number in numbers} == {"発送待ち"}
    assert not entries(tenant, "rule.switched_itself_off")


def test_switched_on_again_it_counts_anew(tenant: Tenant, shop: Shop) -> None:
    pk = add_rule(tenant, TRIP)
    fail_on(tenant, shop, 3)
    assert rule_of(tenant, pk).broken

    with tenant_transaction(tenant.pk):
        operations.switch_rule(Rule.objects.select_related("group").get(pk=pk), True, by=STAFF, now=NOW)
    two = fail_on(tenant, shop, 2)
    assert not rule_of(tenant, pk).broken
    assert held(tenant) == two
    fail_on(tenant, shop, 1)

    assert rule_of(tenant, pk).broken
    assert len(entries(tenant, "rule.switched_itself_off")) == 2


def test_a_hold_by_an_earlier_rule_is_taken_over(tenant: Tenant, shop: Shop) -> None:
    first = add_rule(tenant, TRIP)
    second = add_rule(tenant, [{"do": "spoil"}], name="もう一つ")
    (number,) = fail_on(tenant, shop, 1)
    with tenant_transaction(tenant.pk):
        Rule.objects.filter(pk=first).update(enabled=False)
        set_memo([Order.objects.get(number=number).pk], text="x", add=True, by=STAFF, now=NOW)
    judge(tenant)

    assert rule_of(tenant, second).failures == 1
    with tenant_transaction(tenant.pk):
        operations.switch_rule(Rule.objects.select_related("group").get(pk=second), False, by=STAFF, now=NOW)
    judge(tenant)
    assert held(tenant) == []


def test_an_order_that_fails_without_any_rule_blames_none(tenant: Tenant, shop: Shop) -> None:
    rule = add_rule(tenant, [{"do": "add_memo", "text": "x"}])
    with tenant_transaction(tenant.pk):
        Task.objects.create(name="割れない", condition=PER_YEN, holds=False)
    numbers = fail_on(tenant, shop, 4)

    assert held(tenant) == numbers
    with tenant_transaction(tenant.pk):
        assert not Rule.objects.exclude(broken="").exists()
        details = list(TaskMark.objects.filter(task__key="rule_failed").values_list("detail", flat=True))
    assert {detail["rule"] for detail in details} == {""}
    assert "DivisionByZero" in details[0]["error"]
    assert rule_of(tenant, rule).failures == 0


def test_a_condition_that_cannot_even_be_asked_stops_neither_the_engine_nor_other_rules(
    tenant: Tenant, shop: Shop
) -> None:
    pk = add_rule(tenant, [{"do": "add_memo", "text": "x"}], condition={"field": "unaskable", "op": "gt", "value": 1})
    add_rule(tenant, [{"do": "add_memo", "text": "後"}], name="後の規則")
    orders = [mall_order() for _ in range(5)]
    take_in(tenant, shop, *orders)
    judge(tenant)

    assert rule_of(tenant, pk).broken
    assert {the_order(tenant, order.number).memo for order in orders} == {"後"}


def test_three_workers_count_each_order_and_switch_off_once(tenant: Tenant, shop: Shop) -> None:
    pk = add_rule(tenant, TRIP)
    take_in(tenant, shop, *[bad_order() for _ in range(3)])

    def one() -> None:
        for _ in range(6):
            judge_chunk(tenant.pk, size=1)

    assert [child.join()[0] for child in [Child(one) for _ in range(3)]] == [0, 0, 0]
    judge(tenant)

    assert rule_of(tenant, pk).failures == 3
    assert len(entries(tenant, "rule.failed")) == 3
    assert len(entries(tenant, "rule.switched_itself_off")) == 1
    assert held(tenant) == []


def test_what_was_corrected_meanwhile_is_not_held_against_the_new_version(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = add_rule(tenant, TRIP)
    take_in(tenant, shop, bad_order())

    def correct(point: str) -> None:
        if point == "engine.after_blame":
            with tenant_transaction(tenant.pk):
                Rule.objects.filter(pk=pk, version=1).update(version=2, actions=[{"do": "add_memo", "text": "直した"}])

    monkeypatch.setattr("automation.engine.crash", correct)
    judge(tenant)

    assert held(tenant) == []
    assert rule_of(tenant, pk).failures == 0
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().memo == "直した"


def test_counting_costs_a_pass_that_succeeds_nothing(tenant: Tenant, shop: Shop) -> None:
    add_rule(tenant, [{"do": "add_memo", "text": "x"}])
    for _ in range(2):
        take_in(tenant, shop, mall_order())
        alone = statements(lambda: judge_chunk(tenant.pk))
    fail_on_rule = add_rule(tenant, TRIP, name="もう一つ")
    fail_on(tenant, shop, 2)
    assert rule_of(tenant, fail_on_rule).failures == 2

    take_in(tenant, shop, mall_order())

    assert statements(lambda: judge_chunk(tenant.pk)) == alone


def test_rules_page_says_why_since_when_and_on_which_orders(tenant: Tenant, shop: Shop) -> None:
    pk = add_rule(tenant, TRIP)
    owner = Browser(tenant, "owner")
    fail_on(tenant, shop, 2)
    assert "2件の受注で失敗" in text_of(owner.get("/rules/"))
    fail_on(tenant, shop, 1)

    page = owner.get("/rules/")

    words = text_of(page)
    assert "3件の受注で失敗したため、自分で止まりました" in words
    assert "11/22(日) 12:00 から" in words
    with tenant_transaction(tenant.pk):
        numbers = list(Order.objects.order_by("pk").values_list("number", flat=True))
    assert all(re.search(rf'href="/orders/[^"]+">{number}</a>', page.content.decode()) for number in numbers)
    box = re.search(r'aria-label="転ぶ規則"[^>]*>', page.content.decode())
    assert box is not None
    assert "checked" not in box.group(), "the switch shows it as off"

    owner.post(f"/rules/{encode(pk)}/switch/", {"sent": "1", "on": "1"})
    assert rule_of(tenant, pk).broken == ""
    assert "自分で止まりました" not in text_of(owner.get("/rules/"))
