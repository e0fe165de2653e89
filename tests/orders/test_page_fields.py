"""Every field that a mall sends is on the order page: one fixture fills them all, and each, changed alone, changes the page's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from channels_rakuten.codes import NEVER_STORED
from channels_rakuten.mapping.orders import order_from
from hub.models import Clock
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder
from orders.models import Order, OrderSearch, Shop
from simulators.rakuten.full_order import full_order
from tests.changing import leaves, with_another
from tests.channels_rakuten.conftest import sent
from tests.conftest import NOW, at, make_tenant, rest
from tests.factories import make_shop, take_in
from tests.orders.order_page import path, read
from tests.pages import browser

SAID = {
    "orderProgress": "モール", "carrierCode": "Android", "emailCarrierCode": "docomo", "orderType": "定期", "cautionDisplayType": "注意",
    "cautionDisplayDetailType": "長期不在による受取拒否", "deliveryClass": "冷蔵", "pointType": "商品別変倍", "inventoryType": "項目選択肢別在庫",
    "restoreInventoryFlag": "戻す", "changeType": "変更完了", "changeTypeDetail": "減額", "changeReason": "お客様", "dueDateType": "支払期限",
    "title": "包装紙", "couponCapitalCode": "ショップ", "shippingTerm": "14",
}  # fmt: skip
"""Codes of the mall that stand on the page in words."""


@pytest.fixture(scope="module")
def shown(django_db_setup: None) -> Iterator[Callable[[dict[str, Any]], str]]:
    """Takes an order in as if it were the tenant's first, and returns the words of its page. All of one clock, tenant and reader."""
    at(NOW)
    tenant = make_tenant()
    client = browser(tenant)
    serial = count(1)

    def words(model: dict[str, Any]) -> str:
        mall = order_from(sent(model))
        assert isinstance(mall, MallOrder), mall
        shop = make_shop(tenant, name="店")
        take_in(tenant, shop, mall, mapped=False)
        with tenant_transaction(tenant.pk):
            order = Order.objects.get(shop=shop)
        [page] = re.findall(r"<main.*</main>", read(client, path(order, "?all=1")), re.S)
        with tenant_transaction(
            tenant.pk
        ):  # the next one is to meet no earlier order of its buyer, and no shop of its name
            OrderSearch.objects.filter(order_id=order.pk).delete()
            Shop.objects.filter(pk=shop.pk).update(name=f"店 {next(serial)}")
        return " ".join(re.sub(r"<[^>]*>", " ", page).split())

    yield words
    rest(tenant)
    Clock.objects.all().delete()


@pytest.fixture(scope="module")
def plain(shown: Callable[[dict[str, Any]], str]) -> str:
    """The page of the order that fills every field; a second one of the same order reads the same."""
    page = shown(full_order())
    assert shown(full_order()) == page
    return page


PATHS = [path for path in leaves(full_order()) if path[-1] not in NEVER_STORED]


@pytest.mark.feature("N04", "R11")
@pytest.mark.parametrize("field", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_every_field_that_a_mall_sends_is_on_the_page(
    field: tuple[Any, ...], shown: Callable[[dict[str, Any]], str], plain: str
) -> None:
    """Flags, codes and small numbers as well: changed alone, each changes what the page says."""
    assert shown(with_another(full_order(), field)) != plain


def test_values_stand_on_the_page_as_they_were_sent(plain: str) -> None:
    model = full_order()
    bare = re.sub(r"[\s,/:-]", "", plain)

    values = [(path, value_at(model, path)) for path in leaves(model, whole=True) if path[-1] not in NEVER_STORED]
    missing = [(path, value) for path, value in values if not _stands(bare, str(path[-1]), value)]

    assert missing == []


def value_at(model: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        model = model[step]
    return model


def _stands(bare: str, name: str, value: Any) -> bool:
    if name in SAID:
        return SAID[name] in bare
    if name.lower().endswith("flag") or value in (0, 1) or name.startswith(("phoneNumber", "zipCode", "birth")):
        return True  # yes and no, joined numbers: they stand there otherwise, and the test above sees each of them
    if name.endswith("Rate") and isinstance(value, float):
        return f"{round(value * 100)}%" in bare
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d.*", value):
        return any(text in bare for text in (value[:10].replace("-", ""), f"{int(value[5:7])}{int(value[8:10])}"))
    return all(re.sub(r"[\s,/:-]", "", part) in bare for part in str(value).split("\n"))
