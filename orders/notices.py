"""Warnings to the people of a tenant by system mail: a key that ends, a shop that cannot be seen."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from hub.accounts import send_system_mail
from hub.audit import SYSTEM, note
from hub.models import Member, Role
from orders.models import Shop

log = logging.getLogger(__name__)


def warn_of_key(shop: Shop, *, days: int, now: datetime) -> None:
    """Tell owners and admins that the shop's key ends in so many days; sent after the commit, entered in the audit."""
    note("shop.key_ends", by=SYSTEM, now=now, shop=shop.pk, days=days)
    _send(_people(), shop.name, days)


def warn_of_blind(shop: Shop, *, reason: str, now: datetime) -> None:
    """Tell owners and admins that the shop's orders cannot be seen since now; sent after the commit, once for each time it goes blind."""
    note("shop.blind", by=SYSTEM, now=now, shop=shop.pk, reason=reason)
    _send_blind(_people(), shop.name)


def _people() -> list[tuple[str, str]]:
    members = Member.objects.filter(role__in=[Role.OWNER, Role.ADMIN], removed_at__isnull=True).select_related("user")
    return [(member.user.email, member.user.language) for member in members]


def _send_blind(people: list[tuple[str, str]], shop_name: str) -> None:
    for address, language in people:
        with translation.override(language):
            subject = _("%(shop)s の受注を見られなくなりました") % {"shop": shop_name}
            body = _(
                "モールが鍵を拒否しています。店舗の設定で接続を確かめてください。直るまでに入った受注は、直したあとで取り込みます。\n%(url)s"
            ) % {"url": settings.PUBLIC_URL}
        send_system_mail(address, subject, body)


def _send(people: list[tuple[str, str]], shop_name: str, days: int) -> None:
    for address, language in people:
        with translation.override(language):
            subject = _("%(shop)s のライセンスキーはあと%(days)s日で切れます") % {"shop": shop_name, "days": days}
            body = _("モールの管理画面で新しい鍵を発行し、店舗の設定に入力してください。\n%(url)s") % {
                "url": settings.PUBLIC_URL
            }
        send_system_mail(address, subject, body)
