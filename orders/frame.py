"""The core's part of the frame around each page: shops, what waits for a person, what cannot be seen, running jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from hub import troubles
from hub.problems import say
from hub.web import Visit
from orders.models import Shop
from orders.models.shops import ShopMode
from orders.queries import held_queue
from orders.queries.shops import shops_in_use
from orders.views.jobs import jobs_of


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the health menu."""

    tone: str
    words: str
    url: str


def parts(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html shows of orders, in about ten small statements."""
    visit: Visit = request.hub  # type: ignore[attr-defined]
    shops = shops_in_use()
    errors = troubles.counts(visit.now)
    error_count = sum(errors.values())
    shop = chosen_shop(request, shops)
    return {
        "shop": shop,
        "shops": shops,
        "attention_count": held_queue(shop_ids=(shop.pk,) if shop else ()).count() + error_count,
        "error_count": error_count,
        "health": _health(shops, errors),
        "jobs": jobs_of(visit.member, now=visit.now),
        "blind_shops": [_blind(shop) for shop in shops if shop.blind_since],
        "observing_shops": [
            {"name": s.name, "url": _url(s)} for s in shops if s.mode == ShopMode.OBSERVE and s.polling
        ],
    }


def chosen_shop(request: HttpRequest, shops: list[Shop]) -> Shop | None:
    """Return the shop this person looks at, or None for all of them."""
    wanted = request.session.get("shop")
    return next((shop for shop in shops if shop.pk == wanted), None)


def chosen_ids(request: HttpRequest, shops: list[Shop]) -> tuple[int, ...]:
    """Return the shop this person looks at, as the ids that a query takes: none for all of them."""
    shop = chosen_shop(request, shops)
    return (shop.pk,) if shop else ()


def _url(shop: Shop) -> str:
    return reverse("orders:shop", args=[shop.pk])


def _blind(shop: Shop) -> dict[str, Any]:
    return {"name": shop.name, "since": shop.blind_since, "cause": say(shop.blind_reason), "url": _url(shop)}


def _health(shops: list[Shop], errors: dict[str, int]) -> dict[str, Any]:
    blind = [shop for shop in shops if shop.blind_since]
    lines = [
        Line(tone="stop", words=_("%(shop)s: 見えていません") % {"shop": shop.name}, url=_url(shop)) for shop in blind
    ]
    if errors.get("stopped"):
        lines.append(
            Line(
                tone="stop",
                words=_("%(n)s件の送信が止まっています") % {"n": errors["stopped"]},
                url=reverse("orders:errors"),
            )
        )
    well = len(shops) - len(blind)
    if well and lines:
        lines.append(
            Line(tone="good", words=_("ほか %(n)sショップは見えています") % {"n": well}, url=reverse("orders:shops"))
        )
    if blind:
        return {"tone": "stop", "words": _("%(n)sショップが見えていません") % {"n": len(blind)}, "lines": lines}
    if errors.get("stopped"):
        return {"tone": "stop", "words": _("止まった送信があります"), "lines": lines}
    return {"tone": "good", "words": _("すべて見えています"), "lines": lines}
