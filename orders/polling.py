"""Stage: read shops that are due. Numbers are committed before details; a window is DONE only when all of it surely came (promise G1)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from hub.audit import Actor
from hub.clock import business_now
from hub.crash import crash
from hub.stages import kick
from hub.tenancy import tenant_transaction
from hub.throttle import Later, Pacer
from orders import coverage
from orders.channels import FOREIGN, Channel, MallBlind, MallDown, Named, channel_for
from orders.intake import save_mall_orders
from orders.intake.numbers import ABSENT_AFTER, ask_soon, name_numbers
from orders.models import OrderNumber, PollWindow, Shop
from orders.models.intake import NumberState, WindowState
from orders.notices import warn_of_blind

MALL = Actor(kind="mall", name="intake")
WINDOWS_A_TURN = 12
FETCHES_A_TURN = 10
AT_ONCE = timedelta(0)
UNREAD_RETRY = timedelta(seconds=30)
"""When a window that did not come whole, or a number that an answer passed over, is asked for again, at the latest."""


class LostLease(Exception):
    """Another worker has the shop now: stop without writing."""


def work(tenant_id: int, shop_id: int) -> bool:
    """Read one shop for one turn; say whether there was anything to do. Safe to run twice or to be killed anywhere."""
    token = uuid.uuid4()
    with tenant_transaction(tenant_id):
        now = business_now()
        if not _lease(shop_id, token, now):
            return False
        shop = Shop.objects.get(pk=shop_id)
        channel = channel_for(shop, pace=Pacer(tenant_id, f"shop:{shop_id}"))
    crash("polling.after_lease")
    try:
        again = _read(tenant_id, shop, channel, token)
        _finish(tenant_id, shop_id, token, again=again)
    except LostLease:
        return True
    except Later as later:
        _fail(tenant_id, shop_id, token, blind="", wait=timedelta(seconds=later.seconds))
    except MallBlind as blind:
        _fail(tenant_id, shop_id, token, blind=blind.reason, wait=timedelta(seconds=60))
    except MallDown as down:
        _fail(tenant_id, shop_id, token, blind="", wait=timedelta(seconds=down.retry_after or 30))
    finally:
        channel.close()
    kick("judge", tenant_id, 0)
    return True


def _lease(shop_id: int, token: uuid.UUID, now: datetime) -> bool:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
    due = Shop.objects.filter(free, pk=shop_id, polling=True, retired_at__isnull=True, next_poll_at__lte=now)
    return due.update(lease_token=token, lease_until=until) == 1


def _renew(shop_id: int, token: uuid.UUID) -> None:
    until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
    if Shop.objects.filter(pk=shop_id, lease_token=token).update(lease_until=until) != 1:
        raise LostLease


def _read(tenant_id: int, shop: Shop, channel: Channel, token: uuid.UUID) -> timedelta | None:
    """Read windows, then the details of what they named; return when to come again, or None for the shop's interval.

    Windows left open (by a turn that failed, or a worker that died) are read alone; what came since is then read at once. While the
    key is known to be another shop's, no details are asked for before a list shows otherwise: that shop knows none of the numbers.
    """
    shop_id, fetched, tried = shop.pk, 0, set[str]()
    if shop.blind_reason != FOREIGN:
        fetched = _fetch_named(tenant_id, shop_id, channel, token, tried, most=2)
    with tenant_transaction(tenant_id):
        now = business_now()
        shop = Shop.objects.get(pk=shop_id)
        windows, left_open = _open_windows(shop, now=now)
    for window in windows:
        named = channel.list_orders(since=window.from_at, until=window.until_at)
        crash("polling.after_list")
        refuse_foreign(shop, channel, named.numbers)
        with tenant_transaction(tenant_id):
            _renew(shop_id, token)
            _record(shop_id, window, named, now=now)
        crash("polling.after_window")
        fetched += _fetch_named(tenant_id, shop_id, channel, token, tried, most=FETCHES_A_TURN)
    if any(window.state == WindowState.OPEN for window in windows):
        return UNREAD_RETRY
    if left_open or len(windows) >= WINDOWS_A_TURN or fetched >= FETCHES_A_TURN:
        return AT_ONCE
    with tenant_transaction(tenant_id):
        return UNREAD_RETRY if ask_soon(shop_id, since=now - ABSENT_AFTER) else None


def refuse_foreign(shop: Shop, channel: Channel, numbers: Iterable[str]) -> None:
    """Raise MallBlind when a number is of another shop of the mall: the key was changed, and nothing of theirs is taken in."""
    heads = {head for number in numbers if (head := channel.account_of(number))}
    if shop.account and heads - {shop.account}:
        raise MallBlind(FOREIGN, function="list_orders")


def _open_windows(shop: Shop, *, now: datetime) -> tuple[list[PollWindow], bool]:
    """Return the windows to read this turn, oldest first, and whether they were left open; else they are newly planned."""
    windows = list(
        PollWindow.objects.filter(shop=shop, state=WindowState.OPEN).order_by("from_at", "pk")[:WINDOWS_A_TURN]
    )
    if windows:
        return windows, True
    planned = coverage.plan_windows(shop, now=now, most=WINDOWS_A_TURN)
    fresh = [PollWindow(shop=shop, from_at=stretch.from_at, until_at=stretch.until_at) for stretch in planned]
    return PollWindow.objects.bulk_create(fresh), False


def _record(shop_id: int, window: PollWindow, named: Named, *, now: datetime) -> None:
    """Commit the numbers of one reading, and what the reading says about its window."""
    name_numbers(shop_id, named.numbers, now=now)
    if named.mall_time is not None:
        behind = named.mall_time - coverage.BEHIND
        offset = round((named.mall_time - now).total_seconds())
        Shop.objects.filter(pk=shop_id).update(clock_offset_seconds=offset)
        if behind < window.until_at:
            if behind <= window.from_at:
                PollWindow.objects.filter(pk=window.pk).delete()
                return
            window.until_at = behind
    digest = hashlib.blake2b("\n".join(sorted(named.numbers)).encode(), digest_size=16).digest()
    agreed = named.total_first == named.total_last == len(named.numbers)
    same_again = window.names_hash is not None and bytes(window.names_hash) == digest
    window.tries += 1
    window.total, window.names_hash = named.total_last, digest
    shortest = window.until_at - window.from_at <= coverage.SHORTEST
    if agreed or (shortest and same_again):
        window.state, window.done_at = WindowState.DONE, now
        coverage.cover(shop_id, window)
    elif not shortest and window.tries >= 2:
        middle = window.from_at + (window.until_at - window.from_at) / 2
        PollWindow.objects.create(shop_id=shop_id, from_at=middle, until_at=window.until_at, why="halved")
        window.until_at, window.names_hash, window.tries, window.why = middle, None, 0, "halved"
    window.save(update_fields=["until_at", "state", "done_at", "tries", "total", "names_hash", "why"])


def _fetch_named(
    tenant_id: int, shop_id: int, channel: Channel, token: uuid.UUID, tried: set[str], *, most: int
) -> int:
    """Fetch details of NAMED numbers, each once a turn, a full answer at a time; return how many calls were made."""
    for calls in range(most):
        with tenant_transaction(tenant_id):
            _renew(shop_id, token)
            now = business_now()
            waiting = OrderNumber.objects.filter(shop_id=shop_id, state=NumberState.NAMED).exclude(number__in=tried)
            numbers = list(
                waiting.order_by("tries", "named_at", "number").values_list("number", flat=True)[: channel.fetch_size]
            )
        if not numbers:
            return calls
        tried.update(numbers)
        items = channel.fetch(numbers=numbers)
        crash("polling.after_fetch")
        save_mall_orders(tenant_id, shop_id, items, by=MALL, now=now)
    return most


def _finish(tenant_id: int, shop_id: int, token: uuid.UUID, *, again: timedelta | None) -> None:
    with tenant_transaction(tenant_id):
        now = business_now()
        shop = Shop.objects.get(pk=shop_id)
        interval = timedelta(seconds=shop.every_seconds)
        wait = interval if again is None else min(again, interval)
        done = Shop.objects.filter(pk=shop_id, lease_token=token).update(
            lease_token=None,
            lease_until=None,
            last_poll_at=now,
            next_poll_at=now + wait,
            blind_since=None,
            blind_reason="",
        )
        if done != 1:
            raise LostLease
        if shop.blind_since is not None:
            kick("poll", tenant_id, shop_id)
    crash("polling.after_finish")


def _fail(tenant_id: int, shop_id: int, token: uuid.UUID, *, blind: str, wait: timedelta) -> None:
    """Give the shop back after a failed turn; nothing read is lost, because the windows stay open."""
    with tenant_transaction(tenant_id):
        now = business_now()
        values: dict[str, object] = {"lease_token": None, "lease_until": None, "next_poll_at": now + wait}
        shop = Shop.objects.get(pk=shop_id)
        if blind:
            values["blind_reason"] = blind
            values["blind_since"] = shop.blind_since or now
            if shop.blind_since is None:
                warn_of_blind(shop, reason=blind, now=now)
        Shop.objects.filter(pk=shop_id, lease_token=token).update(**values)
    crash("polling.after_fail")
