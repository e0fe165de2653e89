"""Acts from the order page: conflicts shown, nothing of others overwritten, undo."""

from __future__ import annotations

import re

import pytest

from hub.clock import business_now
from hub.ids import encode
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Shop, Status, Tag, Task, TaskMark, TrackingNumber
from orders.operations import holds, labels
from tests.orders.making import order_in
from tests.orders.order_page import BY, again, page_of, path
from tests.pages import browser


@pytest.mark.feature("F039")
def test_status_changes_and_is_undone_from_the_toast_and_the_history(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        check = Status.objects.get(default_for="check")
    client = browser(tenant)

    moved = client.post(
        path(order, "status/"),
        {"status": encode(check.pk), "revision": "1"},
        headers={"referer": f"http://testserver{path(order)}"},
    )

    assert moved.headers["Location"] == path(order)
    page = page_of(client, order)
    undo = re.search(r'hx-post="(/orders/undo/[^"]+)"', page).group(1)  # type: ignore[union-attr]
    assert "「確認待」にしました" in page
    assert page.count(undo) == 2
    client.post(undo)
    assert again(tenant, order).status.name == "新規受付"


@pytest.mark.feature("F039")
def test_a_stale_status_shows_both_and_overwrites_nothing(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        check, intake = Status.objects.get(default_for="check"), Status.objects.get(default_for="payment")
    client = browser(tenant)
    client.post(path(order, "status/"), {"status": encode(check.pk), "revision": "1"})

    stale = client.post(path(order, "status/"), {"status": encode(intake.pk), "revision": "1"})

    assert stale.status_code == 409
    assert "確認待" in stale.content.decode()
    assert "入金待ち" in stale.content.decode()
    assert again(tenant, order).status.name == "確認待"


@pytest.mark.feature("F039")
def test_memos_of_two_people_are_shown_side_by_side(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, memo="前のメモ")
    with tenant_transaction(tenant.pk):
        labels.set_memo([order.pk], text="鈴木のメモ", add=False, by=BY, now=business_now())
    client = browser(tenant)

    stale = client.post(path(order, "memo/"), {"memo": "私のメモ", "revision": "1"})
    page = stale.content.decode()

    assert stale.status_code == 409
    assert "私のメモ" in page
    assert "鈴木のメモ" in page
    assert "鈴木 一郎さん" in page
    assert again(tenant, order).memo == "鈴木のメモ"
    client.post(path(order, "memo/"), {"memo": "私のメモ", "revision": str(again(tenant, order).revision)})
    assert again(tenant, order).memo == "私のメモ"


def test_a_memo_is_saved_though_something_else_changed(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        labels.add_tag([order.pk], tag=Tag.objects.get(name="急ぎ"), by=BY, now=business_now())

    browser(tenant).post(path(order, "memo/"), {"memo": "私のメモ", "revision": "1"})

    assert again(tenant, order).memo == "私のメモ"


ADDRESS = {
    "name": "佐藤 花子", "kana": "サトウ ハナコ", "postal_code": "１５０−０００１", "prefecture": "東京都", "city": "渋谷区", "street": "神宮前9-9-9",
    "phone": "０９０-1234-5678",
}  # fmt: skip


@pytest.mark.feature("F039")
def test_an_address_is_mended_and_a_conflict_is_shown(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=order)
    url, client = f"/parcels/{encode(parcel.pk)}/address/", browser(tenant)
    assert "神宮前1-2-3" in client.get(url, headers={"hx-request": "true"}).content.decode()

    bad = client.post(url, {**ADDRESS, "postal_code": "15", "revision": "1"})
    saved = client.post(url, {**ADDRESS, "phone": "０９０ー１２３４−５６７８", "revision": "1"})
    stale = client.post(url, {**ADDRESS, "street": "神宮前3-3-3", "revision": "1"}, headers={"hx-request": "true"})

    assert (bad.status_code, saved.status_code, stale.status_code) == (422, 302, 409)
    assert "神宮前9-9-9" in stale.content.decode()
    assert "神宮前3-3-3" in stale.content.decode()
    with tenant_transaction(tenant.pk):
        parcel.refresh_from_db()
    assert (parcel.street, parcel.postal_code, parcel.phone) == ("神宮前9-9-9", "150-0001", "090-1234-5678")
    assert parcel.edited_fields["street"] == "神宮前1-2-3"


def test_a_requested_parcel_cannot_be_edited(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        Parcel.objects.filter(order=order).update(state="requested")
        parcel = Parcel.objects.get(order=order)
    client = browser(tenant)
    url = f"/parcels/{encode(parcel.pk)}/address/"

    assert "いまは直せません" in client.get(url, headers={"hx-request": "true"}).content.decode()
    told = client.post(url, {**ADDRESS, "revision": "1"}, follow=True).content.decode()

    assert "倉庫が扱っている荷物なので変えられません" in told
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(pk=parcel.pk).street == "神宮前1-2-3"


def test_an_order_is_held_with_a_reason_and_released(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)

    client.post(path(order, "hold/"), {"reason": " "})
    assert not again(tenant, order).held
    client.post(path(order, "hold/"), {"reason": "お客様からの返事待ち"})
    assert again(tenant, order).held
    assert "お客様からの返事待ち" in page_of(client, order)
    assert "お客様からの返事待ち" in client.get("/orders/").content.decode()
    client.post(path(order, "release/"))

    assert not again(tenant, order).held


def test_a_fact_is_passed_only_by_name_with_a_reason_and_the_right(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(key="sums_differ")
        holds.open_mark([order.pk], task=task, by=BY, now=business_now())
    staff, admin = browser(tenant, "staff"), browser(tenant, "admin")

    told = staff.post(path(order, "release/"), {"task": encode(task.pk)}, follow=True).content.decode()
    assert "原因がまだ残っています" in told
    assert staff.post(path(order, "override/"), {"task": encode(task.pk), "reason": "確認済み"}).status_code == 403
    admin.post(path(order, "override/"), {"task": encode(task.pk), "reason": ""})
    assert again(tenant, order).held
    admin.post(path(order, "override/"), {"task": encode(task.pk), "reason": "電話で確認済み"})

    assert not again(tenant, order).held
    assert "電話で確認済み" in page_of(admin, order)


def test_a_remark_is_read_a_label_put_on_and_off(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop, remarks="急いで", remark_left="急いで"), browser(tenant)
    with tenant_transaction(tenant.pk):
        tag = Tag.objects.get(name="急ぎ")

    client.post(path(order, "remark-read/"))
    client.post(path(order, "tags/add/"), {"tag": encode(tag.pk)})
    assert again(tenant, order).remark_read
    assert "急ぎ" in page_of(client, order)
    client.post(path(order, "tags/remove/"), {"tag": encode(tag.pk)})

    with tenant_transaction(tenant.pk):
        assert not order.ordertag_set.exists()


def test_carrier_and_number_by_hand_are_the_shipment(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant, "packing")
    day = {"shipped_on": "2026-11-22", "carrier": "yamato"}

    without = client.post(path(order, "record-shipment/"), {**day, "number": ""}, follow=True).content.decode()
    assert "送り状番号が要ります" in without
    ahead = {**day, "shipped_on": "2036-01-01", "number": "400000000000"}
    refused = client.post(path(order, "record-shipment/"), ahead, follow=True).content.decode()
    assert "出荷日が今日より先です" in refused
    for _ in range(2):
        client.post(path(order, "record-shipment/"), {**day, "number": "４０００-0000-0000"})

    with tenant_transaction(tenant.pk):
        assert [row.number for row in TrackingNumber.objects.all()] == ["400000000000"]
    assert again(tenant, order).phase == "shipped"
    assert "400000000000" in page_of(client, order)


@pytest.mark.feature("F094", "F095", "F098")
def test_the_four_ways_out_say_the_difference(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)
    let_go, cancelled, removed = order_in(tenant, shop), order_in(tenant, shop), order_in(tenant, shop)
    page = page_of(client, let_go)
    for words in (
        "ここで扱わない",
        "モールでもキャンセル",
        "取込から外す",
        "モールへは何も伝わりません",
        "お客様に通知されます",
        "30日間は戻せます",
    ):
        assert words in page, words

    client.post(path(let_go, "give-up/"), {"verb": "not_here"})
    client.post(path(cancelled, "give-up/"), {"verb": "cancel_at_mall", "why": "out_of_stock", "restock": "1"})
    client.post(path(removed, "give-up/"), {"verb": "delete"})

    with tenant_transaction(tenant.pk):
        effects = [
            (e.kind, e.payload["reason"], e.payload["restock"]) for e in Effect.objects.filter(kind="mall.cancel")
        ]
    assert effects == [("mall.cancel", "out_of_stock", True)]
    assert again(tenant, let_go).phase == "cancelled"
    assert again(tenant, cancelled).held, "asked, and held until the mall answers"
    assert again(tenant, removed).deleted_at is not None
    assert removed.number in client.get("/orders/removed/").content.decode()
    assert browser(tenant, "staff").post(path(let_go, "give-up/"), {"verb": "delete"}).status_code == 403
    client.post(path(removed, "take-back/"))
    assert again(tenant, removed).deleted_at is None


def test_a_refused_parcel_is_made_ready_again(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        for state in ("requested", "cannot_ship"):
            Parcel.objects.filter(order=order).update(state=state, ship_fault="out_of_stock")
        parcel = Parcel.objects.get(order=order)
        holds.open_mark(
            [order.pk],
            task=holds.system_task("cannot_ship"),
            by=BY,
            now=business_now(),
            reason="cannot_ship",
            detail={"parcel": parcel.pk},
        )
    client = browser(tenant)
    assert "もう一度出せるようにする" in page_of(client, order)

    client.post(f"/parcels/{encode(parcel.pk)}/reopen/")

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(pk=parcel.pk).state == "draft"
        assert not TaskMark.objects.filter(order=order, closed_at__isnull=True).exists()


def test_reading_the_mall_again_makes_the_order_due(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)

    browser(tenant).post(path(order, "read-again/"))

    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=order.pk).reread_at is not None
        assert AuditEntry.objects.filter(order_id=order.pk, verb="order.read_again").exists()
