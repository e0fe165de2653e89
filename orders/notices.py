"""Warnings to the people of a tenant by system mail: a key that ends, a shop that cannot be seen, what does not get out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hub.accounts import send_system_mail
from hub.audit import SYSTEM, note
from hub.clock import JAPAN
from hub.effects.late import EveningRow, LateLane
from hub.effects.words import kind_words
from hub.models import Member, Role
from hub.problems import advise, say
from orders.channels import FOREIGN
from orders.models import Shop, Warehouse


def warn_of_key(shop: Shop, *, days: int, now: datetime) -> None:
    """Tell owners and admins that the shop's key ends in so many days; sent after the commit, entered in the audit."""
    note("shop.key_ends", by=SYSTEM, now=now, shop=shop.pk, days=days)

    def letter() -> tuple[str, str]:
        subject = _("%(shop)s のライセンスキーはあと%(days)s日で切れます") % {"shop": shop.name, "days": days}
        body = _("モールの管理画面で新しい鍵を発行し、ショップの設定に入力してください。\n%(url)s")
        return subject, body % {"url": settings.PUBLIC_URL}

    tell_leaders(letter)


def warn_of_blind(shop: Shop, *, reason: str, now: datetime) -> None:
    """Tell owners and admins that the shop's orders cannot be seen since now; sent after the commit, once for each time it goes blind."""
    note("shop.blind", by=SYSTEM, now=now, shop=shop.pk, reason=reason)

    def letter() -> tuple[str, str]:
        subject = _("%(shop)s の受注を見られなくなりました") % {"shop": shop.name}
        if reason == FOREIGN:
            body = _("%(cause)s\n直るまでに入った受注は、直したあとで取り込みます。\n%(url)s")
        else:
            body = _(
                "モールが鍵を拒否しています。ショップの設定で接続を確かめてください。直るまでに入った受注は、直したあとで取り込みます。\n%(url)s"
            )
        return subject, body % {"cause": f"{say(reason)}\n{advise(reason)}", "url": settings.PUBLIC_URL}

    tell_leaders(letter)


def warn_of_late(to: str, lanes: Sequence[LateLane], *, now: datetime) -> None:
    """Tell owners and admins that sending to a counterpart has not succeeded for hours; once for each time that begins."""
    count, since = sum(lane.effects for lane in lanes), min(lane.since for lane in lanes)
    note("outgoing.late", by=SYSTEM, now=now, to=to, count=count, since=since.isoformat())

    def letter() -> tuple[str, str]:
        values = {"name": _name_of(to), "n": count, "since": _moment(since), "url": _page("late")}
        subject = _("%(name)sへの送信が4時間以上届いていません（%(n)s件）") % values
        body = _(
            "%(since)s からの%(n)s件が、まだ届いていません。自動で送り直し続けています。急ぐものは相手の画面で進めてください。\n%(url)s"
        )
        return subject, body % values

    tell_leaders(letter)


def warn_of_evening(rows: Sequence[EveningRow], *, day: date, now: datetime) -> None:
    """Tell owners and admins at 21:00 what is not out of the day, before the malls count what was shipped; once for each day."""
    count = sum(row.effects for row in rows)
    note("outgoing.evening", by=SYSTEM, now=now, day=day.isoformat(), count=count)

    def letter() -> tuple[str, str]:
        lines = [
            (_("%(kind)s %(n)s件（うち%(stopped)s件は止まっています）") if row.stopped else _("%(kind)s %(n)s件"))
            % {"kind": kind_words(row.kind), "n": row.effects, "stopped": row.stopped}
            for row in rows
        ]  # fmt: skip
        values = {"n": count, "lines": "\n".join(lines), "url": _page()}
        subject = _("%(day)s のうちに届いていない送信が%(n)s件あります") % {"day": f"{day:%m/%d}", "n": count}
        body = _(
            "21時の時点で、次の送信が終わっていません。出荷報告は夜のうちに届かないと反映が1日遅れます。\n\n%(lines)s\n\n%(url)s"
        )
        return subject, body % values

    tell_leaders(letter)


def tell_leaders(letter: Callable[[], tuple[str, str]]) -> None:
    """Send owners and admins a mail in their language once the open transaction has committed. `letter` returns subject and body."""
    for address, language in _people():
        with translation.override(language):
            send_system_mail(address, *letter())


def _name_of(to: str) -> str:
    """Return what a counterpart is called: `mall:rakuten`, `warehouse:3`, `mail:5`."""
    kind, _colon, which = to.partition(":")
    if kind == "mall" and which in settings.CHANNELS:
        return _(settings.CHANNELS[which].label)
    if kind == "warehouse" and which.isdigit():
        name = Warehouse.objects.filter(pk=int(which)).values_list("name", flat=True).first()
        return str(name or pgettext("one", "倉庫"))
    return _("メール") if kind == "mail" else to


def _moment(at: datetime) -> str:
    return f"{localtime(at, JAPAN):%m/%d %H:%M}"


def _page(source: str = "") -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('orders:errors')}" + (f"?source={source}" if source else "")


def _people() -> list[tuple[str, str]]:
    members = Member.objects.filter(role__in=[Role.OWNER, Role.ADMIN], removed_at__isnull=True).select_related("user")
    return [(member.user.email, member.user.language) for member in members]
