"""The exception corpus: whatever is wrong with an order, alone or with something else, it is asked for at no warehouse by no button."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from automation.engine import work as judge
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, Parcel, Status
from tests.api.conftest import caller_of
from tests.factories import BUYER, changed, make_shop, mall_line, mall_order, take_in
from tests.orders.test_addresses import WRONG
from tests.pages import browser
from warehouses.models import WarehouseRequest
from warehouses.requesting import work as request

FAULTS: dict[str, dict[str, Any]] = {
    "payment": {"state": "processing", "code": "200", "payment_state": "open", "blocks": ("payment",)},
    "amount": {"blocks": ("amount",), "postage_yen": None, "total_yen": None},
    "gift without an address": {"blocks": ("address",)},
    "the mall looks into it": {"blocks": ("review",), "state": "new", "code": "100"},
    "the mall changes it": {"blocks": ("changing",), "state": "changing", "code": "400"},
    "the mall cancels it": {"blocks": ("cancelling",), "state": "cancelling", "code": "800"},
    "unknown payment": {"payment_method": "unknown", "payment_name": "謎の支払"},
    "unknown delivery": {"delivery_name": "謎の便"},
    "sums": {"total_yen": 123_456},
    "remark": {"remarks": "届け先を変えてください"},
    "unmapped": {"lines": (mall_line("未対応"),)},
    "partly unmapped": {"lines": (mall_line("1"), mall_line("未対応"))},
}


def corpus() -> list[Any]:
    """Every fault alone, every two that can stand together, and every wrong address of the labelled set."""
    alone = [mall_order(**values) for values in FAULTS.values()]
    pairs = [
        mall_order(**{**one, **other})
        for one, other in combinations(FAULTS.values(), 2)
        if not one.keys() & other.keys()
    ]
    wrong = []
    for line in WRONG.strip().splitlines():
        _, code, prefecture, city, *street = line.split(" ")
        order = mall_order()
        to = replace(BUYER, postal_code=code, prefecture=prefecture, city=city, street=" ".join(street))
        wrong.append(changed(order, parcels=(replace(order.parcels[0], recipient=to),)))
    return [*alone, *pairs, *wrong]


@pytest.mark.feature("F089")
@pytest.mark.usefixtures("at_now")
def test_no_order_of_the_exception_corpus_passes_a_check_it_should_fail(tenant: Tenant) -> None:
    shops = [make_shop(tenant, warehouse="rsl"), make_shop(tenant, warehouse="rsl")]
    faulty, clean = corpus(), [mall_order() for _ in range(3)]
    take_in(tenant, shops[0], mall_order(lines=(mall_line("1"),)))
    with tenant_transaction(tenant.pk):
        product = Listing.objects.get(shop=shops[0], key="SKU-1").product
        Listing.objects.create(shop=shops[1], key="SKU-1", name="架空タオル 1", product=product)
    for start in range(0, len(faulty), 50):
        part = faulty[start : start + 50]
        take_in(tenant, shops[0], *part[::2], mapped=False)
        take_in(tenant, shops[1], *part[1::2], mapped=False)
    take_in(tenant, shops[1], *clean)
    judge(tenant.pk)
    request(tenant.pk)
    client, call = browser(tenant), caller_of(tenant)
    with tenant_transaction(tenant.pk):
        orders = list(Order.objects.filter(number__in=[order.number for order in faulty]).order_by("pk"))
        shipping = encode(Status.objects.get(default_for="shipping").pk)

    ids = [encode(order.pk) for order in orders]
    for button in ({"want_shipment": "1"}, {"set_status": shipping}):
        every = {"orders": ",".join(ids), "confirmed": "1", "client_key": "k" + "".join(button)}
        client.post("/orders/bulk/", {**every, **button})
    call.post("orders/actions/want-shipment", {"orders": [{"id": one} for one in ids]})
    for _ in range(2):
        judge(tenant.pk)
        request(tenant.pk)

    with tenant_transaction(tenant.pk):
        passed = set(WarehouseRequest.objects.values_list("parcel__order__number", flat=True))
        left = Parcel.objects.filter(order__in=orders).exclude(state="draft").count()
    assert len(faulty) > 100
    assert passed & {order.number for order in faulty} == set()
    assert left == 0
    assert passed >= {order.number for order in clean}, "what is clean goes"
