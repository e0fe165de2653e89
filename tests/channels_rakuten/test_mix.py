"""Every kind of order that the simulated mall invents is understood, adds up, and says what it is."""

from orders.channels import MallOrder
from simulators.rakuten.kinds import KINDS
from tests.contract.channel_bench import Stand


def due(order: MallOrder) -> int | None:
    """Return what the parts of an order come to; none while one is open."""
    parts = (order.subtotal_yen, order.postage_yen, order.fee_yen)
    if None in parts:
        return None
    coupons = sum(coupon.yen for coupon in order.coupons)
    return sum(part or 0 for part in parts) + order.extra["tax_outside_yen"] - coupons - order.points_yen


def test_every_kind_is_understood_and_its_parts_make_its_total() -> None:
    stand = Stand("rakuten")
    control = stand.bench.control  # type: ignore[attr-defined]
    placed = control("orders", shop=stand.bench.account, orders=[{"kind": kind} for kind in KINDS for _ in range(3)])[
        "orders"
    ]
    kinds = {row["number"]: row["kind"] for row in placed}

    found = stand.adapter.fetch(numbers=list(kinds))

    assert {kinds[order.number] for order in found if not isinstance(order, MallOrder)} == set()
    orders = [order for order in found if isinstance(order, MallOrder)]
    assert len(orders) == len(kinds)
    assert {
        kinds[order.number]: (order.total_yen, due(order)) for order in orders if order.total_yen != due(order)
    } == {}
    assert {field for order in orders for field in order.unknown_fields} == set()
    assert {kinds[order.number] for order in orders if "address" in order.blocks} == {
        "social_gift",
        "social_gift_never",
    }
    assert {kinds[order.number] for order in orders if "amount" in order.blocks} == {"postage_later", "postage_never"}
    assert {kinds[order.number] for order in orders if "review" in order.blocks} == {"review"}
    assert {kinds[order.number] for order in orders if order.parcels[0].pick_up} == {"store_pickup"}
