"""What an answer of RMS means: refusals of the gateway in both shapes, messages of the functions, readable or not.

A reading call raises MallDown or MallBlind; a writing call comes to one of the four outcomes. Which is which is decided
here only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from channels_rakuten import wire
from hub.effects.outcomes import NotDone, Outcome, Unsure
from hub.http import Answer, LineFailure
from orders.channels import MallBlind, MallDown

PREFIX = "ORDER_EXT_API_"
NOT_SWITCHED_ON, WRONG_KEY, NOT_ACTIVE_YET, EXPIRED = "not_switched_on", "wrong_key", "not_active_yet", "expired"

_UNAUTHORISED = frozenset({"ES01-01", "GA0001"})
_CREDENTIALS = ("GK", "ES01")
_FUNCTION_OFF = "ES04-01"  # also: a key not recognised yet, and malformed requests, which this client does not make
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The gateway's no to a key or a function. `reason` is a code of MallBlind, as far as one answer can tell."""

    reason: str
    code: str
    text: str


def refusal_in(answer: Answer) -> Refusal | None:
    """Return the gateway's refusal of the key or the function, or None if the answer is something else.

    401 and 403 are one whatever their body says; of the 400 ones only those whose code is known.
    """
    if answer.status not in (400, 401, 403):
        return None
    code, text = _gateway_error(answer.body)
    if answer.status == 403 or code == _FUNCTION_OFF:
        return Refusal(reason=NOT_SWITCHED_ON, code=code or str(answer.status), text=text)
    if answer.status == 401 or code in _UNAUTHORISED or code.startswith(_CREDENTIALS):
        return Refusal(reason=WRONG_KEY, code=code or str(answer.status), text=text)
    return None


def read(answer: Answer, kind: type[_T], *, function: str, spare: Callable[[bytes], _T | None] | None = None) -> _T:
    """Decode the answer to a reading call. Raises MallBlind, or MallDown where it says nothing usable.

    `spare` is tried on a body that cannot be decoded as it stands.
    """
    refusal = refusal_in(answer)
    if refusal is not None:
        raise MallBlind(refusal.reason, function=function)
    if answer.status != 200:
        raise MallDown(
            f"{function}: HTTP {answer.status} {first_error(answer)}".rstrip(), retry_after=answer.retry_after
        )
    try:
        return msgspec.json.decode(answer.body, type=kind, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        rescued = spare(answer.body) if spare else None
        if rescued is None:
            raise MallDown(f"{function}: the answer cannot be read") from None
        return rescued


def no_answer(failure: LineFailure, *, function: str) -> MallDown:
    """Return what a reading call raises when there was no whole answer."""
    return MallDown(f"{function}: {failure.reason}")


def unwritten(failure: LineFailure) -> Outcome:
    """Return what a writing call comes to when there was no whole answer."""
    if failure.maybe_done:
        return Unsure(reason="no_answer", detail=failure.reason)
    return NotDone(reason="no_line", detail=failure.reason, line=True)


def unusable(answer: Answer) -> Outcome | None:
    """Return what a writing call comes to when its answer is not one of the function itself; None if it may be one.

    A refused key or function, 404, 405, 413, 415 and 429 come before the function: nothing was done. 5xx may have
    done it.
    """
    refusal = refusal_in(answer)
    if refusal is not None:
        return NotDone(reason=refusal.reason, detail=f"{refusal.code} {refusal.text}".strip(), line=True, blind=True)
    if answer.status == 429:
        return NotDone(reason="too_many", detail="HTTP 429", line=True, retry_after=answer.retry_after)
    if answer.status in (404, 405, 413, 415):
        return NotDone(reason="gateway", detail=f"HTTP {answer.status}", line=True)
    if answer.status in (200, 400):
        return None
    return Unsure(reason="mall_error", detail=f"HTTP {answer.status}")


def messages_of(answer: Answer) -> list[wire.Message] | None:
    """Return the messages of a function; None if the answer holds none that can be read."""
    try:
        return msgspec.json.decode(answer.body, type=wire.MessagesAnswer, strict=False).messages
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def failed(message: wire.Message) -> bool:
    """Say whether a message is an error: of anything else the work is done."""
    return message.message_type == "ERROR"


def code_of(message: wire.Message) -> str:
    """Return the message code without its common prefix."""
    return (message.message_code or "").removeprefix(PREFIX)


def texts(messages: Iterable[wire.Message]) -> str:
    """Join the mall's own words, each once."""
    return " ".join(dict.fromkeys(f"{message.message or ''} ({code_of(message)})".strip() for message in messages))


def first_error(answer: Answer) -> str:
    """Return the mall's words of an answer that is not a success, for a log or a page."""
    found = messages_of(answer)
    return (
        texts([message for message in found if failed(message)])[:500]
        if found
        else _gateway_error(answer.body)[1][:200]
    )


def mall_time(answer: Answer) -> datetime | None:
    """Return the mall's own time: the Date header, else Timestamp, which is UTC without an offset."""
    try:
        if "date" in answer.headers:
            return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
        if "timestamp" in answer.headers:
            return datetime.fromisoformat(answer.headers["timestamp"]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return None


def _gateway_error(body: bytes) -> tuple[str, str]:
    """Return code and text of a gateway error in either shape; empty texts if it is none."""
    try:
        found = msgspec.json.decode(body, type=wire.GatewayAnswer, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "", ""
    if found.legacy is not None:
        return found.legacy.error_code or "", found.legacy.message or ""
    if found.errors:
        return found.errors[0].code or "", found.errors[0].message or ""
    return "", ""
