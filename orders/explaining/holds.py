"""An open mark or a block of the mall as a person reads it: what it is, its evidence, and the act that ends it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from hub.problems import CATALOGUE, say
from hub.templatetags.hub_ui import listed
from orders import blocks
from orders.addresses import DOUBTS
from orders.conditions import ConditionError, fields_of, parse
from orders.explaining.why import Act, Hold
from orders.fields import OrderFacts
from orders.models import TaskMark
from orders.operations.holds import CLOSED_BY_HAND
from orders.system_tasks import NEVER_PASSED, said

REOPENS = frozenset({"cannot_ship"})
FOLLOWS_MALL = frozenset(
    {"mall_payment", "mall_amount", "mall_address", "mall_review", "mall_changing", "mall_cancelling", "cancel_asked"}
)


def hold_of_block(block: blocks.Block) -> Hold:
    """Return what the mall itself forbids."""
    return Hold(code=f"mall:{block.code}", words=str(block.label), detail=str(block.freed_by), override=block.passable)


def hold_of_mark(mark: TaskMark, facts: OrderFacts) -> Hold:
    """Return an open mark with its evidence and what ends it."""
    task, key = mark.task, mark.task.key
    by_hand = key in CLOSED_BY_HAND or not key
    return Hold(
        code=f"task:{task.pk}",
        words=said(key, task.name),
        detail=detail_of(mark, facts),
        next=said(key, task.what_to_do),
        tone="stop" if key in ("shipped_elsewhere", "cancelled_at_mall", "cannot_ship", "rule_failed") else "wait",
        act=_act(mark, facts),
        task_id=task.pk,
        override=not by_hand and key not in NEVER_PASSED,
    )


def _act(mark: TaskMark, facts: OrderFacts) -> Act | None:
    key = mark.task.key
    if key in REOPENS:
        parcel = mark.detail.get("parcel") or next((p.pk for p in facts.parcels if p.state == "cannot_ship"), None)
        return Act(code="reopen", on=parcel) if parcel else Act(code="release", on=mark.task_id)
    if key in FOLLOWS_MALL:
        return Act(code="read_again")
    if key in CLOSED_BY_HAND:
        return Act(code="release", on=mark.task_id)
    if key:
        return None
    return Act(code="read") if "remark_read" in _fields(mark.task.condition) else Act(code="keep", on=mark.task_id)


def asks_about_address(mark: TaskMark) -> bool:
    """Return whether a person is to look at the address."""
    return "address_doubt" in _fields(mark.task.condition)


def _fields(condition: Any) -> frozenset[str]:
    try:
        return fields_of(parse(condition)) if condition else frozenset()
    except ConditionError:
        return frozenset()


def detail_of(mark: TaskMark, facts: OrderFacts) -> str:
    """Return the evidence of a mark in a line: what was said, found or differs; else what to do."""
    order, detail, key = facts.order, mark.detail, mark.task.key
    if key == "unmapped":
        return _("%(lines)s点のうち%(unmapped)s点") % {"lines": order.open_lines, "unmapped": order.unmapped_lines}
    if key == "unknown_payment":
        return _("モールの支払名「%(name)s」") % {"name": order.payment_name}
    if key == "sums_differ":
        theirs, yen = order.total_yen or 0, order.sums_differ_yen
        return say("sums_differ", {"ours": f"{theirs - yen:,}", "theirs": f"{theirs:,}", "yen": f"{yen:+,}"})
    fields = _fields(mark.task.condition)
    if "remark_left" in fields and order.remark_left:
        return f"「{order.remark_left.strip()[:60]}」"
    if "address_doubt" in fields:
        return address_words(next((p.address_doubt for p in facts.parcels if p.address_doubt), order.address_doubt))
    found = [say(mark.reason, detail) if mark.reason in CATALOGUE else mark.reason]
    found += [f"「{detail['rule']}」"] if detail.get("rule") else []
    found += [
        str(detail[name]) for name in ("text", "line", "error") if detail.get(name) not in (None, "", mark.reason)
    ]
    if numbers := detail.get("numbers"):
        found.append(listed(map(str, numbers)))
    return " ".join(filter(None, found)) or said(key, mark.task.what_to_do)


def address_words(code: str) -> str:
    """Return what is doubtful about an address."""
    return str(DOUBTS.get(code, code))
