"""Idempotency-Key: the same key and body give the same answer. The answer is stored in the call's own transaction.

A call with a key that is still running is told so at once: the key is an advisory lock until the transaction ends.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Call
from hub.api.problems import ApiError
from hub.api.rendering import FastJSONRenderer
from hub.models import IdempotencyKey

KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Once:
    """One write of a caller. Without a key it is done as it comes."""

    def __init__(self, request: Request, call: Call, *, needed: bool) -> None:
        self.call = call
        self.key = request.headers.get("Idempotency-Key", "").strip().strip('"')
        if not self.key and needed:
            raise ApiError("key_needed", 400)
        if self.key and not _KEY.fullmatch(self.key):
            raise ApiError("bad_key", 400)
        parts = (request.method or "", request.get_full_path(), request.headers.get("If-Match", ""))
        self.hash = hashlib.sha256("\n".join(parts).encode() + b"\n" + request._request.body).digest()

    def earlier_answer(self) -> Response | None:
        """Return the answer that this key had before. Raises ApiError 409 while it runs, 422 for another body."""
        if not self.key:
            return None
        name = f"{self.call.caller.tenant_id}|{self.call.caller.token_id}|{self.key}".encode()
        number = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
            row = cursor.fetchone()
        if not row or not row[0]:
            raise ApiError("key_running", 409, headers={"Retry-After": "2"})
        known = IdempotencyKey.objects.filter(token=self.call.caller.token_id, key=self.key).first()
        if known is None:
            return None
        if bytes(known.body_hash) != self.hash:
            raise ApiError("key_reused", 422)
        stored = known.answer or {}
        headers = {**stored.get("headers", {}), "Idempotency-Replayed": "true"}
        return Response(stored.get("body"), status=known.status, headers=headers)

    def keep(self, response: Response, *, hidden: tuple[str, ...] = ()) -> None:
        """Store the answer. `hidden` members (secrets shown once) are stored empty."""
        if not self.key or response.status_code >= 400:
            return
        body = json.loads(FastJSONRenderer().render(response.data) or b"null")
        if isinstance(body, dict):
            body = {name: None if name in hidden else value for name, value in body.items()}
        kept: Mapping[str, Any] = {
            "body": body,
            "headers": {k: response[k] for k in ("ETag", "Location") if k in response},
        }
        IdempotencyKey.objects.create(
            token_id=self.call.caller.token_id, key=self.key, body_hash=self.hash, status=response.status_code, answer=kept,
            created_at=self.call.now, expires_at=self.call.now + KEPT,
        )  # fmt: skip
