"""What the pages of shops show: what was read and what was not, the orders of today, and what an observed shop would have sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count
from django.utils.functional import Promise

from hub.tenancy import current_tenant
from orders.coverage import Stretch
from orders.fields.kinds import day_of, start_of
from orders.models import Order, Shop


@dataclass(frozen=True, kw_only=True)
class ShopLine:
    """A connected shop: its gaps up to now, orders that wait for their time to pass, and orders placed today."""

    shop: Shop
    gaps: tuple[Stretch, ...]
    waiting: int
    today: int


def shops_in_use() -> list[Shop]:
    """Return the tenant's shops in their order, without what is heavy or secret."""
    shops = Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    return list(shops.defer("credentials", "covered", "unknown_fields"))


def in_shops(shop_ids: Sequence[int]) -> dict[str, Sequence[int]]:
    """Return the limit of a query on orders to these shops; none named means all."""
    return {"shop_id__in": shop_ids} if shop_ids else {}


def shop_lines(*, now: datetime, until: datetime) -> list[ShopLine]:
    """Return the connected shops in their order. Four statements, however many there are."""
    shops = Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    gaps = _gaps(until)
    waiting = _counts(ready_at__gt=now, is_open=True)
    today = _counts(placed_at__gte=start_of(day_of(now)), is_live=True)
    return [
        ShopLine(shop=shop, gaps=tuple(gaps[shop.pk]), waiting=waiting.get(shop.pk, 0), today=today.get(shop.pk, 0))
        for shop in shops
    ]


def _counts(**narrowed: object) -> dict[int, int]:
    rows = Order.objects.filter(**narrowed).order_by().values("shop_id").annotate(n=Count("pk"))
    return dict(rows.values_list("shop_id", "n"))


def _gaps(until: datetime) -> dict[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.id, lower(r), upper(r) FROM orders_shop s,
                      unnest(tstzmultirange(tstzrange(s.wanted_from, %(until)s)) - s.covered) r
               WHERE s.tenant_id = %(tenant)s AND s.retired_at IS NULL AND s.wanted_from < %(until)s ORDER BY 1, 2""",
            {"until": until, "tenant": current_tenant()},
        )
        for shop_id, lower, upper in cursor.fetchall():
            found[shop_id].append(Stretch(from_at=lower, until_at=upper))
    return found


def covered(shop: Shop, *, since: datetime, until: datetime) -> list[Stretch]:
    """Return what has surely been read between two instants, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT lower(r), upper(r) FROM orders_shop s, unnest(s.covered * tstzmultirange(tstzrange(%s, %s))) r
               WHERE s.id = %s ORDER BY 1""",
            [since, until, shop.pk],
        )
        return [Stretch(from_at=lower, until_at=upper) for lower, upper in cursor.fetchall()]


# What an observed shop would have sent. The core knows of confirmations; apps above say what they would do.


@dataclass(frozen=True, kw_only=True)
class Would:
    """On how many open orders of an observed shop something would have been done by now, and what."""

    what: str | Promise
    count: int


Teller = Callable[[Shop, datetime], Would]
_TELLERS: list[Teller] = []


def register_would(teller: Teller) -> None:
    """Add what an app above would do for an observed shop. Call it in `AppConfig.ready()` and nowhere else."""
    _TELLERS.append(teller)


def would_have(shop: Shop, *, now: datetime) -> list[Would]:
    """Return what the apps above would have done by now for the shop's orders."""
    return [teller(shop, now) for teller in _TELLERS]


def would_confirm(shop: Shop, *, now: datetime) -> int:
    """Count the orders that would have been confirmed at the mall by now."""
    return (
        Order.objects.filter(shop=shop, is_open=True, mall_state="new", confirm_state="", ready_at__lte=now)
        .exclude(mall_block="amount")
        .count()
    )
