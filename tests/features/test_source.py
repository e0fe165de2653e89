"""What the hub shows of an order is what the mall has: every kind of order, field by field, against the mall's own model."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from automation.judge import judge
from hub.clock import JAPAN, business_now, true_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Listing, Order, OrderLine, Parcel, PollWindow, Product, Shop, Warehouse
from tests.api.conftest import caller_of
from tests.factories import make_shop, mall_line, mall_order, take_in
from tests.journeys.conftest import World
from tests.journeys.world_steps import account_of, connect, place, run
from tests.pages import browser

OPEN = -9999
"""The mall's number for an amount that nobody has fixed yet."""


def yen(value: int) -> int | None:
    return None if value == OPEN else value


def name_of(person: dict[str, Any]) -> str:
    return "".join(f"{person['familyName']}{person['firstName'] or ''}".split())


def phone_of(person: dict[str, Any]) -> str:
    return "".join(person[f"phoneNumber{n}"] or "" for n in (1, 2, 3))


def at_the_mall(model: dict[str, Any]) -> dict[str, Any]:
    """Return what the mall says, in figures and names only."""
    packages, buyer = model["PackageModelList"], model["OrdererModel"]
    lines = [(i["itemName"], i["units"], i["price"]) for p in packages for i in p["ItemModelList"]]
    goes_to = [
        (name_of(p["SenderModel"]), p["SenderModel"]["zipCode1"] + p["SenderModel"]["zipCode2"], p["SenderModel"]["city"])
        for p in packages if not p.get("DeliveryCvsModel")
    ]  # fmt: skip
    return {
        "lines": sorted(lines), "buyer": (name_of(buyer), phone_of(buyer), buyer["emailAddress"]), "to": sorted(goes_to),
        "postage": yen(model["postagePrice"]), "total": yen(model["requestPrice"]),
    }  # fmt: skip


def here(order: Order) -> dict[str, Any]:
    """Return the same of the hub's rows."""
    lines = OrderLine.objects.filter(order=order, closed_at__isnull=True)
    parcels = Parcel.objects.filter(order=order, pick_up={})
    return {
        "lines": sorted(lines.values_list("name", "quantity", "unit_price_yen")),
        "buyer": ("".join(order.buyer_name.split()), re.sub(r"\D", "", order.buyer_phone), order.buyer_email),
        "to": sorted(("".join(p.name.split()), re.sub(r"\D", "", p.postal_code), p.city) for p in parcels),
        "postage": order.postage_yen, "total": order.total_yen,
    }  # fmt: skip


@pytest.mark.feature("F001")
def test_a_hundred_orders_of_every_kind_are_here_once_and_say_what_the_mall_says(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant)
    placed = place(world, tenant, shop_id, n=100)
    for _ in range(3):
        world.pass_time(minutes=2)
        run("poll")

    state = httpx.get(
        f"{world.mall_url}/_control/state", params={"shop": account_of(tenant, shop_id), "full": "1"}, trust_env=False
    ).json()
    theirs = {row["number"]: at_the_mall(row["model"]) for row in state["orders"]}
    with tenant_transaction(tenant.pk):
        ours = {order.number: here(order) for order in Order.objects.all()}
        waiting = Order.objects.filter(status__default_for="waiting").count()
    judgement = judge(now=business_now(), true_now=true_now(), ledgers=world.folder, tenant_ids=[tenant.pk])
    said = [verdict.line() for verdict in judgement.verdicts if verdict.invariant == "J1" and not verdict.holds]

    assert sorted(theirs) == sorted(placed) == sorted(ours)
    assert {number: ours[number] for number in ours if ours[number] != theirs[number]} == {}
    assert waiting > 50
    assert said == [], "an order that waits is in"


@pytest.mark.feature("F013")
def test_each_line_says_who_ships_it_from_the_moment_it_is_in(tenant: Tenant) -> None:
    houses = ("自社の棚", "own"), ("RSL東日本", "rsl"), ("他社の倉庫", "other"), ("ロボットイン", "other")
    shop = make_shop(tenant)
    keys = [f"W-{place}" for place in range(len(houses))]
    with tenant_transaction(tenant.pk):
        for key, (name, kind) in zip(keys, houses, strict=True):
            house = Warehouse.objects.create(name=name, kind=kind)
            product = Product.objects.create(sku=f"SKU-{key}", name=key, warehouse=house)
            Listing.objects.create(shop=shop, key=f"SKU-{key}", name=key, product=product)
    order = mall_order(lines=(*(mall_line(key) for key in keys), mall_line("店の")))
    take_in(tenant, shop, order)
    with tenant_transaction(tenant.pk):
        pk, own = Order.objects.get().pk, Shop.objects.get(pk=shop.pk).warehouse
        assert own is not None

    page = browser(tenant).get(f"/orders/{encode(pk)}/").content.decode()
    lines = re.findall(r'<p class="name" title="架空タオル ([^"]+)">.*?</svg>([^<]+)</span>', page, re.S)

    assert lines == [*zip(keys, (name for name, _kind in houses), strict=True), ("店の", own.name)]


@pytest.mark.feature("F002")
def test_two_readings_are_never_more_than_15_minutes_apart_and_the_last_is_on_the_page(
    world: World, tenant: Tenant
) -> None:
    shop_id = connect(world, tenant)
    call = caller_of(tenant)
    path = f"shops/{encode(shop_id)}"
    slow = call.patch(path, {"polling": {"every_seconds": 600}})
    slower = call.patch(path, {"polling": {"every_seconds": 1_200}})
    readings = []
    for minute in range(120):
        if minute % 2:
            world.pass_time(minutes=2)
            if minute % 30 == 1:
                place(world, tenant, shop_id, n=1, kinds=["next_day"])
            run("poll")
            with tenant_transaction(tenant.pk):
                readings.append(Shop.objects.get(pk=shop_id).last_poll_at)

    moments = sorted({moment for moment in readings if moment is not None})
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    page = browser(tenant).get(f"/settings/shops/{encode(shop_id)}/").content.decode()
    assert (slow.status_code, slower.status_code, slower.json()["field"]) == (200, 422, "polling/every_seconds")
    assert max(gaps) <= timedelta(minutes=15)
    assert len(moments) >= 8
    assert re.search(rf"最終</dt><dd>.*?{moments[-1].astimezone(JAPAN):%H:%M}", page, re.S)
    with tenant_transaction(tenant.pk):
        assert PollWindow.objects.filter(state="done").exists()
        assert Order.objects.filter(next_day=True).count() >= 3
