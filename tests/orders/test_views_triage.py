"""要対応を順に: one held order at a time, the longest waiting first, none twice; what an act frees makes room for the next."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from automation.engine import work as judge
from hub.clock import business_now
from hub.ids import encode
from hub.models import Member, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, Parcel, Product, Shop, Task, TaskMark
from orders.operations import holds
from tests.browsing import text_of
from tests.conftest import TESTER
from tests.orders.making import make_order, make_shop
from tests.pages import browser, make_member, signed_in

HERE = "/attention/triage/"


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def held(tenant: Tenant, shop: Shop, n: int, **columns: Any) -> list[Order]:
    """Orders that wait for a person, the first the longest."""
    now = business_now()
    with tenant_transaction(tenant.pk):
        task, found = Task.objects.get(key="hold"), []
        for place in range(n):
            order = make_order(shop, at=now - timedelta(hours=2), **columns)
            holds.open_mark(
                [order.pk],
                task=task,
                by=TESTER,
                now=now - timedelta(hours=n - place),
                reason=f"理由{place}",
                by_hand=True,
            )
            found.append(order)
    return found


def shown(client: Client, **query: str) -> tuple[str, str]:
    """Return the number of the order before the person, and how far they are."""
    page = client.get(HERE, query).content.decode()
    number = re.search(r'data-key="o">([^<]+)<', page)
    place = re.search(r'id="place">([^<]+)<', page)
    return (number[1] if number else "", place[1] if place else "")


def skip(client: Client, order: Order) -> None:
    client.post(f"{HERE}next/", {"act": "skip", "order": encode(order.pk)})


def test_what_only_waits_for_the_mall_does_not_come_unless_asked_for(tenant: Tenant, shop: Shop) -> None:
    theirs, ours, both = held(tenant, shop, 3)
    client, payment = browser(tenant, "staff"), _task(tenant, "mall_payment")
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(pk=payment)
        holds.open_mark([theirs.pk, both.pk], task=task, by=TESTER, now=business_now())
        holds.close_mark([theirs.pk], task=Task.objects.get(key="hold"), by=TESTER, now=business_now())

    assert shown(client) == (ours.number, "1 / 2")
    skip(client, ours)
    assert shown(client) == (both.number, "2 / 2")
    assert shown(client, task=encode(payment)) == (both.number, "1 / 2")
    skip(client, both)
    assert shown(client) == (theirs.number, "2 / 2")


def test_orders_come_one_at_a_time_and_none_twice(tenant: Tenant, shop: Shop) -> None:
    first, second, third = held(tenant, shop, 3)
    client = browser(tenant, "staff")

    assert shown(client) == (first.number, "1 / 3")
    assert shown(client) == (first.number, "1 / 3"), "looking again changes nothing"
    skip(client, first)
    assert shown(client) == (second.number, "2 / 3")
    client.post(f"/orders/{encode(second.pk)}/release/", {"task": encode(_task(tenant, "hold"))})
    assert shown(client) == (third.number, "3 / 3"), "a released order makes room by itself"
    with tenant_transaction(tenant.pk):
        holds.hold([second.pk], reason="また", by=TESTER, now=business_now())
    skip(client, third)

    end = text_of(client.get(HERE))
    assert "3件すべてを見ました" in end
    assert "飛ばしたか保留した 2件が残っています" in end
    client.post(f"{HERE}next/", {"act": "again"})
    assert shown(client) == (first.number, "1 / 3")


def _task(tenant: Tenant, key: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Task.objects.get(key=key).pk)


def test_it_says_why_and_what_to_do_and_offers_the_acts(tenant: Tenant, shop: Shop) -> None:
    (order,) = held(tenant, shop, 1, remarks="至急お願いします", remark_left="至急お願いします")

    page = browser(tenant).get(HERE)

    words = text_of(page)
    for said in (
        "理由0",
        "至急お願いします",
        "飛ばして次へ",
        "お客様に連絡する",
        "理由を書いて保留し、次へ",
        "前から保留",
        "解除",
    ):
        assert said in words, said
    html = page.content.decode()
    for key in ("n", "c", "o", "h", "1"):
        assert f'data-key="{key}"' in html, key
    assert f"/mail/compose/{encode(order.pk)}/" in html


def test_remarks_without_a_word_to_read_stay_folded(tenant: Tenant, shop: Shop) -> None:
    held(tenant, shop, 1, remarks="[配送日時指定:]", remark_left="")

    page = browser(tenant).get(HERE).content.decode()

    assert "読むべき言葉はありません" in page


def test_hold_with_a_reason_goes_on_to_the_next(tenant: Tenant, shop: Shop) -> None:
    first, second = held(tenant, shop, 2)
    client = browser(tenant, "staff")
    shown(client)

    client.post(f"{HERE}next/", {"act": "hold", "order": encode(first.pk), "reason": ""})
    assert shown(client)[0] == first.number, "a reason is needed"
    client.post(f"{HERE}next/", {"act": "hold", "order": encode(first.pk), "reason": "返事待ち"})

    assert shown(client) == (second.number, "2 / 2")
    assert browser(tenant, "packing").post(f"{HERE}next/", {"act": "hold"}).status_code == 302, (
        "nothing stands before them"
    )


def test_those_who_only_see_may_not_hold(tenant: Tenant, shop: Shop) -> None:
    (order,) = held(tenant, shop, 1)
    client = browser(tenant, "packing")
    shown(client)

    answer = client.post(f"{HERE}next/", {"act": "hold", "order": encode(order.pk), "reason": "x"})

    assert answer.status_code == 403
    assert "理由を書いて保留" not in text_of(client.get(HERE))


def test_an_order_with_two_causes_stays_until_both_are_gone(tenant: Tenant, shop: Shop) -> None:
    first, _second = held(tenant, shop, 2)
    with tenant_transaction(tenant.pk):
        other = Task.objects.create(name="のし確認", condition={"all": []}, holds=True)
        holds.open_mark([first.pk], task=other, by=TESTER, now=business_now())
    client = browser(tenant)
    shown(client)

    client.post(f"/orders/{encode(first.pk)}/release/", {"task": encode(_task(tenant, "hold"))})
    assert shown(client)[0] == first.number
    client.post(f"/orders/{encode(first.pk)}/release/", {"task": encode(other.pk)})

    assert shown(client)[0] != first.number


@pytest.mark.feature("F083")
def test_a_mended_address_is_judged_at_once_and_the_next_comes(tenant: Tenant, shop: Shop) -> None:
    wrong = {"postal_code": "150-0002", "prefecture": "東京都", "city": "渋谷区", "street": "神宮前1-2-3"}
    now = business_now()
    with tenant_transaction(tenant.pk):
        order = make_order(
            shop,
            at=now - timedelta(hours=2),
            recipients=[wrong],
            address_doubt="zip_town",
            judge_at=now - timedelta(minutes=1),
            mall_read_at=now,
        )
        Parcel.objects.filter(order=order).update(address_doubt="zip_town")
    (later,) = held(tenant, shop, 1)
    client = browser(tenant)
    judge(tenant.pk, 0)
    with tenant_transaction(tenant.pk):
        task = TaskMark.objects.get(order=order, task__holds=True).task
        TaskMark.objects.filter(order=order).update(opened_at=now - timedelta(days=1))
    assert (task.name, shown(client)[0]) == ("住所が違う可能性", order.number)
    parcel = encode(_parcel(tenant, order))

    client.post(f"/parcels/{parcel}/address/take/", {**wrong, "postal_code": "150-0001"})

    assert shown(client)[0] == later.number


def _parcel(tenant: Tenant, order: Order) -> int:
    with tenant_transaction(tenant.pk):
        return int(Parcel.objects.get(order=order).pk)


@pytest.mark.feature("F011")
def test_a_product_is_mapped_here_and_the_person_comes_back(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        listing = Listing.objects.create(shop=shop, key="towel-w", name="タオル 白")
        Product.objects.create(sku="T-W", name="タオル 白")
    (order,) = held(tenant, shop, 1, lines=[{"listing": listing}], unmapped_lines=1)
    client = browser(tenant)

    page = client.get(HERE).content.decode()
    answer = client.post(f"/products/listings/{encode(listing.pk)}/map/", {"sku": "T-W", "units": "1", "next": HERE})

    assert "T-W タオル 白" in page
    assert answer.headers["Location"] == HERE
    assert [toast["tone"] for toast in client.session["toasts"]] == ["good"]
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=order.pk).unmapped_lines == 0


def test_a_refused_mapping_is_told_at_its_field_with_what_was_typed(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        one, two = (Listing.objects.create(shop=shop, key=key, name=key) for key in ("towel-w", "towel-b"))
    held(tenant, shop, 1, lines=[{"listing": one}, {"listing": two}], unmapped_lines=2)
    client = browser(tenant)
    shown(client)
    path = f"/products/listings/{encode(two.pk)}/map/"

    answer = client.post(path, {"sku": "T-99", "units": "3", "next": HERE}, follow=True)

    form = re.search(rf'action="{path}".*?</div>', answer.content.decode(), re.S)
    assert form is not None
    assert "csrfmiddlewaretoken" in form[0]
    assert 'name="sku" value="T-99"' in form[0]
    assert 'max="999" value="3"' in form[0]
    assert f'aria-describedby="refused-{encode(two.pk)}"' in form[0]
    assert "SKU「T-99」の商品はありません" in form[0]
    assert answer.content.decode().count('aria-invalid="true"') == 1
    assert "toasts" not in client.session or client.session["toasts"] == []
    assert "T-99" not in client.get(HERE).content.decode(), "told once"


def test_a_mapping_refused_for_an_order_that_has_gone_on_is_told_by_a_toast(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        listing = Listing.objects.create(shop=shop, key="towel-w", name="タオル")
    held(tenant, shop, 1)
    client = browser(tenant)

    answer = client.post(
        f"/products/listings/{encode(listing.pk)}/map/", {"sku": "T-99", "units": "1", "next": HERE}, follow=True
    )

    assert "SKU「T-99」の商品はありません" in text_of(answer)


def test_a_mapping_refused_after_the_last_order_went_on_is_told_at_the_end_and_not_later(
    tenant: Tenant, shop: Shop
) -> None:
    with tenant_transaction(tenant.pk):
        listing = Listing.objects.create(shop=shop, key="towel-w", name="タオル")
    client = browser(tenant)

    answer = client.post(
        f"/products/listings/{encode(listing.pk)}/map/", {"sku": "T-99", "units": "1", "next": HERE}, follow=True
    )
    held(tenant, shop, 1)

    assert "SKU「T-99」の商品はありません" in text_of(answer)
    assert "T-99" not in text_of(client.get(HERE))


def test_the_end_of_one_cause_does_not_say_that_all_is_done(tenant: Tenant, shop: Shop) -> None:
    held(tenant, shop, 1)
    client, payment = browser(tenant), _task(tenant, "mall_payment")

    page = text_of(client.get(HERE, {"task": encode(payment)}))

    assert "「モールの決済待ち」の受注はありません" in page
    assert "すべての受注が自動で流れています" not in page
    assert "要対応はありません" not in page


def test_a_round_counts_the_orders_of_the_shop_that_is_looked_at(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        other = make_shop("別の店")
    first, second = held(tenant, shop, 2)
    (theirs,) = held(tenant, other, 1)
    client = browser(tenant)
    assert shown(client) == (first.number, "1 / 3")
    skip(client, first)
    assert shown(client) == (second.number, "2 / 3")

    client.post("/shop/", {"shop": encode(other.pk)})

    assert shown(client) == (theirs.number, "1 / 1")


def test_a_round_begins_anew_in_another_tenant(tenant: Tenant, shop: Shop, other_tenant: Tenant) -> None:
    first, _second = held(tenant, shop, 2)
    with tenant_transaction(other_tenant.pk):
        far = make_shop("別の会社の店")
    (theirs,) = held(other_tenant, far, 1)
    member = make_member(tenant)
    client = signed_in(member)
    with tenant_transaction(other_tenant.pk):
        Member.objects.create(user_id=member.user_id, role="owner")
    client.post("/tenant/", {"tenant": encode(tenant.pk)})
    assert shown(client) == (first.number, "1 / 2")
    skip(client, first)

    client.post("/tenant/", {"tenant": encode(other_tenant.pk)})

    assert shown(client) == (theirs.number, "1 / 1")


def test_one_cause_at_a_time(tenant: Tenant, shop: Shop) -> None:
    held(tenant, shop, 2)
    with tenant_transaction(tenant.pk):
        task = Task.objects.create(name="のし確認", condition={"all": []}, holds=True)
        order = make_order(shop, at=business_now())
        holds.open_mark([order.pk], task=task, by=TESTER, now=business_now())
    client = browser(tenant)

    assert shown(client, task=encode(task.pk)) == (order.number, "1 / 1")
    assert shown(client, task="")[1] == "1 / 3", "another cause begins a round of its own"


def test_home_and_attention_lead_here_with_one_click(tenant: Tenant, shop: Shop) -> None:
    assert HERE not in browser(tenant).get("/").content.decode()
    held(tenant, shop, 1)
    client = browser(tenant)

    assert f'href="{HERE}?task="' in client.get("/").content.decode()
    assert f'href="{HERE}?task="' in client.get("/attention/").content.decode()
