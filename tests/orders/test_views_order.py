"""The order page: everything of an order is on it, and each reader sees what they may."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from hub.audit import Actor
from hub.clock import business_now
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Shop
from orders.operations import labels
from tests.orders.making import order_in
from tests.orders.order_page import BY, page_of, path
from tests.pages import browser, make_member, signed_in


def test_a_remark_of_300_kb_is_kept_whole_and_the_page_stays_small(tenant: Tenant, shop: Shop) -> None:
    remark = "長い備考です。" * 14_300
    order = order_in(tenant, shop, remarks=remark, remark_left=remark)
    client = browser(tenant)

    page = client.get(path(order))

    assert len(remark.encode()) > 300_000
    assert len(page.content) < 300_000
    assert client.get(path(order, "remarks/")).content.decode() == remark
    listed = client.get("/orders/").content.decode()
    assert remark[:60] in listed
    assert remark[:61] not in listed


def test_twenty_parcels_are_shown_folded(tenant: Tenant, shop: Shop) -> None:
    order = order_in(
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
    order = order_in(
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
    order = order_in(tenant, shop, remarks="電話は夜に", remark_left="電話は夜に")
    client = browser(tenant, "viewer")

    for url in (path(order), path(order, "peek/"), path(order, "history/"), "/orders/"):
        answer = client.get(url).content.decode()
        for secret in ("花子", "090-1234-5678", "神宮前", "hanako@example.com", "電話は夜に", "1500001"):
            assert secret not in answer, (url, secret)
    assert client.get(path(order, "remarks/")).status_code == 403


def test_what_others_do_while_you_look_is_marked(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)
    watch = re.search(r'id="history" hx-get="([^"]+)"', page_of(client, order)).group(1)  # type: ignore[union-attr]
    with tenant_transaction(tenant.pk):
        labels.set_memo([order.pk], text="たったいま", add=False, by=BY, now=business_now())

    answer = client.get(watch).content.decode()

    assert "いま変わりました" in answer
    assert "たったいま" in answer


def test_the_history_can_be_narrowed_to_people(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)
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
        order_in(tenant, shop, payment_method="cod", at=business_now() - timedelta(hours=n)) for n in (1, 2, 3)
    )
    client = browser(tenant)
    client.get("/orders/?pay=cod&sort=oldest")

    page = page_of(client, second)

    assert 'href="/orders/?pay=cod&sort=oldest"' in page
    assert f'href="{path(third)}" data-key="k"' in page
    assert f'href="{path(first)}" data-key="j"' in page


def test_peeking_offers_acts_that_need_no_dialog(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop, status="ready")

    answer = signed_in(make_member(tenant)).get(path(order, "peek/")).content.decode()

    assert path(order, "want/") in answer
    assert "data-open" not in answer
