"""The mall as an HTTP app: who may call what, then the function, with the faults of the plan around both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from simulators.clock import JST, Clock
from simulators.faults import ANSWER_KINDS, KINDS, Fault, Faults, bad_answer
from simulators.ledger import Ledger
from simulators.server import Response
from tests.sample_mall.simulator.orders import CANCELLED, MAY_NOT_SHIP, SHIP_FIELDS, Order, add

PAGE = 2
FIRST_NUMBER = 10_000_001
CARRIERS = {"1000", "1001", "1002", "1003"}
REASONS = {"100", "200", "210"}
CONTENT_KINDS = frozenset({"shuffled", "repeated_number", "missing_number"})


class SampleFault(Fault):
    """A line of a plan; some kinds bend what an answer tells."""

    kinds: ClassVar[frozenset[str]] = KINDS | CONTENT_KINDS


class SampleFaults(Faults):
    """The mall's plan of faults."""

    fault_class: ClassVar[type[Fault]] = SampleFault


class Refused(Exception):
    """The mall says no."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.response = _answer(add(Element("Error"), Code=code, Message=message), status, headers)


class SampleMall:
    """One shop's orders. `app` is served over HTTP or put under an httpx.MockTransport."""

    def __init__(self, *, clock: Clock, ledger: Ledger, seller: str, token: str) -> None:
        self.clock, self.ledger, self.seller, self.token = clock, ledger, seller, token
        self.faults = SampleFaults()
        self.expired = False
        self.functions_off: set[str] = set()
        self.orders: dict[str, Order] = {}
        self._lock = threading.RLock()
        self._functions: dict[str, Callable[[Element], Element]] = {
            "orderList": self._list, "orderInfo": self._info, "shipChange": self._ship, "orderCancel": self._cancel,
        }  # fmt: skip

    def place(self, *, next_day: bool = False, bad: bool = False) -> Order:
        """Take an order of a buyer, now."""
        with self._lock:
            number = f"{self.seller}-{FIRST_NUMBER + len(self.orders)}"
            self.orders[number] = Order(number=number, placed_at=self.clock.now(), next_day=next_day, bad=bad)
            return self.orders[number]

    def app(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer a call."""
        name = path.removeprefix("/v1/")
        with self._lock:
            self.ledger.write("request", function=name)
            try:
                asked = self._admitted(name, headers, body)
                return self._with_faults(name, asked)
            except Refused as refused:
                return self._dated(refused.response)

    def _admitted(self, name: str, headers: Mapping[str, str], body: bytes) -> Element:
        if name not in self._functions:
            raise Refused(404, "px-04000", "そのAPIはありません")
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if given != self.token or self.expired:
            error = "expired_token" if given == self.token else "invalid_token"
            raise Refused(401, "px-04102", "認証できません", **{"WWW-Authenticate": f'Bearer error="{error}"'})
        if name in self.functions_off:
            raise Refused(403, "px-04307", "このAPIは許可されていません")
        try:
            asked = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            raise Refused(400, "od-90101", "XMLが読めません") from None
        if asked.findtext("SellerId") != self.seller:
            raise Refused(400, "od-90102", "SellerIdが正しくありません")
        return asked

    def _with_faults(self, name: str, asked: Element) -> Response:
        """Answer as the plan wants it: a fault of the answer may leave the work undone, one of the content bends what is told."""
        now = self.clock.now()
        fault = self.faults.pick(name, ANSWER_KINDS, now=now)
        if fault is not None and not self.faults.is_applied(fault):
            return self._dated(bad_answer(fault, _answer(Element("ResultSet"))))
        told = self._functions[name](asked)
        self._bend(name, told, now)
        answer = self._dated(_answer(told))
        return answer if fault is None else bad_answer(fault, answer)

    def _bend(self, name: str, told: Element, now: datetime) -> None:
        fault = self.faults.pick(name, CONTENT_KINDS, now=now)
        found = told.findall("OrderInfo")
        if fault is not None and fault.kind == "missing_number":
            told.remove(found[0])
        if fault is not None and fault.kind == "repeated_number":
            told.append(found[0])

    def _dated(self, answer: Response) -> Response:
        answer.headers["Date"] = self.clock.now().astimezone(JST).strftime("%a, %d %b %Y %H:%M:%S +0900")
        return answer

    def _list(self, asked: Element) -> Element:
        since, until = (_moment(asked, f"Search/OrderTime{end}") for end in ("From", "To"))
        found = [order for order in self.orders.values() if since <= order.placed_at < until + timedelta(seconds=1)]
        begin = int(asked.findtext("Search/Cursor") or 0)
        told = add(Element("ResultSet"), Status="OK", TotalCount=str(len(found)))
        for order in found[begin : begin + PAGE]:
            add(SubElement(told, "OrderInfo"), OrderId=order.number)
        if begin + PAGE < len(found):
            add(told, NextCursor=str(begin + PAGE))
        return told

    def _info(self, asked: Element) -> Element:
        told = add(Element("ResultSet"), Status="OK")
        told.append(self._order(asked).to_xml())
        return told

    def _ship(self, asked: Element) -> Element:
        order = self._order(asked)
        ship = {name: text for name in SHIP_FIELDS if (text := asked.findtext(f"Ship/{name}")) is not None}
        if ship.get("ShipCompanyCode") not in CARRIERS:
            raise Refused(400, "od-90101", "ShipCompanyCodeが正しくありません")
        self._refuse_cancelled(order)
        if order.ship_status == MAY_NOT_SHIP:
            raise Refused(409, "od-91702", "出荷できない注文です")
        same = all(order.ship.get(name) == text for name, text in ship.items())
        order.write_shipment(ship)
        self.ledger.write("ship", number=order.number, ship=ship)
        told = add(Element("ResultSet"), Status="OK")
        return add(told, Warning="od-91705") if same else told

    def _cancel(self, asked: Element) -> Element:
        order = self._order(asked)
        if asked.findtext("CancelReason") not in REASONS:
            raise Refused(400, "od-90101", "CancelReasonが正しくありません")
        self._refuse_cancelled(order)
        order.cancel()
        self.ledger.write(
            "cancel", number=order.number, reason=asked.findtext("CancelReason"), restock=asked.findtext("Restock")
        )
        return add(Element("ResultSet"), Status="OK")

    @staticmethod
    def _refuse_cancelled(order: Order) -> None:
        if order.status == CANCELLED:
            raise Refused(409, "od-91703", "キャンセル済みの注文です")

    def _order(self, asked: Element) -> Order:
        number = asked.findtext("OrderId")
        if not number:
            raise Refused(400, "od-90101", "OrderIdがありません")
        if number not in self.orders:
            raise Refused(404, "od-91801", "注文が見つかりません")
        return self.orders[number]


def _moment(asked: Element, path: str) -> datetime:
    try:
        return datetime.strptime(asked.findtext(path) or "", "%Y%m%d%H%M%S").replace(tzinfo=JST)
    except ValueError:
        raise Refused(400, "od-90101", f"{path}が正しくありません") from None


def _answer(document: Element, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = ElementTree.tostring(document, encoding="utf-8", xml_declaration=True)
    return Response(
        status=status, headers={"Content-Type": "application/xml; charset=utf-8", **(headers or {})}, body=body
    )
