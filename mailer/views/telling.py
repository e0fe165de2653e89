"""How mails are told on pages: their state, why they stopped, and what sending again means."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from hub.effects.words import STATES
from hub.models import EffectState
from hub.problems import advise, say
from mailer.gate import FLOOD
from mailer.queries import SeenMessage
from orders.operations.shops import OBSERVING


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the three pages of mail."""
    pages = [("messages", _("送信")), ("templates", _("テンプレート")), ("accounts", _("送信元"))]
    return [
        {"words": words, "url": reverse(f"mailer:{name}"), "current": name == current, "count": "", "tone": ""}
        for name, words in pages
    ]


def state_of(seen: SeenMessage) -> tuple[str, str]:
    """Return a mail's state and its tone."""
    if seen.hold == FLOOD:
        return _("送信前に止めています"), "wait"
    if seen.hold == OBSERVING:
        return _("観察中は送りません"), "closed"
    if seen.state == EffectState.DONE:
        return _("送信済"), "good"
    if seen.state == EffectState.STOPPED and seen.reason in ("unsure", "no_answer", "maybe_sent"):
        return _("送れたか不明"), "stop"
    words, tone = STATES[seen.state]
    return str(words), tone


def reason_of(seen: SeenMessage) -> str:
    """Return why a mail did not go, what to do, and the server's own words."""
    if not seen.reason or seen.state == EffectState.DONE:
        return ""
    return " ".join(part for part in (say(seen.reason), advise(seen.reason), seen.detail) if part)


def again_means(seen: SeenMessage) -> str:
    """Say what sending again does now."""
    if seen.state == EffectState.DONE:
        return _("もう送っています。お客様に二通届きます。")
    if seen.state == EffectState.STOPPED:
        return _("届いていた場合は、お客様に二通届くことがあります。")
    return _("いまの内容で、新しいメールとして送ります。")
