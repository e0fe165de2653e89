"""Every field that the mall sends of an order is in the API's answer: one fixture fills them all."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from channels_rakuten.codes import NEVER_STORED
from channels_rakuten.mapping.orders import order_from
from hub.audit import SYSTEM
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder
from orders.intake import save_mall_orders
from orders.models import Order
from simulators.rakuten.full_order import full_order
from tests.api.conftest import caller_of
from tests.changing import leaves, with_another
from tests.channels_rakuten.conftest import sent
from tests.conftest import NOW
from tests.orders.making import make_shop

NOT_OF_AN_ORDER = {"shippingNumber", "shippingDate", "shopOrderCfmDatetime"}
"""What the hub itself writes at the mall (confirm, report): its own record of it is shown, not the mall's echo."""
OURS = re.compile(r"[0-9a-z]{13}")


def answer_of(tenant: Tenant, model: dict[str, Any], call: Any) -> str:
    """Take the order in, and return the API's answer without what differs from one taking in to the next."""
    with tenant_transaction(tenant.pk):
        Order.objects.count()
        shop = make_shop(f"店 {encode(abs(hash(json.dumps(model))) % (1 << 40))}")
    order = order_from(sent(model))
    assert isinstance(order, MallOrder), order
    save_mall_orders(tenant.pk, shop.pk, [order], by=SYSTEM, now=NOW + timedelta(days=3650))
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get(shop=shop).pk
    body = call.get(f"orders/{encode(pk)}").json()
    return json.dumps(_steady(body), ensure_ascii=False, sort_keys=True)


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        own = ("shop", "status", "tags", "tasks")
        return {
            key: _steady(one)
            for key, one in value.items()
            if key not in own and not (key == "id" and OURS.fullmatch(str(one)))
        }
    return [_steady(one) for one in value] if isinstance(value, list) else value


PATHS = [path for path in leaves(full_order()) if path[-1] not in {*NEVER_STORED, *NOT_OF_AN_ORDER}]


@pytest.fixture(scope="module")
def read(django_db_setup: None) -> Any:
    from tests.conftest import make_tenant

    tenant = make_tenant()
    call = caller_of(tenant)
    return lambda model: answer_of(tenant, model, call)


@pytest.fixture(scope="module")
def plain(read: Any) -> str:
    return str(read(full_order()))


@pytest.mark.feature("N04")
@pytest.mark.parametrize("path", PATHS, ids=[".".join(map(str, path)) for path in PATHS])
def test_every_field_reaches_the_answer(path: tuple[Any, ...], read: Any, plain: str) -> None:
    assert read(with_another(full_order(), path)) != plain


def test_full_order_reads_in_the_hubs_words(read: Any, plain: str) -> None:
    body = json.loads(plain)

    assert body["coupons"] == [
        {"payer": "shop", "code": "FULL-CPN1-AAAA-BBBB", "name": "ショップ負担クーポン", "yen": 300},
        {"payer": "maker", "code": "FULL-CPN2-AAAA-BBBB", "name": "メーカー負担クーポン", "yen": 100},
    ]
    assert body["points_yen"] == 500
    assert body["noshi"] == "内祝い"
    assert body["drop_off"]
    assert [one["name"] for one in body["wrapping"]] == ["和柄包装紙", "赤リボン"]
    assert {row["rate"] for row in body["tax"]} == {8, 10}
    assert body["parcels"][0]["pick_up"]
    assert body["parcels"][0]["lines"][0]["options"]
    assert body["mall"]["sub_status"] == "出荷準備中"
    assert body["mall"]["cancel_due_on"] == "2031-11-18"
    assert body["payment"]["due_on"] == "2031-11-11"
