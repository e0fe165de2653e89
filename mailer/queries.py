"""What pages show of mail: an order's messages with their state, the templates, what the gate holds, a preview."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from hub.models import Effect, EffectState
from mailer import composing, gate, placeholders
from mailer.accounts import accounts_of
from mailer.models import MailAccount, MailTemplate, Message
from mailer.occasions import OCCASIONS
from orders.models import Order, Shop


@dataclass(frozen=True, kw_only=True)
class SeenMessage:
    """A mail as the order's page shows it. `state` and `reason` are its effect's; `hold` is why it waits for a person."""

    message: Message
    state: str
    hold: str
    reason: str
    detail: str
    due_at: datetime | None


def messages_of(order_ids: Iterable[int]) -> list[SeenMessage]:
    """Return the mails of these orders, the newest first, in two statements."""
    rows = list(
        Message.objects.filter(order_id__in=list(order_ids))
        .select_related("template", "account")
        .order_by("-queued_at", "-pk")
    )
    return seen_of(rows)


def seen_of(rows: Sequence[Message]) -> list[SeenMessage]:
    """Return mails with the state of their effects. One statement."""
    effects = Effect.objects.in_bulk([row.effect_id for row in rows])
    return [_seen(row, effects.get(row.effect_id)) for row in rows]


def _seen(message: Message, effect: Effect | None) -> SeenMessage:
    if effect is None:
        state = EffectState.DONE if message.sent_at else EffectState.DROPPED
        return SeenMessage(message=message, state=state, hold="", reason="", detail="", due_at=None)
    return SeenMessage(
        message=message,
        state=effect.state,
        hold=effect.hold_reason if effect.state == EffectState.WAITING else "",
        reason=effect.reason,
        detail=str(effect.reason_params.get("detail", "")),
        due_at=effect.due_at if effect.state == EffectState.WAITING else None,
    )


@dataclass(frozen=True, kw_only=True)
class HeldMails:
    """What the flood gate holds of one template and shop: one click lets it go."""

    template_id: int
    template_name: str
    shop_id: int
    shop_name: str
    count: int
    oldest_at: datetime
    newest_at: datetime


def held_mails() -> list[HeldMails]:
    """Return what waits for a click, the most first."""
    held = Effect.objects.filter(kind="mail.send", state=EffectState.WAITING, hold_reason=gate.FLOOD)
    rows = (
        Message.objects.filter(effect_id__in=held.values("pk"))
        .values("template_id", "template__name", "shop_id", "shop__name")
        .annotate(count=Count("pk"), oldest=Min("queued_at"), newest=Max("queued_at"))
        .order_by("-count", "template_id", "shop_id")
    )
    return [
        HeldMails(
            template_id=row["template_id"], template_name=row["template__name"], shop_id=row["shop_id"], shop_name=row["shop__name"],
            count=row["count"], oldest_at=row["oldest"], newest_at=row["newest"],
        )
        for row in rows
    ]  # fmt: skip


def templates() -> Sequence[MailTemplate]:
    """Return the templates in use, stopped ones too."""
    return list(MailTemplate.objects.filter(retired_at__isnull=True).select_related("shop").order_by("pk"))


def accounts() -> Sequence[MailAccount]:
    """Return the accounts in use."""
    return list(MailAccount.objects.filter(retired_at__isnull=True).select_related("shop").order_by("pk"))


def shops_without_account() -> list[Shop]:
    """Return the shops in use that cannot write to their buyers."""
    shops = {shop.pk: shop for shop in Shop.objects.filter(retired_at__isnull=True).order_by("position", "pk")}
    served = accounts_of(shops)
    return [shop for pk, shop in shops.items() if pk not in served]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A template as one order would fill it, and the words of it that this order leaves empty."""

    sender: str
    recipient: str
    subject: str
    body: str
    empty_words: tuple[str, ...]


def preview(template: MailTemplate, order_id: int) -> Preview:
    """Fill a template (saved or not) for one order; nothing is written. The order must exist."""
    order: Order = Order.objects.select_related("shop").get(pk=order_id)
    values = composing.values_of([order])[order.pk]
    account = accounts_of([order.shop_id]).get(order.shop_id) or MailAccount(sender="")
    letter = composing.compose(template, account, order, values)
    words = placeholders.words_of(template.subject) | placeholders.words_of(template.body)
    return Preview(
        sender=letter.sender, recipient=letter.recipient, subject=letter.subject, body=letter.body,
        empty_words=tuple(sorted(word for word in words if not values[word])),
    )  # fmt: skip


def sample_orders(template: MailTemplate, n: int = 20) -> Sequence[Order]:
    """Return the latest orders that a template may be looked at with."""
    mine = Q(shop_id=template.shop_id) if template.shop_id else Q()
    shipped = Q(shipped_at__isnull=False) if OCCASIONS[template.occasion].shipped else Q()
    return list(Order.objects.filter(mine, shipped, is_live=True).order_by("-placed_at", "-pk")[:n])
