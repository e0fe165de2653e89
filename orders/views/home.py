"""Home: is today all right? Five figures that open their list, the hours of the day, the shops, and what was done in the night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hub import troubles
from hub.answers import done
from hub.clock import JAPAN
from hub.ids import NotAnId, decode, encode
from hub.models import AuditEntry
from hub.problems import say
from hub.web import PageRequest, Visit, page
from orders.fields.kinds import start_of
from orders.frame import chosen_ids
from orders.models import Listing, Order, Shop, TaskMark
from orders.models.shops import ShopMode
from orders.queries import HomeFigures, any_uncounted, home_figures
from orders.queries.shops import in_shops, shops_in_use
from orders.queries.waits import waits
from orders.system_tasks import said
from orders.views.drawing import bars
from orders.views.shipping import unplaced_url

SHOWN_CAUSES = 3
SHOWN_CUTOFFS = 4
TONIGHT_FROM = timedelta(hours=18)


@page("orders.see", methods=("GET",))
def home(request: PageRequest) -> HttpResponse:
    """Show the figures of this moment."""
    visit = request.hub
    shop_ids = chosen_ids(request, shops_in_use())
    figures = home_figures(visit.now, shop_ids)
    errors = troubles.counts(visit.now)
    listed = reverse("orders:list")
    hour = localtime(visit.now, JAPAN).hour
    context = {
        "today": visit.now.astimezone(JAPAN).date(),
        "all_well": "" if shop_ids else _well(visit, figures, sum(errors.values())),
        "oldest": _oldest(figures),
        "late": SimpleNamespace(count=figures.late, url=f"{listed}?late=1") if figures.late else None,
        "new": SimpleNamespace(
            count=figures.new, waiting=figures.waiting, url=f"{listed}?{urlencode([('status', encode(pk)) for pk in figures.new_in])}",
        ),
        "attention": SimpleNamespace(
            count=figures.held, url=reverse("orders:attention"),
            causes=[
                SimpleNamespace(words=cause.name, count=cause.orders, url=f"{listed}?task={encode(cause.task_id)}&held=1")
                for cause in [cause for cause in figures.causes if cause.for_people][:SHOWN_CAUSES]
            ],
        ),
        "shipping": _shipping(visit, figures),
        "stopped": _stopped(errors),
        "unreported": SimpleNamespace(
            count=figures.unreported, yen=figures.unreported_yen, url=f"{listed}?unreported=1",
            late=any_uncounted(visit.now, shop_ids),
        ),
        "bars": bars(figures.hours, figures.hours_last_week, now_hour=hour),
        "orders_today": sum(figures.hours),
        "orders_then": sum(figures.hours_last_week[: hour + 1]),
        "touchless": touchless(visit.now, shop_ids),
        "shops": [_shop(shop, visit) for shop in figures.shops],
        "waits": [
            SimpleNamespace(status=one.status, count=one.orders, mean_since=visit.now - one.mean, oldest_at=one.oldest_at, worst=one.worst,
                            url=f"{listed}?status={encode(one.status.pk)}")
            for one in waits(visit.now, shop_ids)
        ],
        "tonight": tonight(visit.now, shop_ids),
        "first_steps": _first_steps(figures) if visit.may("settings.see") else None,
    }  # fmt: skip
    return render(request, "orders/home.html", context)


def _well(visit: Visit, figures: HomeFigures, errors: int) -> str:
    if not figures.all_well or errors or not figures.shops:
        return ""
    return _("すべて順調です。%(time)s 現在、止まっているものも遅れているものもありません。") % {
        "time": f"{localtime(visit.now, JAPAN):%H:%M}"
    }


def _oldest(figures: HomeFigures) -> SimpleNamespace | None:
    if figures.oldest_held is None:
        return None
    marks = TaskMark.objects.filter(order_id=figures.oldest_held, closed_at__isnull=True, task__holds=True)
    since = marks.aggregate(at=Min("opened_at"))["at"]
    return SimpleNamespace(url=reverse("orders:detail", args=[figures.oldest_held]), age_at=since)


def _shipping(visit: Visit, figures: HomeFigures) -> SimpleNamespace:
    url = reverse("orders:shipping")
    cutoffs = [
        SimpleNamespace(
            warehouse=one.warehouse.name, until=one.at, seconds=max(int((one.at - visit.now).total_seconds()), 0), count=one.orders,
            misses=one.held,
            url=f"{url}#warehouse-{encode(one.warehouse.pk)}",
        )
        for one in figures.cutoffs if one.warehouse.kind != "other"
    ]  # fmt: skip
    return SimpleNamespace(
        count=figures.to_ship, url=f"{reverse('orders:list')}?to_ship=all", elsewhere=figures.elsewhere,
        cutoffs=sorted(cutoffs, key=lambda one: -one.count)[:SHOWN_CUTOFFS] if len(cutoffs) > SHOWN_CUTOFFS else cutoffs,
        more_url=url if len(cutoffs) > SHOWN_CUTOFFS else "", unplaced=SimpleNamespace(count=figures.unplaced, url=unplaced_url()),
    )  # fmt: skip


def _stopped(errors: dict[str, int]) -> SimpleNamespace:
    url = reverse("orders:errors")
    words = {source.key: source.words for source in troubles.sources()}
    lines = [SimpleNamespace(words=words[key], count=n, url=f"{url}?source={key}") for key, n in errors.items() if n]
    return SimpleNamespace(count=sum(errors.values()), url=url, lines=lines[:4])


def _shop(shop: Shop, visit: Visit) -> SimpleNamespace:
    words, tone = shop_words(shop)
    key_words, key_tone = key_of(shop, visit.now)
    return SimpleNamespace(
        name=shop.name, mark=shop.mark, colour=shop.colour, url=reverse("orders:shop", args=[shop.pk]), tone=tone, words=words,
        seen_at=shop.last_poll_at, next_at=shop.next_poll_at if shop.polling else None, key_words=key_words, key_tone=key_tone,
        observing=shop.mode == ShopMode.OBSERVE, fetch_url=reverse("orders:shop_fetch", args=[shop.pk]),
    )  # fmt: skip


def shop_words(shop: Shop) -> tuple[str, str]:
    """Return how a shop is seen, in words, and the tone of it."""
    if shop.blind_since:
        since = f"{localtime(shop.blind_since, JAPAN):%m/%d %H:%M}"
        return _("%(since)s から見えていません: %(why)s") % {"since": since, "why": say(shop.blind_reason)}, "stop"
    if not shop.polling:
        return _("取込は止まっています"), "wait"
    return _("見えています"), "good"


def key_of(shop: Shop, now: datetime) -> tuple[str, str]:
    """Return how long the shop's key still lives, where that is known, and the tone of it."""
    if shop.key_expires_at is None:
        return "", "closed"
    days = (shop.key_expires_at.astimezone(JAPAN).date() - now.astimezone(JAPAN).date()).days
    if days < 0:
        return _("期限切れ"), "stop"
    return _("あと%(n)s日") % {"n": days}, "wait" if days <= 21 else "closed"


def touchless(now: datetime, shop_ids: Sequence[int] = ()) -> SimpleNamespace | None:
    """Return how many of the orders shipped in 7 days no person touched, and what most often held those that one did."""
    shipped = Order.objects.filter(**in_shops(shop_ids), shipped_at__gte=now - timedelta(days=7), is_live=True)
    tries = shipped.count()
    if not tries:
        return None
    by_people = AuditEntry.objects.filter(order_id__in=shipped.values("pk"), actor_kind="member").values("order_id")
    touched = by_people.distinct().count()
    marks = (
        TaskMark.objects.filter(order__in=by_people, task__holds=True)
        .order_by()
        .values("task__key", "task__name")
        .annotate(n=Count("order", distinct=True))
    )
    causes = sorted(marks, key=lambda row: -row["n"])[:SHOWN_CAUSES]
    most = causes[0]["n"] if causes else 1
    return SimpleNamespace(
        percent=f"{100 * (tries - touched) / tries:.1f}", tries=tries,
        causes=[
            SimpleNamespace(words=said(row["task__key"], row["task__name"]), count=row["n"], percent=round(100 * row["n"] / most))
            for row in causes
        ],
    )  # fmt: skip


NIGHTLY: dict[str, tuple[Any, str]] = {
    "order.taken_in": (lambda n: _("%(n)s件の受注を取り込みました") % {"n": n}, "moving"),
    "parcel.requested": (lambda n: _("%(n)s件の出荷を倉庫へ依頼しました") % {"n": n}, "moving"),
    "parcel.shipped": (lambda n: _("%(n)s件の出荷実績を受け取りました") % {"n": n}, "good"),
    "mall.reported": (lambda n: _("%(n)s件の出荷をモールへ報告しました") % {"n": n}, "good"),
    "order.counted": (lambda n: _("モールで %(n)s件の発送が反映されました") % {"n": n}, "good"),
    "mail.sent": (lambda n: _("%(n)s通のメールを送りました") % {"n": n}, "good"),
    "order.cancelled_at_mall": (lambda n: _("モールで %(n)s件がキャンセルになりました") % {"n": n}, "wait"),
}
"""What the hub did by itself, by the verb of its audit entries."""


def tonight(now: datetime, shop_ids: Sequence[int] = ()) -> list[SimpleNamespace]:
    """Return what the hub did by itself since yesterday evening, the latest first."""
    since = start_of(now.astimezone(JAPAN).date()) - timedelta(hours=24) + TONIGHT_FROM
    entries = AuditEntry.objects.filter(at__gte=since, verb__in=list(NIGHTLY)).exclude(actor_kind="member")
    if shop_ids:
        entries = entries.filter(order_id__in=Order.objects.filter(**in_shops(shop_ids)).values("pk"))
    rows = entries.order_by().values("verb").annotate(n=Count("pk"), last=Max("at"))
    found = [(row["last"], NIGHTLY[row["verb"]], row["n"]) for row in rows]
    return [
        SimpleNamespace(at=at, words=words(f"{n:,}"), url="", tone=tone)
        for at, (words, tone), n in sorted(found, key=lambda one: one[0], reverse=True)
    ]


def _first_steps(figures: HomeFigures) -> list[SimpleNamespace] | None:
    """Return the first four steps, until all are taken."""
    connected = bool(figures.shops)
    unmapped = Listing.objects.filter(product__isnull=True).count()
    live = any(shop.mode == ShopMode.LIVE for shop in figures.shops)
    if connected and live:
        return None
    seen = any(shop.last_poll_at for shop in figures.shops)
    first = next(iter(figures.shops), None)
    live_url = reverse("orders:shop_live", args=[first.pk]) if first else reverse("orders:shop_new")
    return [
        SimpleNamespace(words=_("ショップをつなぐ"), done=connected, url=reverse("orders:shop_new"), action=_("つなぐ")),
        SimpleNamespace(words=_("商品を結び付ける"), done=connected and seen and not unmapped, url=reverse("orders:listings"),
                        action=_("%(n)s件を見る") % {"n": unmapped}),
        SimpleNamespace(words=_("観察で流れを確かめる"), done=live, url=reverse("orders:list"), action=_("見る")),
        SimpleNamespace(words=_("本番を始める"), done=live, url=live_url, action=_("始める")),
    ]  # fmt: skip


@page("account.own", methods=("POST",))
def switch_shop(request: PageRequest) -> HttpResponse:
    """Look at one shop, or at all of them."""
    try:
        wanted = decode(request.POST.get("shop", ""))
    except NotAnId:
        wanted = 0
    if Shop.objects.filter(pk=wanted, retired_at__isnull=True).exists():
        request.session["shop"] = wanted
    else:
        request.session.pop("shop", None)
    return done(request, "")
