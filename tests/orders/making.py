"""Orders made in a line, for the tests of reading: only what is named differs from a plain paid card order."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hub.clock import business_now
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import search
from orders.models import (
    Listing,
    Order,
    OrderLine,
    OrderTag,
    Parcel,
    Product,
    Shop,
    Status,
    Tag,
    Task,
    TaskMark,
    TrackingNumber,
    Warehouse,
)
from tests.conftest import NOW

_numbers = count(1)
ADDRESS = {"postal_code": "1500001", "prefecture": "東京都", "city": "渋谷区", "street": "神宮前1-2-3"}


def make_shop(name: str = "本店", **columns: Any) -> Shop:
    return Shop.objects.create(**{"name": name, "channel": "rakuten", "mark": "楽", "mode": "live", **columns})


def make_order(
    shop: Shop,
    *,
    at: datetime = NOW,
    status: str = "intake",
    recipients: Sequence[Mapping[str, Any]] = ({},),
    lines: Sequence[Mapping[str, Any]] = ({},),
    tags: Sequence[Tag] = (),
    tasks: Sequence[Task] = (),
    **columns: Any,
) -> Order:
    """An order with a parcel for each of `recipients`; a line says its parcel by `parcel` (a place in the list). Keys are made."""
    number = next(_numbers)
    step = Status.objects.select_related("group").get(default_for=status)
    buyer = {
        "buyer_name": "佐藤 花子",
        "buyer_kana": "サトウ ハナコ",
        "buyer_phone": "090-1234-5678",
        "buyer_email": "hanako@example.com",
    }
    order = Order.objects.create(
        **{
            "shop": shop, "number": f"338866-20261122-{number:010}", "status": step, "phase": step.group.phase, "status_at": at,
            "placed_at": at, "ready_at": at + timedelta(minutes=30), "taken_in_at": at, "changed_at": at, "payment_method": "card",
            "payment_name": "クレジットカード", "payment_state": "settled", "mall_state": "ready", "subtotal_yen": 1000, "postage_yen": 500,
            "fee_yen": 0, "total_yen": 1500, "ours": True, "open_lines": len(lines), **buyer,
            **{f"buyer_{key}": value for key, value in ADDRESS.items()}, **columns,
        }
    )  # fmt: skip
    same = {
        "name": order.buyer_name, "kana": order.buyer_kana, "phone": order.buyer_phone, "delivery_method": order.delivery_method, **ADDRESS,
    }  # fmt: skip
    parcels = [
        Parcel.objects.create(order=order, position=place, **{**same, **who})
        for place, who in enumerate(recipients, start=1)
    ]
    for place, line in enumerate(lines, start=1):
        plain = {"sku": "A-1", "name": "りんご", "quantity": 1, "unit_price_yen": 1000}
        given = {key: value for key, value in line.items() if key != "parcel"}
        OrderLine.objects.create(
            order=order, parcel=parcels[line.get("parcel", 0)], position=place, **{**plain, **given}
        )
    OrderTag.objects.bulk_create([OrderTag(order=order, tag=tag) for tag in tags])
    TaskMark.objects.bulk_create([TaskMark(order=order, task=task, opened_at=at) for task in tasks])
    search.refresh_keys(order.pk)
    return order


# Many orders of every sort, for the oracle.

NAMES = ["佐藤 花子", "鈴木一郎", "高橋 健", "髙橋健", "ｻﾄｳ ﾊﾅｺ", "SMITH John", "林", ""]
WORDS = ["", "急ぎ", "のし希望　お祝い", "ﾉｼ希望", "ＡＢＣ abc", "100%", "a_b", "改行\nあり", "'"]
PLACES = ["東京都", "沖縄県", "北海道", "大阪府", ""]
CITIES = ["渋谷区", "那覇市", "札幌市", ""]
SKUS = ["A-1", "A-2", "B-1", "ａ-1", ""]
PAID = [0, 1, 999, 1000, 1001, 50_000]
YEN = [None, *PAID]
METHODS = ["card", "cod", "bank", "unknown"]
PHASES = ["intake", "payment", "ready", "shipping", "shipped", "done", "cancelled"]


def order_in(tenant: Tenant, shop: Shop, **columns: Any) -> Order:
    """Make an order of the tenant, placed two hours ago unless told otherwise, in a transaction of its own."""
    with tenant_transaction(tenant.pk):
        return make_order(shop, **{"at": business_now() - timedelta(hours=2), **columns})


def make_many(n: int, *, seed: int) -> None:
    """Fill the current tenant with `n` random orders around NOW: holes, duplicates and edges included."""
    roll = random.Random(seed)
    shops = [make_shop("一号店"), make_shop("二号店", channel="manual")]
    houses = [Warehouse.objects.create(name=f"倉庫{k}", kind="own") for k in range(2)]
    products = [Product.objects.create(sku=f"P-{k}", name=f"商品{k}") for k in range(3)]
    listings = [Listing.objects.create(shop=shops[0], key=f"k{k}", name=f"出品{k}") for k in range(3)]
    statuses = list(Status.objects.select_related("group"))
    tags, tasks = list(Tag.objects.all()), list(Task.objects.order_by("pk")[:5])
    edges = [
        timedelta(0),
        timedelta(hours=12),
        timedelta(hours=11, minutes=59, seconds=59, microseconds=999_999),
        timedelta(days=1),
    ]

    def moment() -> datetime:
        return NOW - timedelta(days=roll.randint(-2, 9), minutes=roll.choice([0, 1, 700, 900])) + roll.choice(edges)

    def person(prefix: str) -> dict[str, Any]:
        return {
            f"{prefix}name": roll.choice(NAMES), f"{prefix}kana": roll.choice(NAMES), f"{prefix}phone": roll.choice(["", "0312345678"]),
            f"{prefix}postal_code": roll.choice(["1500001", ""]), f"{prefix}prefecture": roll.choice(PLACES),
            f"{prefix}city": roll.choice(CITIES), f"{prefix}street": roll.choice(["1-2", ""]),
        }  # fmt: skip

    def day() -> Any:
        return roll.choice([None, (NOW + timedelta(days=roll.randint(-5, 5), hours=9)).date()])

    orders: list[Order] = []
    parcels: list[Parcel] = []
    lines: list[OrderLine] = []
    rest: list[Any] = []
    for number in range(n):
        status = roll.choice(statuses)
        order = Order(
            shop=roll.choice(shops), number=f"R-{number:06}", status=status, phase=status.group.phase, status_at=moment(),
            placed_at=moment(), ready_at=moment(), taken_in_at=moment(), changed_at=NOW, payment_method=roll.choice(METHODS),
            payment_name=roll.choice(WORDS), payment_state=roll.choice(["open", "settled", "collect", "failed"]),
            mall_state=roll.choice(["new", "ready", "none"]),
            mall_block=roll.choice(["", "payment", "payment amount", "cancelled", "cancelling payment"]), **person("buyer_"),
            buyer_email=roll.choice(["", "a@example.com"]), delivery_method=roll.choice(WORDS),
            delivery_name=roll.choice(WORDS), next_day=roll.random() < 0.3, gift=roll.random() < 0.3,
            island=roll.random() < 0.3, order_kind=roll.choice(["normal", "pre"]), remarks=roll.choice(WORDS),
            remark_left=roll.choice(WORDS), remark_read=roll.random() < 0.5, wish_on=day(), wish_time=roll.choice(WORDS),
            cancel_due_on=day(), pay_due_on=day(), subtotal_yen=roll.choice(YEN), postage_yen=roll.choice(YEN),
            fee_yen=roll.choice(YEN), total_yen=roll.choice(YEN), coupon_shop_yen=roll.choice(PAID),
            coupon_other_yen=roll.choice(PAID), points_yen=roll.choice(PAID), discount_yen=roll.choice(PAID),
            sums_differ_yen=roll.choice([0, 1]), memo=roll.choice(WORDS), ours=roll.random() < 0.5,
            confirm_state=roll.choice(["", "done"]), confirmed_at=roll.choice([None, moment()]),
            shipped_at=roll.choice([None, moment()]), held=roll.random() < 0.3, unreported=roll.random() < 0.3,
            deleted_at=NOW if roll.random() < 0.1 else None, address_doubt=roll.choice(["", "", "postal"]),
            mall_sub_status=roll.choice(WORDS),
        )  # fmt: skip
        orders.append(order)
        own = [
            Parcel(order=order, position=k, warehouse=roll.choice([None, *houses]), carrier=roll.choice(["", "yamato"]), ship_on=day(),
                   state=roll.choice(["draft", "shipped"]), noshi=roll.choice(WORDS), drop_off=roll.choice(WORDS),
                   ship_wanted_at=roll.choice([None, moment()]), **person(""))
            for k in range(roll.choice([1, 1, 1, 2, 3]))
        ]  # fmt: skip
        if roll.random() < 0.3:
            who = ("name", "postal_code", "prefecture", "city", "street")
            for parcel in own:
                for column in who:
                    setattr(parcel, column, getattr(order, f"buyer_{column}"))
        parcels += own
        own_lines = [
            OrderLine(order=order, parcel=roll.choice(own), position=k, sku=roll.choice(SKUS), name=roll.choice(WORDS),
                      options=roll.choice(WORDS), quantity=roll.choice([0, 1, 2, 10]), product=roll.choice([None, *products]),
                      listing=roll.choice([None, *listings]), unit_price_yen=roll.choice(YEN), tax_percent=roll.choice([8, 10]),
                      closed_at=NOW if roll.random() < 0.25 else None)
            for k in range(roll.choice([0, 1, 1, 2, 4]))
        ]  # fmt: skip
        still = [line for line in own_lines if line.closed_at is None]
        order.open_lines, order.unmapped_lines = len(still), sum(line.product_id is None for line in still)
        lines += own_lines
        rest += [OrderTag(order=order, tag=tag) for tag in tags if roll.random() < 0.2]
        rest += [
            TaskMark(order=order, task=task, opened_at=NOW, closed_at=roll.choice([None, NOW]))
            for task in tasks
            if roll.random() < 0.2
        ]
        rest += [
            TrackingNumber(parcel=parcel, carrier="yamato", number=roll.choice(["111122223333", "12"]), shipped_on=NOW.date())
            for parcel in own if roll.random() < 0.3
        ]  # fmt: skip
    Order.objects.bulk_create(orders, batch_size=1_000)
    Parcel.objects.bulk_create(parcels, batch_size=1_000)
    OrderLine.objects.bulk_create(lines, batch_size=1_000)
    for model in (OrderTag, TaskMark, TrackingNumber):
        model.objects.bulk_create([row for row in rest if isinstance(row, model)], batch_size=1_000)
