"""What the contract suite of channels needs of this simulator (`tests/contract/channel_bench.py` says it in full)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.server import App
from tests.sample_mall.simulator.mall import SampleMall

MORNING = datetime.fromisoformat("2026-11-24T10:00:00+09:00")
CALLS = {"list": "orderList", "fetch": "orderInfo", "report": "shipChange", "cancel": "orderCancel"}
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


class Bench:
    """The mall in this process on a clock that stands still unless told, with one shop."""

    account = "mihon-store"
    kinds = frozenset({"plain", "next_day", "bad"})

    def __init__(self) -> None:
        self._clock = Clock(None, MORNING, 0)
        self._mall = SampleMall(
            clock=self._clock, ledger=Ledger(None, self._clock), seller=self.account, token="right-token"
        )

    @property
    def app(self) -> App:
        """The mall, for a transport in this process."""
        return self._mall.app

    def now(self) -> datetime:
        """Return the mall's time."""
        return self._clock.now()

    def credentials(self, which: str = "right") -> dict[str, str]:
        """Return the shop's key, or a `wrong` or `expired` one."""
        self._mall.expired = which == "expired"
        return {"seller_id": self.account, "token": "wrong-token" if which == "wrong" else "right-token"}

    def place(self, kind: str = "plain", n: int = 1) -> list[str]:
        """Place orders now."""
        return [self._mall.place(next_day=kind == "next_day", bad=kind == "bad").number for _ in range(n)]

    def make_ready(self, number: str) -> None:
        """Bring an order to where it is ready to ship."""
        self._mall.orders[number].see()

    def pass_minutes(self, minutes: float) -> None:
        """Let business time pass."""
        self._clock.advance(minutes * 60)

    def misbehave(self, call: str, how: str, count: int = 1) -> None:
        """Make the next calls of a method of the adapter go wrong."""
        self._mall.faults.replace({"faults": [{**FAULTS[how], "function": CALLS[call], "count": count}]})

    def switch_off(self, call: str) -> None:
        """Take away the shop's right to a function."""
        self._mall.functions_off = {CALLS[call]}

    def refusal_shapes(self) -> list[str]:
        """Return the shapes in which this mall may refuse a key."""
        return ["header"]

    def refuse_as(self, shape: str) -> None:
        """Refuse keys in this shape from now on: there is one."""

    def requests(self, call: str) -> int:
        """Count the requests that arrived for a method of the adapter."""
        return sum(line["function"] == CALLS.get(call) for line in self._mall.ledger.lines("request"))

    def confirmations(self, number: str) -> int:
        """Count how often an order was confirmed: this mall has no such call."""
        return 0

    def cancellations(self, number: str) -> list[dict[str, Any]]:
        """Return the cancellations of an order that the mall accepted."""
        return [line for line in self._mall.ledger.lines("cancel") if line["number"] == number]

    def shipments(self, number: str) -> list[tuple[str, str]]:
        """Return number and day of each shipping row of an order, as the mall has them now."""
        ship = self._mall.orders[number].ship
        day = date.fromisoformat(ship["ShipDate"]).isoformat() if ship.get("ShipDate") else ""
        return [(ship[slot], day) for slot in ("InvoiceNumber1", "InvoiceNumber2") if ship.get(slot)]
