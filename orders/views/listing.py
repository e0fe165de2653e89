"""Orders as a list shows them: rows in the words of this reader, with what they may not see left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from orders.queries import OrderRow, ShopMark, StatusMark, TagMark
from orders.queries.rows import OpenTask
from orders.system_tasks import said
from orders.views.words import PAYMENT_SHORT, delivery_words, masked_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row of the order list as `orders/parts/rows.html` asks for it."""

    pk: int
    number: str
    number_head: str
    number_tail: str
    shop: ShopMark
    status: StatusMark
    placed_at: datetime
    buyer_name: str
    first_name: str
    more_lines: int
    total_yen: int | None
    payment_words: str | Promise
    delivery_words: str
    next_day: str
    wish_words: str
    tags: Sequence[TagMark]
    held: bool
    held_words: str
    held_tone: str
    late: bool
    closed: bool
    unreported: bool
    erased: bool
    remark: str
    memo: str


def shown(rows: Sequence[OrderRow], *, now: datetime, next_day_names: dict[int, str], open_names: bool) -> list[Shown]:
    """Return rows for the template; `open_names` says whether this reader may see whose orders they are."""
    return [_shown(row, now, next_day_names, open_names) for row in rows]


def _shown(row: OrderRow, now: datetime, next_day_names: dict[int, str], open_names: bool) -> Shown:
    head, dash, tail = row.number.partition("-")
    held, late = row.holds, row.late(now)
    return Shown(
        pk=row.pk, number=row.number, number_head=head + dash if tail else "", number_tail=tail or head, shop=row.shop, status=row.status,
        placed_at=row.placed_at, buyer_name=row.buyer_name if open_names else masked_name(row.buyer_name), first_name=row.first_name,
        more_lines=row.more_lines, total_yen=row.total_yen,
        payment_words=PAYMENT_SHORT.get(row.payment_method, row.payment_name),
        delivery_words=delivery_words(row.delivery_method, row.delivery_name), next_day=_next_day(row, next_day_names),
        wish_words=_wish(row), tags=row.tags,
        held=bool(held), held_words=held_words(held), held_tone="stop" if late else "wait", late=late,
        closed=row.phase in ("done", "cancelled") or row.deleted_at is not None, unreported=row.unreported,
        erased=row.erased_at is not None, remark=row.remark if open_names else "", memo=row.memo,
    )  # fmt: skip


def _next_day(row: OrderRow, names: dict[int, str]) -> str:
    return (names.get(row.shop.pk) or _("翌日配送")) if row.next_day else ""


def _wish(row: OrderRow) -> str:
    day = f"{row.wish_on.month}/{row.wish_on.day}" if row.wish_on else ""
    return " ".join(filter(None, (day, row.wish_time)))


def held_words(holds: Sequence[OpenTask]) -> str:
    """Return why an order is held, in one line: the oldest reason, and how many there are besides."""
    if not holds:
        return ""
    first = holds[0]
    words = first.reason if first.key == "hold" and first.reason else said(first.key, first.name)
    return _("%(words)s ほか%(n)s") % {"words": words, "n": len(holds) - 1} if len(holds) > 1 else words
