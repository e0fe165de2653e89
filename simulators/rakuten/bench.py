"""What the contract suite of channels needs of a mall's simulator (`tests/contract/channel_bench.py` says it in full)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rakuten import RakutenMall
from simulators.server import App

MORNING = datetime.fromisoformat("2026-11-24T10:00:00+09:00")
CALLS = {
    "list": "searchOrder",
    "fetch": "getOrder",
    "confirm": "confirmOrder",
    "report": "updateOrderShipping",
    "cancel": "cancelOrder",
}
FAULTS: dict[str, dict[str, Any]] = {
    "lost": {"kind": "timeout_after"},
    "silent": {"kind": "timeout_before"},
    "error": {"kind": "status_503"},
    "garbled": {"kind": "html_page"},
    "cut": {"kind": "cut_body"},
    "busy": {"kind": "status_429", "retry_after": 7},
    "shuffled": {"kind": "shuffled"},
    "repeated": {"kind": "repeated_number"},
    "missing": {"kind": "missing_number"},
}
BAD = {"PackageModelList": [{"basketId": None}]}


class Bench:
    """The mall in this process on a clock that stands still unless told, with one shop."""

    account = "400123"
    kinds = frozenset({"plain", "next_day", "bad", "open_amount"})

    def __init__(self) -> None:
        self._clock = Clock(None, MORNING, 0)
        self._mall = RakutenMall(self._clock, Ledger(None, self._clock))
        self._shop = self.control("shops", id=self.account)

    @property
    def app(self) -> App:
        """The mall, for a transport in this process."""
        return self._mall.app

    def now(self) -> datetime:
        """Return the mall's time."""
        return self._clock.now()

    def credentials(self, which: str = "right") -> dict[str, str]:
        """Return the shop's key, or a `wrong` or `expired` one."""
        key = dict(self._shop)
        if which == "wrong":
            key["license_key"] = f"SL{self.account}_AAAAAAAAAAAAAAAA"
        if which == "expired":
            self.control("keys", shop=self.account, expire=key["license_key"])
        return {"service_secret": key["service_secret"], "license_key": key["license_key"]}

    def place(self, kind: str = "plain", n: int = 1) -> list[str]:
        """Place orders now: plain, next_day, bad (cannot be understood) or open_amount."""
        mall_kind = {"plain": "card", "bad": "card", "next_day": "next_day", "open_amount": "postage_never"}[kind]
        order: dict[str, Any] = {"kind": mall_kind}
        if kind == "bad":
            order["override"] = BAD
        placed = self.control("orders", shop=self.account, orders=[order] * n)
        return [row["number"] for row in placed["orders"]]

    def make_ready(self, number: str) -> None:
        """Bring an order to where it is ready to ship."""
        self.control("staff/confirm", number=number)
        self.pass_minutes(30)

    def pass_minutes(self, minutes: float) -> None:
        """Let business time pass."""
        self.control("clock", advance_seconds=minutes * 60)

    def misbehave(self, call: str, how: str, count: int = 1) -> None:
        """Make the next calls of a method of the adapter go wrong."""
        self.control("faults", faults=[{**FAULTS[how], "function": CALLS[call], "count": count}])

    def switch_off(self, call: str) -> None:
        """Take away the shop's right to a function."""
        self.control("keys", shop=self.account, functions_off=[CALLS[call]])

    def refusal_shapes(self) -> list[str]:
        """Return the shapes in which this mall may refuse a key."""
        return ["legacy", "gateway"]

    def refuse_as(self, shape: str) -> None:
        """Refuse keys in this shape from now on."""
        self.control("settings", error_shape=shape)

    def requests(self, call: str) -> int:
        """Count the requests that arrived for a method of the adapter."""
        return sum(line["function"] == CALLS[call] for line in self._mall.ledger.lines("request"))

    def confirmations(self, number: str) -> int:
        """Count how often an order was confirmed."""
        return sum(line["number"] == number for line in self._mall.ledger.lines("confirm"))

    def cancellations(self, number: str) -> list[dict[str, Any]]:
        """Return the cancellations of an order that the mall accepted."""
        return [line for line in self._mall.ledger.lines("cancel") if line["number"] == number]

    def shipments(self, number: str) -> list[tuple[str, str]]:
        """Return number and day of each shipping row of an order, as the mall has them now."""
        packages = self._mall.order(number).read()["PackageModelList"]
        return [
            (row["shippingNumber"], row["shippingDate"]) for package in packages for row in package["ShippingModelList"]
        ]

    def control(self, name: str, **wish: Any) -> Any:
        """Post a control call of this simulator; it must succeed."""
        answer = self._mall.app("POST", f"/_control/{name}", {}, {}, json.dumps(wish).encode())
        if answer.status != 200:
            raise ValueError(answer.body.decode())
        return json.loads(answer.body)
