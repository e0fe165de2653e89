"""The ledgers of the world outside, read into what a check asks for: orders at the mall, shipments, mails, calls."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def read(path: Path) -> list[Line]:
    """Return every whole line of a ledger; a last line that a kill cut short is left out. No file: no lines."""
    if not path.exists():
        return []
    whole = path.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in whole if line]


@dataclass(kw_only=True)
class MallOrder:
    """One order as the mall's ledger tells it: its newest content, when it was shown, and what became of it."""

    number: str
    account: str
    kind: str
    expected_end: str
    placed_at: datetime
    model: Mapping[str, Any]
    changed_at: datetime
    visible_at: datetime | None = None
    confirms: list[Line] = field(default_factory=list)
    cancelled_at: datetime | None = None
    counted_at: datetime | None = None
    rows: dict[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)
    """Shipping rows as they stand, by destination and row id."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail that the sink took."""

    order: str
    template: str
    occasion: str
    user: str
    message_id: str


@dataclass(kw_only=True)
class Ledgers:
    """A folder with mall.jsonl, rsl.jsonl and mail.jsonl, and canaries.json: the secrets of the run, to be found nowhere."""

    folder: Path

    @cached_property
    def mall_lines(self) -> list[Line]:
        return read(self.folder / "mall.jsonl")

    @cached_property
    def warehouse_lines(self) -> list[Line]:
        return read(self.folder / "rsl.jsonl")

    @cached_property
    def orders(self) -> dict[str, MallOrder]:
        """Every order of the mall, by number."""
        orders: dict[str, MallOrder] = {}
        for line in self.mall_lines:
            if line["kind"] == "order_placed":
                orders[line["number"]] = _placed(line)
            elif line.get("number") in orders:
                _follow(orders[line["number"]], line)
        return orders

    @cached_property
    def orders_of_account(self) -> dict[str, list[MallOrder]]:
        """The mall's orders by its shop."""
        found: dict[str, list[MallOrder]] = defaultdict(list)
        for order in self.orders.values():
            found[order.account].append(order)
        return found

    @cached_property
    def mails(self) -> list[Mail]:
        """Mails with the hub's headers."""
        return [
            Mail(
                order=line["hub"].get("X-Hub-Order", ""),
                template=line["hub"].get("X-Hub-Template", ""),
                occasion=line["hub"].get("X-Hub-Occasion", ""),
                user=line["user"] or "",
                message_id=line["message_id"],
            )
            for line in read(self.folder / "mail.jsonl")
            if line["kind"] == "mail" and line["hub"]
        ]

    @cached_property
    def canaries(self) -> list[str]:
        """Secrets that must stand nowhere: keys, tokens, passwords."""
        path = self.folder / "canaries.json"
        return list(json.loads(path.read_text())) if path.exists() else []

    def calls(self) -> dict[str, list[datetime]]:
        """Return when calls of each shop arrived at the mall, in true time, oldest first."""
        found: dict[str, list[datetime]] = defaultdict(list)
        for line in self.mall_lines:
            if line["kind"] == "request" and line["shop"]:
                found[line["shop"]].append(datetime.fromisoformat(line["arrived_at"]))
        return {shop: sorted(moments) for shop, moments in found.items()}


def _placed(line: Line) -> MallOrder:
    at = datetime.fromisoformat(line["at"])
    return MallOrder(
        number=line["number"], account=line["shop"], kind=line["kind_of_order"], expected_end=line["expected_end"], placed_at=at,
        model=line["model"], changed_at=at,
    )  # fmt: skip


def _follow(order: MallOrder, line: Line) -> None:
    at = datetime.fromisoformat(line["at"])
    match line["kind"]:
        case "order_visible":
            order.visible_at = at
        case "changed":
            order.model, order.changed_at = line["model"], at
        case "confirm":
            order.confirms.append(line)
        case "cancelled":
            order.cancelled_at = at
        case "counted":
            order.counted_at = at
        case "expectation":
            order.expected_end = line["expected_end"]
        case "shipping_add" | "shipping_update":
            order.rows[line["basket_id"], line["shipping_detail_id"]] = line["row"]
        case "shipping_delete":
            order.rows.pop((line["basket_id"], line["shipping_detail_id"]), None)
