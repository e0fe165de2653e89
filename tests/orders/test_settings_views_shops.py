"""Pages of shops: connected with a live test against a simulated mall, started, stopped, read again, taken live and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.urls import reverse

from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Shop
from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rakuten.mall import RakutenMall
from simulators.server import Server
from tests.browsing import Browser, hidden, text_of, verbs
from tests.orders.making import make_order, make_shop

FORM = {
    "channel": "rakuten", "name": "うつわの店", "mark": "", "colour": "red", "warehouse": "", "wait_minutes": "30", "every_seconds": "60",
    "next_day_name": "最強翌日配送", "harmless_remarks": "なし\n特になし", "confirm_by": "hub", "signature": "うつわの店", "back_days": "7",
}  # fmt: skip


class Mall:
    """A simulated mall on loopback, and its ledger of writes."""

    def __init__(self, folder: Any) -> None:
        self.ledger = Ledger(folder / "mall.jsonl")
        self.mall = RakutenMall(clock=Clock(), ledger=self.ledger, seed=3)
        self.server = Server(self.mall.app, "127.0.0.1", 0)

    def open(self, **wish: Any) -> dict[str, str]:
        """Open a shop and return its keys as the form asks for them."""
        answer = httpx.post(f"{self.server.url}/_control/shops", json=wish, trust_env=False, timeout=10).json()
        return {"service_secret": answer["service_secret"], "license_key": answer["license_key"]}


@pytest.fixture
def mall(tmp_path: Any, settings: Any) -> Iterator[Mall]:
    mall = Mall(tmp_path)
    settings.CHANNEL_BASE_URLS = {"rakuten": mall.server.url}
    settings.MALL_GAP_SECONDS = 0.01
    yield mall
    mall.server.close()


@pytest.fixture
def owner(tenant: Tenant) -> Browser:
    return Browser(tenant, "owner")


def url(name: str, *pks: int) -> str:
    return reverse(f"orders:{name}", args=pks)


def only_shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return Shop.objects.get()


WRONG = {"service_secret": "SP400001_wrong", "license_key": "SL400001_wrong"}


@pytest.mark.feature("F010", "N03")
def test_good_key_connects_and_begins_to_read_in_observation(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    answer = owner.post(url("shop_new"), {**FORM, **mall.open()}, do="save", start="on")

    shop = only_shop(tenant)
    page = text_of(owner.get(answer.url))
    assert answer.status_code == 302
    assert (shop.mode, shop.polling, shop.test_result["passed"], shop.harmless_remarks) == (
        "observe",
        True,
        True,
        ["なし", "特になし"],
    )
    assert shop.key_expires_at is not None
    assert "rpay.order.searchOrder" in page
    assert "使えます" in page
    assert "観察中です" in page
    assert verbs(tenant) == [
        "shop.created",
        "shop.credentials",
        "shop.read_again",
        "shop.tested",
        "shop.intake_started",
    ]


@pytest.mark.feature("F010")
def test_wrong_key_is_told_function_by_function_and_not_saved(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    answer = owner.post(url("shop_new"), {**FORM, **WRONG}, do="save", start="on")

    assert answer.status_code == 422
    assert text_of(answer).count("鍵が違います") == 6
    assert "SL400001_wrong" not in answer.content.decode()
    assert verbs(tenant) == []


@pytest.mark.feature("F010")
def test_failing_key_may_be_saved_but_intake_cannot_start_with_it(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    tried = owner.post(url("shop_new"), {**FORM, **WRONG}, do="save", start="on")

    saved = owner.post(
        url("shop_new"),
        {**FORM, "service_secret": "", "license_key": ""},
        do="save_anyway",
        start="on",
        tried=hidden(tried, "tried"),
    )

    shop = only_shop(tenant)
    owner.post(url("shop_polling", shop.pk), on="1")
    assert saved.status_code == 302
    assert "取込を始められません" in text_of(owner.get(url("shop", shop.pk)))
    assert (only_shop(tenant).polling, shop.test_result["passed"]) == (False, False)


def test_tried_keys_of_another_person_are_worth_nothing(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    tried = hidden(owner.post(url("shop_new"), {**FORM, **WRONG}, do="save"), "tried")
    other = Browser(tenant, "admin")

    answer = other.post(
        url("shop_new"), {**FORM, "service_secret": "", "license_key": ""}, do="save_anyway", tried=tried
    )

    assert answer.status_code == 422
    assert verbs(tenant) == []


def test_function_that_is_off_is_named(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    answer = owner.post(url("shop_new"), {**FORM, **mall.open(functions_off=["updateOrderShipping"])}, do="save")

    page = text_of(answer)
    assert "rpay.order.updateOrderShipping 出荷を報告する" in page
    assert page.count("許可されていません") == 1


def test_same_mall_shop_is_not_connected_twice(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    keys = mall.open()
    owner.post(url("shop_new"), {**FORM, **keys}, do="save")

    answer = owner.post(url("shop_new"), {**FORM, **keys, "name": "もう一つの名前"}, do="save")

    assert answer.status_code == 409
    assert "接続済み" in text_of(answer)
    assert only_shop(tenant).name == "うつわの店"


def test_two_shops_of_one_name_are_refused(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    owner.post(url("shop_new"), {**FORM, **mall.open()}, do="save")

    answer = owner.post(url("shop_new"), {**FORM, **mall.open()}, do="save")

    assert "「うつわの店」はすでに使われています" in text_of(answer)
    assert only_shop(tenant).name == "うつわの店"


def test_change_without_keys_keeps_them_and_calls_nobody(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    owner.post(url("shop_new"), {**FORM, **mall.open()}, do="save")
    before = only_shop(tenant)
    page = owner.get(url("shop_edit", before.pk))

    answer = owner.post(
        url("shop_edit", before.pk), {**FORM, "wait_minutes": "60"}, do="save", seen=hidden(page, "seen")
    )

    after = only_shop(tenant)
    assert answer.status_code == 302
    assert (after.wait_minutes, bytes(after.credentials), after.tested_at) == (
        60,
        bytes(before.credentials),
        before.tested_at,
    )
    assert before.key_hint in text_of(page)


def test_test_button_keeps_what_each_function_answered(tenant: Tenant, owner: Browser, mall: Mall) -> None:
    owner.post(url("shop_new"), {**FORM, **WRONG}, do="save_anyway")
    shop = only_shop(tenant)

    owner.post(url("shop_test", shop.pk))

    after = only_shop(tenant)
    assert shop.tested_at is not None
    assert after.tested_at is not None
    assert after.tested_at > shop.tested_at
    assert verbs(tenant)[-1] == "shop.tested"


def connected(tenant: Tenant, **columns: Any) -> Shop:
    with tenant_transaction(tenant.pk):
        now = business_now()
        ready = {
            "mode": "observe",
            "polling": True,
            "test_result": {"passed": True},
            "tested_at": now,
            "wanted_from": now - timedelta(days=3),
        }
        return make_shop(**{**ready, **columns})


@pytest.mark.feature("F012")
def test_intake_stops_and_starts(tenant: Tenant, owner: Browser) -> None:
    shop = connected(tenant)

    owner.post(url("shop_polling", shop.pk), on="0")
    stopped = only_shop(tenant).polling
    owner.post(url("shop_polling", shop.pk), on="1")

    assert (stopped, only_shop(tenant).polling) == (False, True)
    assert verbs(tenant) == ["shop.intake_stopped", "shop.intake_started"]


def test_fetch_now_makes_the_shop_due(tenant: Tenant, owner: Browser) -> None:
    shop = connected(tenant, next_poll_at=business_now() + timedelta(hours=1))

    owner.post(url("shop_fetch", shop.pk))

    assert only_shop(tenant).next_poll_at <= business_now()
    assert verbs(tenant) == ["shop.fetch_now"]


def test_gap_is_drawn_and_said(tenant: Tenant, owner: Browser) -> None:
    shop = connected(tenant, polling=False)

    page = owner.get(url("shop", shop.pk))

    assert 'rect class="gap"' in page.content.decode()
    assert "取込を止めています" in text_of(page)
    assert "2日 ぶんをまだ読んでいません" in text_of(owner.get(url("shops")))


@pytest.mark.feature("F012")
@pytest.mark.parametrize(("days", "reads"), [(700, True), (800, False)])
def test_reading_again_goes_back_730_days_at_most(tenant: Tenant, owner: Browser, days: int, reads: bool) -> None:
    shop = connected(tenant)
    since = (business_now() - timedelta(days=days)).date()

    owner.post(url("shop_read_from", shop.pk), from_on=since.isoformat())

    assert (verbs(tenant) == ["shop.read_again"]) is reads
    assert ("730日前まで" in owner.toast()) is not reads


@pytest.mark.parametrize("given", ["", "yesterday", "2999-01-01"])
def test_reading_again_from_no_day_is_refused(tenant: Tenant, owner: Browser, given: str) -> None:
    owner.post(url("shop_read_from", connected(tenant).pk), from_on=given)

    assert "日付を選んでください" in owner.toast()
    assert verbs(tenant) == []


def observed(tenant: Tenant) -> tuple[Shop, list[Order]]:
    """A shop that is observed, with three open orders placed before now."""
    shop = connected(tenant)
    with tenant_transaction(tenant.pk):
        now = business_now()
        return shop, [
            make_order(shop, at=now - timedelta(hours=n), ours=False, mall_state="new", mall_read_at=now)
            for n in (1, 2, 3)
        ]


@pytest.mark.feature("N03")
def test_going_live_shows_what_stays_and_takes_only_what_is_ticked(tenant: Tenant, owner: Browser) -> None:
    shop, orders = observed(tenant)

    page = text_of(owner.get(url("shop_live", shop.pk)))
    answer = owner.post(url("shop_live", shop.pk), starts_at="", orders=encode(orders[0].pk))

    assert "これまでの 3件は、いままでのシステムに残ります" in page
    assert answer.status_code == 302
    assert only_shop(tenant).mode == "live"
    with tenant_transaction(tenant.pk):
        assert [Order.objects.get(pk=order.pk).ours for order in orders] == [True, False, False]
    assert verbs(tenant) == ["shop.live"]


@pytest.mark.feature("N03")
def test_observed_shop_says_what_it_would_have_done(tenant: Tenant, owner: Browser) -> None:
    shop, _orders = observed(tenant)

    page = text_of(owner.get(url("shop", shop.pk)))

    assert "注文確認 3件" in page
    assert "メール 3件" in page


@pytest.mark.feature("N03")
def test_only_the_owner_goes_live(tenant: Tenant) -> None:
    shop, _orders = observed(tenant)
    admin = Browser(tenant, "admin")

    answer = admin.post(url("shop_live", shop.pk), starts_at="")

    assert answer.status_code == 403
    assert "オーナー" in text_of(answer)
    assert only_shop(tenant).mode == "observe"


@pytest.mark.feature("N03")
def test_back_to_observation_is_one_click(tenant: Tenant, owner: Browser) -> None:
    shop = connected(tenant, mode="live")

    owner.post(url("shop_observe", shop.pk))

    assert only_shop(tenant).mode == "observe"
    assert verbs(tenant) == ["shop.observe"]


def test_live_at_a_time_far_away_is_refused(tenant: Tenant, owner: Browser) -> None:
    shop, _orders = observed(tenant)

    answer = owner.post(url("shop_live", shop.pk), starts_at="2030-01-01T00:00")

    assert answer.status_code == 422
    assert only_shop(tenant).mode == "observe"


def test_unknown_fields_are_counted(tenant: Tenant, owner: Browser) -> None:
    shop = connected(tenant, unknown_fields={"OrderModel.newFlag": 12})

    assert "OrderModel.newFlag 12" in text_of(owner.get(url("shop", shop.pk)))


def test_staff_sees_shops_and_changes_nothing(tenant: Tenant) -> None:
    shop = connected(tenant)
    staff = Browser(tenant, "staff")

    seen = [staff.get(url(name, *pks)).status_code for name, pks in (("shops", ()), ("shop", (shop.pk,)))]
    refused = [
        staff.post(url(name, shop.pk), on="0").status_code
        for name in ("shop_fetch", "shop_polling", "shop_observe", "shop_test", "shop_edit")
    ]

    assert seen == [200, 200]
    assert refused == [403] * 5
    assert only_shop(tenant).polling
