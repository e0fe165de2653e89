"""Settings by the API: rows made, changed, retired, put in order; what is in use stays; what rules touch; shops and mapping."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automation.engine import run_pass
from automation.models import Rule, RuleMark, RuleVersion
from hub.ids import encode
from hub.models import AuditEntry, Member, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, OrderTag, Product, Shop, Status, StatusGroup, Tag, Task, TaskMark, Warehouse
from tests.api.conftest import Caller, checksum
from tests.conftest import NOW
from tests.orders.making import make_order

SIMPLE = [
    ("tags", {"name": "新", "colour": "red"}, {"name": "改"}),
    ("status-groups", {"name": "新", "phase": "ready"}, {"name": "改"}),
    (
        "tasks",
        {"name": "新", "condition": {"field": "gift", "op": "is", "value": True}, "holds": False},
        {"name": "改", "holds": True},
    ),
    ("saved-searches", {"name": "新", "condition": {"all": []}, "columns": ["number"]}, {"name": "改"}),
    ("products", {"sku": "新-1", "name": "商品"}, {"name": "改"}),
    ("rule-groups", {"name": "新", "when": "change", "phases": ["ready"]}, {"name": "改"}),
    ("warehouses", {"kind": "own", "name": "新"}, {"name": "改", "cutoff_at": "14:00", "cutoffs": {"sat": "12:00"}}),
    ("mail-templates", {"name": "新", "subject": "件名", "body": "{buyer_name} 様"}, {"name": "改"}),
]


@pytest.mark.parametrize(("kind", "made", "changed"), SIMPLE, ids=[one[0] for one in SIMPLE])
def test_row_is_made_changed_and_retired(
    call: Caller, tenant: Tenant, kind: str, made: dict[str, Any], changed: dict[str, Any]
) -> None:
    new = call.post(kind, made)
    assert new.status_code == 201, new.content
    path = f"{kind}/{new.json()['id']}"
    assert new["Location"] == f"/api/v1/{path}"

    other = call.patch(path, changed)
    assert other.status_code == 200, other.content
    assert {name: str(other.json()[name]) for name in changed} == {name: str(value) for name, value in changed.items()}
    stale = call.patch(path, {"name": "遅れた"}, If_Match=new["ETag"])
    assert (stale.status_code, stale.json()["code"], stale.json()["theirs"]["name"]) == (412, "stale", "改")
    assert call.delete(path).status_code == 204
    assert new.json()["id"] not in [one["id"] for one in call.get(f"{kind}?limit=200").json()["items"]]
    with tenant_transaction(tenant.pk):
        assert AuditEntry.objects.filter(actor_kind="token").count() >= 3


@pytest.mark.parametrize("kind", ["tags", "status-groups", "tasks", "rule-groups", "warehouses", "mail-templates"])
def test_name_in_use_is_refused_by_name(call: Caller, tenant: Tenant, kind: str) -> None:
    made = next(body for name, body, _ in SIMPLE if name == kind)
    assert call.post(kind, made).status_code == 201
    before = checksum(tenant)

    again = call.post(kind, made)

    assert (again.status_code, again.json()["code"], again.json()["field"]) == (409, "name_taken", "name")
    assert "新" in again.json()["title"]
    assert checksum(tenant) == before


@pytest.mark.parametrize("cutoffs", [{"saturday": "12:00"}, {"sat": "noon"}, {"sat": 12}, ["12:00"], "12:00", None])
def test_a_cut_off_is_a_time_of_a_weekday(call: Caller, tenant: Tenant, cutoffs: Any) -> None:
    before = checksum(tenant)

    answer = call.post("warehouses", {"kind": "own", "name": "新", "cutoffs": cutoffs})

    assert answer.status_code == 422, answer.content
    assert answer.json()["field"].startswith("cutoffs")
    assert checksum(tenant) == before


def test_status_in_use_stays(call: Caller, tenant: Tenant, order: Order) -> None:
    with tenant_transaction(tenant.pk):
        intake = Status.objects.get(default_for="intake")
        group = StatusGroup.objects.get(name="新規")
        rule = Rule.objects.order_by("pk")[0]
    made = call.post("statuses", {"group": encode(group.pk), "name": "熟考", "limit_minutes": 60}).json()

    is_default = call.delete(f"statuses/{encode(intake.pk)}")
    call.patch(f"rules/{encode(rule.pk)}", {"actions": [{"do": "set_status", "status": made["id"]}]})
    in_rule = call.delete(f"statuses/{made['id']}")
    call.patch(f"rules/{encode(rule.pk)}", {"actions": [{"do": "add_memo", "text": "見た"}]})
    call.post("orders/actions/set-status", {"orders": [encode(order.pk)], "params": {"status": made["id"]}})
    has_orders = call.delete(f"statuses/{made['id']}")

    assert (is_default.status_code, is_default.json()["code"]) == (409, "status_is_default")
    assert (in_rule.json()["code"], rule.name in in_rule.json()["title"]) == ("still_used", True)
    assert (has_orders.json()["code"], has_orders.json()["params"]) == (
        "status_has_orders",
        {"name": "熟考", "count": 1},
    )


def test_status_becomes_the_default_of_its_phase(call: Caller, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        group = StatusGroup.objects.get(name="出荷準備")
    made = call.post("statuses", {"group": encode(group.pk), "name": "梱包待ち"}).json()

    changed = call.patch(f"statuses/{made['id']}", {"default": True, "colour": "teal"}).json()

    assert (changed["default_for"], changed["colour"]) == ("ready", "teal")
    with tenant_transaction(tenant.pk):
        assert Status.objects.filter(default_for="ready").count() == 1


def test_status_moves_only_inside_its_phase(call: Caller, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        ready, done = StatusGroup.objects.get(name="出荷準備"), StatusGroup.objects.get(name="完了")
    made = call.post("statuses", {"group": encode(ready.pk), "name": "検品"}).json()

    answer = call.patch(f"statuses/{made['id']}", {"group": encode(done.pk)})

    assert (answer.status_code, answer.json()["code"]) == (409, "other_phase")


def test_rows_are_put_in_order(call: Caller, tenant: Tenant) -> None:
    ids = [one["id"] for one in call.get("tags").json()["items"]]

    wrong = call.put("tags/order", {"ids": ids[1:]})
    right = call.put("tags/order", {"ids": ids[::-1]})

    assert (wrong.status_code, wrong.json()["code"]) == (409, "other_rows")
    assert right.status_code == 204
    assert [one["id"] for one in call.get("tags").json()["items"]] == ids[::-1]


def test_system_rows_are_not_changed(call: Caller, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        task, tag = Task.objects.get(key="unmapped"), Tag.objects.get(key="unmapped_all")
    before = checksum(tenant)

    answers = [
        call.patch(f"tasks/{encode(task.pk)}", {"holds": False}), call.patch(f"tasks/{encode(task.pk)}", {"enabled": False}),
        call.delete(f"tasks/{encode(task.pk)}"), call.delete(f"tags/{encode(tag.pk)}"),
    ]  # fmt: skip

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(409, "system_row")}
    assert checksum(tenant) == before


def test_task_that_holds_makes_live_orders_due(call: Caller, tenant: Tenant, order: Order) -> None:
    made = call.post(
        "tasks", {"name": "ギフト確認", "condition": {"field": "number", "op": "is", "value": order.number}}
    ).json()
    with tenant_transaction(tenant.pk):
        due = Order.objects.get(pk=order.pk)
        assert due.judge_at is not None
        Order.objects.filter(pk=order.pk).update(ready_at=NOW)
        run_pass([order.pk], now=NOW)
        assert Order.objects.get(pk=order.pk).held

    call.patch(f"tasks/{made['id']}", {"enabled": False})

    with tenant_transaction(tenant.pk):
        assert not Order.objects.get(pk=order.pk).held
        assert not TaskMark.objects.filter(task__name="ギフト確認", closed_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"condition": {"field": "x", "op": "is", "value": 1}}, "condition/field"),
        ({"condition": {"all": [{"any": []}]}}, "condition/all/0/any"),
        ({"condition": "gift"}, "condition"),
        ({"condition": {"all": []}, "actions": [{"do": "explode"}]}, "actions/0"),
        (
            {
                "condition": {"all": []},
                "actions": [{"do": "add_memo", "text": "a"}, {"do": "add_tag", "tag": "0000000000001"}],
            },
            "actions/1/tag",
        ),
        ({"condition": {"all": []}, "actions": [{"do": "add_memo"}]}, "actions/0/text"),
        (
            {"condition": {"all": []}, "actions": [{"do": "set_delivery", "method": "parcel", "carrier": "pigeon"}]},
            "actions/0/carrier",
        ),
    ],
)
def test_malformed_rules_are_located_and_change_nothing(
    call: Caller, tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    group = call.get("rule-groups").json()["items"][0]["id"]
    before = checksum(tenant)

    answer = call.post("rules", {"group": group, "name": "悪い", "actions": [{"do": "add_memo", "text": "a"}], **body})

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["title"]
    assert checksum(tenant) == before


def test_published_rule_touches_nothing_already_in_unless_applied(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        old = make_order(shop, at=NOW, memo="対象", judged_revision=1, judged_rule_set=1)
        Order.objects.update(ready_at=NOW)
        tag = Tag.objects.filter(key="")[0]
    group = call.post("rule-groups", {"name": "試し"}).json()["id"]
    body = {"group": group, "name": "印を付ける", "condition": {"field": "memo", "op": "is", "value": "対象"},
            "actions": [{"do": "add_tag", "tag": encode(tag.pk)}]}  # fmt: skip

    made = call.post("rules", body).json()
    with tenant_transaction(tenant.pk):
        run_pass([old.pk], now=NOW)
        new = make_order(shop, memo="対象")
        Order.objects.filter(pk=new.pk).update(ready_at=NOW)
        run_pass([new.pk], now=NOW)
        tagged = list(OrderTag.objects.filter(tag=tag).values_list("order_id", flat=True))
        assert RuleMark.objects.get(order=old, rule__name="印を付ける").acted is False
    assert (made["matching"], made["applied"], made["version"]) == (1, False, 1)
    assert tagged == [new.pk]

    applied = call.patch(f"rules/{made['id']}", {"apply": True}).json()
    with tenant_transaction(tenant.pk):
        run_pass([old.pk], now=NOW)
        assert OrderTag.objects.filter(tag=tag, order=old).exists()
    assert applied["applied"] is True


def test_changed_rule_is_a_new_version(call: Caller, tenant: Tenant) -> None:
    rule = call.get("rules").json()["items"][0]

    changed = call.patch(f"rules/{rule['id']}", {"name": "新しい名前"}).json()
    same = call.patch(f"rules/{rule['id']}", {"name": "新しい名前"}).json()

    assert (changed["version"], same["version"]) == (rule["version"] + 1, rule["version"] + 1)
    assert [one["version"] for one in call.get(f"rules/{rule['id']}/versions").json()["items"]] == [2, 1]
    with tenant_transaction(tenant.pk):
        assert RuleVersion.objects.filter(name="新しい名前").count() == 1


# Shops and warehouses.


def test_shop_is_connected_and_its_secrets_stay_in(call: Caller, tenant: Tenant) -> None:
    body = {
        "channel": "rakuten", "name": "楽天本店", "credentials": {"service_secret": "SP400001_secretpart", "license_key": "SL400001_keypart1234"},
        "polling": {"enabled": False, "every_seconds": 60, "wait_minutes": 20},
    }  # fmt: skip

    made = call.post("shops", body, key="shop-1")
    again = call.post("shops", body, key="shop-1")

    assert made.status_code == 201, made.content
    assert again.json() == made.json()
    shop = made.json()
    assert (shop["mode"], shop["polling"]["wait_minutes"], shop["credentials"]["hint"]) == ("observe", 20, "1234")
    everything = call.get(f"shops/{shop['id']}").content + call.get("audit?limit=200").content
    assert b"secretpart" not in everything
    assert b"keypart" not in everything
    refused = call.patch(f"shops/{shop['id']}", {"polling": {"enabled": True}})
    assert (refused.status_code, refused.json()["code"]) == (409, "test_needed")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"channel": "mercury"}, "unknown_channel", "channel"),
        ({"credentials": {"service_secret": "全角 あり", "license_key": "x"}}, "invalid", "credentials/service_secret"),
        ({"credentials": {"service_secret": "a"}}, "invalid", "credentials/license_key"),
        ({"polling": {"every_seconds": 1}}, "invalid", "polling/every_seconds"),
        ({"name": ""}, "invalid", "name"),
    ],
)
def test_malformed_shops_change_nothing(
    call: Caller, tenant: Tenant, body: dict[str, Any], code: str, field: str
) -> None:
    before = checksum(tenant)

    answer = call.post("shops", {"channel": "rakuten", "name": "店", **body})

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)
    assert checksum(tenant) == before


def test_shop_goes_live_and_back(call: Caller, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = Shop.objects.create(name="観察中", channel="rakuten")
        early = make_order(shop, ours=False)
    path = f"shops/{encode(shop.pk)}"

    counts = call.get(f"{path}/would-do").json()
    live = call.post(f"{path}/go-live", {"orders": [encode(early.pk)]}).json()
    back = call.post(f"{path}/observe").json()

    assert (counts["ours"], counts["stays"]) == (0, 1)
    assert (live["mode"], back["mode"]) == ("live", "observe")
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=early.pk).ours


def test_reading_again_is_bounded(call: Caller, shop: Shop, tenant: Tenant) -> None:
    before = checksum(tenant)

    answer = call.post(f"shops/{encode(shop.pk)}/read-again", {"since": "2020-01-01T00:00:00+09:00"})

    assert (answer.status_code, answer.json()["code"], answer.json()["params"]) == (422, "too_old", {"days": 730})
    assert checksum(tenant) == before


def test_warehouse_in_use_stays(call: Caller, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        warehouse = Warehouse.objects.all()[0]
        Shop.objects.create(name="使う店", channel="rakuten", warehouse=warehouse)

    answer = call.delete(f"warehouses/{encode(warehouse.pk)}")

    assert (answer.status_code, answer.json()["code"]) == (409, "still_used")
    assert "使う店" in answer.json()["title"]


# Products and mapping.


def test_mapping_answers_with_what_it_freed(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        listing = Listing.objects.create(shop=shop, key="t-1", name="タオル")
        other = Listing.objects.create(shop=shop, key="t-2", name="皿")
        product = Product.objects.create(sku="T-1", name="タオル")
        for n in range(5):
            lines = [{"listing": listing}] + ([{"listing": other}] if n == 4 else [])
            make_order(shop, at=NOW - timedelta(days=1), lines=lines, unmapped_lines=len(lines), open_lines=len(lines))

    answer = call.put(f"listings/{encode(listing.pk)}", {"product": encode(product.pk), "units": 3})
    english = Caller(call.secret, language="en").put(
        f"listings/{encode(listing.pk)}", {"product": encode(product.pk), "units": 3}
    )

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["looked_at"], told["moved_on"], told["still_held"], told["causes"]) == (
        5, 4, 1, [{"code": "partly_mapped", "title": "一部未マッピング", "task": None, "count": 1}],
    )  # fmt: skip
    assert told["title"] == "5件を見直し、4件が進み、1件はまだ保留（一部未マッピング 1件）"
    assert english.json()["title"] == "5 orders looked at, 4 moved on, 1 still held: 1 partly mapped"
    assert len(told["orders"]["still_held"]) == 1
    assert told["listing"]["units"] == 3


def test_mapping_to_a_retired_product_is_refused_with_its_name(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        listing = Listing.objects.create(shop=shop, key="t-1", name="タオル")
        product = Product.objects.create(sku="古-1", name="旧タオル", retired_at=NOW)
    before = checksum(tenant)

    answer = call.put(f"listings/{encode(listing.pk)}", {"product": encode(product.pk)})

    assert (answer.status_code, answer.json()["code"]) == (409, "retired")
    assert "旧タオル" in answer.json()["title"]
    assert checksum(tenant) == before


def test_payment_name_frees_the_orders_that_wait_for_it(call: Caller, tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, payment_method="unknown", payment_name="新しい払い方", payment_state="open")

    unknown = call.get("payment-names").json()["items"]
    told = call.put("payment-names", {"channel": "rakuten", "name": "新しい払い方", "method": "cod"}).json()
    bad = call.put("payment-names", {"channel": "rakuten", "name": "x", "method": "gold"})

    assert unknown[0] == {"channel": "rakuten", "name": "新しい払い方", "method": None}
    assert told["orders"] == 1
    assert (bad.status_code, bad.json()["code"]) == (422, "unknown_method")
    with tenant_transaction(tenant.pk):
        order.refresh_from_db()
        assert (order.payment_method, order.payment_state) == ("cod", "collect")


# Members.


def test_last_owner_stays_and_tokens_make_no_owners(call: Caller, tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        user = User.objects.create_user(f"owner-{tenant.pk}@example.com")
        owner = Member.objects.create(user=user, role="owner")
    before = checksum(tenant)

    answers = [
        call.delete(f"members/{encode(owner.pk)}"), call.patch(f"members/{encode(owner.pk)}", {"role": "staff"}),
        call.post("invitations", {"email": "new@example.com", "role": "owner"}),
    ]  # fmt: skip

    assert [one.status_code for one in answers] == [403, 403, 422]
    assert checksum(tenant) == before


def test_invitation_link_is_shown_once(call: Caller, tenant: Tenant) -> None:
    body = {"email": "new@example.com", "role": "staff"}
    first = call.post("invitations", body, key="i1").json()

    assert first["link"].startswith("http")
    assert call.post("invitations", body, key="i1").json()["link"] is None
    assert call.get(f"invitations/{first['id']}").json()["link"] is None
