"""How shops are told on pages: their key, their intake, what was read, and the live test function by function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from hub.clock import JAPAN
from hub.problems import CATALOGUE, advise, say
from hub.templatetags.hub_ui import span
from orders.channels import channel_class
from orders.coverage import BEHIND, Stretch
from orders.models import Shop
from orders.models.shops import ConfirmBy, ShopMode
from orders.queries.shops import ShopLine
from orders.words import result_code

TONES = {"allowed": "good", "not_active_yet": "wait", "no_answer": "wait"}
GRACE = timedelta(minutes=3)
"""What was placed this lately is not called a gap: the next poll reads it."""


def readable_until(now: datetime) -> datetime:
    """Return the instant up to which a shop in order has been read."""
    return now - BEHIND - GRACE


def key_words(shop: Shop, now: datetime) -> tuple[str, str]:
    """Return how long the key still lives, and how urgent that is."""
    if shop.key_expires_at is None:
        return "", ""
    if shop.key_expires_at <= now:
        return _("期限切れ"), "stop"
    days = (shop.key_expires_at.astimezone(JAPAN).date() - now.astimezone(JAPAN).date()).days
    return _("あと%(n)d日") % {"n": days}, "stop" if days <= 3 else "wait" if days <= 21 else "closed"


def blind_words(shop: Shop) -> str:
    """Return why the shop cannot be seen: the function that was refused, and how."""
    if shop.blind_since is None:
        return ""
    function, _colon, reason = shop.blind_reason.rpartition(":")
    said = f"{say(reason)} {advise(reason)}".strip() if reason in CATALOGUE else shop.blind_reason
    return f"{function}: {said}" if function else said


def every_words(shop: Shop) -> str:
    return _("%(time)sごと") % {"time": span(shop.every_seconds)}


def channel_label(shop: Shop) -> str:
    plug = settings.CHANNELS.get(shop.channel)
    return _(plug.label) if plug else shop.channel


def coverage_words(shop: Shop, gaps: Sequence[Stretch]) -> tuple[str, str]:
    """Return in words what has not been read, and how urgent that is."""
    missing = sum(((gap.until_at - gap.from_at) for gap in gaps), timedelta())
    if not missing:
        return _("取りこぼしなし"), "good"
    tone = "stop" if shop.blind_since is not None else "wait"
    return _("%(time)s ぶんをまだ読んでいません") % {"time": span(missing.total_seconds())}, tone


def gap_words(shop: Shop) -> str:
    """Return why a gap is there and what closes it."""
    if shop.blind_since is not None:
        return _("鍵が使えません。入れ直すと、ここから読みます。")
    if not shop.polling:
        return _("取込を止めています。始めると、ここから読みます。")
    return _("古い順に読んでいます。")


def _facts(shop: Shop, now: datetime) -> dict[str, Any]:
    key, key_tone = key_words(shop, now)
    return {
        "pk": shop.pk,
        "name": shop.name,
        "mark": shop.mark,
        "colour": shop.colour,
        "channel_label": channel_label(shop),
        "account": shop.account,
        "observing": shop.mode == ShopMode.OBSERVE,
        "polling": shop.polling,
        "blind_words": blind_words(shop),
        "seen_at": shop.last_poll_at,
        "next_at": shop.next_poll_at if shop.polling else None,
        "every_words": every_words(shop),
        "key_words": key,
        "key_tone": key_tone,
    }


def shop_row(line: ShopLine, now: datetime) -> dict[str, Any]:
    """Return a shop as the list shows it."""
    said, tone = coverage_words(line.shop, line.gaps)
    return {
        **_facts(line.shop, now),
        "coverage_words": said,
        "coverage_tone": tone,
        "waiting": line.waiting,
        "orders_today": line.today,
    }


def shop_facts(shop: Shop, now: datetime) -> dict[str, Any]:
    """Return a shop as its own page shows it."""
    return {
        **_facts(shop, now),
        "blind_since": shop.blind_since,
        "wait_minutes": shop.wait_minutes,
        "next_day_name": shop.next_day_name,
        "key_hint": shop.key_hint,
        "confirm_by_words": _("このハブがする") if shop.confirm_by == ConfirmBy.HUB else _("ほかのシステムがする"),
        "key_expires_at": shop.key_expires_at,
        "live_from": shop.live_from,
        "warehouse_name": shop.warehouse.name if shop.warehouse else "",
        "harmless_remarks": shop.harmless_remarks,
        "signature": shop.signature,
    }


def test_told(channel: str, result: Mapping[str, Any], at: datetime | None) -> SimpleNamespace | None:
    """Return the outcome of a live test as it is stored (`orders.operations.shops.save_test`), line by line."""
    if not result:
        return None
    labels: Mapping[str, Any] = getattr(channel_class(channel), "functions", {})
    lines = []
    for row in result.get("functions", []):
        said = [str(labels.get(row["function"], "")), row["detail"]]
        lines.append(
            SimpleNamespace(
                function=row["function"], words=" · ".join(part for part in said if part), tone=TONES.get(row["result"], "stop"),
                result_words=say(result_code(row["result"])).rstrip("。."),
            )
        )  # fmt: skip
    return SimpleNamespace(at=at, lines=lines, all_good=bool(result.get("passed")), advice=advice_on(result))


def refusal_to_poll(shop: Shop) -> str:
    """Return why intake cannot be started, or an empty text."""
    if shop.polling or shop.test_result.get("passed"):
        return ""
    if not shop.tested_at:
        return _("取込を始める前に、接続を確かめてください。")
    advice = advice_on(shop.test_result)
    return " ".join(filter(None, (_("使えない機能があるため、取込を始められません。"), advice)))


def advice_on(result: Mapping[str, Any]) -> str:
    """Return what to do about a live test that failed: said once, for the first function that is refused."""
    refused = [row["result"] for row in result.get("functions", []) if row["result"] != "allowed"]
    return advise(result_code(refused[0])) if refused else ""


def coverage_drawn(
    shop: Shop, *, read: Sequence[Stretch], gaps: Sequence[Stretch], since: datetime, until: datetime
) -> dict[str, Any]:
    """Return the bar of what was read: stretches in a drawing 1,000 wide, and the gaps in words."""
    width, whole = 1_000, max((until - since).total_seconds(), 1.0)

    def spans(stretches: Sequence[Stretch], kind: str, title: str) -> list[dict[str, Any]]:
        drawn = []
        for stretch in stretches:
            start = max((stretch.from_at - since).total_seconds(), 0.0) / whole * width
            end = min((stretch.until_at - since).total_seconds(), whole) / whole * width
            local = (
                f"{stretch.from_at.astimezone(JAPAN):%m/%d %H:%M} – {stretch.until_at.astimezone(JAPAN):%m/%d %H:%M}"
            )
            drawn.append(
                {
                    "x": round(start, 1),
                    "width": round(max(end - start, 2.0), 1),
                    "kind": kind,
                    "title": f"{title} {local}",
                }
            )
        return drawn

    said = gap_words(shop)
    return {
        "label": _("どこまで読んだか"), "width": width, "from_at": since, "until_at": until,
        "spans": spans(read, "read", _("確かに読んだ")) + spans(gaps, "gap", _("まだ読めていない")),
        "gaps": [{"from_at": gap.from_at, "until_at": gap.until_at, "words": said} for gap in gaps],
    }  # fmt: skip
