"""The functions of the sample mall: one method each, values in, whole answers out, as they came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.http import Answer, Client
from orders.channels import Pace
from tests.sample_mall.channel.codes import CANCEL, INFO, LIST, SHIP, TOKYO
from tests.sample_mall.channel.xml import document


class SampleClient:
    """Calls in the name of one shop. Each takes its slot from the pace immediately before it leaves."""

    def __init__(self, *, seller_id: str, token: str, base_url: str, pace: Pace, transport: Any) -> None:
        self._seller_id = seller_id
        self._pace = pace
        self._client = Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/xml; charset=utf-8"},
            transport=transport,
        )

    def list(self, *, since: datetime, until: datetime, cursor: str, klass: str) -> Answer:
        """Ask for a page of the numbers of the orders placed in a window, ends included."""
        search = {"OrderTimeFrom": _stamp(since), "OrderTimeTo": _stamp(until), "Cursor": cursor}
        return self.call(LIST, {"Search": search}, klass=klass)

    def info(self, *, number: str, klass: str) -> Answer:
        """Ask for one order."""
        return self.call(INFO, {"OrderId": number}, klass=klass)

    def ship(self, *, number: str, shipment: Mapping[str, str]) -> Answer:
        """Write carrier, day and numbers of an order."""
        return self.call(SHIP, {"OrderId": number, "Ship": shipment}, klass="report")

    def cancel(self, *, number: str, reason: str, restock: bool) -> Answer:
        """Cancel an order."""
        body = {"OrderId": number, "CancelReason": reason, "Restock": "true" if restock else "false"}
        return self.call(CANCEL, body, klass="cancel")

    def call(self, function: str, body: Mapping[str, Any], *, klass: str) -> Answer:
        """Post a document to a function."""
        content = document("Req", {"SellerId": self._seller_id, **body})
        self._pace.wait(klass)
        return self._client.call("POST", f"/v1/{function}", content=content)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(TOKYO).strftime("%Y%m%d%H%M%S")
