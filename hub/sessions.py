"""Where a person is signed in: each session with its browser, first and last seen, and the ways to end it (promise G35).

The sessions themselves are Django's; what is known of them beside is a row of allauth's `usersessions`. Both are gone when one is ended,
and the hourly housekeeping clears both when one has expired.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from hub.clock import business_now, true_now
from hub.models import Member, User
from hub.tenancy import tenant_transaction

SEEN_EVERY = 300
"""Seconds between two notes of one process that a session was used."""
_noted: dict[str, float] = {}
_MOST = 10_000
CLEARED_AT_ONCE = 1_000


def seen(request: HttpRequest, user: User, *, tenant_id: int, member_id: int) -> None:
    """Note that the session is used, and its member with it; most calls only look at the process's own memory."""
    key = str(request.session.session_key)
    last = _noted.get(key)
    if last is not None and time.monotonic() - last < SEEN_EVERY:
        return
    if len(_noted) >= _MOST:
        _noted.clear()
    _noted[key] = time.monotonic()
    with tenant_transaction(tenant_id):
        now = business_now()
        about = _about(request, now)
        if not UserSession.objects.filter(session_key=key).update(**about):
            row = UserSession(session_key=key, user=user, created_at=now, **about)
            UserSession.objects.bulk_create([row], ignore_conflicts=True)
        Member.objects.filter(pk=member_id).update(last_seen_at=now)


def signed_in(request: HttpRequest, **_: Any) -> None:
    """Begin the session's row by the product's clock; allauth has made it by the machine's."""
    now = business_now()
    UserSession.objects.filter(session_key=request.session.session_key).update(created_at=now, **_about(request, now))


def _about(request: HttpRequest, now: datetime) -> dict[str, Any]:
    agent = request.headers.get("User-Agent", "")
    longest = UserSession._meta.get_field("user_agent").max_length
    return {"last_seen_at": now, "user_agent": agent[:longest], "ip": get_adapter().get_client_ip(request)}


def sessions_of(user: User) -> list[UserSession]:
    """Return the sessions in which the person is signed in, the last used first; not those that expired or that a new password ended."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk"))
    open_ = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=true_now())
    fits = user.get_session_auth_hash()
    alive = {
        session.session_key
        for session in open_
        if constant_time_compare(str(session.get_decoded().get(HASH_SESSION_KEY, "")), fits)
    }
    return [row for row in rows if row.session_key in alive]


def others_of(request: HttpRequest, user: User) -> list[UserSession]:
    """Return the person's sessions but the one that asks."""
    return [row for row in sessions_of(user) if row.session_key != request.session.session_key]


def end(rows: Iterable[UserSession]) -> None:
    """End the sessions: with the next click they are asked to sign in."""
    for row in rows:
        row.end()


def end_all(user_id: int) -> None:
    """End every session of a person, wherever it was opened."""
    end(UserSession.objects.filter(user_id=user_id))


def clear(true_now: datetime) -> int:
    """Delete sessions that expired, and what is known of sessions that are gone: up to CLEARED_AT_ONCE rows of each, and none that
    another process is deleting. Returns how many rows went."""
    over = Session.objects.filter(expire_date__lt=true_now).order_by("expire_date")
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    gone = UserSession.objects.filter(~Exists(alive)).order_by("pk")
    cleared = 0
    for rows in (over, gone):
        some = rows.select_for_update(skip_locked=True).values("pk")[:CLEARED_AT_ONCE]
        cleared += rows.model._default_manager.filter(pk__in=some).delete()[0]
    return cleared
