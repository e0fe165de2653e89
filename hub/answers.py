"""How a page answers a POST: a toast and the way back, for browsers and for htmx alike."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hub.web import referrer, toast


def is_htmx(request: HttpRequest) -> bool:
    """Say whether htmx asks, which swaps parts of the page instead of going to another one."""
    return bool(getattr(request, "htmx", False))


def came_from(request: HttpRequest, otherwise: str = "/") -> str:
    """Return the page of ours that this request was sent from: `next`, else the referrer, else `otherwise`."""
    return referrer(request, otherwise)


def typed(request: HttpRequest, name: str, limit: int = 200) -> str:
    """Return a line or text that a person typed outside a form: blanks at its ends and characters that cannot be stored taken away."""
    return request.POST.get(name, "").replace("\0", "").replace("\r\n", "\n").strip()[:limit]


def go(request: HttpRequest, to: str) -> HttpResponse:
    """Send the browser to a page of ours; htmx is told to load it whole."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": to})
    return HttpResponseRedirect(to)


def done(request: HttpRequest, words: str, *, to: str = "", undo_url: str = "", tone: str = "good") -> HttpResponse:
    """Say what was done on the page the person comes back to, with *undo* where there is one."""
    if words:
        toast(request, words, undo_url=undo_url, tone=tone)
    if not to and is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return go(request, to or came_from(request))


def say(words: str, *, status: int = 204, tone: str = "good", **events: Any) -> HttpResponse:
    """Answer htmx with a toast alone; the page stays as it is."""
    return HttpResponse(
        status=status, headers={"HX-Trigger": json.dumps({"toast": {"words": words, "tone": tone}, **events})}
    )
