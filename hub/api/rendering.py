"""Answers as JSON, quickly; instants are shown at Japan's offset, days as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer

from hub.clock import JAPAN
from hub.ids import encode

_encoder = msgspec.json.Encoder(enc_hook=str)


class FastJSONRenderer(BaseRenderer):
    """Writes application/json (or problem+json, where the answer says so) as UTF-8."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else _encoder.encode(data)


def at(moment: datetime | None) -> str | None:
    """Return an instant as ISO 8601 with Japan's offset."""
    return None if moment is None else moment.astimezone(JAPAN).isoformat()


def oid(pk: int | None) -> str | None:
    """Return the outside form of an id, or None."""
    return None if pk is None else encode(pk)
