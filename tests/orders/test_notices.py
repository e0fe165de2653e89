"""Warnings by mail say what is the matter, in the language of whoever reads them (promise G4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from hub.effects.late import LateLane
from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.notices import warn_of_blind, warn_of_late
from tests.conftest import NOW
from tests.orders.making import make_shop


def owner(tenant: Tenant, language: str) -> None:
    """Make an owner who reads this language, and forget the mails so far."""
    with tenant_transaction(tenant.pk):
        user = User.objects.create_user(f"{language}{tenant.pk}@example.com", "x" * 20)
        User.objects.filter(pk=user.pk).update(language=language)
        Member.objects.create(user=user, role=Role.OWNER)
    mail.outbox.clear()


def told() -> EmailMessage:
    (message,) = mail.outbox
    return message


@pytest.mark.parametrize(
    ("language", "true", "false"),
    [("ja", "別のモール店舗の受注", "鍵を拒否しています"), ("en", "orders of another mall shop", "rejects the key")],
)
def test_a_key_of_another_shop_is_not_told_as_a_refused_one(
    tenant: Tenant, language: str, true: str, false: str
) -> None:
    owner(tenant, language)
    with tenant_transaction(tenant.pk):
        warn_of_blind(make_shop(), reason="foreign_orders", now=NOW)
    assert true in str(told().body)

    mail.outbox.clear()
    with tenant_transaction(tenant.pk):
        warn_of_blind(make_shop("支店"), reason="expired", now=NOW)
    assert false in str(told().body)


def test_a_mall_is_named_in_the_readers_language(tenant: Tenant) -> None:
    owner(tenant, "en")
    lane = LateLane(lane="shop:1", effects=2, since=NOW - timedelta(hours=5))
    with tenant_transaction(tenant.pk):
        warn_of_late("mall:rakuten", [lane], now=NOW)

    assert "Rakuten Ichiba" in told().subject
    assert "楽天" not in told().subject
