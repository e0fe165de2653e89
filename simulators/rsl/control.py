"""The warehouse's `/_control/`: accounts, stock, clock and faults for the driver, and what is due next."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulators.server import Response

if TYPE_CHECKING:
    from simulators.rsl.app import RslWarehouse


class Control:
    """Steer a warehouse. Called with its lock held."""

    def __init__(self, warehouse: RslWarehouse) -> None:
        self._warehouse = warehouse
        self._routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("POST", "accounts"): self._accounts,
            ("POST", "stock"): self._stock,
            ("POST", "clock"): self._clock,
            ("POST", "faults"): self._faults,
            ("GET", "state"): self._state,
            ("GET", "next-due"): self._next_due,
        }

    def app(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Answer one control call."""
        route = self._routes.get((method, path.removeprefix("/_control/").rstrip("/")))
        if route is None:
            return Response.json({"error": f"no such control: {method} {path}"}, status=404)
        try:
            return Response.json(route(json.loads(body) if body else {}))
        except (ValueError, TypeError, KeyError) as error:
            return Response.json({"error": str(error)}, status=400)

    def _accounts(self, data: Any) -> Any:
        """Take one account or a list: the attributes of `models.Account`."""
        rows = data if isinstance(data, list) else [data]
        return [self._warehouse.add_account(**row).public() for row in rows]

    def _stock(self, data: Any) -> Any:
        """Take `{"shop", "stock": {sku: units}}`: sets the units on the shelf, and registers SKUs not known yet."""
        account = self._warehouse.accounts[data["shop"]]
        units = {str(sku): int(count) for sku, count in data["stock"].items()}
        account.stock.update(units)
        return {"shop": account.shop, "skus": len(account.stock)}

    def _clock(self, data: Any) -> Any:
        self._warehouse.clock.apply_json(data)
        self._warehouse.run_due()
        return self._warehouse.clock.to_json()

    def _faults(self, data: Any) -> Any:
        self._warehouse.faults.replace(data)
        return self._warehouse.faults.to_json()

    def _next_due(self, data: Any) -> Any:
        due = self._warehouse.floor.next_due()
        return {"next_due": due.isoformat() if due else None, "pending_late": self._warehouse.pending_late}

    def _state(self, data: Any) -> Any:
        warehouse = self._warehouse
        return {
            "clock": warehouse.clock.to_json(),
            "faults": warehouse.faults.to_json(),
            "accounts": [account.public() for account in warehouse.accounts.values()],
            "shipments": warehouse.desk.counts(),
            "calls": dict(warehouse.calls),
            **self._next_due(None),
        }
