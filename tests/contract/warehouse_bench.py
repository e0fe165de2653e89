"""What the contract suite needs of a warehouse's simulator: `simulators/<kind>/bench.py` has a class `Bench` of this shape.

It is found by the warehouse's kind, so a new warehouse needs no edit here.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

import httpx

from simulators.server import App, mock_handler
from warehouses.adapters import ShipLine, ShipRequest, WarehouseAdapter, adapter_class


class WarehouseBench(Protocol):
    """A simulated warehouse in this process at 10:00 on a working day, with one account, on a clock that stands still."""

    sku: str
    """An article that it has, any number of."""
    unknown_sku: str
    """One for which it refuses a request."""
    ships_on: str
    """The day (ISO) on which what is asked for now leaves."""
    charges: bool
    """Whether withdrawing costs something once the floor is at work."""

    @property
    def app(self) -> App: ...

    def credentials(self, which: str = "right") -> dict[str, str]:
        """The fields of the adapter's form: right or wrong."""
        ...

    def misbehave(self, method: str, how: str, *, rate: float = 1.0, count: int | None = 1, seed: int = 1) -> None:
        """Make calls of this method of the adapter (send, find, withdraw, results) go wrong.

        `how`: lost (done, no answer), silent (not done, no answer), error (not done, 5xx), garbled (done, no readable
        answer), busy (not done, asks to come back in 7 s), rejected (the call as a whole is refused), or mixed (lost,
        silent, error and garbled in turn).
        """
        ...

    def start_work(self) -> None:
        """Let the floor take up what was asked for."""
        ...

    def ship(self) -> None:
        """Let everything leave, and its result be told."""
        ...

    def tell_nonsense(self) -> None:
        """Let a result that cannot be understood follow each of the next ones."""
        ...

    def departures(self) -> list[str]:
        """The reference of each shipment that left, by the simulator's ledger."""
        ...


class Stand:
    """One kind of warehouse on its bench; `terms` are those of its contract that the bench knows."""

    def __init__(self, kind: str, **terms: bool) -> None:
        self.kind = kind
        self.bench: WarehouseBench = import_module(f"simulators.{kind}.bench").Bench(**terms)

    def adapter(self, *, wrong_key: bool = False, unreachable: bool = False) -> WarehouseAdapter:
        """Build an adapter that speaks to the simulator in this process."""

        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        handler: Callable[[Any], Any] = refuse if unreachable else mock_handler(self.bench.app)
        built: WarehouseAdapter = adapter_class(self.kind)(
            credentials=self.bench.credentials("wrong" if wrong_key else "right"),
            base_url="http://warehouse.test",
            transport=httpx.MockTransport(handler),
        )
        return built

    def request(self, reference: str, *, good: bool = True) -> ShipRequest:
        """Return a request; a bad one is one that the warehouse itself refuses."""
        return request_of(reference, sku=self.bench.sku if good else self.bench.unknown_sku)


def request_of(reference: str, *, sku: str = "A-1") -> ShipRequest:
    """Return a request for two of an article."""
    return ShipRequest(
        reference=reference,
        order_numbers=("123456-20261125-0000000001",),
        shop_name="テスト商店",
        name="楽天 花子",
        kana="ラクテン ハナコ",
        phone="03-1234-5678",
        postal_code="158-0094",
        prefecture="東京都",
        city="世田谷区",
        street="玉川1-14-1",
        lines=(ShipLine(line_id=1, sku=sku, name="りんご", quantity=2),),
    )
