"""What an answer means: a refused token or function, a refusal of the function itself, or nothing that can be used."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from hub.http import Answer, LineFailure
from orders.channels import MallBlind, MallDown
from tests.sample_mall.channel import codes
from tests.sample_mall.channel.xml import Unreadable, read

ALLOWED, NO_ANSWER = "allowed", "no_answer"


def blind_reason(answer: Answer) -> str:
    """Return why the key or the function is refused, or an empty text."""
    if answer.status == 403:
        return "not_switched_on"
    if answer.status == 401:
        return "expired" if codes.EXPIRED in answer.headers.get("www-authenticate", "") else "wrong_key"
    return ""


def told(answer: Answer, *, function: str) -> Element:
    """Return the document of a reading call. Raises MallBlind or MallDown."""
    if reason := blind_reason(answer):
        raise MallBlind(reason, function=function)
    if answer.status != 200:
        raise MallDown(f"{function}: HTTP {answer.status}", retry_after=answer.retry_after)
    document = done(answer)
    if document is None:
        raise MallDown(f"{function}: the answer cannot be read")
    return document


def done(answer: Answer) -> Element | None:
    """Return the document of a function that did its work; None for anything else, such as a page for people."""
    try:
        document = read(answer.body)
    except Unreadable:
        return None
    return document if answer.status == 200 and document.findtext("Status") == "OK" else None


def error_in(answer: Answer) -> tuple[str, str]:
    """Return code and words of a refusal; empty texts if the answer holds none."""
    try:
        document = read(answer.body)
    except Unreadable:
        return "", ""
    return document.findtext("Code") or "", document.findtext("Message") or ""


def outcome(answer: Answer) -> Outcome:
    """Say what a writing call came to. What is not plainly yes or no is unsure."""
    if reason := blind_reason(answer):
        return NotDone(reason=reason, detail=f"HTTP {answer.status}", blind=True)
    if answer.status == 429:
        return NotDone(reason="too_many", detail="HTTP 429", retry_after=answer.retry_after)
    code, words = error_in(answer)
    if answer.status in (400, 404, 409) and code:
        return Refused(reason=codes.REFUSALS.get(code, "refused"), detail=f"{words} ({code})")
    return Receipt() if done(answer) is not None else Unsure(reason="unreadable", detail=f"HTTP {answer.status}")


def unwritten(failure: LineFailure) -> Outcome:
    """Say what a writing call came to when there was no whole answer."""
    if failure.maybe_done:
        return Unsure(reason="no_answer", detail=failure.reason)
    return NotDone(reason="no_line", detail=failure.reason)


def verdict(answer: Answer) -> tuple[str, str]:
    """Return what an answer to a harmless request says of its function, and the mall's words."""
    code, words = error_in(answer)
    if reason := blind_reason(answer):
        return reason, f"{words} ({code})"
    return (
        (ALLOWED, "")
        if done(answer) is not None or code in codes.REFUSALS
        else (NO_ANSWER, f"HTTP {answer.status} {words}".strip())
    )


def mall_time(answer: Answer) -> datetime | None:
    """Return the mall's own time, by the Date header."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None
