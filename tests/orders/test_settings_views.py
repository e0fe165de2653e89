"""Pages of steps, labels and tasks: shown, changed, refused. The fence is tested here for all pages of settings of the core."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import (
    DeliveryName,
    Listing,
    Order,
    PaymentName,
    Product,
    RejectedPayload,
    Shop,
    Status,
    StatusGroup,
    Tag,
    Task,
    TaskMark,
)
from tests.browsing import Browser, hidden, text_of, verbs
from tests.conftest import NOW
from tests.orders.making import make_order, make_shop

LISTS = ["statuses", "tags", "tasks", "products", "listings", "mall_words", "shops"]
FORMS = ["status_new", "status_group_new", "tag_new", "task_new", "product_new"]


@pytest.fixture
def owner(tenant: Tenant) -> Browser:
    return Browser(tenant, "owner")


def url(name: str, *pks: int) -> str:
    return reverse(f"orders:{name}", args=pks)


def fill(tenant: Tenant, n: int) -> None:
    """Give the tenant n of everything."""
    with tenant_transaction(tenant.pk):
        for k in range(n):
            shop = make_shop(f"とても長い名前のショップ その{k} オフィシャルストア楽天市場店", account=str(k))
            product = Product.objects.create(sku=f"SKU-{k}", name="有田焼 丸皿")
            Listing.objects.create(shop=shop, key=f"k{k}", name="丸皿", product=product)
            listing = Listing.objects.create(shop=shop, key=f"u{k}", name="手ぬぐい")
            make_order(
                shop,
                lines=[{"listing": listing}],
                unmapped_lines=1,
                tags=list(Tag.objects.all()[:1]),
                tasks=list(Task.objects.all()[:1]),
            )
            Tag.objects.create(name=f"ラベル{k}")
            Task.objects.create(
                name=f"仕事{k}", condition={"all": [{"field": "gift", "op": "is", "value": True}]}, shop=shop
            )
            PaymentName.objects.create(channel="rakuten", name=f"後払い{k}")


@pytest.mark.parametrize("name", [*LISTS, *FORMS])
def test_page_shows_with_nothing_and_with_much(tenant: Tenant, owner: Browser, name: str) -> None:
    with tenant_transaction(tenant.pk):
        PaymentName.objects.all().delete()
        DeliveryName.objects.all().delete()

    empty = owner.get(url(name))
    fill(tenant, 3)
    many = owner.get(url(name))

    assert (empty.status_code, many.status_code) == (200, 200)


@pytest.mark.parametrize("name", LISTS)
def test_list_asks_as_often_for_one_row_as_for_three(tenant: Tenant, owner: Browser, name: str) -> None:
    fill(tenant, 1)
    owner.get(url(name))
    with CaptureQueriesContext(connection) as one:
        owner.get(url(name))
    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get()
        for k in range(10, 13):
            Listing.objects.create(shop=shop, key=f"u{k}", name="手ぬぐい")
            Product.objects.create(sku=f"SKU-{k}", name="有田焼 丸皿")
            Tag.objects.create(name=f"ラベル{k}")
            Task.objects.create(
                name=f"仕事{k}", condition={"all": [{"field": "gift", "op": "is", "value": True}]}, shop=shop
            )

    with CaptureQueriesContext(connection) as three:
        owner.get(url(name))

    assert len(three) == len(one)


@pytest.mark.parametrize("name", [*FORMS, "shop_new"])
def test_page_of_a_form_is_refused_to_those_who_may_not(tenant: Tenant, name: str) -> None:
    viewer = Browser(tenant, "viewer")

    answer = viewer.get(url(name))

    needed = "スタッフ" if name == "product_new" else "管理者"
    assert answer.status_code == 403
    assert needed in text_of(answer)


def test_ids_of_another_tenant_are_not_found(tenant: Tenant, other_tenant: Tenant, owner: Browser) -> None:
    fill(other_tenant, 1)
    with tenant_transaction(other_tenant.pk):
        shop, listing, product = Shop.objects.get(), Listing.objects.first(), Product.objects.get()
        status, group, tag, task = (
            Status.objects.first(),
            StatusGroup.objects.first(),
            Tag.objects.last(),
            Task.objects.filter(key="").last(),
        )
        rejected = RejectedPayload.objects.create(
            shop=shop, number="x", path="/", reason="missing", first_at=NOW, last_at=NOW
        )
        rows = {
            "shop": shop, "shop_edit": shop, "shop_live": shop, "status_edit": status, "status_retire": status, "status_group_edit": group,
            "tag_edit": tag, "task_edit": task, "product_edit": product, "rejected": rejected,
        }  # fmt: skip
        posts = {
            "shop_test": shop, "shop_fetch": shop, "shop_polling": shop, "shop_read_from": shop, "shop_observe": shop, "listing_map": listing,
            "status_group_retire": group, "tag_retire": tag, "task_switch": task, "task_retire": task, "product_retire": product,
        }  # fmt: skip
    with tenant_transaction(tenant.pk):
        unknown = encode(999_999_999)

    found = {name: owner.get(url(name, row.pk)) for name, row in rows.items()}
    found |= {name: owner.post(url(name, row.pk), on="1") for name, row in posts.items()}

    assert {name: answer.status_code for name, answer in found.items()} == dict.fromkeys(found, 404)
    same = owner.get(f"/settings/shops/{unknown}/")
    assert same.content == found["shop"].content


# Steps.


def status_form(group: StatusGroup, **more: Any) -> dict[str, Any]:
    return {
        "group": encode(group.pk),
        "name": "のし確認",
        "colour": "pink",
        "memo": "のしの文字を見る",
        "limit_hours": "4",
        **more,
    }


def test_status_is_made_and_shown(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group = StatusGroup.objects.get(name="新規")

    answer = owner.post(url("status_new"), status_form(group))

    page = text_of(owner.get(url("statuses")))
    assert answer.status_code == 302
    assert "のし確認" in page
    assert "4時間" in page
    assert verbs(tenant) == ["status.created"]


def test_status_with_a_taken_name_is_refused_and_nothing_is_written(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group = StatusGroup.objects.get(name="新規")

    answer = owner.post(url("status_new"), status_form(group, name="確認待"))

    assert answer.status_code == 422
    assert "「確認待」はすでに使われています" in text_of(answer)
    assert verbs(tenant) == []


def test_stale_status_page_does_not_undo_anothers_change(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        status = Status.objects.select_related("group").get(name="確認待")
    seen = hidden(owner.get(url("status_edit", status.pk)), "seen")
    other = Browser(tenant, "admin")
    form = status_form(status.group, name="確認待", memo="電話する")
    other.post(url("status_edit", status.pk), form, seen=hidden(other.get(url("status_edit", status.pk)), "seen"))

    answer = owner.post(url("status_edit", status.pk), {**form, "memo": "待つ"}, seen=seen)

    assert "ほかの人が先に変更しました" in text_of(answer)
    with tenant_transaction(tenant.pk):
        assert Status.objects.get(pk=status.pk).memo == "電話する"


@pytest.mark.feature("F048")
def test_status_with_orders_asks_where_they_go_and_moves_them(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group = StatusGroup.objects.get(name="新規")
        status = Status.objects.create(group=group, name="のし確認")
        to = Status.objects.get(name="確認待")
        shop = make_shop()
        order = make_order(shop)
        Order.objects.filter(pk=order.pk).update(status=status)

    asked = owner.post(url("status_retire", status.pk))
    answer = owner.post(url("status_retire", status.pk), to=encode(to.pk))

    assert "1件の受注があります" in text_of(asked)
    assert answer.status_code == 302
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=order.pk).status_id == to.pk
        assert Status.objects.get(pk=status.pk).retired_at is not None
    assert verbs(tenant) == ["status.retired"]


def test_entrance_of_a_phase_cannot_be_retired(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        status = Status.objects.get(default_for="ready")

    owner.post(url("status_retire", status.pk))

    assert "入口" in owner.toast()
    assert verbs(tenant) == []


@pytest.mark.feature("F049")
def test_statuses_are_put_in_order_and_moved_between_groups_of_a_phase(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        group = StatusGroup.objects.get(name="新規")
        new = StatusGroup.objects.create(name="新規2", phase="intake", position=9)
        ids = list(Status.objects.filter(group=group).order_by("position").values_list("pk", flat=True))

    turned = owner.client.post(
        url("statuses_order"), {"group": encode(group.pk), "order": [encode(pk) for pk in reversed(ids)]}
    )
    moved = owner.client.post(url("statuses_order"), {"group": encode(new.pk), "order": [encode(ids[0])]})

    assert (turned.status_code, moved.status_code) == (204, 204)
    with tenant_transaction(tenant.pk):
        left = list(Status.objects.filter(group=group).order_by("position").values_list("pk", flat=True))
        assert left == list(reversed(ids))[:-1]
        assert list(Status.objects.filter(group=new).values_list("pk", flat=True)) == [ids[0]]


def test_status_is_not_moved_into_another_phase(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        status, group = Status.objects.get(name="確認待"), StatusGroup.objects.get(name="出荷済")

    answer = owner.client.post(url("statuses_order"), {"group": encode(group.pk), "order": [encode(status.pk)]})

    assert answer.status_code == 409
    assert "別の工程" in owner.toast()


# Labels and tasks.


def test_tag_is_made_changed_and_retired(tenant: Tenant, owner: Browser) -> None:
    owner.post(url("tag_new"), name="のし", colour="pink")
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.get(name="のし")
    owner.post(url("tag_edit", tag.pk), name="熨斗", colour="red")
    owner.post(url("tag_retire", tag.pk))

    owner.get(url("tags"))
    assert "熨斗" not in text_of(owner.get(url("tags")))
    assert verbs(tenant) == ["tag.created", "tag.changed", "tag.retired"]


def test_tag_that_a_task_names_is_not_retired(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.get(name="急ぎ")
        Task.objects.create(name="急ぎを見る", condition={"all": [{"field": "tags", "op": "has", "value": [tag.pk]}]})

    owner.post(url("tag_retire", tag.pk))

    assert "急ぎを見る" in owner.toast()
    assert verbs(tenant) == []


CONDITION = {
    "all": [
        {"field": "total_yen", "op": "gte", "value": 50_000},
        {"any": [{"field": "gift", "op": "is", "value": True}]},
    ]
}


@pytest.mark.feature("F078")
def test_task_is_made_with_a_nested_condition(tenant: Tenant, owner: Browser) -> None:
    answer = owner.post(url("task_new"), name="高額ギフト", colour="red", holds="on", condition=json.dumps(CONDITION))

    page = text_of(owner.get(url("tasks")))
    assert answer.status_code == 302
    assert "請求金額 が 50,000円 以上" in page
    with tenant_transaction(tenant.pk):
        assert Task.objects.get(name="高額ギフト").condition == CONDITION
    assert verbs(tenant) == ["task.created"]


def test_task_with_a_bad_condition_says_where_and_keeps_what_was_typed(tenant: Tenant, owner: Browser) -> None:
    bad = json.dumps({"all": [{"field": "total_yen", "op": "gte", "value": "たくさん"}]}, ensure_ascii=False)

    answer = owner.post(url("task_new"), name="高額", colour="red", condition=bad)

    assert answer.status_code == 422
    assert "整数で書いてください" in text_of(answer)
    assert "たくさん" in answer.content.decode()
    assert 'data-error-path="/all/0/value"' in answer.content.decode()
    assert verbs(tenant) == []


def test_task_that_would_stop_every_order_asks_whether_that_is_meant(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop()
        for _ in range(3):
            make_order(shop)
    task = {"name": "棚卸し", "colour": "red", "holds": "on", "condition": json.dumps({"all": []})}

    asked = owner.post(url("task_new"), **task)
    meant = owner.post(url("task_new"), **task, stops_all="on")

    assert asked.status_code == 422
    assert "いま開いている3件" in text_of(asked)
    assert meant.status_code == 302
    assert verbs(tenant) == ["task.created"]


def test_system_task_is_shown_and_cannot_be_opened(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(key="unmapped")

    assert "未マッピング" in text_of(owner.get(url("tasks")))
    assert owner.get(url("task_edit", task.pk)).status_code == 404
    assert owner.post(url("task_switch", task.pk)).status_code == 404


def test_task_switched_off_lets_its_orders_go(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(name="住所が違う可能性")
        order = make_order(make_shop(), tasks=[task], held=True)

    owner.post(url("task_switch", task.pk), sent="1")

    with tenant_transaction(tenant.pk):
        assert not TaskMark.objects.filter(order=order, closed_at__isnull=True).exists()
        assert not Order.objects.get(pk=order.pk).held
    assert verbs(tenant) == ["task.changed"]
