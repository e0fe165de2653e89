"""What the mailer adds to the order page: the mails that went, wait or stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.effects.words import STATES
from mailer.queries import messages_of


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail as the panel shows it."""

    subject: str
    to: str
    at: datetime
    state_words: str | Promise
    tone: str
    url: str
    again_url: str


def mails_of(*, order_id: int) -> list[Mail]:
    """Return an order's mails, the newest first."""
    found = []
    for seen in messages_of([order_id]):
        words, tone = (_("送信前に止めています"), "wait") if seen.hold else STATES[seen.state]
        if seen.state == "done":
            words = _("送信済")
        message = seen.message
        found.append(
            Mail(
                subject=message.subject or str(_("消去済み")), to=message.recipient,
                at=message.sent_at or message.queued_at, state_words=words, tone=tone,
                url=reverse("mailer:message", args=[message.pk]), again_url=reverse("mailer:message_again", args=[message.pk]),
            )
        )  # fmt: skip
    return found
