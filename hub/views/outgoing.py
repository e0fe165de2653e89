"""The one switch for everything that leaves this tenant."""

from __future__ import annotations

from types import SimpleNamespace

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done, typed
from hub.effects.switches import outgoing_off, switch_tenant
from hub.effects.words import kind_words
from hub.frame import OFF
from hub.models import AuditEntry, Effect, EffectState
from hub.web import PageRequest, page


@page("settings.see")
def outgoing(request: PageRequest) -> HttpResponse:
    """Show what waits to leave; stop it all with a reason, or let it go."""
    visit = request.hub
    if request.method == "POST":
        visit.need("outgoing.switch")
        on = request.POST.get("on") == "1"
        switch_tenant(on, reason=typed(request, "reason"), by=visit.by, now=visit.now)
        words = _("送信を再開しました") if on else _("送信を止めました。溜まった分は再開すると順に送られます。")
        return done(request, words, to=reverse("hub:outgoing"), tone="good" if on else "stop")
    off = outgoing_off()
    last = AuditEntry.objects.filter(verb__in=["outgoing.on", "outgoing.off"]).order_by("-pk").first()
    rows = (
        Effect.objects.filter(state=EffectState.WAITING)
        .order_by()
        .values_list("kind")
        .annotate(n=Count("pk"))
        .order_by("kind")
    )
    context = {
        "on": not off,
        "reason": OFF.get(off) or visit.tenant.outgoing_reason,
        "changed_by": last.actor_name if last else "",
        "changed_at": last.at if last else None,
        "waiting": [SimpleNamespace(words=kind_words(kind), count=n) for kind, n in rows],
        "may_switch": visit.may("outgoing.switch") and off in ("", "tenant"),
    }
    return render(request, "hub/outgoing.html", context)
