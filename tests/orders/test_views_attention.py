"""要対応 and 要確認エラー: one list of all that did not go through, and acts on it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from hub import troubles
from hub.clock import business_now, true_now
from hub.effects.switches import switch_tenant
from hub.ids import encode
from hub.models import AuditDetail, AuditEntry, Effect, EffectTry, Tenant
from hub.tenancy import tenant_transaction
from orders.models import MallReport, Order, OrderNumber, Parcel, RejectedPayload, Shop, Task, Warehouse
from orders.operations import holds
from tests.orders.making import make_order, order_in
from tests.orders.order_page import BY, read
from tests.pages import browser
from warehouses.adapters import ShipResult
from warehouses.models import ResultIssue, WarehouseRequest
from warehouses.results import apply_result


def trouble_of_every_kind(tenant: Tenant, shop: Shop) -> Order:
    """One trouble from each source, two from some; return an order they are about."""
    now = business_now()
    order = order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(blind_since=now - timedelta(hours=3), blind_reason="expired")
        RejectedPayload.objects.create(
            shop=shop, number="338866-1", path="PackageModelList[0]", reason="missing", first_at=now, last_at=now
        )
        RejectedPayload.objects.create(
            shop=shop, number="338866-2", path="x", reason="missing", first_at=now, last_at=now, solved_at=now
        )
        house = Warehouse.objects.create(name="遠くの倉庫", kind="rsl")
        for state in ("requested", "cannot_ship"):
            Parcel.objects.filter(order=order).update(
                state=state, warehouse=house, state_at=now, ship_fault="out_of_stock"
            )
        other = make_order(shop)
        WarehouseRequest.objects.create(
            parcel=Parcel.objects.get(order=other),
            warehouse=house,
            reference="1-2-3",
            parcel_revision=1,
            asked_at=now - timedelta(days=3),
            ship_on=date(2020, 1, 1),
            answer="accepted",
        )
        ResultIssue.objects.create(warehouse=house, reference="9-9-9", reason="unknown_reference")
        OrderNumber.objects.create(shop=shop, number="338866-9", named_at=now - timedelta(minutes=11))
        OrderNumber.objects.create(shop=shop, number="338866-8", named_at=now - timedelta(minutes=9))
        MallReport.objects.create(
            order=other, parcel=Parcel.objects.get(order=other), shipment=1, created_at=now, cause="number_not_at_mall"
        )
        third = make_order(shop)
        Parcel.objects.filter(order=third).update(ship_wanted_at=now, ship_fault="no_warehouse")
        for number, state in enumerate(["stopped", "stopped", "unsure", "waiting", "done", "late"]):
            effect = Effect.objects.create(
                kind="mall.report",
                lane=f"shop:{shop.pk}",
                key=f"e{number}",
                state=state if state != "late" else "waiting",
                created_at=true_now() - timedelta(minutes=31 if state == "late" else 29),
                reason="wrong_state" if state != "waiting" else "",
                order_id=order.pk,
                shop_id=shop.pk,
                decided_at=now,
                payload={"number": order.number},
            )
            EffectTry.objects.create(
                effect=effect, act="send", request={"secret": "内容"}, answer={"code": "E1"}, outcome="wrong_state"
            )
    return order


@pytest.mark.feature("F021")
def test_the_one_count_is_the_sum_of_its_sources_and_of_the_rows_shown(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    now = business_now()

    page = read(browser(tenant), "/attention/errors/")

    with tenant_transaction(tenant.pk):
        counts = troubles.counts(now)
        listed = {source.key: len(source.rows(now, 200)) for source in troubles.sources()}
        by_hand = (
            Shop.objects.filter(blind_since__isnull=False).count() + RejectedPayload.objects.filter(solved_at__isnull=True).count()
            + Parcel.objects.exclude(ship_fault="").count() + Effect.objects.filter(state__in=["stopped", "unsure"]).count() + 1
            + WarehouseRequest.objects.filter(ended_at__isnull=True).count() + ResultIssue.objects.filter(solved_at__isnull=True).count()
            + OrderNumber.objects.filter(number="338866-9").count() + MallReport.objects.exclude(cause="").count()
        )  # fmt: skip
        assert troubles.total(now) == by_hand == sum(counts.values()) == 12
    assert (
        counts
        == listed
        == {
            "blind": 1,
            "rejected": 1,
            "refused": 1,
            "unrequested": 1,
            "stuck": 1,
            "uncounted": 1,
            "missing": 1,
            "odd": 1,
            "stopped": 2,
            "late": 1,
            "unsure": 1,
        }
    )
    assert page.count("<tr><td>") == 12
    assert re.search(r"要対応<span class=\"total\">12件", page)


@pytest.mark.feature("F021")
def test_each_row_has_cause_age_and_its_button(tenant: Tenant, shop: Shop) -> None:
    order = trouble_of_every_kind(tenant, shop)

    whole = read(browser(tenant), "/attention/errors/")
    page = re.sub(r"<[^>]+>", "", whole)

    causes = re.findall(r'<a class="row"[^>]*>[^<]+</a><span class="under">([^<]*)</span>', whole)
    ages = re.findall(r'<td class="nowrap">(?:<[^>]+>)*([^<]+?)(?:</[^>]+>)*前</td>', whole)
    assert (len(causes), len(ages)) == (12, 12)
    assert all(text.strip() for text in (*causes, *ages)), (causes, ages)
    for words in (
        "本店 の注文が見えていません", "鍵の期限が切れています", "3時間前", "鍵を入れ直す", "接続を確かめる", "PackageModelList[0] がありません", "もう一度読む", "出荷依頼を断りました",
        "もう一度依頼する", "依頼せずに戻す", "出荷依頼を出せません", "出荷する倉庫が決まっていません", "倉庫を選ぶ", "出荷実績が届いていません", "1-2-3", "倉庫に聞く",
        "相手がこの伝票番号を知りません", "確認済みにする", "出荷報告: 止まっています", "もう一度送る", "済んだことにする", "出荷報告: 確かめています", "いま確かめる", order.number,
        "1,500円", "338866-9 の内容を受け取れていません", "送り状番号がモールに見当たりません", "モールを見直す",
        "出荷報告: 30分以上届いていません", "いま送ってみる",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.feature("F021")
def test_every_row_has_a_button_for_whoever_may_press_it(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    bare: dict[str, list[str]] = {}

    for role in ("owner", "staff", "viewer"):
        page = read(browser(tenant, role), "/attention/errors/")
        cells = re.findall(r'<td class="whole"><[^>]*>([^<]*)<.*?<td class="tools">(.*?)</td></tr>', page, flags=re.S)
        assert len(cells) == 12
        bare[role] = [title for title, tools in cells if "button" not in tools]

    assert bare["owner"] == []
    assert bare["staff"] == ["本店 の注文が見えていません", "338866-9 の内容を受け取れていません"], (
        "keys and shops are for admins"
    )
    assert len(bare["viewer"]) == 12


def test_an_unsure_effect_is_looked_for_at_once_but_not_before_its_quiet_time(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    at = true_now()
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(state="unsure")
        Effect.objects.filter(pk=effect.pk).update(sent_at=at, due_at=at + timedelta(hours=1))
    client, url = browser(tenant), f"/attention/effects/{encode(effect.pk)}/act/"

    client.post(url, {"act": "look"})
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=effect.pk).due_at == at + timedelta(hours=1), "the mall may not show it yet"
        Effect.objects.filter(pk=effect.pk).update(sent_at=at - timedelta(minutes=30))
    client.post(url, {"act": "look"})

    with tenant_transaction(tenant.pk):
        effect.refresh_from_db()
        assert (effect.state, effect.due_at <= true_now()) == ("unsure", True)
        assert AuditEntry.objects.filter(verb="effect.looked_for").count() == 1


def test_an_unsure_effect_may_be_marked_done_but_not_dropped(tenant: Tenant, shop: Shop) -> None:
    order = trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(state="unsure")
        report = MallReport.objects.create(
            order=order, parcel=Parcel.objects.get(order=order), shipment=1, created_at=business_now()
        )
        Effect.objects.filter(pk=effect.pk).update(
            payload={"number": order.number, "order": order.pk, "report": report.pk, "parcel": report.parcel_id}
        )
    client, url = browser(tenant), f"/attention/effects/{encode(effect.pk)}/act/"

    client.post(url, {"act": "drop", "note": "不要"})
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=effect.pk).state == "unsure"
    client.post(url, {"act": "done", "note": "RMSで見た"})

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=effect.pk).state == "done"
        assert MallReport.objects.get(pk=report.pk).sent_at is not None, "its consequences follow"


def test_a_refused_parcel_is_asked_for_again_under_a_new_reference(tenant: Tenant, shop: Shop) -> None:
    order = trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        before = Parcel.objects.get(order=order)

    browser(tenant).post(f"/parcels/{encode(before.pk)}/reopen/", {"act": "again"})

    with tenant_transaction(tenant.pk):
        after = Parcel.objects.get(order=order)
        assert (after.state, after.ship_fault, after.revision) == ("draft", "", before.revision + 1)
        assert after.ship_wanted_at is not None


def test_a_parcel_without_a_warehouse_is_given_one_in_the_side_panel(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        parcel, house = Parcel.objects.get(ship_fault="no_warehouse"), Warehouse.objects.get(name="遠くの倉庫")
    client, url = browser(tenant), f"/orders/{encode(parcel.order_id)}/warehouse/"

    panel = read(client, url)
    client.post(url, {"warehouse": encode(house.pk)})

    assert "遠くの倉庫" in panel
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get(pk=parcel.pk).warehouse_id == house.pk


def test_a_result_that_fits_nothing_is_settled_and_listed_again_when_it_comes_again(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    now = business_now()
    with tenant_transaction(tenant.pk):
        issue, house = ResultIssue.objects.get(), Warehouse.objects.get(name="遠くの倉庫")

    browser(tenant).post(f"/shipping/results/{encode(issue.pk)}/settle/")

    with tenant_transaction(tenant.pk):
        assert troubles.counts(now)["odd"] == 0
        assert AuditEntry.objects.get(verb="result.settled").params["reference"] == "9-9-9"
        apply_result(house, ShipResult(reference="9-9-9", outcome="shipped"), now=now)
        assert troubles.counts(now)["odd"] == 1


@pytest.mark.feature("F021")
def test_when_nothing_is_wrong_it_says_so(tenant: Tenant, shop: Shop) -> None:
    page = read(browser(tenant), "/attention/errors/")

    assert "エラーはありません" in page


def test_one_source_may_be_looked_at(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)

    assert read(browser(tenant), "/attention/errors/?source=stopped").count("<tr><td>") == 2


@pytest.mark.feature("F021")
def test_a_stopped_effect_shows_its_proof_and_goes_again_is_done_or_dropped(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        first, second = Effect.objects.filter(state="stopped").order_by("pk")
        Effect.objects.filter(pk=first.pk).update(sent_at=business_now())  # the mall was called, and refused
    client = browser(tenant)
    page = read(client, f"/attention/effects/{encode(first.pk)}/")
    for words in (
        "出荷報告",
        "本店",
        "モールの状態ではこの操作ができません。",
        "内容",
        "E1",
        "もう一度送る",
        "済んだことにする",
        "やめる",
        "二重にはなりません",
    ):
        assert words in page, words

    client.post(f"/attention/effects/{encode(first.pk)}/act/", {"act": "again"})
    client.post(f"/attention/effects/{encode(second.pk)}/act/", {"act": "drop", "note": "手で入れた"})

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=first.pk).state == "unsure", "looked for before it is sent again"
        assert Effect.objects.get(pk=second.pk).state == "dropped"
        assert AuditDetail.objects.get(entry__verb="effect.dropped").after["reason"] == "手で入れた"


def test_many_effects_at_once(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        ids = [encode(pk) for pk in Effect.objects.filter(state="stopped").values_list("pk", flat=True)]

    browser(tenant).post("/attention/effects/act/", {"effects": ids, "act": "drop"})

    with tenant_transaction(tenant.pk):
        assert Effect.objects.filter(state="dropped").count() == 2


def test_a_viewer_does_not_see_what_was_sent(tenant: Tenant, shop: Shop) -> None:
    trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.filter(state="stopped").earliest("pk")
    client = browser(tenant, "viewer")

    page = read(client, f"/attention/effects/{encode(effect.pk)}/")

    assert "内容" not in page.replace("送った内容", "")
    assert "実行する" not in page


def test_the_frame_counts_what_waits_and_names_what_cannot_be_seen(tenant: Tenant, shop: Shop) -> None:
    order = trouble_of_every_kind(tenant, shop)
    with tenant_transaction(tenant.pk):
        holds.hold([order.pk], reason="返事待ち", by=BY, now=business_now())

    page = read(browser(tenant), "/orders/")

    assert '<span class="count" data-tone="stop">13</span>' in page
    assert "本店 の注文が見えていません。" in page


def test_a_red_bar_says_that_nothing_leaves_and_why(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant, "admin")

    client.post("/settings/outgoing/", {"on": "0", "reason": "棚卸しのため"})
    page = read(client, "/orders/")
    assert "送信を止めています。" in page
    assert "棚卸しのため" in page
    client.post("/settings/outgoing/", {"on": "1"})

    assert "送信を止めています。" not in read(client, "/orders/")
    assert browser(tenant, "staff").post("/settings/outgoing/", {"on": "0"}).status_code == 403


def test_held_orders_by_cause_the_longest_waiting_first(tenant: Tenant, shop: Shop) -> None:
    old, young = order_in(tenant, shop), order_in(tenant, shop)
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(name="備考あり")
        holds.open_mark([young.pk], task=task, by=BY, now=business_now() - timedelta(hours=1))
        holds.hold([old.pk], reason="返事待ち", by=BY, now=business_now() - timedelta(hours=5))

    page = read(browser(tenant), "/attention/")

    assert "備考を読んで「読んだ」を押してください。" in page
    assert f"/orders/?task={encode(task.pk)}&held=1" in page
    assert page.index(old.number) < page.index(young.number)


def test_what_waits_for_others_stands_apart_and_is_counted_nowhere_as_a_persons(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        mine, theirs = (Task.objects.get(key=key) for key in ("unmapped", "mall_payment"))
    both = order_in(tenant, shop, tasks=[mine, theirs], held=True)
    waits = [order_in(tenant, shop, tasks=[theirs], held=True) for _ in range(2)]
    client = browser(tenant)

    home, page = read(client, "/"), read(client, "/attention/")
    tile = home[home.index(">要対応</h2>") :].split("</section>")[0]
    people, others = page[page.index('id="main"') :].split("相手を待っているもの")

    assert re.findall(r'/attention/">(\d+)', tile) == ["1"]
    assert theirs.name not in tile
    assert re.findall(r'要対応</span><span class="count" data-tone="wait">(\d+)', home) == ["1"]
    assert f"/attention/triage/?task={encode(mine.pk)}" in people
    assert theirs.name in others
    assert f"/orders/?task={encode(theirs.pk)}&held=1" in others
    assert f"/attention/triage/?task={encode(theirs.pk)}" not in page
    assert both.number[-10:] in others
    assert not any(one.number[-10:] in page for one in waits)
    assert "すべて順調です" not in home


def test_switch_tenant_outgoing_is_seen_by_effects(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        switch_tenant(False, reason="試験", by=BY, now=business_now())

    assert "(試験)" in read(browser(tenant), "/")
