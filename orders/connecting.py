"""Trying a mall's key: the adapter's live test, called outside any transaction. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from hub.throttle import Later, Pacer
from orders.channels import FunctionTest, Pace, ShopTest, channel_class, channel_for
from orders.models import Shop


def try_credentials(channel: str, credentials: Mapping[str, str], *, tenant_id: int, person: int) -> ShopTest:
    """Test credentials that are not stored yet; the calls of one person's tries keep the mall's pace among themselves."""
    pace = Pacer(tenant_id, f"try:{person}")
    adapter = channel_class(channel)(
        credentials=credentials, base_url=settings.CHANNEL_BASE_URLS[channel], pace=pace, transport=None
    )
    return _run(adapter)


def try_shop(shop: Shop, *, pace: Pace | None = None) -> ShopTest:
    """Test a shop's stored credentials in the pace that all its calls share."""
    return _run(channel_for(shop, pace=pace or Pacer(shop.tenant_id, f"shop:{shop.pk}")))


def _run(adapter: Any) -> ShopTest:
    try:
        return adapter.test()
    except Later as later:
        waiting = FunctionTest(function="–", result="no_answer", detail=f"busy for {later.seconds:.0f} s")
        return ShopTest(account="", functions=(waiting,), key_expires_at=None)
    finally:
        adapter.close()
