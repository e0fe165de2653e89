"""Stage: read orders again by number: when their wait ends, while they are open, and after the mall's nightly count."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from hub.clock import business_now
from hub.crash import crash
from hub.stages import kick
from hub.tenancy import tenant_transaction
from hub.throttle import Later, Pacer
from orders.channels import Channel, MallBlind, MallDown, channel_for
from orders.intake import save_mall_orders
from orders.models import Order, Shop
from orders.polling import MALL

CALLS_A_TURN = 10
AGAIN = timedelta(minutes=30)
BLIPS = 2
"""So many answers of a turn may be lost before the mall is called down: what is only read is asked again at once, in the shop's pace."""


def work(tenant_id: int, shop_id: int) -> bool:
    """Read again up to a thousand due orders of one shop; say whether there was anything to do."""
    token = uuid.uuid4()
    with tenant_transaction(tenant_id):
        free = Q(reread_until__isnull=True) | Q(reread_until__lt=Now())
        until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
        if (
            Shop.objects.filter(free, pk=shop_id, retired_at__isnull=True).update(
                reread_token=token, reread_until=until
            )
            != 1
        ):
            return False
        channel = channel_for(Shop.objects.get(pk=shop_id), pace=Pacer(tenant_id, f"shop:{shop_id}"))
    channel.reading_class = "reread"
    crash("rereading.after_lease")
    pause = timedelta(0)
    blips = 0
    try:
        for _ in range(CALLS_A_TURN):
            try:
                if not _one_call(tenant_id, shop_id, channel, token):
                    break
            except MallDown as down:
                blips += 1
                if blips > BLIPS or down.retry_after:
                    raise
    except Later as later:
        pause = timedelta(seconds=min(later.seconds, 30))
    except (MallBlind, MallDown) as error:
        pause = timedelta(seconds=getattr(error, "retry_after", None) or 20)
    finally:
        channel.close()
    with tenant_transaction(tenant_id):
        Shop.objects.filter(pk=shop_id, reread_token=token).update(
            reread_token=None, reread_until=Now() + pause if pause else None
        )
    crash("rereading.after_release")
    kick("judge", tenant_id, 0)
    return True


def _one_call(tenant_id: int, shop_id: int, channel: Channel, token: uuid.UUID) -> bool:
    with tenant_transaction(tenant_id):
        until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
        if Shop.objects.filter(pk=shop_id, reread_token=token).update(reread_until=until) != 1:
            return False
        now = business_now()
        due = Order.objects.filter(shop_id=shop_id, reread_at__lte=now).order_by("reread_at", "pk")
        stored = dict(due.values_list("number", "snapshot_hash")[: channel.fetch_size])
    numbers = list(stored)
    if not numbers:
        return False
    items = channel.fetch(numbers=numbers, stored={n: bytes(kept) for n, kept in stored.items() if kept is not None})
    crash("rereading.after_fetch")
    saved = save_mall_orders(tenant_id, shop_id, items, by=MALL, now=now)
    silent = sorted(set(numbers).difference(saved.new, saved.changed, saved.same))
    if silent:
        with tenant_transaction(tenant_id):
            Order.objects.filter(shop_id=shop_id, number__in=silent).update(reread_at=now + AGAIN)
        crash("rereading.after_silent")
    return len(numbers) == channel.fetch_size
