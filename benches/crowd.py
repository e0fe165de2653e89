"""One of the processes that work at once on a tenant: `python -m benches.crowd TENANT SHOP import|bulk|fold NUMBER`."""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta

import django

SECONDS = 10.0


def main() -> None:
    """Work for ten seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")
    django.setup()
    tenant, shop, what, number = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    {"import": take_in, "bulk": move, "fold": fold}[what](tenant, shop, number)


def take_in(tenant: int, shop: int, number: int) -> None:
    """Take answers in, one after the other."""
    from benches.answers import Reader, answers
    from benches.shops import MALL, business_now
    from orders.intake import save_mall_orders

    now = business_now()
    load = answers(40, placed_at=now - timedelta(hours=3), seed=50 + number)
    reader, until = Reader(), time.monotonic() + SECONDS
    for answer in load:
        if time.monotonic() < until:
            save_mall_orders(tenant, shop, reader.read(answer), by=MALL, now=now)


def move(tenant: int, shop: int, number: int) -> None:
    """Move many orders to and fro, in batches as a person starts them."""
    from hub.audit import Actor
    from hub.tenancy import tenant_transaction
    from orders import batches
    from orders.models import Order, Status

    by, until, turn = Actor(kind="member", name="計測"), time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        with tenant_transaction(tenant):
            wanted = Status.objects.get(default_for=("shipped", "done")[turn % 2])
            ids = list(
                Order.objects.filter(phase__in=["shipped", "done"]).order_by("pk").values_list("pk", flat=True)[:1_500]
            )
            batch = batches.start("set-status", ids, {"status": wanted.pk}, client_key=f"crowd-{number}-{turn}", by=by)
        batches.work(tenant, batch.pk)
        turn += 1


def fold(tenant: int, shop: int, number: int) -> None:
    """Fold the differences again and again, as the housekeeping does."""
    from hub.tenancy import tenant_transaction
    from orders.queries.counts import fold_deltas

    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with tenant_transaction(tenant):
            fold_deltas()
        time.sleep(0.2)


if __name__ == "__main__":
    main()
