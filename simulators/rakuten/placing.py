"""Place orders: n of a mix, now or spread over a period, or given ones; the mix is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from simulators.clock import JST, parse_instant
from simulators.rakuten import amounts, mix
from simulators.rakuten.formats import show_datetime
from simulators.rakuten.full_order import full_order
from simulators.rakuten.state import Order, Shop

if TYPE_CHECKING:
    from simulators.rakuten.mall import RakutenMall


_WISHES = {
    "shop", "n", "mix", "kinds", "from", "until", "spread_minutes", "orders", "fixture", "visible_after_seconds",
}  # fmt: skip


def place(mall: RakutenMall, wish: dict[str, Any]) -> dict[str, Any]:
    """Place orders at a shop, or in turn at every shop.

    `{"shop", "n", "mix": {kind: weight} | "kinds": [kind], "from", "until" | "spread_minutes"}`: n orders, at business-now
    or evenly over the period (future ones appear when their time comes).
    `{"orders": [{"kind", "placed_at", "override": partial OrderModel, "expected_end", "plan", "settle": bool}]}`: given ones.
    `{"fixture": "full"}`: the order that fills every field.
    """
    if unknown := sorted(wish.keys() - _WISHES):
        raise ValueError(f"orders are placed by {', '.join(sorted(_WISHES))}, not {', '.join(unknown)}")
    shops = [mall.shops[str(wish["shop"])]] if wish.get("shop") else list(mall.shops.values())
    if not shops:
        raise ValueError("there is no shop yet")
    if wish.get("fixture") == "full":
        orders = [_fixture(mall, shops[0])]
    elif "orders" in wish:
        orders = [_given(mall, shops[index % len(shops)], given) for index, given in enumerate(wish["orders"])]
    else:
        orders = _mixed(mall, shops, wish)
    now = mall.clock.now()
    late = wish.get("visible_after_seconds")
    for order in orders:
        if late:
            order.plan["visible_after_seconds"] = late
        fault = mall.faults.pick("place", {"visible_late"}, now=now, shop=order.shop_id, number=order.number)
        if fault:
            order.plan["visible_after_seconds"] = fault.seconds or 300
        if order.placed_at > now:
            mall.engine.plan(order.placed_at, "appear", order)
        else:
            mall.life.appear(order, now)
    table = mix.table(orders)
    print(mix.show(table), flush=True)
    mall.catch_up()
    return {
        "orders": [
            {"number": o.number, "kind": o.kind, "expected_end": o.expected_end, "placed_at": o.placed_at.isoformat()}
            for o in orders
        ],
        "mix": table,
    }


def _mixed(mall: RakutenMall, shops: list[Shop], wish: dict[str, Any]) -> list[Order]:
    n = int(wish.get("n", 1))
    dice = Random(f"{mall.seed}:mix:{sum(shop.serial for shop in shops)}")
    chosen = mix.choose(
        n, dice, weights=wish.get("mix"), kinds=wish.get("kinds"), next_day=all(shop.next_day for shop in shops)
    )
    start, period = _period(mall, wish)
    moments = [start + period * index / n for index in range(n)]
    return [
        mall.generator.order(shop, kind, moment.replace(microsecond=0))
        for shop, kind, moment in zip(_shops_of(chosen, shops), chosen, moments, strict=True)
    ]


def _shops_of(chosen: Sequence[str], shops: Sequence[Shop]) -> Iterator[Shop]:
    """Yield the shop of each order: all in turn, and both of a pair at one shop."""
    first: dict[str, Shop] = {}
    for index, kind in enumerate(chosen):
        shop = shops[index % len(shops)]
        if kind in mix.PAIRS:
            if kind in first:
                shop = first.pop(kind)
            else:
                first[kind] = shop
        yield shop


def _period(mall: RakutenMall, wish: dict[str, Any]) -> tuple[datetime, timedelta]:
    start = parse_instant(wish["from"]).astimezone(JST) if "from" in wish else mall.clock.now()
    if "until" in wish:
        return start, parse_instant(wish["until"]) - start
    return start, timedelta(minutes=wish.get("spread_minutes", 0))


def _given(mall: RakutenMall, shop: Shop, given: dict[str, Any]) -> Order:
    """Make one order and lay the override over it: sums stay as overridden unless `settle` is true."""
    placed_at = parse_instant(given["placed_at"]).astimezone(JST) if "placed_at" in given else mall.clock.now()
    order = mall.generator.order(shop, given.get("kind", "card"), placed_at.replace(microsecond=0))
    order.kind = given.get("label", order.kind)
    order.expected_end = given.get("expected_end", order.expected_end)
    order.plan.update(given.get("plan", {}))
    if given.get("override"):
        model = lay_over(order.read(), given["override"])
        if given.get("settle"):
            amounts.settle(model)
        order.write(model)
    return order


def lay_over(below: Any, above: Any) -> Any:
    """Lay partial values over a model: objects by key, lists of equal length by place, all else replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: lay_over(below.get(key), value) for key, value in above.items()}}
    if isinstance(below, list) and isinstance(above, list) and len(below) == len(above):
        return [lay_over(one, other) for one, other in zip(below, above, strict=True)]
    return above


def _fixture(mall: RakutenMall, shop: Shop) -> Order:
    """Place the full order under a number of this shop."""
    plain = mall.generator.order(shop, "card", mall.clock.now().replace(microsecond=0))
    model = {**full_order(), "orderNumber": plain.number, "orderDatetime": show_datetime(plain.placed_at)}
    plain.write(model)
    plain.kind = "full"
    plain.expected_end = "held:remark"
    return plain
