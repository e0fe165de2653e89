"""One order while a pass runs over it: the columns that rules may change, as they will be written once at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.models import Order


@dataclass(kw_only=True)
class Folded:
    """`order` as it was locked; the other attributes as rules have changed them so far. `acted` names the rule versions."""

    order: Order
    status_id: int
    phase: str
    mall_block: str
    delivery_method: str
    memo: str
    edited_fields: dict[str, Any]
    held: bool
    confirm_state: str
    carrier: str = ""
    tags_before: frozenset[int] = frozenset()
    tags: set[int] = field(default_factory=set)
    warehouse_id: int | None = None
    wanted: bool = False
    mails: list[Any] = field(default_factory=list)
    stopped: bool = False
    acted: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, order: Order, tags: frozenset[int]) -> Folded:
        """Start folding over a locked order."""
        return cls(
            order=order, status_id=order.status_id, phase=order.phase, mall_block=order.mall_block, tags_before=tags, tags=set(tags),
            delivery_method=order.delivery_method, memo=order.memo, edited_fields=order.edited_fields, held=order.held,
            confirm_state=order.confirm_state,
        )  # fmt: skip

    def columns(self, now: datetime) -> dict[str, Any]:
        """Return the columns of the order as they stand folded; `status_at` moves with the status."""
        return {
            "status_id": self.status_id,
            "phase": self.phase,
            "status_at": now if self.status_id != self.order.status_id else self.order.status_at,
            "delivery_method": self.delivery_method,
            "memo": self.memo,
        }

    def before(self) -> dict[str, Any]:
        """Return the same columns as they were locked."""
        return {
            name: getattr(self.order, name) for name in ("status_id", "phase", "status_at", "delivery_method", "memo")
        }

    def quiet(self, rule_set: int) -> dict[str, Any]:
        """Return the columns that the last write of a pass sets without entering them in the history."""
        return {"held": self.held, "confirm_state": self.confirm_state, "judged_rule_set": rule_set}

    def is_written(self, now: datetime, *, judged: bool) -> None:
        """Take what was folded for what stands; the next difference counts from here."""
        vars(self.order).update(self.columns(now))
        if judged:
            self.order.held, self.order.confirm_state = self.held, self.confirm_state
        self.tags_before, self.warehouse_id, self.carrier, self.acted = frozenset(self.tags), None, "", []

    @property
    def differs(self) -> bool:
        """Whether anything that belongs to the order's revision differs from what was locked."""
        return (
            self.status_id != self.order.status_id or self.delivery_method != self.order.delivery_method or self.memo != self.order.memo
            or self.tags != self.tags_before or self.warehouse_id is not None or bool(self.carrier)
        )  # fmt: skip
