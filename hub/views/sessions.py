"""Ending one's own sessions, from the account's page."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from hub import sessions
from hub.answers import done
from hub.audit import note
from hub.web import PageRequest, page


@page("account.own", methods=("POST",))
def end(request: PageRequest, pk: int) -> HttpResponse:
    """End one session; not this one, for which there is signing out."""
    visit = request.hub
    found = [row for row in sessions.others_of(request, visit.user) if row.pk == pk]
    if not found:
        raise Http404
    return _end(request, found, _("その端末のサインインを終了しました"))


@page("account.own", methods=("POST",))
def end_others(request: PageRequest) -> HttpResponse:
    """End every session but this one."""
    return _end(request, sessions.others_of(request, request.hub.user), _("ほかの端末のサインインをすべて終了しました"))


def _end(request: PageRequest, rows: list[UserSession], words: str) -> HttpResponse:
    visit = request.hub
    sessions.end(rows)
    if rows:
        note(
            "member.sessions_ended",
            by=visit.by,
            now=visit.now,
            id=visit.member.pk,
            email=visit.user.email,
            count=len(rows),
        )
    return done(request, words, to=reverse("hub:account"))
