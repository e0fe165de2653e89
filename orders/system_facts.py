"""Facts of the program that system tasks mirror for people to see: what the mall forbids, unmapped lines, sums that differ."""

from __future__ import annotations

from typing import Any

from orders import blocks
from orders.models import Order

BLOCK_TASKS = {
    "payment": "mall_payment", "amount": "mall_amount", "address": "mall_address", "review": "mall_review", "changing": "mall_changing",
    "cancelling": "mall_cancelling",
}  # fmt: skip

KEYS = (*BLOCK_TASKS.values(), "unmapped", "unknown_payment", "unknown_delivery", "sums_differ")
"""System tasks that open and close by themselves; the others are opened by operations and closed by people or answers."""

NEVER_PASSED = frozenset(task for code, task in BLOCK_TASKS.items() if not blocks.BLOCKS[code].passable)
"""What the mall has not decided yet (an amount, an address, its review): no override passes these."""


def of(order: Order, *, delivery_method: str) -> dict[str, dict[str, Any]]:
    """Return the system tasks whose cause holds for the order, each with what a person needs to see.

    `delivery_method` is the order's as rules have left it, which may not be written yet.
    """
    found: dict[str, dict[str, Any]] = {
        BLOCK_TASKS[code]: {} for code in order.mall_block.split() if code in BLOCK_TASKS
    }
    if order.unmapped_lines:
        found["unmapped"] = {"unmapped": order.unmapped_lines, "lines": order.open_lines}
    if order.payment_method == "unknown":
        found["unknown_payment"] = {"name": order.payment_name}
    if order.delivery_name and not delivery_method:
        found["unknown_delivery"] = {"name": order.delivery_name}
    if order.sums_differ_yen:
        found["sums_differ"] = {"difference_yen": order.sums_differ_yen, "total_yen": order.total_yen}
    return found
