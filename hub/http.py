"""The only way out by HTTP: time limits, no redirects, no retries, bounded answers, and never inside a transaction.

Whether a failed write may have happened is said once, here: `LineFailure.maybe_done`. A call that carries marked effects must leave
within two seconds of the mark (promise G12): `Departure`, kept right before the first byte, after connecting.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from django.conf import settings
from django.db import connection

MAX_BODY = 20 * 1024 * 1024
LEAVE_WITHIN = 2.0
"""Seconds after the mark within which the bytes of a call must leave; later, another worker may believe it was never sent."""
Transport = httpx.BaseTransport
"""What carries a call; tests hand in one that reaches a counterpart of theirs."""
KEPT_TEXT = 2_000
"""Characters of an answer kept beside the effect, for the person who looks at what stopped."""


class InTransaction(RuntimeError):
    """Something tried to call the outside while a transaction was open."""


class LineFailure(Exception):
    """There was no whole answer. `maybe_done` is false only when the request surely never reached the other side."""

    def __init__(self, reason: str, *, maybe_done: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.maybe_done = maybe_done


class CounterpartDown(Exception):
    """A reading call had no usable answer (line, 5xx, 429). `retry_after` in seconds where the other side named it."""

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class CounterpartBlind(Exception):
    """The other side refuses the key: `reason` is a code."""

    def __init__(self, reason: str, *, function: str) -> None:
        super().__init__(f"{function}: {reason}")
        self.reason = reason
        self.function = function


@dataclass(kw_only=True)
class Departure:
    """The one call that a mark allows: until when it may leave, and afterwards what was asked and answered (no headers, no secrets)."""

    leave_by: float
    left: bool = False
    late: bool = False
    request: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)


_DEPARTURE: ContextVar[Departure | None] = ContextVar("departure", default=None)


def boottime() -> float:
    """Return seconds on a clock that also counts while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def expect_departure(departure: Departure | None) -> None:
    """Bind the next call to the mark just made; None lifts it. Called by `hub.effects.delivery` alone."""
    _DEPARTURE.set(departure)


def refuse_late() -> None:
    """Stand right before the step that makes the act happen. Raises LineFailure("late") when its mark is older than two seconds.

    `Client.call` does it by itself; another way out (SMTP) calls it before the data go.
    """
    departure = _due_departure()
    if departure is not None:
        departure.left = True


def _due_departure() -> Departure | None:
    departure = _DEPARTURE.get()
    if departure is None or departure.left:
        return None
    if boottime() > departure.leave_by:
        departure.late = True
        raise LineFailure("late", maybe_done=False)
    return departure


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

    def __init__(self, *, base_url: str, headers: Mapping[str, str], transport: Transport | None = None) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            headers=dict(headers),
            transport=transport,
            verify=_trusted(),
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
        departure = _due_departure()
        if departure is not None:
            departure.request = {"method": method, "path": path}
        try:
            answer = self._exchange(method, path, content=content, params=params, headers=headers)
        except LineFailure as failure:
            if departure is not None:
                departure.left = True  # the mark is used up: a second call needs a second one
                departure.answer = {"failure": failure.reason}
            raise
        if departure is not None:
            departure.left = True
            departure.answer = {
                "status": answer.status,
                "text": answer.body[: 4 * KEPT_TEXT].decode(errors="replace")[:KEPT_TEXT],
            }
        return answer

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        deadline = time.monotonic() + settings.CALL_SECONDS
        try:
            request = self._client.build_request(
                method, path, content=content, params=params, headers=headers, extensions={"trace": _before_bytes}
            )
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


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates that are trusted, read once a process: reading them costs more than a call does."""
    return httpx.create_ssl_context(trust_env=False)


def _before_bytes(event: str, info: Mapping[str, Any]) -> None:
    """Look at the mark's age once more when connecting is over and the request line is about to be written."""
    if event.endswith("send_request_headers.started"):
        refuse_late()
