"""A mapping that was refused: what was typed at which mall item and why it cannot be, told at its field by the page that shows the item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest

from hub.answers import typed
from hub.web import toast

KEPT = "mapping_refused"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What was typed for a mall item, as it was typed, and why it was refused."""

    listing_id: int
    sku: str
    units: str
    why: str

    @classmethod
    def of(cls, request: HttpRequest, listing_id: int, why: str) -> Refusal:
        return cls(listing_id=listing_id, sku=typed(request, "sku"), units=typed(request, "units", 10), why=why)

    def keep(self, request: HttpRequest) -> None:
        """Let the next page that shows the item tell it."""
        request.session[KEPT] = asdict(self)


def kept(request: HttpRequest) -> Refusal | None:
    """Return the refusal that the page before left, once."""
    return Refusal(**request.session.pop(KEPT)) if KEPT in request.session else None


def tell(request: HttpRequest, refusal: Refusal, items: Iterable[dict[str, Any]]) -> None:
    """Put what was typed and why it was refused into the item's form; an item that is not shown any more is told of by a toast."""
    for item in items:
        if item["pk"] == refusal.listing_id:
            item.update(sku=refusal.sku, units=refusal.units, error=refusal.why)
            return
    toast(request, refusal.why, tone="stop")
