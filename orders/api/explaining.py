"""Why an order is here and what frees it: every obstacle in words, per order and per parcel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.api.problems import not_found
from hub.api.rendering import at, oid
from hub.effects.queries import OPEN
from hub.ids import encode
from hub.models import Effect
from hub.problems import advise, say
from orders.blocks import BLOCKS
from orders.explaining import Act, Hold, explain_facts
from orders.judging import may_ship, obstacles_of_orders
from orders.models import TaskMark
from orders.plugs import panel
from orders.queries.facts import facts_of
from orders.system_tasks import said


def explain_order(order_id: int, *, now: datetime, language: str, personal: bool) -> dict[str, Any]:
    """Return the one sentence that matters now, what holds the order and each parcel, and what the rules say of it."""
    facts = facts_of([order_id]).get(order_id)
    if facts is None or facts.order.scratch:
        raise not_found()
    order = facts.order
    why = explain_facts(facts, list(Effect.objects.filter(order_id=order_id, state__in=OPEN).order_by("pk")), now)
    obstacles = obstacles_of_orders([order_id], now=now).get(order_id, [])
    of_parcels = may_ship(facts.parcels, now=now) if facts.parcels else {}
    marks = {mark.task_id: mark for mark in facts.marks}
    return {
        "id": encode(order_id),
        "revision": order.revision,
        "code": why.said.code,
        "title": why.because(language),
        "advice": why.said.then(language),
        "also": [{"code": one.code, "title": one.also(language)} for one in why.also],
        "holds": [_hold(one, language, personal) for one in why.holds],
        "acts": [_act(one, language) for one in why.acts],
        "status": {"id": encode(facts.status.pk), "name": facts.status.name, "memo": facts.status.memo, "since": at(order.status_at)},
        "ready_at": at(order.ready_at),
        "may_ship": not obstacles,
        "obstacles": [obstacle_in_words(code, marks, language) for code in obstacles],
        "parcels": [
            {
                "id": encode(parcel.pk), "state": parcel.state, "ship_wanted_at": at(parcel.ship_wanted_at),
                "ship_fault": _fault(parcel.ship_fault, language), "may_ship": not of_parcels.get(parcel.pk),
                "obstacles": [obstacle_in_words(code, marks, language) for code in of_parcels.get(parcel.pk, [])],
            }
            for parcel in facts.parcels
        ],
        "rules": panel("rules", order_id=order_id, language=language) or [],
    }  # fmt: skip


def obstacle_in_words(code: str, marks: Mapping[int, TaskMark], language: str) -> dict[str, Any]:
    """Return an obstacle as code, title and advice; that of a task or of the mall names what it is."""
    kind, _, rest = code.partition(":")
    if kind == "task":
        mark = marks.get(int(rest))
        name, what = (
            (said(mark.task.key, mark.task.name), said(mark.task.key, mark.task.what_to_do)) if mark else ("", "")
        )
        return {
            "code": "task_holds",
            "task": oid(int(rest)),
            "title": say("task_holds", {"task": name}, language),
            "advice": what,
        }
    if kind == "mall":
        block = BLOCKS[rest]
        params = {"block": str(block.label), "freed_by": str(block.freed_by)}
        return {
            "code": "mall_forbids",
            "block": rest,
            "title": say("mall_forbids", params, language),
            "advice": str(block.freed_by),
        }
    return {"code": code, "title": say(code, {}, language), "advice": advise(code, {}, language)}


def _fault(code: str, language: str) -> dict[str, str] | None:
    return {"code": code, "title": say(code, {}, language), "advice": advise(code, {}, language)} if code else None


def _hold(hold: Hold, language: str, personal: bool) -> dict[str, Any]:
    return {
        "code": hold.code.partition(":")[0], "title": hold.words, "detail": hold.detail if personal else "", "task": oid(hold.task_id),
        "act": _act(hold.act, language) if hold.act else None, "override": hold.override,
    }  # fmt: skip


def _act(act: Act, language: str) -> dict[str, Any]:
    return {"code": act.code, "title": act.words(language), "on": oid(act.on)}
