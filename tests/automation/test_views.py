"""Pages of rules: shown as sentences, published, switched, put in order, refused, fenced."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from automation.engine import judge_chunk
from automation.models import Rule, RuleGroup, RuleMark, RuleVersion
from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, OrderTag, Shop, Tag
from tests.browsing import Browser, hidden, text_of, verbs
from tests.orders.making import make_order, make_shop


@pytest.fixture
def owner(tenant: Tenant) -> Browser:
    return Browser(tenant, "owner")


def url(name: str, *pks: int) -> str:
    return reverse(f"automation:{name}", args=pks)


CONDITION = {
    "all": [
        {"field": "total_yen", "op": "gte", "value": 50_000},
        {"any": [{"field": "gift", "op": "is", "value": True}, {"field": "island", "op": "is", "value": True}]},
    ]
}


def form(tenant: Tenant, **more: Any) -> dict[str, Any]:
    """What the builder sends for a rule that labels dear gifts."""
    with tenant_transaction(tenant.pk):
        group, tag = RuleGroup.objects.get(name="仕分け"), Tag.objects.get(name="急ぎ")
    return {
        "name": "高額ギフト", "group": encode(group.pk), "condition": json.dumps(CONDITION), "act": ["add_tag"], "act_value": [encode(tag.pk)],
        "apply": "new", **more,
    }  # fmt: skip


def waiting(tenant: Tenant, n: int = 2) -> list[Order]:
    """Orders already in and judged, which the rule would label."""
    with tenant_transaction(tenant.pk):
        now = business_now()
        shop = make_shop()
        at = now - timedelta(hours=2)
        return [
            make_order(
                shop, at=at, total_yen=60_000, gift=True, remark_left="のし", judged_revision=1, mall_read_at=now
            )
            for _ in range(n)
        ]


def rule_named(tenant: Tenant, name: str) -> Rule:
    with tenant_transaction(tenant.pk):
        return Rule.objects.select_related("group").get(name=name)


# Shown.


def test_rules_read_as_sentences(tenant: Tenant, owner: Browser) -> None:
    page = text_of(owner.get(url("rules")))

    assert "入金 が 未入金 で 未マッピング が なし" in page
    assert "なら → 状態を変える: 入金待ち" in page
    assert "7日で 0件" in page


def test_page_without_rules_teaches(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        Rule.objects.update(retired_at=business_now())
        RuleGroup.objects.update(retired_at=business_now())

    assert "ルールがありません" in text_of(owner.get(url("rules")))
    assert owner.get(url("rule_new")).url == url("group_new")


def test_list_asks_as_often_for_many_rules(tenant: Tenant, owner: Browser) -> None:
    owner.get(url("rules"))
    with CaptureQueriesContext(connection) as few:
        owner.get(url("rules"))
    with tenant_transaction(tenant.pk):
        group, tag = RuleGroup.objects.get(name="仕分け"), Tag.objects.get(name="急ぎ")
        for k in range(20):
            Rule.objects.create(
                group=group,
                name=f"規則{k}",
                condition=CONDITION,
                actions=[{"do": "add_tag", "tag": tag.pk}],
                position=10 + k,
            )

    with CaptureQueriesContext(connection) as many:
        owner.get(url("rules"))

    assert len(many) == len(few)


def test_hits_are_what_rules_did_in_seven_days(tenant: Tenant, owner: Browser) -> None:
    orders = waiting(tenant, 3)
    rule = rule_named(tenant, "未マッピングは確認待へ")
    with tenant_transaction(tenant.pk):
        now = business_now()
        for order, age, acted in zip(orders, (1, 8, 1), (True, True, False), strict=True):
            RuleMark.objects.create(rule=rule, order=order, version=1, opened_at=now - timedelta(days=age), acted=acted)

    assert "7日で 1件" in text_of(owner.get(url("rules")))


def test_broken_rule_says_why(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        Rule.objects.filter(name="未マッピングは確認待へ").update(broken="failed_on_three_orders")
        Rule.objects.filter(name="備考ありは確認待へ").update(broken="/all/0/value: unknown_choice")

    page = text_of(owner.get(url("rules")))

    assert "3件の受注で失敗したため、自分で止まりました" in page
    assert "/all/0/value – という値はありません" in page


# Made and changed.


def test_rule_is_made_and_leaves_orders_already_in_alone(tenant: Tenant, owner: Browser) -> None:
    waiting(tenant)

    answer = owner.post(url("rule_new"), form(tenant))

    rule = rule_named(tenant, "高額ギフト")
    assert answer.status_code == 302
    assert "いま当てはまる2件には働きません" in owner.toast()
    with tenant_transaction(tenant.pk):
        assert rule.condition == CONDITION
        assert list(RuleMark.objects.filter(rule=rule).values_list("acted", flat=True)) == [False, False]
        assert RuleVersion.objects.get(rule=rule, published_by__user=owner.user).version == 1
    judge_chunk(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert not OrderTag.objects.filter(tag__name="急ぎ").exists()
    assert verbs(tenant) == ["rule.created"]


def test_rule_applied_to_orders_already_in_acts_on_them_once(tenant: Tenant, owner: Browser) -> None:
    waiting(tenant)

    owner.post(url("rule_new"), form(tenant, apply="waiting"))
    judge_chunk(tenant.pk)

    assert "いま当てはまる2件にも働きます" in owner.toast()
    with tenant_transaction(tenant.pk):
        assert OrderTag.objects.filter(tag__name="急ぎ").count() == 2


def test_change_is_the_next_version_and_stands_in_the_history(tenant: Tenant, owner: Browser) -> None:
    owner.post(url("rule_new"), form(tenant))
    rule = rule_named(tenant, "高額ギフト")
    page = owner.get(url("rule", rule.pk))
    changed = form(tenant, condition=json.dumps({"all": CONDITION["all"][:1]}), seen=hidden(page, "seen"))

    owner.post(url("rule", rule.pk), changed)

    said = text_of(owner.get(url("rule", rule.pk)))
    assert rule_named(tenant, "高額ギフト").version == 2
    assert "第2版" in said
    assert "条件 を変えました" in said


def test_rule_changed_by_another_meanwhile_is_not_overwritten(tenant: Tenant, owner: Browser) -> None:
    owner.post(url("rule_new"), form(tenant))
    rule = rule_named(tenant, "高額ギフト")
    seen = hidden(owner.get(url("rule", rule.pk)), "seen")
    owner.post(url("rule", rule.pk), form(tenant, name="高額", seen=seen))

    answer = owner.post(url("rule", rule.pk), form(tenant, name="とても高額", seen=seen))

    assert answer.status_code == 412
    assert "ほかの人が先に変更しました" in text_of(answer)
    assert rule_named(tenant, "高額").version == 2


@pytest.mark.parametrize(("wrong", "why", "place"), [
    ({"condition": json.dumps({"all": [{"field": "total_yen", "op": "gte", "value": "x"}]})}, "整数で書いてください", "/all/0/value"),
    ({"condition": "{"}, "条件の形ではありません", "/"),
    ({"act": ["add_tag"], "act_value": [""]}, "", "すること 1行目"),
    ({"act": []}, "", ""),
    ({"name": " "}, "名前を入れてください", ""),
    ({"name": "未マッピングは確認待へ"}, "はすでに使われています", ""),
])  # fmt: skip
def test_rule_that_cannot_be_says_where_and_writes_nothing(
    tenant: Tenant, owner: Browser, wrong: dict[str, Any], why: str, place: str
) -> None:
    answer = owner.post(url("rule_new"), form(tenant, **wrong))

    assert answer.status_code in (409, 422)
    assert 'class="form-error"' in answer.content.decode()
    assert why in text_of(answer)
    assert place in text_of(answer)
    assert verbs(tenant) == []


def test_count_beside_the_builder_is_live(tenant: Tenant, owner: Browser) -> None:
    orders = waiting(tenant)

    found: HttpResponse = owner.post(url("rule_count"), form(tenant))
    bad: HttpResponse = owner.post(url("rule_count"), form(tenant, condition='{"all": 1}'))

    assert "2 件" in text_of(found)
    assert orders[0].number in text_of(found)
    assert 'id="waiting-count" hx-swap-oob="true"' in found.content.decode()
    assert "一覧（リスト）にしてください" in text_of(bad)


# Switched and put in order.


@pytest.mark.feature("F065")
def test_rule_is_switched_off_and_on(tenant: Tenant, owner: Browser) -> None:
    rule = rule_named(tenant, "未マッピングは確認待へ")

    owner.post(url("rule_switch", rule.pk), sent="1")
    off = rule_named(tenant, rule.name).enabled
    owner.post(url("rule_switch", rule.pk), sent="1", on="1")

    assert (off, rule_named(tenant, rule.name).enabled) == (False, True)
    assert verbs(tenant) == ["rule.changed", "rule.changed"]


@pytest.mark.feature("F064")
def test_group_is_switched_as_one(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group = RuleGroup.objects.get(name="出荷依頼")

    owner.post(url("group_switch", group.pk), sent="1")

    with tenant_transaction(tenant.pk):
        assert not RuleGroup.objects.get(pk=group.pk).enabled
    assert verbs(tenant) == ["rule_group.changed"]


def test_order_shown_is_the_order_run_and_a_rule_may_change_its_group(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group, other = RuleGroup.objects.get(name="仕分け"), RuleGroup.objects.get(name="出荷依頼")
        ids = list(Rule.objects.filter(group=group).order_by("position").values_list("pk", flat=True))

    turned = owner.client.post(
        url("rules_order"), {"group": encode(group.pk), "order": [encode(pk) for pk in reversed(ids)]}
    )
    moved = owner.client.post(url("rules_order"), {"group": encode(other.pk), "order": [encode(ids[0])]})

    assert (turned.status_code, moved.status_code) == (204, 204)
    with tenant_transaction(tenant.pk):
        assert (
            list(Rule.objects.filter(group=group).order_by("position").values_list("pk", flat=True))
            == list(reversed(ids))[:-1]
        )
        assert next(iter(Rule.objects.filter(group=other).order_by("position"))).pk == ids[0]


def test_group_is_made_changed_and_retired_when_empty(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop()
    owner.post(url("group_new"), name="セール", when="change", phases=["ready"], shop=encode(shop.pk))
    with tenant_transaction(tenant.pk):
        group = RuleGroup.objects.get(name="セール")
    page = owner.get(url("group_edit", group.pk))
    owner.post(url("group_edit", group.pk), name="大セール", when="intake", seen=hidden(page, "seen"))
    owner.post(url("group_retire", group.pk))

    assert (group.phases, group.shop_id) == (["ready"], shop.pk)
    assert verbs(tenant) == ["rule_group.created", "rule_group.changed", "rule_group.retired"]


def test_group_with_rules_is_not_retired(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group = RuleGroup.objects.get(name="仕分け")

    owner.post(url("group_retire", group.pk))

    assert "未マッピングは確認待へ" in owner.toast()
    assert verbs(tenant) == []


def test_rule_is_retired(tenant: Tenant, owner: Browser) -> None:
    rule = rule_named(tenant, "未マッピングは確認待へ")

    owner.post(url("rule_retire", rule.pk))

    owner.get(url("rules"))
    assert rule.name not in text_of(owner.get(url("rules")))
    assert verbs(tenant) == ["rule.retired"]


# Fenced.


def test_staff_reads_rules_and_may_not_change_them(tenant: Tenant) -> None:
    staff, rule = Browser(tenant, "staff"), rule_named(tenant, "未マッピングは確認待へ")

    answers = [
        staff.get(url("rule", rule.pk)),
        staff.get(url("rule_new")),
        staff.post(url("rule_switch", rule.pk)),
        staff.post(url("rule_count")),
    ]

    assert staff.get(url("rules")).status_code == 200
    assert [answer.status_code for answer in answers] == [403] * 4
    assert "管理者" in text_of(answers[0])
    assert rule_named(tenant, rule.name).enabled


def test_rules_of_another_tenant_are_not_found(tenant: Tenant, other_tenant: Tenant, owner: Browser) -> None:
    rule = rule_named(other_tenant, "未マッピングは確認待へ")
    with tenant_transaction(other_tenant.pk):
        shop = Shop.objects.create(name="よその店", channel="rakuten")

    answers = [
        owner.get(url("rule", rule.pk)), owner.post(url("rule_switch", rule.pk)), owner.post(url("rule_retire", rule.pk)),
        owner.get(url("group_edit", rule.group_id)), owner.post(url("group_switch", rule.group_id)),
        owner.post(url("group_retire", rule.group_id)), owner.post(url("rules_order"), group=encode(rule.group_id)),
        owner.post(url("rule_new"), form(tenant, group=encode(rule.group_id))),
    ]  # fmt: skip
    foreign = owner.post(url("group_new"), name="よそ", when="change", shop=encode(shop.pk))

    assert [answer.status_code for answer in answers] == [404] * 8
    assert foreign.status_code == 422
    assert rule_named(other_tenant, rule.name).enabled
