"""The only way out by HTTP: time limits, no redirects, no retries, bounded answers, and never inside a transaction.

Whether a failed write may have happened is said once, here: `LineFailure.maybe_done`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from django.conf import settings
from django.db import connection

MAX_BODY = 20 * 1024 * 1024


class InTransaction(RuntimeError):
    """Something tried to call the outside while a transaction was open."""


class LineFailure(Exception):
    """There was no whole answer. `maybe_done` is false only when the request surely never reached the other side."""

    def __init__(self, reason: str, *, maybe_done: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.maybe_done = maybe_done


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer: status, headers (lower case), body bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """Seconds of a Retry-After header, where it is a number."""
        value = self.headers.get("retry-after", "")
        return float(value) if value.isdigit() else None


def refuse_inside_transaction() -> None:
    """Raise InTransaction when a database transaction is open."""
    if connection.in_atomic_block:
        raise InTransaction("nothing outside is called inside a transaction")


class Client:
    """A client for one counterpart. One instance for each adapter; connections are kept alive while it lives."""

    def __init__(self, *, base_url: str, headers: Mapping[str, str], transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            headers=dict(headers),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(15.0, connect=5.0),
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call within CALL_SECONDS in all. Raises LineFailure; any HTTP status is an Answer."""
        refuse_inside_transaction()
        deadline = time.monotonic() + settings.CALL_SECONDS
        try:
            request = self._client.build_request(method, path, content=content, params=params, headers=headers)
            response = self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise LineFailure(type(error).__name__, maybe_done=False) from None
        except httpx.TransportError as error:
            raise LineFailure(type(error).__name__, maybe_done=True) from None
        try:
            pieces: list[bytes] = []
            size = 0
            for piece in response.iter_bytes():
                size += len(piece)
                if size > MAX_BODY:
                    raise LineFailure("answer too large", maybe_done=True)
                if time.monotonic() > deadline:
                    raise LineFailure("answer too slow", maybe_done=True)
                pieces.append(piece)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise LineFailure(type(error).__name__, maybe_done=True) from None
        finally:
            response.close()
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=found, body=b"".join(pieces))

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
