"""What the contract suite of warehouses needs of this simulator (`tests/contract/warehouse_bench.py` says it in full)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulators.clock import Clock
from simulators.rsl.app import RslWarehouse
from simulators.server import App

CALLS = {"send": "request", "find": "find", "withdraw": "withdraw", "results": "results"}
FAULTS = {"lost": "timeout_after", "silent": "timeout_before", "error": "status_503", "garbled": "html_page"}
MIXED = tuple(FAULTS.values())


class Bench:
    """The small RSL in this process, at 10:00 on a working day. `dedupe` and `askable` as the contract has them."""

    sku, unknown_sku = "A-1", "UNKNOWN"
    ships_on = "2026-11-25"
    charges = True

    def __init__(self, *, dedupe: bool = True, askable: bool = True) -> None:
        self._terms = {"dedupes": str(dedupe), "askable": str(askable)}
        self.warehouse = RslWarehouse(clock=Clock(speed=0))
        self._at("10:00")
        stock = {self.sku: 10**6}
        self.warehouse.add_account(shop="shop-1", token="token-1", dedupe=dedupe, askable=askable, stock=stock)

    @property
    def app(self) -> App:
        """The warehouse, for a transport in this process."""
        return self.warehouse.app

    def credentials(self, which: str = "right") -> dict[str, str]:
        """Return the account's login and its contract, or a `wrong` key."""
        return {"shop_code": "shop-1", "token": "wrong" if which == "wrong" else "token-1", **self._terms}

    def misbehave(self, method: str, how: str, *, rate: float = 1.0, count: int | None = 1, seed: int = 1) -> None:
        """Make calls of this method of the adapter go wrong."""
        if how == "busy":
            entries: list[dict[str, Any]] = [{"kind": "status_429", "retry_after": 7}]
        elif how == "rejected":
            entries = [{"kind": "status_400"}]
        else:
            entries = [{"kind": kind} for kind in (MIXED if how == "mixed" else (FAULTS[how],))]
        shares = {"function": CALLS[method], "rate": rate / len(entries), "count": count}
        self.warehouse.faults.replace({"seed": seed, "faults": [entry | shares for entry in entries]})

    def start_work(self) -> None:
        """Let the floor take up what was asked for."""
        self._at("12:00")

    def ship(self) -> None:
        """Let everything leave, and its result be told."""
        self._at("19:30")

    def tell_nonsense(self) -> None:
        """Let a result that cannot be understood follow each of the next ones."""
        self.warehouse.faults.replace({"seed": 1, "faults": [{"kind": "result_broken", "function": "feed"}]})

    def departures(self) -> list[str]:
        """Return the reference of each shipment that left, by the ledger."""
        self.warehouse.run_due()
        return [line["reference"] for line in self.warehouse.ledger.lines("shipped")]

    def _at(self, time: str) -> None:
        when = datetime.fromisoformat(f"{self.ships_on}T{time}:00+09:00")
        self.warehouse.clock.set(when, when, 0)
