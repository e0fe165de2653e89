"""What effects add to 要確認エラー: those that stopped, and those whose answer was lost and is being looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.effects.handlers import handler_for, known_kinds
from hub.effects.late import LATE, trying_for
from hub.effects.queries import EffectRow, rows_of
from hub.effects.words import AGAIN_BLIND, AGAIN_LOOKS, DONE, DROP, ICONS, LOOK, NOW, STATES, kind_words
from hub.models import Effect, EffectState
from hub.problems import advise, say
from hub.troubles import Act, Source, Trouble


def _source(
    key: str, words: Promise, chosen: Callable[[], QuerySet[Effect]], show: Callable[[EffectRow], Trouble]
) -> Source:
    def count(now: datetime) -> int:
        return chosen().count()

    def rows(now: datetime, limit: int) -> list[Trouble]:
        return [show(row) for row in rows_of(chosen().order_by("pk")[:limit])]

    return Source(key=key, words=words, count=count, rows=rows)


def _stopped() -> QuerySet[Effect]:
    return Effect.objects.filter(state=EffectState.STOPPED)


def _unsure() -> QuerySet[Effect]:
    """Return those whose answer was lost lately; the others stand among the late ones."""
    return Effect.objects.filter(state=EffectState.UNSURE).exclude(pk__in=_late().values("pk"))


def _late() -> QuerySet[Effect]:
    return trying_for(LATE)


def _late_trouble(row: EffectRow) -> Trouble:
    """Return an effect that goes on trying by itself, and has done so for long (promise G16)."""
    if row.state == EffectState.UNSURE:
        goes_on = _("届いたかどうかを確かめ続けています。")
    else:
        goes_on = _("自動で送り直しています。") if row.tries else _("送信の順番を待っています。")
    found = _trouble(row)
    return replace(
        found, title=_("%(kind)s: 30分以上届いていません") % {"kind": kind_words(row.kind)}, tone="wait", since=row.decided_at,
        cause=" ".join(filter(None, (why_words(row), goes_on))),
    )  # fmt: skip


def _trouble(row: EffectRow) -> Trouble:
    number = str(row.payload.get("number", ""))
    return Trouble(
        title=f"{kind_words(row.kind)}: {STATES[row.state][0]}",
        cause=why_words(row) or number,
        said=str(row.params.get("detail", "")),
        since=row.settled_at or row.sent_at or row.decided_at,
        url=reverse("hub:effect", args=[row.id]),
        tone=STATES[row.state][1],
        icon=ICONS.get(row.kind, "send"),
        order_id=row.order_id,
        shop_id=row.shop_id,
        acts=acts_of(row),
    )


def acts_of(row: EffectRow) -> list[Act]:
    """Return the ways on of an effect that stopped or is being looked for, each with the difference it makes."""
    url = reverse("hub:effect_act", args=[row.id])
    looks = row.kind in known_kinds() and handler_for(row.kind).can_look
    done = Act(words=_("済んだことにする"), url=url, value="done", about=DONE)
    drop = Act(words=_("やめる"), url=url, value="drop", about=DROP.get(row.kind, ""))
    if row.state == EffectState.WAITING:
        return [Act(words=_("いま送ってみる"), url=url, value="now", primary=True, about=NOW), drop]
    if row.state == EffectState.SENDING:
        return []
    if row.state == EffectState.UNSURE:
        return [Act(words=_("いま確かめる"), url=url, value="look", primary=True, about=LOOK), done]
    if row.over:
        return [done, drop]
    again = Act(
        words=_("もう一度送る"), url=url, value="again", primary=looks, about=AGAIN_LOOKS if looks else AGAIN_BLIND
    )
    return [again, done, drop]


def why_words(row: EffectRow) -> str:
    """Return why an effect is where it is, and what to do about it."""
    codes = [(row.code, row.params), (row.over, {})]
    return " ".join(
        filter(None, (words for code, params in codes if code for words in (say(code, params), advise(code, params))))
    )


SOURCES = [
    _source("stopped", gettext_lazy("止まった送信"), _stopped, _trouble),
    _source("late", gettext_lazy("遅れている送信"), _late, _late_trouble),
    _source("unsure", gettext_lazy("確かめている送信"), _unsure, _trouble),
]
