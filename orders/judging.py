"""What holds an order, and whether a parcel may ship. Nothing can make a warehouse request without asking here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from orders import blocks
from orders.models import Order, OrderLine, Parcel, TaskMark
from orders.models.statuses import OPEN_PHASES, Phase
from orders.system_tasks import BLOCK_TASKS

SHIPPABLE = (Phase.READY, Phase.SHIPPING)
"""A wish waits while its order stands before these: moving an order back to be checked is a way to stop it."""

READ_WITHIN = timedelta(minutes=15)
"""A parcel leaves only when its mall was read no longer ago than this (promise G8)."""


def open_holds(order_ids: Iterable[int]) -> dict[int, list[TaskMark]]:
    """Return, for each order, its open marks of tasks that hold."""
    found: dict[int, list[TaskMark]] = defaultdict(list)
    marks = TaskMark.objects.filter(
        order_id__in=list(order_ids), closed_at__isnull=True, task__holds=True, task__retired_at__isnull=True
    ).select_related("task")
    for mark in marks.order_by("opened_at", "pk"):
        found[mark.order_id].append(mark)
    return found


def passed_payment(order_ids: Iterable[int]) -> set[int]:
    """Return the orders whose unsettled payment a person has passed by name; it stands until the mall settles it."""
    marks = TaskMark.objects.filter(
        order_id__in=list(order_ids), task__key=BLOCK_TASKS[blocks.PAYMENT], closed_at__isnull=False,
        cause_ended_at__isnull=True,
    )  # fmt: skip
    return set(marks.values_list("order_id", flat=True))


def unpaid(orders: Iterable[tuple[int, str]]) -> set[int]:
    """Return the orders, given with their mall blocks, that the mall has not settled and that nobody has passed."""
    open_ = {pk for pk, block in orders if blocks.PAYMENT in blocks.codes_in(block)}
    return open_ - passed_payment(open_) if open_ else open_


def obstacles_of_orders(order_ids: Sequence[int], *, now: datetime) -> dict[int, list[str]]:
    """Return why each order may not ship now, as codes; an order that may ship has none.

    Asked of each order: it is ours, open, in a status of phase ready or shipping, and past its waiting time; judged at this revision
    and at the shop's present rule set; no open mark of a task that holds; nothing the mall itself forbids (a payment that a person
    has passed by name apart); the mall was read within 15 minutes.
    """
    holds = open_holds(order_ids)
    obstacles: dict[int, list[str]] = {}
    rows = list(Order.objects.filter(pk__in=list(order_ids)).values(
        "pk", "ours", "phase", "ready_at", "revision", "judged_revision", "judged_rule_set", "shop__rule_set", "mall_block",
        "mall_read_at", "deleted_at", "mall_state", "shop__mode",
    ))  # fmt: skip
    not_settled = unpaid((row["pk"], row["mall_block"]) for row in rows)
    for row in rows:
        found = _obstacles(row, now, passed=row["pk"] not in not_settled)
        obstacles[row["pk"]] = [*found, *(f"task:{mark.task_id}" for mark in holds.get(row["pk"], ()))]
    return obstacles


def _obstacles(row: Mapping[str, object], now: datetime, *, passed: bool) -> list[str]:
    found = []
    if row["deleted_at"] is not None:
        found.append("deleted")
    if not row["ours"]:
        found.append("not_ours")
    elif row["shop__mode"] != "live" and row["mall_state"] != "none":
        found.append("observing")
    if row["phase"] not in OPEN_PHASES:
        found.append("not_open")
    elif row["phase"] not in SHIPPABLE:
        found.append("not_ready_to_ship")
    if row["ready_at"] > now:  # type: ignore[operator]
        found.append("waiting")
    if row["revision"] != row["judged_revision"] or row["judged_rule_set"] != row["shop__rule_set"]:
        found.append("not_judged")
    forbids = blocks.codes_in(str(row["mall_block"]))
    found += [f"mall:{code}" for code in forbids if not (passed and code == blocks.PAYMENT)]
    read_at = row["mall_read_at"]
    if row["mall_state"] != "none" and (read_at is None or read_at < now - READ_WITHIN):  # type: ignore[operator]
        found.append("mall_not_read")
    return found


def may_ship(parcels: Sequence[Parcel], *, now: datetime) -> dict[int, list[str]]:
    """Return the obstacles of each parcel: those of every order whose lines it holds. Ask under the row locks of those orders."""
    lines = OrderLine.objects.filter(
        parcel_id__in=[parcel.pk for parcel in parcels], closed_at__isnull=True, quantity__gt=0
    )
    orders_of: dict[int, set[int]] = defaultdict(set)
    for parcel_id, order_id in lines.values_list("parcel_id", "order_id"):
        orders_of[parcel_id].add(order_id)
    everything = {order_id for ids in orders_of.values() for order_id in ids}
    obstacles = obstacles_of_orders(sorted(everything), now=now)
    answer: dict[int, list[str]] = {}
    for parcel in parcels:
        ids = orders_of.get(parcel.pk, set())
        found = [code for order_id in sorted(ids) for code in obstacles[order_id]]
        if not ids:
            found.append("no_lines")
        answer[parcel.pk] = list(dict.fromkeys(found))
    return answer
