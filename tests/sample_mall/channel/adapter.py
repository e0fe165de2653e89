"""The sample mall as a Channel: joins the client and the mapping, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from django.utils.translation import gettext_lazy as _

from hub.effects.outcomes import Outcome, Refused
from hub.http import Answer, LineFailure
from orders.channels import (
    Ability,
    Absent,
    BadPayload,
    CancelReason,
    FunctionTest,
    MallDown,
    MallOrder,
    Named,
    Pace,
    Same,
    ShipmentReport,
    ShopTest,
    Unsupported,
)  # fmt: skip
from tests.sample_mall.channel import answers, codes
from tests.sample_mall.channel.client import SampleClient
from tests.sample_mall.channel.form import SampleCredentialsForm
from tests.sample_mall.channel.mapping import UnfitReport, order_from, shipment_from

LONG_AGO = datetime(2000, 1, 1, tzinfo=codes.TOKYO)
Read = MallOrder | Same | BadPayload | Absent


class SampleMall:
    """One shop at the sample mall. It cannot confirm: the mall's own people do."""

    label = "見本モール"
    form = SampleCredentialsForm
    abilities = frozenset({Ability.REPORT_SHIPMENT, Ability.CANCEL})
    fetch_size = 20
    confirm_size = 1
    functions = {
        codes.LIST: _("注文を探す"), codes.INFO: _("注文を読む"), codes.SHIP: _("出荷を報告する"),
        codes.CANCEL: _("注文をキャンセルする"),
    }  # fmt: skip

    def __init__(self, *, credentials: Mapping[str, str], base_url: str, pace: Pace, transport: Any = None) -> None:
        self.reading_class = "intake"
        self._seller_id = credentials.get("seller_id", "").strip()
        self._mall = SampleClient(
            seller_id=self._seller_id,
            token=credentials.get("token", "").strip(),
            base_url=base_url,
            pace=pace,
            transport=transport,
        )

    def account_of(self, number: str) -> str:
        """Return the store's account at the head of an order number."""
        return number.rpartition("-")[0]

    def list_orders(self, *, since: datetime, until: datetime) -> Named:
        """Name every order placed in the window. The mall takes whole seconds: the end is rounded up."""
        if until.microsecond:
            until = until.replace(microsecond=0) + timedelta(seconds=1)
        numbers: dict[str, None] = {}
        totals: list[int] = []
        cursor, mall_time = "", None
        while not totals or cursor:
            page = partial(self._mall.list, since=since, until=until, cursor=cursor, klass=self.reading_class)
            answer, told = _read(codes.LIST, page)
            numbers.update(dict.fromkeys(info.findtext("OrderId") or "" for info in told.findall("OrderInfo")))
            totals.append(_count(told.findtext("TotalCount")))
            cursor = told.findtext("NextCursor") or ""
            mall_time = answers.mall_time(answer) or mall_time
        return Named(numbers=tuple(numbers), total_first=totals[0], total_last=totals[-1], mall_time=mall_time)

    def fetch(self, *, numbers: Sequence[str], stored: Mapping[str, bytes] | None = None) -> list[Read]:
        """Read orders, one a call. One call that fails is taken for the order's fault, two are the mall's."""
        return self._orders(numbers, klass=self.reading_class)

    def look(self, *, numbers: Sequence[str]) -> Mapping[str, MallOrder | Absent]:
        """Read orders for a handler. One that cannot be understood is left out: nothing can be said of it."""
        found = self._orders(numbers, klass="report")
        return {order.number: order for order in found if isinstance(order, MallOrder | Absent)}

    def confirm(self, *, numbers: Sequence[str]) -> Mapping[str, Outcome]:
        """Refuse: the mall has no such function."""
        raise Unsupported(Ability.CONFIRM.value)

    def report_shipment(self, *, report: ShipmentReport) -> Outcome:
        """Write one report. The caller has looked, and names the places to fill."""
        try:
            shipment = shipment_from(report)
        except UnfitReport as unfit:
            return Refused(reason=unfit.reason, detail=unfit.detail)
        return _write(partial(self._mall.ship, number=report.number, shipment=shipment))

    def cancel(self, *, number: str, reason: CancelReason, restock: bool) -> Outcome:
        """Cancel an order that is not shipped yet."""
        code = codes.CANCEL_REASONS[reason]
        return _write(partial(self._mall.cancel, number=number, reason=code, restock=restock))

    def test(self) -> ShopTest:
        """Ask each function for something harmless: an old window, and an order that has no number."""
        page = partial(self._mall.list, since=LONG_AGO, until=LONG_AGO, cursor="", klass="intake")
        tests = [_tried(codes.LIST, page)]
        for function in (codes.INFO, codes.SHIP, codes.CANCEL):
            tests.append(_tried(function, partial(self._mall.call, function, {"OrderId": ""}, klass="intake")))
        account = self._seller_id if tests[0].result == answers.ALLOWED else ""
        return ShopTest(account=account, functions=tuple(tests), key_expires_at=None)

    def close(self) -> None:
        """Let the connections go."""
        self._mall.close()

    def _orders(self, numbers: Sequence[str], *, klass: str) -> list[Read]:
        asked = list(dict.fromkeys(numbers))
        found: list[Read] = []
        silent: list[str] = []
        for number in asked:
            try:
                found.append(self._order(number, klass=klass))
            except MallDown as down:
                silent.append(number)
                if down.retry_after is not None or len(silent) > 1 or len(asked) == 1:
                    raise
        return [*found, *(BadPayload(number=number, path="", reason="no_answer") for number in silent)]

    def _order(self, number: str, *, klass: str) -> Read:
        try:
            answer = self._mall.info(number=number, klass=klass)
        except LineFailure as failure:
            raise MallDown(f"{codes.INFO}: {failure.reason}") from None
        if answers.error_in(answer)[0] == codes.UNKNOWN_ORDER:
            return Absent(number=number)
        for info in answers.told(answer, function=codes.INFO).findall("OrderInfo"):
            if info.findtext("OrderId") == number:
                return order_from(info, number=number)
        return BadPayload(number=number, path="", reason="not_in_answer")


def _read(function: str, call: Callable[[], Answer]) -> tuple[Answer, Element]:
    """Make a reading call. Raises MallDown or MallBlind."""
    try:
        answer = call()
    except LineFailure as failure:
        raise MallDown(f"{function}: {failure.reason}") from None
    return answer, answers.told(answer, function=function)


def _write(call: Callable[[], Answer]) -> Outcome:
    try:
        return answers.outcome(call())
    except LineFailure as failure:
        return answers.unwritten(failure)


def _tried(function: str, call: Callable[[], Answer]) -> FunctionTest:
    try:
        result, detail = answers.verdict(call())
    except LineFailure as failure:
        result, detail = answers.NO_ANSWER, failure.reason
    return FunctionTest(function=function, result=result, detail=detail)


def _count(text: str | None) -> int:
    if text is None or not text.isdigit():
        raise MallDown(f"{codes.LIST}: no TotalCount")
    return int(text)
