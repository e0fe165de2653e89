"""Searches too long for an address: kept for a day, sealed, under a short name, which stands in the address in their place."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import blake2b

from django.core.cache import cache
from django.http import HttpResponse

from hub import secrets
from hub.web import PageRequest, Visit, page
from orders.search import MOST_CHARACTERS

LONGEST = 600
"""So many characters of a search stand in an address as they are: nine bytes each there, where they are kana."""
KEPT_SECONDS = 24 * 3_600
_NAME = re.compile(r"~[0-9a-f]{20}")


def name_of(text: str, visit: Visit) -> str:
    """Return what an address says of a search: its text, or the short name under which a longer one is kept from now on for a day."""
    text = text.strip()[:MOST_CHARACTERS]
    if len(text) <= LONGEST:
        return text
    name = "~" + blake2b(text.encode(), digest_size=10).hexdigest()
    key = _key(name, visit)
    cache.set(key, b64encode(secrets.seal_text(text.encode(), owner=key)).decode(), KEPT_SECONDS)
    return name


def text_of(said: str, visit: Visit) -> str | None:
    """Return the search that an address says; None when its text is not kept any more, or sealed with a key that is gone. Another
    member's is not found."""
    said = said.strip()[:MOST_CHARACTERS]
    if not _NAME.fullmatch(said):
        return said
    key = _key(said, visit)
    box = cache.get(key)
    if not box:
        return None
    try:
        return secrets.unseal_text(b64decode(box), owner=key).decode()
    except secrets.Unreadable:
        return None


def _key(name: str, visit: Visit) -> str:
    return f"search:{visit.tenant.pk}:{visit.member.pk}:{name}"


@page("orders.see", methods=("POST",))
def keep(request: PageRequest) -> HttpResponse:
    """Keep a long search and answer what the address is to say of it."""
    return HttpResponse(name_of(request.POST.get("q", ""), request.hub), content_type="text/plain")
