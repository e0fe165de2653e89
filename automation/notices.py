"""Mails to the people who lead a tenant about its rules."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from automation.models import Rule
from orders.models import Order
from orders.notices import tell_leaders


def warn_of_rule(rule: Rule, *, order_ids: Sequence[int]) -> None:
    """Tell owners and admins that a rule switched itself off, for failing on these orders or (none) for naming what is gone."""
    numbers = list(Order.objects.filter(pk__in=order_ids).order_by("pk").values_list("number", flat=True))
    url = f"{settings.PUBLIC_URL.rstrip('/')}{reverse('automation:rule', args=[rule.pk])}"

    def letter() -> tuple[str, str]:
        values = {"name": rule.name, "n": len(numbers), "numbers": "\n".join(numbers), "url": url}
        subject = _("ルール「%(name)s」が自分で止まりました") % values
        if numbers:
            body = _(
                "次の%(n)s件の受注で失敗したためです。これらの受注は、このルールなしで判定し直します。直して保存すると動き出します。\n\n%(numbers)s\n\n%(url)s"
            )
        else:
            body = _("ルールが使っている項目がなくなったためです。直して保存すると動き出します。\n%(url)s")
        return subject, body % values

    tell_leaders(letter)
