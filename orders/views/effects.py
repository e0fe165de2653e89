"""What did not get out: one effect with its proof and three ways on, and acts over many at once (promise G17)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.answers import done, typed
from hub.effects import operations
from hub.effects.queries import EffectRow, TryRow, one
from hub.effects.troubles import acts_of, why_words
from hub.effects.words import DROP, NOW, STATES, kind_words
from hub.form_parts import ids_of
from hub.ids import encode
from hub.models import EffectState
from hub.problems import say
from hub.templatetags.hub_ui import listed
from hub.web import PageRequest, page
from orders.models import Order, Shop, Warehouse
from orders.outgoing.held import TAKEN_OUT

ACTS: Mapping[str, Promise] = {"call": gettext_lazy("送る"), "look": gettext_lazy("見に行く")}
OUTCOMES: Mapping[str, tuple[Promise, str]] = {
    "receipt": (gettext_lazy("届いた"), "good"), "notdone": (gettext_lazy("届かなかった"), "wait"),
    "refused": (gettext_lazy("断られた"), "stop"), "unsure": (gettext_lazy("届いたか分からない"), "wait"),
    "absent": (gettext_lazy("届いていなかった"), "wait"), "stillopen": (gettext_lazy("まだ決まっていない"), "wait"),
}  # fmt: skip
"""What a try was, and what it came to, with its tone: the names that `hub.effects` gives its outcomes."""


@page("orders.see", methods=("GET",))
def effects(request: PageRequest) -> HttpResponse:
    """Stopped effects are shown with everything else that did not go through."""
    return redirect(f"{reverse('orders:errors')}?source=stopped")


@page("orders.see", methods=("GET",))
def effect(request: PageRequest, pk: int) -> HttpResponse:
    """Show one effect: what, why, each try with request and answer, and what may be done."""
    row = one(pk)
    if row is None:
        raise Http404
    visit = request.hub
    order = Order.objects.filter(pk=row.order_id).first() if row.order_id else None
    state, tone = STATES[row.state]
    acts = _acts(row) if visit.may("effects.act") else []
    context = {
        "effect": SimpleNamespace(
            pk=row.id, what=kind_words(row.kind), to=_to(row), state_words=state, tone=tone,
            since=row.settled_at or row.sent_at or row.decided_at, attempts=row.attempts,
            reason_words=say(row.code, row.params) if row.code else state,
            why_words=str(row.params.get("detail", "")) if visit.may("addresses.see") else "",
            what_to_do=why_words(row).removeprefix(say(row.code, row.params)).strip() if row.code else "",
            order=order, shop=None, yen=order.total_yen if order else None, id=f"e-{encode(row.id)}",
        ),
        "found": _found(row),
        "tries": [_try(one_try, open_data=visit.may("addresses.see")) for one_try in reversed(row.tries)],
        "acts": acts,
        "may_act": bool(acts),
    }  # fmt: skip
    return render(request, "hub/effect.html", context)


def _to(row: EffectRow) -> str:
    kind, _colon, number = row.lane.partition(":")
    if not number.isdigit():
        return row.lane
    if kind == "shop":
        return Shop.objects.filter(pk=int(number)).values_list("name", flat=True).first() or ""
    if kind == "warehouse":
        return Warehouse.objects.filter(pk=int(number)).values_list("name", flat=True).first() or ""
    return ""


def _acts(row: EffectRow) -> list[SimpleNamespace]:
    """Return what may be done to the effect as it stands."""
    drop = SimpleNamespace(
        value="drop", words=_("やめる"), difference=DROP.get(row.kind, ""), primary=False, danger=True
    )
    if row.state in (EffectState.STOPPED, EffectState.UNSURE):
        return [
            SimpleNamespace(
                value=act.value, words=act.words, difference=act.about, primary=place == 0, danger=act.value == "drop"
            )
            for place, act in enumerate(acts_of(row))
        ]
    if row.state == EffectState.WAITING and row.code in ("flood", "observe", "observing"):
        return [
            SimpleNamespace(
                value="release",
                words=_("送る"),
                difference=_("送る前にもう一度確かめます。"),
                primary=True,
                danger=False,
            ),
            drop,
        ]
    if row.state != EffectState.WAITING:
        return []
    if row.code in TAKEN_OUT:
        return [drop]
    return [SimpleNamespace(value="now", words=_("いま送ってみる"), difference=NOW, primary=True, danger=False), drop]


def _try(row: TryRow, *, open_data: bool) -> SimpleNamespace:
    words, tone = OUTCOMES.get(row.outcome, (row.outcome, "closed"))
    hidden = _("(この権限では見えません)")
    return SimpleNamespace(
        at=row.at, act_words=ACTS.get(row.act, row.act), outcome_words=words, tone=tone,
        request=_text(row.request) if open_data else hidden,
        answer=_text(row.answer) if open_data else hidden,
    )  # fmt: skip


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)[:20_000]


def _found(row: EffectRow) -> SimpleNamespace | None:
    """Return what the latest look at the other side showed."""
    look = next((one_try for one_try in reversed(row.tries) if one_try.act == "look"), None)
    return SimpleNamespace(words=OUTCOMES.get(look.outcome, (look.outcome, ""))[0], at=look.at) if look else None


@page("effects.act", methods=("POST",))
def effect_act(request: PageRequest, pk: int) -> HttpResponse:
    """Send again, mark done or drop one effect."""
    if one(pk) is None:
        raise Http404
    return _do(request, [pk])


@page("effects.act", methods=("POST",))
def effects_act(request: PageRequest) -> HttpResponse:
    """Do the same to many effects."""
    return _do(request, ids_of(request.POST.getlist("effects")))


def _do(request: PageRequest, ids: Sequence[int]) -> HttpResponse:
    visit, act = request.hub, request.POST.get("act", "")
    note = typed(request, "note")
    match act:
        case "again":
            changed = operations.send_again(ids, by=visit.by, now=visit.now)
            words = _("もう一度送ります")
        case "look":
            changed = operations.look_now(ids, by=visit.by, now=visit.now)
            words = _("相手を見に行きます")
        case "now":
            changed = operations.try_now(ids, by=visit.by, now=visit.now)
            words = _("いま送ります")
        case "done":
            changed = operations.mark_done(ids, proof=note, by=visit.by, now=visit.now)
            words = _("済んだことにしました")
        case "drop":
            changed = operations.drop(ids, reason=note, by=visit.by, now=visit.now)
            words = _("送らないことにしました")
        case "release":
            changed = operations.release(ids, by=visit.by, now=visit.now)
            words = _("送ります")
        case "back":
            changed = operations.take_back(ids, by=visit.by, now=visit.now)
            words = _("送信を取り消しました")
        case _:
            return done(request, say("unknown_action", {"action": act or "–"}), tone="stop")
    if changed.changed and not changed.unchanged:
        return done(request, words if len(changed.changed) == 1 else f"{words} ({len(changed.changed)})")
    reasons = listed(sorted({say(code) for code in changed.unchanged.values()}))
    if not changed.changed:
        return done(request, reasons, tone="stop")
    return done(request, f"{words} ({len(changed.changed)}) · {reasons}", tone="stop")
