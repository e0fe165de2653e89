"""The endpoints of RMS WEB SERVICE that an order needs: one method each, bodies in, whole answers out, as they came."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from hub.http import Answer, Client
from orders.channels import Pace

JST = timezone(timedelta(hours=9), "JST")
GET_ORDER_VERSION = 10
PAGE_SIZE = 1_000
TOO_MANY, TOO_MANY_SECONDS = 429, 60.0
"""A mall that says "too many" without saying until when is left alone for so long."""

SEARCH, GET, CONFIRM, SHIP, CANCEL = "searchOrder", "getOrder", "confirmOrder", "updateOrderShipping", "cancelOrder"
EXPIRY = "license.expiryDate.get"
_BY_ORDER_DATE, _ORDER_DATE_COLUMN, _ASCENDING = 1, 1, 1


def function_name(endpoint: str) -> str:
    """Return the name by which RMS's own settings page (利用機能編集) calls an endpoint of the order API."""
    return endpoint if endpoint == EXPIRY else f"rpay.order.{endpoint}"


class RmsClient:
    """Calls in the name of one shop. Each takes its slot from the pace immediately before it leaves."""

    def __init__(self, *, service_secret: str, license_key: str, base_url: str, pace: Pace, transport: Any) -> None:
        token = base64.b64encode(f"{service_secret}:{license_key}".encode()).decode("ascii")
        self._license_key = license_key
        self._pace = pace
        self._open: Callable[[], Client] = lambda: Client(
            base_url=base_url,
            headers={"Authorization": f"ESA {token}", "Content-Type": "application/json; charset=utf-8"},
            transport=transport,
        )
        self._client: Client | None = None

    def search(self, *, since: datetime, until: datetime, page: int, klass: str, size: int = PAGE_SIZE) -> Answer:
        """Ask for the numbers of the orders placed in a window, oldest first, whatever their status."""
        return self.order_call(
            SEARCH,
            {
                "dateType": _BY_ORDER_DATE,
                "startDatetime": rms_datetime(since),
                "endDatetime": rms_datetime(until),
                "PaginationRequestModel": {
                    "requestRecordsAmount": size,
                    "requestPage": page,
                    "SortModelList": [{"sortColumn": _ORDER_DATE_COLUMN, "sortDirection": _ASCENDING}],
                },
            },
            klass=klass,
        )

    def get(self, *, numbers: Sequence[str], klass: str) -> Answer:
        """Ask for the details of up to 100 orders."""
        return self.order_call(GET, {"orderNumberList": list(numbers), "version": GET_ORDER_VERSION}, klass=klass)

    def confirm(self, *, numbers: Sequence[str]) -> Answer:
        """Confirm up to 100 orders."""
        return self.order_call(CONFIRM, {"orderNumberList": list(numbers)}, klass="confirm")

    def ship(self, *, body: Mapping[str, Any]) -> Answer:
        """Write shipping rows of one order."""
        return self.order_call(SHIP, body, klass="report")

    def cancel(self, *, number: str, reason: int, restock: int) -> Answer:
        """Apply for the cancellation of an order that is not shipped yet."""
        body = {"orderNumber": number, "inventoryRestoreType": restock, "changeReasonDetailApply": reason}
        return self.order_call(CANCEL, body, klass="cancel")

    def order_call(self, endpoint: str, body: Mapping[str, Any], *, klass: str) -> Answer:
        """Post to the order API."""
        content = msgspec.json.encode(body)
        return self._call("POST", f"/es/2.0/order/{endpoint}/", klass=klass, content=content)

    def expiry_date(self, *, klass: str) -> Answer:
        """Ask until when the licence key of this client is good."""
        path = "/es/1.0/license-management/license-key/expiry-date"
        return self._call("GET", path, klass=klass, params={"licenseKey": self._license_key})

    def close(self) -> None:
        """Let the connections go."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _call(self, method: str, path: str, *, klass: str, **more: Any) -> Answer:
        """Make one call in its slot. A mall that has too much to do is left alone by all workers until it is ready (promise G15)."""
        client = self._ready()
        self._pace.wait(klass)
        answer = client.call(method, path, **more)
        if answer.status == TOO_MANY:
            self._pace.pause(answer.retry_after or TOO_MANY_SECONDS)
        return answer

    def _ready(self) -> Client:
        """Make the client when it is first needed, so that building an adapter costs nothing."""
        if self._client is None:
            self._client = self._open()
        return self._client


def rms_datetime(moment: datetime) -> str:
    """Write an instant in the only spelling that the order API accepts, in Japan's time."""
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S+0900")
