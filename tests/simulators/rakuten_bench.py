"""A mall in this process on a clock that moves only when told, and a shop's client to call it."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rakuten import RakutenMall
from simulators.server import Response

MORNING = datetime.fromisoformat("2026-11-24T10:00:00+09:00")
JSON = "application/json; charset=utf-8"


class Bench:
    """The mall with one open shop."""

    def __init__(self, ledger: Path | None = None, *, seed: int = 1, shop: dict[str, Any] | None = None) -> None:
        self.clock = Clock(None, MORNING, 0)
        self.mall = RakutenMall(self.clock, Ledger(ledger, self.clock), seed)
        self.shop = self.control("shops", **(shop or {}))
        self.use(self.shop["service_secret"], self.shop["license_key"])

    def use(self, service_secret: str, license_key: str) -> None:
        """Call with this key from now on."""
        token = base64.b64encode(f"{service_secret}:{license_key}".encode()).decode()
        self.headers = {"authorization": f"ESA {token}", "content-type": JSON}

    def control(self, name: str, **wish: Any) -> Any:
        """Post a control call that must succeed."""
        answer = self.mall.app("POST", f"/_control/{name}", {}, {}, json.dumps(wish).encode())
        assert answer.status == 200, answer.body.decode()
        return json.loads(answer.body)

    def look(self, name: str, **query: str) -> Any:
        """Get from the control side."""
        answer = self.mall.app("GET", f"/_control/{name}", query, {}, b"")
        assert answer.status == 200, answer.body.decode()
        return json.loads(answer.body)

    def send(
        self, function: str, request: Any = None, *, method: str = "POST", slash: str = "/", **more: Any
    ) -> Response:
        """Send one request and return the bare answer."""
        body = b"" if request is None else json.dumps(request).encode()
        return self.mall.app(method, f"/es/2.0/order/{function}{slash}", {}, {**self.headers, **more}, body)

    def call(self, function: str, **request: Any) -> tuple[int, Any]:
        """Call a function and return status and body."""
        answer = self.send(function, request)
        return answer.status, json.loads(answer.body) if answer.body else None

    def place(self, kind: str = "card", **given: Any) -> str:
        """Place one order of a kind and return its number."""
        number: str = self.control("orders", shop=self.shop["shop"], orders=[{"kind": kind, **given}])["orders"][0][
            "number"
        ]
        return number

    def get(self, number: str, version: int = 10) -> dict[str, Any]:
        """Return the OrderModel of an order."""
        status, body = self.call("getOrder", orderNumberList=[number], version=version)
        assert status == 200
        model: dict[str, Any] = body["OrderModelList"][0]
        return model

    def status(self, number: str) -> int:
        """Return an order's orderProgress."""
        progress: int = self.get(number)["orderProgress"]
        return progress

    def search(self, **more: Any) -> tuple[int, Any]:
        """Search by order date over two months."""
        period = {"startDatetime": "2026-10-01T00:00:00+0900", "endDatetime": "2026-12-01T00:00:00+0900"}
        return self.call("searchOrder", **{"dateType": 1, **period, **more})

    def advance(self, **parts: float) -> None:
        """Move the clock by `days`, `hours`, `minutes` and `seconds`."""
        units = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        self.control("clock", advance_seconds=sum(units[name] * value for name, value in parts.items()))

    def ready(self, kind: str = "card", **given: Any) -> str:
        """Place an order, confirm it and wait until it is ready to ship."""
        number = self.place(kind, **given)
        self.call("confirmOrder", orderNumberList=[number])
        self.advance(minutes=20)
        assert self.status(number) == 300
        return number

    def shipped(self) -> str:
        """Return an order that the night has counted as shipped."""
        number = self.ready()
        self.row(number, deliveryCompany="1001", shippingNumber="4-1", shippingDate="2026-11-24")
        self.advance(days=1)
        assert self.status(number) == 500
        return number

    def row(self, number: str, *, basket: int = 0, **row: Any) -> tuple[int, Any]:
        """Report one shipping row for a destination."""
        basket_id = self.get(number)["PackageModelList"][basket]["basketId"]
        model = [{"basketId": basket_id, "ShippingModelList": [row]}]
        return self.call("updateOrderShipping", orderNumber=number, BasketidModelList=model)


def codes(body: Any) -> list[str]:
    """Return the message codes of an answer without their prefix."""
    return [entry["messageCode"].removeprefix("ORDER_EXT_API_") for entry in body["MessageModelList"]]
