"""What the warehouse remembers: accounts with their stock, shipments, and the feed of results."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(kw_only=True)
class Account:
    """A shop's contract with the warehouse. The rates are shares of requests, thrown with dice seeded by the reference."""

    shop: str
    token: str
    dedupe: bool = True  # a repeated reference is answered with the first outcome; without it, it ships again
    askable: bool = True  # GET and find answer
    refuse_rate: float = 0.0  # refused though nothing is wrong with the request
    shortage_rate: float = 0.0  # units that the shelf turns out not to hold
    backlog_rate: float = 0.0  # parcels without a wished date that leave one to three days later
    ship_short: bool = False  # on shortage: send what there is (short) instead of nothing (cannot_ship)
    open_catalogue: bool = False  # any SKU is known and in stock
    refuse_postal_0000: bool = True
    withdraw_fee_yen: int = 330  # once work has started
    stock: dict[str, int] = field(default_factory=dict)  # units on the shelf, by SKU
    names: dict[str, str] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)  # of them taken by shipments in work
    feed: list[dict[str, Any]] = field(default_factory=list)  # results that are visible, in order

    def free(self, sku: str) -> int:
        """Return the units that no shipment in work has taken."""
        return self.stock.get(sku, 0) - self.reserved.get(sku, 0)

    def public(self) -> dict[str, Any]:
        """Describe the contract without its token."""
        hidden = ("token", "stock", "names", "reserved", "feed")
        return {name: value for name, value in vars(self).items() if name not in hidden} | {
            "skus": len(self.stock),
            "results": len(self.feed),
        }


@dataclass(kw_only=True)
class Shipment:
    """One request that was taken, or refused."""

    shop: str
    reference: str
    nth: int  # 1; above: a further shipment under the same reference, at a warehouse that does not dedupe
    content: dict[str, Any]
    state: str  # accepted, working, shipped, cannot_ship, withdrawn, refused
    accepted_at: datetime
    code: str = ""
    reason: str = ""
    ship_on: date | None = None
    wish_on: date | None = None  # the wished date as kept: an impossible one is cleared silently
    turn: int = 1  # raised when the request is corrected; events of an earlier turn are dead
    work_at: datetime | None = None
    ship_at: datetime | None = None
    result_at: datetime | None = None
    fee_yen: int = 0
    outcome: str = ""  # shipped, short, cannot_ship
    taken: dict[str, int] = field(default_factory=dict)  # units reserved, then shipped, by SKU
    packages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def units(self) -> dict[str, int]:
        """Return the units asked for, by SKU."""
        units: dict[str, int] = {}
        for line in self.content["lines"]:
            units[line["sku"]] = units.get(line["sku"], 0) + line["quantity"]
        return units

    def public(self) -> dict[str, Any]:
        """Describe the shipment as the API does."""
        return {
            "reference": self.reference,
            "state": self.state,
            "code": self.code,
            "reason": self.reason,
            "accepted_at": self.accepted_at.isoformat() if self.state != "refused" else None,
            "ship_day_on": self.ship_on.isoformat() if self.ship_on else None,
            "wish": {
                "date_on": self.wish_on.isoformat() if self.wish_on else None,
                "time": self.content.get("wish", {}).get("time", ""),
            },
            "lines": [{"sku": line["sku"], "quantity": line["quantity"]} for line in self.content.get("lines", [])],
            "packages": [{key: value for key, value in row.items() if key != "lines"} for row in self.packages],
            "fee_yen": self.fee_yen,
        }
