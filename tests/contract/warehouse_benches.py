"""What the contract suite needs of a warehouse's simulator: a bench for each kind that takes requests (BENCHES)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import httpx

from simulators.clock import Clock
from simulators.rsl import RslWarehouse
from simulators.server import mock_handler
from warehouses.adapters import ShipLine, ShipRequest, WarehouseAdapter
from warehouses.rsl.adapter import Rsl


class WarehouseBench(Protocol):
    """A simulated warehouse at 10:00 on a working day, and adapters that speak to it."""

    def adapter(self, *, wrong_key: bool = False, unreachable: bool = False) -> WarehouseAdapter: ...

    def request(self, reference: str, *, good: bool = True) -> ShipRequest:
        """A request; a bad one is one that the warehouse itself refuses."""
        ...

    def misbehave(self, method: str, how: str, *, rate: float = 1.0, count: int | None = 1, seed: int = 1) -> None:
        """Make calls of this method of the adapter go wrong.

        `how`: lost (done, no answer), silent (not done, no answer), error (not done, 5xx), garbled (done, no readable
        answer), busy (not done, asks to come back in 7 s), rejected (the call as a whole is refused), or mixed (lost,
        silent, error and garbled in turn).
        """
        ...

    def start_work(self) -> None: ...

    def ship(self) -> None:
        """Let everything leave, and its result be told."""
        ...

    def tell_nonsense(self) -> None:
        """Let a result that cannot be understood follow each of the next ones."""
        ...

    def departures(self) -> list[str]:
        """The reference of each shipment that left, by the simulator's ledger."""
        ...


RSL_CALLS = {"send": "request", "find": "find", "withdraw": "withdraw", "results": "results"}
RSL_KINDS = {"lost": "timeout_after", "silent": "timeout_before", "error": "status_503", "garbled": "html_page"}
RSL_MIX = tuple(RSL_KINDS.values())
RSL_KINDS["rejected"] = "status_400"


class RslBench:
    """The small RSL in this process. `dedupe` and `askable` as the contract has them."""

    def __init__(self, *, dedupe: bool = True, askable: bool = True) -> None:
        self.terms = {"dedupes": str(dedupe), "askable": str(askable)}
        self.warehouse = RslWarehouse(clock=Clock(speed=0))
        self.at("2026-11-25T10:00:00+09:00")
        self.warehouse.add_account(shop="shop-1", token="token-1", dedupe=dedupe, askable=askable, stock={"A-1": 10**6})

    def at(self, instant: str) -> None:
        when = datetime.fromisoformat(instant)
        self.warehouse.clock.set(when, when, 0)

    def adapter(self, *, wrong_key: bool = False, unreachable: bool = False) -> WarehouseAdapter:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        handler: Callable[[Any], Any] = refuse if unreachable else mock_handler(self.warehouse.app)
        credentials = {"shop_code": "shop-1", "token": "wrong" if wrong_key else "token-1", **self.terms}
        return Rsl(credentials=credentials, base_url="http://rsl.test", transport=httpx.MockTransport(handler))

    def request(self, reference: str, *, good: bool = True) -> ShipRequest:
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
            lines=(ShipLine(line_id=1, sku="A-1" if good else "UNKNOWN", name="りんご", quantity=2),),
        )

    def misbehave(self, method: str, how: str, *, rate: float = 1.0, count: int | None = 1, seed: int = 1) -> None:
        if how == "busy":
            entries = [{"kind": "status_429", "retry_after": 7}]
        elif how == "mixed":
            entries = [{"kind": kind} for kind in RSL_MIX]
        else:
            entries = [{"kind": RSL_KINDS[how]}]
        shares = {"function": RSL_CALLS[method], "rate": rate / len(entries), "count": count}
        self.warehouse.faults.replace({"seed": seed, "faults": [entry | shares for entry in entries]})

    def start_work(self) -> None:
        self.at("2026-11-25T12:00:00+09:00")

    def ship(self) -> None:
        self.at("2026-11-25T19:30:00+09:00")

    def tell_nonsense(self) -> None:
        self.warehouse.faults.replace({"seed": 1, "faults": [{"kind": "result_broken", "function": "feed"}]})

    def departures(self) -> list[str]:
        self.warehouse.run_due()
        return [line["reference"] for line in self.warehouse.ledger.lines("shipped")]


BENCHES: dict[str, Callable[..., WarehouseBench]] = {"rsl": RslBench}
