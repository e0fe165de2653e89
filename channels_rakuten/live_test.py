"""The live test of a shop's key: each function that the adapter needs is asked for something harmless.

What is known and what is guessed. RMS answers 401 "Un-Authorised" alike for a wrong key, an expired one, a fresh one
that is not active yet and a function that is not switched on, and 400 ES04-01 alike for a function that is off and a
key not recognised yet. So one answer tells little, but all of them together do: if any function is allowed, the key is
good and the refused ones are not switched on (sure). If all are refused with ES04-01 the key is taken for fresh (a
guess); if all are refused otherwise it is called wrong, though it may be expired or fresh too, unless the mall still
names a last moment that has passed (then expired, sure).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from channels_rakuten import answers, client, wire
from channels_rakuten.client import RmsClient, function_name
from channels_rakuten.form import shop_id_in
from hub.http import Answer, LineFailure
from orders.channels import FunctionTest, ShopTest

TOKYO = ZoneInfo("Asia/Tokyo")
ALLOWED, NO_ANSWER = "allowed", "no_answer"
_KLASS = "intake"
_LOOK_BACK = timedelta(days=60)  # far enough to find an order number in; a search may span 63 days


class LiveTest:
    """One run. The writing functions are asked with empty requests: a good key gets 400 with the missing fields."""

    def __init__(self, rms: RmsClient) -> None:
        self._rms = rms
        self._mall_time: datetime | None = None
        self._results: list[FunctionTest] = []

    def run(self, *, keys: tuple[str, ...]) -> ShopTest:
        """Ask each function and put the answers together. `keys` may tell the shop's id if no order does."""
        expires_at = self._expiry()
        number = self._search()
        found = [number] if number else []
        self._ask(client.GET, {"orderNumberList": found, "version": client.GET_ORDER_VERSION})
        self._ask(client.CONFIRM, {"orderNumberList": []})
        self._ask(client.SHIP, {})
        self._ask(client.CANCEL, {})
        # What a wrong key says of itself is only what was typed.
        good = any(test.result == ALLOWED for test in self._results)
        account = account_of(number) or (next((head for head in map(shop_id_in, keys) if head), "") if good else "")
        return ShopTest(account=account, functions=self._sharpened(expires_at), key_expires_at=expires_at)

    def _expiry(self) -> datetime | None:
        answer = self._take(client.EXPIRY, lambda: self._rms.expiry_date(klass=_KLASS))
        if answer is None:
            return None
        try:
            return expiry_in(answer)
        except ValueError:
            self._results[-1] = replace(self._results[-1], result=NO_ANSWER, detail="expiryDate?")
            return None

    def _search(self) -> str:
        """Search for one order of the last weeks, by the mall's own time; without that, ask with an empty request."""
        until = self._mall_time
        if until is None:
            self._ask(client.SEARCH, {})
            return ""
        since = until - _LOOK_BACK
        answer = self._take(
            client.SEARCH, lambda: self._rms.search(since=since, until=until, page=1, size=1, klass=_KLASS)
        )
        if answer is None or answer.status != 200:
            return ""
        try:
            found = msgspec.json.decode(answer.body, type=wire.SearchAnswer, strict=False)
        except msgspec.MsgspecError:
            self._results[-1] = replace(self._results[-1], result=NO_ANSWER, detail="")
            return ""
        return (found.order_number_list or [""])[0]

    def _ask(self, endpoint: str, body: dict[str, object]) -> None:
        self._take(endpoint, lambda: self._rms.order_call(endpoint, body, klass=_KLASS))

    def _take(self, endpoint: str, call: Callable[[], Answer]) -> Answer | None:
        """Make a call and note what it says; return the answer of a function that is allowed."""
        function = function_name(endpoint)
        try:
            answer = call()
        except LineFailure as failure:
            self._results.append(FunctionTest(function=function, result=NO_ANSWER, detail=failure.reason))
            return None
        self._mall_time = answers.mall_time(answer) or self._mall_time
        result, detail = verdict(answer)
        self._results.append(FunctionTest(function=function, result=result, detail=detail))
        return answer if result == ALLOWED else None

    def _sharpened(self, expires_at: datetime | None) -> tuple[FunctionTest, ...]:
        """Read the answers together, as the head of this file says."""
        refused = [test for test in self._results if test.result not in (ALLOWED, NO_ANSWER)]
        if any(test.result == ALLOWED for test in self._results):
            meaning = answers.NOT_SWITCHED_ON
        elif refused and all(test.result == answers.NOT_SWITCHED_ON for test in refused):
            meaning = answers.NOT_ACTIVE_YET
        else:
            meaning = answers.WRONG_KEY
        if expires_at is not None and self._mall_time is not None and expires_at < self._mall_time:
            meaning = answers.EXPIRED
        return tuple([replace(test, result=meaning) if test in refused else test for test in self._results])


def verdict(answer: Answer) -> tuple[str, str]:
    """Return what one answer says of its function, and the mall's words."""
    refusal = answers.refusal_in(answer)
    if refusal is not None:
        return refusal.reason, f"{refusal.code} {refusal.text}".strip()
    if answer.status == 200 or (answer.status == 400 and answers.messages_of(answer)):
        return ALLOWED, ""
    return NO_ANSWER, f"HTTP {answer.status} {answers.first_error(answer)}".strip()


def expiry_in(answer: Answer) -> datetime:
    """Return the last moment of the key: the mall writes it without an offset, in Japan's time. Raises ValueError."""
    try:
        text = msgspec.json.decode(answer.body, type=wire.ExpiryAnswer).expiry_date
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)


def account_of(number: str) -> str:
    """Return the shop id at the head of an order number `<shopId>-<yyyymmdd>-<serial>`, or an empty text."""
    head, dash, _ = number.partition("-")
    return head if dash and head.isascii() and head.isdigit() else ""
