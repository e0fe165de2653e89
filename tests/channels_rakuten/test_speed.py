"""One getOrder answer of 100 orders is read in a fraction of the second that the mall's limit leaves for it."""

import time

from channels_rakuten.mapping.orders import order_from
from orders.channels import MallOrder
from tests.channels_rakuten.conftest import Model, sent


def test_a_hundred_full_orders_are_mapped_quickly(full: Model) -> None:
    """The full order has three lines and is the heaviest there is; five times the time seen is let pass, of the processor alone."""
    raws = [sent({**full, "orderNumber": f"400001-20311104-{index:010}"}) for index in range(100)]

    seconds = []
    for _ in range(5):
        began = time.thread_time()
        orders = [order_from(raw) for raw in raws]
        seconds.append(time.thread_time() - began)

    assert all(isinstance(order, MallOrder) for order in orders)
    assert min(seconds) < 0.060, f"{min(seconds) * 1000:.1f} ms"


def test_a_large_order_is_one_order(full: Model) -> None:
    package = full["PackageModelList"][0]
    lines = [{**package["ItemModelList"][0], "itemDetailId": 1000 + index} for index in range(200)]
    full["PackageModelList"] = [
        {**package, "basketId": 100 + index, "ItemModelList": lines[index * 10 : index * 10 + 10]}
        for index in range(20)
    ]
    full["remarks"] = "お願いします。" * 43_000

    order = order_from(sent(full))

    assert isinstance(order, MallOrder)
    assert (len(order.parcels), sum(len(parcel.lines) for parcel in order.parcels)) == (20, 200)
    assert len(order.remarks) == 301_000
