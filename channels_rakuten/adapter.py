"""Rakuten as a Channel: joins the client and the mapping, and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import msgspec

from channels_rakuten import answers, codes, wire
from channels_rakuten.client import GET, SEARCH, RmsClient, function_name
from channels_rakuten.form import RakutenCredentialsForm
from channels_rakuten.labels import FIELDS, FUNCTIONS, rows
from channels_rakuten.live_test import LiveTest, account_of, expiry_in
from channels_rakuten.mapping import reports
from channels_rakuten.mapping.orders import order_from
from hub.effects.outcomes import Outcome, Refused
from hub.http import Answer, LineFailure
from orders.channels import (
    Ability,
    Absent,
    BadPayload,
    CancelReason,
    MallBlind,
    MallDown,
    MallOrder,
    Named,
    Pace,
    Same,
    ShipmentReport,
    ShopTest,
)  # fmt: skip

MOST_PAGES = 15  # the mall shows no more than 15,000 numbers of one search
_NO_SUCH_ORDER = "GET_ORDER_INFO_102"
_T = TypeVar("_T")
Read = MallOrder | Same | BadPayload | Absent


class Rakuten:
    """One shop at Rakuten Ichiba. `reading_class` is the pace class of reading: `intake`, or what re-reading sets."""

    label = "楽天市場"
    form = RakutenCredentialsForm
    abilities = frozenset({Ability.CONFIRM, Ability.REPORT_SHIPMENT, Ability.CANCEL})
    fetch_size = 100
    confirm_size = 100
    fields = FIELDS  # labels of what `extra` holds, and its rows as people read them: for pages
    describe = staticmethod(rows)
    functions = FUNCTIONS  # what each function of the live test is for

    def __init__(
        self,
        *,
        credentials: Mapping[str, str],
        base_url: str,
        pace: Pace,
        transport: Any = None,
    ) -> None:
        self.reading_class = "intake"
        self._keys = (credentials.get("license_key", "").strip(), credentials.get("service_secret", "").strip())
        self._rms = RmsClient(
            license_key=self._keys[0], service_secret=self._keys[1], base_url=base_url, pace=pace, transport=transport
        )

    def account_of(self, number: str) -> str:
        """Return the shop id at the head of an order number."""
        return account_of(number)

    def list_orders(self, *, since: datetime, until: datetime) -> Named:
        """Name every order placed in the window, ends included, as far as the mall shows them (15,000).

        The end is rounded up to the second, because the mall takes whole seconds only.
        """
        if until.microsecond:
            until = until.replace(microsecond=0) + timedelta(seconds=1)
        numbers: dict[str, None] = {}
        page, pages, first, last = 1, 1, 0, 0
        mall_time: datetime | None = None
        while page <= min(pages, MOST_PAGES):
            asked = partial(self._rms.search, since=since, until=until, page=page, klass=self.reading_class)
            answer, found = self._read(SEARCH, wire.SearchAnswer, asked)
            if found.order_number_list is None:
                raise MallDown(f"{function_name(SEARCH)}: {answers.first_error(answer) or 'no numbers'}")
            numbers.update(dict.fromkeys(found.order_number_list))
            total = found.pagination.total_records_amount if found.pagination else None
            last = total or 0  # all three values are null when nothing was found
            first = last if page == 1 else first
            pages = (found.pagination.total_pages or 1) if found.pagination else 1
            mall_time = answers.mall_time(answer) or mall_time
            page += 1
        return Named(numbers=tuple(numbers), total_first=first, total_last=last, mall_time=mall_time)

    def fetch(self, *, numbers: Sequence[str], stored: Mapping[str, bytes] | None = None) -> list[Read]:
        """Read orders, 100 a call. A number that the answer does not mention is a BadPayload: nothing is known of it."""
        return self._orders(numbers, stored or {}, klass=self.reading_class)

    def look(self, *, numbers: Sequence[str]) -> Mapping[str, MallOrder | Absent]:
        """Read orders for a handler. One that cannot be understood is left out: nothing can be said of it."""
        found = self._orders(numbers, {}, klass="report")
        return {order.number: order for order in found if not isinstance(order, BadPayload | Same)}

    def confirm(self, *, numbers: Sequence[str]) -> Mapping[str, Outcome]:
        """Confirm up to 100 orders."""
        asked = list(dict.fromkeys(numbers))
        if len(asked) > self.confirm_size:
            raise ValueError(f"at most {self.confirm_size} orders a call")
        if not asked:
            return {}
        try:
            answer = self._rms.confirm(numbers=asked)
        except LineFailure as failure:
            return dict.fromkeys(asked, answers.unwritten(failure))
        return reports.confirm_outcomes(answer, asked)

    def report_shipment(self, *, report: ShipmentReport) -> Outcome:
        """Write one report. The caller has looked, and names the rows to update."""
        try:
            body = reports.shipping_body(report)
        except reports.UnfitReport as unfit:
            return Refused(reason=unfit.reason, params=unfit.params)
        try:
            answer = self._rms.ship(body=body)
        except LineFailure as failure:
            return answers.unwritten(failure)
        return reports.report_outcome(answer, report)

    def cancel(self, *, number: str, reason: CancelReason, restock: bool) -> Outcome:
        """Apply for the cancellation of an order that is not shipped yet."""
        restore = codes.PUT_BACK_STOCK if restock else codes.KEEP_STOCK
        try:
            answer = self._rms.cancel(number=number, reason=codes.CANCEL_REASONS[reason], restock=restore)
        except LineFailure as failure:
            return answers.unwritten(failure)
        return reports.cancel_outcome(answer)

    def test(self) -> ShopTest:
        """Ask each function for something harmless; see `live_test.py` for what can be told from the answers."""
        return LiveTest(self._rms).run(keys=self._keys)

    def close(self) -> None:
        """Let the connections go."""
        self._rms.close()

    def _orders(self, numbers: Sequence[str], stored: Mapping[str, bytes], *, klass: str) -> list[Read]:
        asked = list(dict.fromkeys(numbers))
        found: list[Read] = []
        for start in range(0, len(asked), self.fetch_size):
            found += self._page_of_orders(asked[start : start + self.fetch_size], stored, klass=klass)
        return found

    def _page_of_orders(self, asked: list[str], stored: Mapping[str, bytes], *, klass: str) -> list[Read]:
        answer, told = self._read(
            GET, wire.OrdersAnswer, partial(self._rms.get, numbers=asked, klass=klass), spare=_by_hand
        )
        if told.orders is None:
            raise MallDown(f"{function_name(GET)}: {answers.first_error(answer) or 'no orders'}")
        return list(_sorted_out(asked, told, stored).values())

    def _read(
        self,
        endpoint: str,
        kind: type[_T],
        call: Callable[[], Answer],
        spare: Callable[[bytes], _T | None] | None = None,
    ) -> tuple[Answer, _T]:
        """Make a reading call. Raises MallDown, or MallBlind with as sharp a reason as can be had."""
        function = function_name(endpoint)
        try:
            answer = call()
            return answer, answers.read(answer, kind, function=function, spare=spare)
        except LineFailure as failure:
            raise answers.no_answer(failure, function=function) from None
        except MallBlind as blind:
            raise self._sharper(blind) from None

    def _sharper(self, blind: MallBlind) -> MallBlind:
        """Ask for the key's last moment: if the mall tells it, the key is good (or past), and only the function is off."""
        try:
            answer = self._rms.expiry_date(klass=self.reading_class)
            if answer.status != 200:
                return blind
            now, expires_at = answers.mall_time(answer), expiry_in(answer)
        except Exception:  # noqa: BLE001  (whatever came of the second question, the first answer stands)
            return blind
        expired = now is not None and expires_at < now
        return MallBlind(answers.EXPIRED if expired else answers.NOT_SWITCHED_ON, function=blind.function)


def _sorted_out(asked: list[str], told: wire.OrdersAnswer, stored: Mapping[str, bytes]) -> dict[str, Read]:
    """Give each number asked for one answer, whatever the mall's order, repetitions and gaps."""
    found: dict[str, Read] = {}
    nameless: list[BadPayload] = []
    wanted = set(asked)
    for raw in told.orders or ():
        order = order_from(bytes(raw), stored)
        if order.number in wanted:
            found.setdefault(order.number, order)
        elif isinstance(order, BadPayload) and not order.number:
            nameless.append(order)
    for message in told.messages or ():
        if message.order_number in wanted and answers.code_of(message) == _NO_SUCH_ORDER:
            found.setdefault(message.order_number, Absent(number=message.order_number))
    missing = [number for number in asked if number not in found]
    for number in missing:
        # With one gap and one nameless order they belong together; with more, nobody can say which is which.
        bad = nameless[0] if len(missing) == len(nameless) == 1 else None
        found[number] = (
            replace(bad, number=number) if bad else BadPayload(number=number, path="", reason="not_in_answer")
        )
    return found


def _by_hand(body: bytes) -> wire.OrdersAnswer | None:
    """Take an answer apart that the strict reader refuses for a single broken character, so that the other orders arrive."""
    try:
        data = json.loads(body.decode("utf-8", "replace"))
        orders = [msgspec.Raw(json.dumps(order).encode()) for order in data["OrderModelList"]]
        return wire.OrdersAnswer(
            messages=msgspec.convert(data.get("MessageModelList"), list[wire.Message] | None), orders=orders
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
