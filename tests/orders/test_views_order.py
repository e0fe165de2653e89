"""The order page: everything of an order is on it, acts from it, conflicts shown, undo, and what each reader may see."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from channels_rakuten.codes import NEVER_STORED
from channels_rakuten.mapping.orders import order_from
from hub.audit import Actor
from hub.clock import business_now
from hub.ids import encode
from hub.models import AuditEntry, Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder
from orders.explaining import explain_order
from orders.models import Order, Parcel, Shop, Status, Tag, Task, TaskMark, TrackingNumber, Warehouse
from orders.operations import holds, labels, parcels
from simulators.rakuten.full_order import full_order
from tests.channels_rakuten.conftest import sent
from tests.factories import make_shop as open_shop
from tests.factories import take_in
from tests.orders.making import make_order, make_shop
from tests.pages import browser, make_member, signed_in

BY = Actor(kind="member", name="鈴木 一郎")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def make(tenant: Tenant, shop: Shop, **columns: Any) -> Order:
    with tenant_transaction(tenant.pk):
        return make_order(shop, **{"at": business_now() - timedelta(hours=2), **columns})


def path(order: Order, end: str = "") -> str:
    return f"/orders/{encode(order.pk)}/{end}"


def page_of(client: Client, order: Order) -> str:
    answer = client.get(path(order))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def again(tenant: Tenant, order: Order) -> Order:
    with tenant_transaction(tenant.pk):
        found: Order = Order.objects.select_related("status").get(pk=order.pk)
        return found


# Every field of the mall.

SAID = {
    "orderProgress": "モール", "carrierCode": "Android", "emailCarrierCode": "docomo", "orderType": "定期", "cautionDisplayType": "注意",
    "cautionDisplayDetailType": "長期不在による受取拒否", "deliveryClass": "冷蔵", "pointType": "商品別変倍", "inventoryType": "項目選択肢別在庫",
    "restoreInventoryFlag": "戻す", "changeType": "変更完了", "changeTypeDetail": "減額", "changeReason": "お客様", "dueDateType": "支払期限",
    "title": "包装紙", "couponCapitalCode": "ショップ", "shippingTerm": "14",
}  # fmt: skip
"""Codes of the mall that stand on the page in words."""


def leaves(data: Any, name: str = "") -> Any:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value, name)
    else:
        yield name, data


@pytest.mark.feature("N04")
def test_every_field_that_a_mall_sends_is_on_the_page(tenant: Tenant) -> None:
    model = full_order()
    mall = order_from(sent(model))
    assert isinstance(mall, MallOrder)
    shop = open_shop(tenant)
    take_in(tenant, shop, mall, now=business_now())
    with tenant_transaction(tenant.pk):
        order = Order.objects.get(number=mall.number)

    page = page_of(browser(tenant), order)

    bare = re.sub(r"[\s,/:-]", "", re.sub(r"<[^>]+>", "", page))
    missing = [
        (name, value) for name, value in leaves(model)
        if name not in NEVER_STORED and not isinstance(value, bool) and not _stands(bare, name, value)
    ]  # fmt: skip
    assert missing == []


def _stands(bare: str, name: str, value: Any) -> bool:
    if name in SAID:
        return SAID[name] in bare
    if name.lower().endswith("flag") or value in (0, 1) or name.startswith(("phoneNumber", "zipCode", "birth")):
        return True  # yes and no, joined numbers: their labels are tested with the mapping
    if name.endswith("Rate") and isinstance(value, float):
        return f"{round(value * 100)}%" in bare
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d.*", value):
        return any(text in bare for text in (value[:10].replace("-", ""), f"{int(value[5:7])}{int(value[8:10])}"))
    return all(re.sub(r"[\s,/:-]", "", part) in bare for part in str(value).split("\n"))


def test_a_remark_of_300_kb_is_kept_whole_and_the_page_stays_small(tenant: Tenant, shop: Shop) -> None:
    remark = "長い備考です。" * 14_300
    order = make(tenant, shop, remarks=remark, remark_left=remark)
    client = browser(tenant)

    page = client.get(path(order))

    assert len(remark.encode()) > 300_000
    assert len(page.content) < 300_000
    assert client.get(path(order, "remarks/")).content.decode() == remark
    assert "長い備考です。" not in client.get("/orders/").content.decode()


def test_twenty_parcels_are_shown_folded(tenant: Tenant, shop: Shop) -> None:
    order = make(
        tenant,
        shop,
        recipients=[{"name": f"受取人{n:02}"} for n in range(20)],
        lines=[{"parcel": n % 20, "name": f"品{n}"} for n in range(200)],
    )
    client = browser(tenant)

    folded, whole = page_of(client, order), unescape(client.get(path(order, "?all=1")).content.decode())

    assert folded.count('<section class="card" id="parcel-') == 5
    assert "ほか 15件の荷物を表示" in folded
    assert whole.count('<section class="card" id="parcel-') == 20
    assert all(f"品{n}" in whole for n in range(200))


def test_text_of_strangers_stays_text(tenant: Tenant, shop: Shop) -> None:
    evil = "<script>alert(1)</script>{{ 7 }}"
    order = make(
        tenant,
        shop,
        buyer_name=evil,
        remarks=evil,
        remark_left=evil,
        memo=evil,
        lines=({"name": evil, "options": evil},),
    )

    for url in (path(order), path(order, "peek/"), path(order, "history/"), "/orders/"):
        answer = browser(tenant).get(url).content.decode()
        assert "<script>alert" not in answer, url


def test_a_viewer_sees_no_personal_data(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop, remarks="電話は夜に", remark_left="電話は夜に")
    client = browser(tenant, "viewer")

    for url in (path(order), path(order, "peek/"), path(order, "history/"), "/orders/"):
        answer = client.get(url).content.decode()
        for secret in ("花子", "090-1234-5678", "神宮前", "hanako@example.com", "電話は夜に", "1500001"):
            assert secret not in answer, (url, secret)
    assert client.get(path(order, "remarks/")).status_code == 403


# Acts.


@pytest.mark.feature("F039")
def test_status_changes_and_is_undone_from_the_toast_and_the_history(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop)
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
    order = make(tenant, shop)
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
    order = make(tenant, shop, memo="前のメモ")
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
    order = make(tenant, shop)
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
    order = make(tenant, shop)
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=order)
    url, client = f"/parcels/{encode(parcel.pk)}/address/", browser(tenant)
    assert "神宮前1-2-3" in client.get(url, headers={"hx-request": "true"}).content.decode()

    bad = client.post(url, {**ADDRESS, "postal_code": "15", "revision": "1"})
    saved = client.post(url, {**ADDRESS, "revision": "1"})
    stale = client.post(url, {**ADDRESS, "street": "神宮前3-3-3", "revision": "1"}, headers={"hx-request": "true"})

    assert (bad.status_code, saved.status_code, stale.status_code) == (422, 302, 409)
    assert "神宮前9-9-9" in stale.content.decode()
    assert "神宮前3-3-3" in stale.content.decode()
    with tenant_transaction(tenant.pk):
        parcel.refresh_from_db()
    assert (parcel.street, parcel.postal_code, parcel.phone) == ("神宮前9-9-9", "150-0001", "090-1234-5678")
    assert parcel.edited_fields["street"] == "神宮前1-2-3"


def test_a_requested_parcel_cannot_be_edited(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop)
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
    order, client = make(tenant, shop), browser(tenant)

    client.post(path(order, "hold/"), {"reason": " "})
    assert not again(tenant, order).held
    client.post(path(order, "hold/"), {"reason": "お客様からの返事待ち"})
    assert again(tenant, order).held
    assert "お客様からの返事待ち" in page_of(client, order)
    assert "お客様からの返事待ち" in client.get("/orders/").content.decode()
    client.post(path(order, "release/"))

    assert not again(tenant, order).held


def test_a_fact_is_passed_only_by_name_with_a_reason_and_the_right(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop)
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
    order, client = make(tenant, shop, remarks="急いで", remark_left="急いで"), browser(tenant)
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
    order, client = make(tenant, shop), browser(tenant, "packing")
    day = {"shipped_on": "2026-11-22", "carrier": "yamato"}

    without = client.post(path(order, "record-shipment/"), {**day, "number": ""}, follow=True).content.decode()
    assert "送り状番号が要ります" in without
    for _ in range(2):
        client.post(path(order, "record-shipment/"), {**day, "number": "４０００-0000-0000"})

    with tenant_transaction(tenant.pk):
        assert [row.number for row in TrackingNumber.objects.all()] == ["400000000000"]
    assert again(tenant, order).phase == "shipped"
    assert "400000000000" in page_of(client, order)


@pytest.mark.feature("F094", "F095", "F098")
def test_the_four_ways_out_say_the_difference(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)
    let_go, cancelled, removed = make(tenant, shop), make(tenant, shop), make(tenant, shop)
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
    order = make(tenant, shop)
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


def test_what_others_do_while_you_look_is_marked(tenant: Tenant, shop: Shop) -> None:
    order, client = make(tenant, shop), browser(tenant)
    watch = re.search(r'id="history" hx-get="([^"]+)"', page_of(client, order)).group(1)  # type: ignore[union-attr]
    with tenant_transaction(tenant.pk):
        labels.set_memo([order.pk], text="たったいま", add=False, by=BY, now=business_now())

    answer = client.get(watch).content.decode()

    assert "いま変わりました" in answer
    assert "たったいま" in answer


def test_the_history_can_be_narrowed_to_people(tenant: Tenant, shop: Shop) -> None:
    order, client = make(tenant, shop), browser(tenant)
    with tenant_transaction(tenant.pk):
        labels.set_memo([order.pk], text="人のメモ", add=False, by=BY, now=business_now())
        labels.set_memo(
            [order.pk], text="ルールのメモ", add=True, by=Actor(kind="rule", name="rules"), now=business_now()
        )

    assert "人のメモ" in client.get(path(order, "history/?by=member")).content.decode()
    assert "ルールのメモ" not in re.sub(
        r"<del>.*?</del>", "", client.get(path(order, "history/?by=member")).content.decode()
    )


@pytest.mark.feature("F038")
def test_the_way_back_leads_to_the_list_as_it_was(tenant: Tenant, shop: Shop) -> None:
    first, second, third = (
        make(tenant, shop, payment_method="cod", at=business_now() - timedelta(hours=n)) for n in (1, 2, 3)
    )
    client = browser(tenant)
    client.get("/orders/?pay=cod&sort=oldest")

    page = page_of(client, second)

    assert 'href="/orders/?pay=cod&sort=oldest"' in page
    assert f'href="{path(third)}" data-key="k"' in page
    assert f'href="{path(first)}" data-key="j"' in page


def test_reading_the_mall_again_makes_the_order_due(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop)

    browser(tenant).post(path(order, "read-again/"))

    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=order.pk).reread_at is not None
        assert AuditEntry.objects.filter(order_id=order.pk, verb="order.read_again").exists()


# Why it is here.


def why_of(tenant: Tenant, order: Order) -> Any:
    with tenant_transaction(tenant.pk):
        return explain_order(order.pk, business_now())


@pytest.mark.parametrize(
    ("columns", "code", "tone"),
    [
        ({"deleted_at": business_now}, "deleted", "closed"),
        ({"status": "cancelled", "mall_state": "cancelled"}, "cancelled_at_mall", "closed"),
        ({"status": "cancelled"}, "cancelled_here", "closed"),
        ({"status": "done", "shipped_at": business_now}, "done", "good"),
        ({"status": "shipped"}, "shipped", "good"),
        ({"ready_at": lambda: business_now() + timedelta(minutes=12)}, "waiting", "moving"),
        ({"ours": False}, "not_ours", "moving"),
        ({"mall_block": "amount"}, "mall_blocks", "wait"),
        ({"status": "payment"}, "payment", "moving"),
        ({"status": "ready"}, "not_wanted", "wait"),
        ({}, "no_destination", "wait"),
    ],
)  # fmt: skip
def test_the_one_sentence(tenant: Tenant, shop: Shop, columns: dict[str, Any], code: str, tone: str) -> None:
    given = {key: value() if callable(value) else value for key, value in columns.items()}
    order = make(tenant, shop, **given)

    why = why_of(tenant, order)

    assert (why.said.code, why.tone) == (code, tone)
    for language in ("ja", "en"):
        assert why.because(language)
        assert "{" not in why.because(language) + why.then(language)
    assert why.because("en").isascii() or code in ("mall_blocks",)
    assert why.because("ja") in page_of(browser(tenant), order)


def test_a_wish_waits_for_the_mall_to_be_read(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop, status="ready")
    with tenant_transaction(tenant.pk):
        Order.objects.filter(pk=order.pk).update(judged_revision=1, judged_rule_set=1)
        parcels.want_shipment([order.pk], by=BY, now=business_now())

    assert why_of(tenant, order).said.code == "mall_not_read"


def test_a_request_that_cannot_be_made_says_so_with_the_button(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop, status="ready")
    with tenant_transaction(tenant.pk):
        Parcel.objects.filter(order=order).update(ship_fault="no_warehouse", ship_wanted_at=business_now())
        house = Warehouse.objects.create(name="南の倉庫", kind="own")
    client = browser(tenant)
    assert "出荷する倉庫が決まっていません" in page_of(client, order)

    client.post(path(order, "warehouse/"), {"warehouse": encode(house.pk)})

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(order=order).warehouse_id == house.pk


def test_a_stopped_report_comes_first(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop, status="shipped")
    with tenant_transaction(tenant.pk):
        Effect.objects.create(
            kind="mall.report",
            lane=f"shop:{shop.pk}",
            key="report:1",
            state="stopped",
            reason="wrong_state",
            order_id=order.pk,
            decided_at=business_now(),
        )

    why = why_of(tenant, order)

    assert (why.said.code, why.tone) == ("report_stopped", "stop")
    assert [act.code for act in why.acts] == ["see_effect"]


def test_what_is_wrong_with_one_order_is_on_no_other_page(tenant: Tenant, shop: Shop) -> None:
    held, free = make(tenant, shop), make(tenant, shop, buyer_phone="03-1111-2222")
    with tenant_transaction(tenant.pk):
        holds.hold([held.pk], reason="この受注だけ", by=BY, now=business_now())

    assert "この受注だけ" not in page_of(browser(tenant), free)


def test_peeking_offers_acts_that_need_no_dialog(tenant: Tenant, shop: Shop) -> None:
    order = make(tenant, shop, status="ready")

    answer = signed_in(make_member(tenant)).get(path(order, "peek/")).content.decode()

    assert path(order, "want/") in answer
    assert "data-open" not in answer
