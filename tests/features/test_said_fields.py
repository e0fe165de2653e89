"""Fields: what the mall sends and nobody knows yet is kept and counted; what may never ship says why, each in its own words."""

from __future__ import annotations

import re

import pytest

from automation.engine import work as judge
from channels_rakuten.mapping.orders import order_from
from hub import secrets
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder
from orders.intake.fresh import snapshot_owner
from orders.judging import may_ship
from orders.models import MallSnapshot, Order, Parcel
from simulators.rakuten.full_order import full_order
from tests.channels_rakuten.conftest import sent
from tests.conftest import NOW
from tests.factories import make_shop, mall_order, take_in, the_order
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("at_now")


def order_with_news(n: int) -> MallOrder:
    """The full order under another number, with a field that the mall has just invented."""
    model = full_order()
    model["orderNumber"] = f"400001-20311104-{n:010}"
    model["shinkiFlag"] = n
    found = order_from(sent(model))
    assert isinstance(found, MallOrder)
    return found


@pytest.mark.feature("N04")
def test_unknown_fields_are_counted_on_the_shop_page_and_stay_in_the_snapshot(tenant: Tenant) -> None:
    shop = make_shop(tenant)

    take_in(tenant, shop, order_with_news(1), order_with_news(2))
    take_in(tenant, shop, order_with_news(3))

    page = browser(tenant).get(f"/settings/shops/{encode(shop.pk)}/").content.decode()
    counted = dict(re.findall(r'<span class="badge code">(\S+) ([\d,]+)</span>', page))
    assert counted == {"shinkiFlag": "3"}, "of both answers"
    with tenant_transaction(tenant.pk):
        snapshot = MallSnapshot.objects.earliest("pk")
        body = secrets.unseal_text(bytes(snapshot.body), owner=snapshot_owner(snapshot.order_id, tenant.pk))
    assert b"shinkiFlag" in body


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("review", "モール確認中"), ("address", "届け先の入力待ち"), ("changing", "モールで変更確定待ち"),
        ("cancelling", "モールでキャンセル確定待ち"), ("amount", "送料未確定"),
    ],
)  # fmt: skip
def test_what_the_mall_has_not_settled_is_never_shippable_and_says_why(tenant: Tenant, block: str, words: str) -> None:
    order = mall_order(blocks=(block,))
    take_in(tenant, make_shop(tenant), order)
    judge(tenant.pk)

    page = browser(tenant).get(f"/orders/{encode(the_order(tenant, order.number).pk)}/").content.decode()

    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert f"mall:{block}" in may_ship([parcel], now=NOW)[parcel.pk]
        assert Order.objects.get().held
    assert words in page
