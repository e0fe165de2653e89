"""What the mall remembers: shops with their keys, and orders with what a search asks of them."""

from __future__ import annotations

import bisect
import marshal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from simulators.clock import JST

WAITING_CONFIRM, AT_RAKUTEN, READY, CHANGING, SHIPPED, SETTLING, SETTLED, CANCELLING, CANCELLED = (
    100, 200, 300, 400, 500, 600, 700, 800, 900,
)  # fmt: skip
UNFIXED = -9999
KEY_DAYS = 90
FUNCTIONS = (
    "searchOrder", "getOrder", "confirmOrder", "updateOrderShipping", "cancelOrder", "cancelOrderAfterShipping",
    "updateOrderMemo", "updateOrderRemarks", "updateOrderSubStatus", "getSubStatusList", "updateOrderSender",
)  # fmt: skip
PERMISSIONS = (*(f"rpay.order.{name}" for name in FUNCTIONS), "license.expiryDate.get")


def permissions(names: Iterable[str]) -> set[str]:
    """Return function rights in RMS's own names; `searchOrder` is short for `rpay.order.searchOrder`."""
    return {name if "." in name else f"rpay.order.{name}" for name in names}


def last_second(day: date) -> datetime:
    """Return 23:59:59 in Japan of a day."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=JST)


@dataclass(kw_only=True)
class Key:
    """One licence key of a shop."""

    service_secret: str
    license_key: str
    issued_at: datetime
    active_from: datetime  # a fresh key is refused until then
    expires_at: datetime
    revoked: bool = False

    @staticmethod
    def last_moment(issued_at: datetime, days: int = KEY_DAYS) -> datetime:
        """Return 23:59:59 JST of the last of so many days."""
        return last_second((issued_at.astimezone(JST) + timedelta(days=days)).date())


@dataclass(kw_only=True)
class SubStatus:
    """A sub-status that a shop has defined under one orderProgress."""

    id: int
    name: str
    progress: int


@dataclass(kw_only=True, eq=False)
class Order:
    """An order: its OrderModel packed away, and the few values that searches and the status engine look at."""

    number: str
    shop_id: str
    kind: str
    expected_end: str
    placed_at: datetime
    plan: dict[str, Any]  # what the buyer, Rakuten and the shop's staff will do; see life.py
    visible: bool = False
    progress: int = WAITING_CONFIRM
    times: dict[int, datetime] = field(default_factory=dict)  # dateType -> instant
    ship_dates: list[str] = field(default_factory=list)
    settlement: int | None = None
    complete: bool = False  # every shipping row has carrier, number and date
    _packed: bytes = b""

    def read(self) -> dict[str, Any]:
        """Return a fresh copy of the OrderModel; changing it changes nothing here."""
        model: dict[str, Any] = marshal.loads(self._packed)
        return model

    def write(self, model: dict[str, Any]) -> None:
        """Keep this OrderModel and refresh the values beside it."""
        self._packed = marshal.dumps(model)
        progress, settlement = model.get("orderProgress"), model.get("SettlementModel")
        self.progress = progress if isinstance(progress, int) else WAITING_CONFIRM
        self.settlement = settlement.get("settlementMethodCode") if isinstance(settlement, dict) else None
        rows = shipping_rows(model)
        self.ship_dates = [row.get("shippingDate") or "" for row in rows]
        self.complete = bool(rows) and all(is_complete(row) for row in rows) and every_package_has_rows(model)

    @contextmanager
    def edit(self) -> Iterator[dict[str, Any]]:
        """Change the OrderModel: a copy is handed out and kept when the block ends without an error."""
        model = self.read()
        yield model
        self.write(model)


@dataclass(kw_only=True, eq=False)
class Shop:
    """A shop of the mall."""

    id: str
    name: str
    keys: list[Key]
    permissions: set[str]
    next_day: bool = True
    auto_confirm_minutes: float | None = None  # RMS's own 自動注文確認, or another system that confirms
    error_shape: str | None = None  # legacy | gateway; none: as the mall is set
    denied_status: int = 401  # of a function that is not switched on: 401, or 400 with ES04-01
    orders: dict[str, Order] = field(default_factory=dict)
    by_time: list[tuple[datetime, str]] = field(default_factory=list)
    sub_statuses: list[SubStatus] = field(default_factory=list)
    last_request: float = 0.0
    serial: int = 0

    def add(self, order: Order) -> None:
        """Take in an order."""
        self.orders[order.number] = order
        bisect.insort(self.by_time, (order.placed_at, order.number))

    def placed_between(self, start: datetime, end: datetime) -> list[Order]:
        """Return the orders placed from start to end, both included, oldest first."""
        low = bisect.bisect_left(self.by_time, (start, ""))
        high = bisect.bisect_right(self.by_time, (end, "\U0010ffff"))
        return [self.orders[number] for _, number in self.by_time[low:high]]


def packages(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the destinations of an OrderModel; none if it is too odd to have any."""
    found = model.get("PackageModelList")
    return [package for package in found if isinstance(package, dict)] if isinstance(found, list) else []


def shipping_rows(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every shipping row of an OrderModel."""
    lists = (package.get("ShippingModelList") for package in packages(model))
    return [row for rows in lists if isinstance(rows, list) for row in rows if isinstance(row, dict)]


def is_complete(row: dict[str, Any]) -> bool:
    """Say whether a shipping row has carrier, tracking number and ship date."""
    return bool(row.get("deliveryCompany") and row.get("shippingNumber") and row.get("shippingDate"))


def every_package_has_rows(model: dict[str, Any]) -> bool:
    """Say whether each destination that is still wanted has a shipping row."""
    return all(package.get("ShippingModelList") or package.get("packageDeleteFlag") for package in packages(model))
