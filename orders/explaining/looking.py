"""Reads an order and finds the one reason that matters now. The order of the questions is the order of what a person must know first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from hub.clock import JAPAN
from hub.effects.switches import outgoing_off
from hub.models import Effect, EffectState
from hub.problems import advise, say
from hub.templatetags.hub_ui import listed
from orders import blocks
from orders.explaining.holds import asks_about_address, hold_of_block, hold_of_mark
from orders.explaining.why import Act, Hold, Said, Why
from orders.fields import OrderFacts
from orders.judging import obstacles_of_orders, unpaid
from orders.models import Parcel, Warehouse
from orders.models.orders import ParcelState
from orders.models.shops import ShopMode
from orders.queries.detail import NoOrder
from orders.queries.facts import facts_of

BUSY = (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING)


def explain_order(order_id: int, now: datetime) -> Why:
    """Say why an order is where it is. Raises NoOrder."""
    facts = facts_of([order_id]).get(order_id)
    if facts is None or facts.order.scratch:
        raise NoOrder(order_id)
    effects = (
        Effect.objects.filter(order_id=order_id)
        .exclude(state__in=[EffectState.DONE, EffectState.DROPPED])
        .order_by("pk")
    )
    return explain_facts(facts, list(effects), now)


def explain_facts(facts: OrderFacts, effects: Sequence[Effect], now: datetime) -> Why:
    """Say it of facts already loaded; `effects` are the order's open ones at least."""
    return _Looking(facts, effects, now).why()


def obstacle_words(code: str, names: Mapping[int, str] | None = None) -> str:
    """Return an obstacle of `orders.judging` in words; `names` are those of tasks."""
    kind, _colon, rest = code.partition(":")
    if kind == "task":
        return (names or {}).get(int(rest), "")
    if kind == "mall":
        return str(blocks.BLOCKS[rest].label)
    return say(kind)


class _Looking:
    """The questions asked of one order, one after the other; the first that has an answer gives it."""

    def __init__(self, facts: OrderFacts, effects: Sequence[Effect], now: datetime) -> None:
        self.facts, self.order, self.now = facts, facts.order, now
        self.effects = [e for e in effects if e.state not in (EffectState.DONE, EffectState.DROPPED)]
        self.parcels = list(facts.parcels)

    def why(self) -> Why:
        questions: list[Callable[[], Why | None]] = [
            self.deleted, self.cancelled, self.stopped, self.shipped, self.withdrawing, self.held, self.waiting, self.with_warehouse, self.not_ours,
            self.blocked, self.unconfirmed, self.paying, self.not_judged, self.ready_to_ship, self.nowhere,
        ]  # fmt: skip
        return next(answer for answer in (question() for question in questions) if answer is not None)

    # It is over.

    def deleted(self) -> Why | None:
        if self.order.deleted_at is None:
            return None
        return _why("closed", "deleted", acts=[Act(code="take_back", primary=True)])

    def cancelled(self) -> Why | None:
        if self.order.phase != "cancelled":
            return None
        return _why("closed", "cancelled_at_mall" if self.order.mall_state == "cancelled" else "cancelled_here")

    def shipped(self) -> Why | None:
        if self.order.phase == "done":
            return _why("good", "done" if self.order.shipped_at else "done_elsewhere")
        if self.order.phase != "shipped":
            return None
        reports = [report for report in self.facts.reports if report.counted_at is None]
        if not reports:
            return _why("good", "shipped" if self.order.ours else "shipped_not_ours")
        states = {effect.state for effect in self.effects if effect.kind == "mall.report"}
        if EffectState.UNSURE in states:
            return _why("moving", "report_unsure")
        if any(report.sent_at is None for report in reports):
            return self.moving("report_waiting")
        caused = next((report for report in reports if report.cause), None)
        if caused is not None:
            return _why("stop", "report_late", cause=_cause(caused.cause), acts=[Act(code="read_again")])
        return _why("moving", "report_seen" if all(report.seen_at for report in reports) else "report_sent")

    # Something that was to leave has stopped.

    def stopped(self) -> Why | None:
        effect = next((e for e in self.effects if e.state == EffectState.STOPPED and e.kind != "mail.send"), None)
        if effect is None:
            return None
        code = {"mall.report": "report_stopped", "warehouse.send": "request_stopped"}.get(effect.kind)
        if code is None and (holds := self.holds()):
            return _why("wait", "held", n=len(holds), holds=holds, acts=self.acts_on_holds(holds))
        detail = " ".join(
            filter(None, (say(effect.reason, effect.reason_params), str(effect.reason_params.get("detail", ""))))
        )
        hold = Hold(code=f"effect:{effect.pk}", words=detail, tone="stop")
        act = Act(code="see_effect", on=effect.pk, primary=True)
        return _why("stop", code or "report_stopped", holds=[hold], acts=[act]) if code else None

    # A person or the mall must do something.

    def holds(self) -> list[Hold]:
        return [
            hold_of_mark(mark, self.facts)
            for mark in self.facts.marks
            if mark.task.holds and mark.task.retired_at is None
        ]

    def held(self) -> Why | None:
        holds = self.holds()
        if not holds:
            return None
        return _why("wait", "held", n=len(holds), holds=holds, acts=self.acts_on_holds(holds), also=self.beside())

    def acts_on_holds(self, holds: Sequence[Hold]) -> list[Act]:
        """Return the acts that end holds and need a page of their own; the first stands out."""
        found: list[Act] = []
        free = next((p for p in self.parcels if p.state in (ParcelState.DRAFT, ParcelState.CANNOT_SHIP)), None)
        if any(p.address_doubt and not p.address_accepted for p in self.parcels) and free is not None:
            asked = any(asks_about_address(mark) for mark in self.facts.marks)
            found.append(Act(code="edit_address", on=free.pk, primary=asked))
        if self.order.unmapped_lines:
            found.append(Act(code="map", primary=not found))
        if self.order.payment_method == "unknown":
            found.append(Act(code="mall_words", primary=not found))
        if any(hold.override for hold in holds):
            found.append(Act(code="override"))
        if any(p.state in BUSY for p in self.parcels):
            found.append(Act(code="withdraw"))
        return found

    def waiting(self) -> Why | None:
        if self.order.ready_at <= self.now:
            return None
        minutes = ceil((self.order.ready_at - self.now).total_seconds() / 60)
        wait = round((self.order.ready_at - self.order.placed_at).total_seconds() / 60)
        return _why("moving", "waiting", wait=wait, minutes=minutes)

    def blocked(self) -> Why | None:
        passed = self.order.pk not in unpaid([(self.order.pk, self.order.mall_block)])
        found = [one for one in blocks.reasons(self.order.mall_block) if not (passed and one.code == blocks.PAYMENT)]
        if not found:
            return None
        holds = [hold_of_block(block) for block in found]
        labels = listed(str(block.label) for block in found)
        return _why(
            "wait",
            "mall_blocks",
            blocks=labels,
            freed_by=str(found[0].freed_by),
            holds=holds,
            acts=[Act(code="read_again")],
        )

    def unconfirmed(self) -> Why | None:
        due = self.order.cancel_due_on
        old = self.order.mall_state == "new" and due is not None and (due - self.now.astimezone(JAPAN).date()).days <= 4
        return _why("stop", "unconfirmed_old", day=_day(due), acts=[Act(code="read_again")]) if old else None

    def paying(self) -> Why | None:
        if self.order.phase != "payment":
            return None
        due = self.order.pay_due_on
        return _why("moving", "payment_until", day=_day(due)) if due else _why("moving", "payment")

    def not_ours(self) -> Why | None:
        if not self.order.ours:
            observing = self.facts.shop.mode == ShopMode.OBSERVE
            return _why(
                "moving", "observing" if observing else "not_ours", acts=[Act(code="shop", on=self.facts.shop.pk)]
            )
        if self.facts.shop.mode == ShopMode.OBSERVE and self.order.mall_state != "none":
            return _why("moving", "observing", acts=[Act(code="shop", on=self.facts.shop.pk)])
        return None

    # It moves by itself, or is at a warehouse.

    def withdrawing(self) -> Why | None:
        return _why("wait", "cancel_asked") if any(p.state == ParcelState.CANCEL_ASKED for p in self.parcels) else None

    def with_warehouse(self) -> Why | None:
        busy = next((p for p in self.parcels if p.state in BUSY), None)
        if busy is None:
            return None
        house = busy.warehouse.name if busy.warehouse else "–"
        if busy.warehouse is not None and busy.warehouse.kind == "own":
            acts = [Act(code="record", primary=True), Act(code="print"), Act(code="withdraw")]
            return _why("wait", "to_print", warehouse=house, acts=acts)
        return self.moving(str(busy.state), warehouse=house, acts=[Act(code="withdraw")])

    def not_judged(self) -> Why | None:
        order = self.order
        judged = order.revision == order.judged_revision and order.judged_rule_set == self.facts.shop.rule_set
        return None if judged or order.judge_at is None else _why("moving", "not_judged")

    def ready_to_ship(self) -> Why | None:
        drafts = [p for p in self.parcels if p.state == ParcelState.DRAFT]
        if not self.parcels:
            return _why("stop", "no_lines")
        wanted = [p for p in drafts if p.ship_wanted_at is not None]
        faulty = next((p for p in drafts if p.ship_fault), None)
        if faulty is not None:
            return self.at_fault(faulty)
        if wanted:
            obstacles = obstacles_of_orders([self.order.pk], now=self.now).get(self.order.pk, [])
            code = next(
                (one for one in obstacles if one in ("mall_not_read", "not_judged", "not_open")), "about_to_request"
            )
            return self.moving(code, acts=[Act(code="unwant_shipment")])
        if drafts and self.order.phase == "ready":
            return _why("wait", "not_wanted", acts=self.shipping_acts(drafts), also=self.cutoff(drafts[0]))
        return None

    def at_fault(self, parcel: Parcel) -> Why:
        fault = parcel.ship_fault
        acts = (
            [Act(code="choose_warehouse", primary=True)]
            if fault in ("no_warehouse", "several_warehouses")
            else [Act(code="record")]
        )
        return _why("stop", "ship_fault", fault=say(fault), advice=advise(fault), acts=acts)

    def nowhere(self) -> Why:
        drafts = [p for p in self.parcels if p.state == ParcelState.DRAFT]
        if self.order.phase == "intake":
            return _why("wait", "no_destination", acts=self.shipping_acts(drafts))
        return _why(
            "wait", "in_status", status=self.facts.status.name, acts=self.shipping_acts(drafts) if drafts else []
        )

    def shipping_acts(self, drafts: Sequence[Parcel]) -> list[Act]:
        return [Act(code="want_shipment", primary=True), Act(code="record")] if drafts else []

    # What stands beside the reason.

    def moving(self, code: str, *, acts: Sequence[Act] = (), **params: Any) -> Why:
        return _why("moving", code, acts=acts, also=self.beside(), **params)

    def beside(self) -> list[Said]:
        return [Said(code="outgoing_off")] if outgoing_off() else []

    def cutoff(self, parcel: Parcel) -> list[Said]:
        house = parcel.warehouse or Warehouse.objects.filter(pk=self.facts.shop.warehouse_id).first()
        if house is None:
            return []
        local = self.now.astimezone(JAPAN)
        cutoff = house.cutoff_on(local.date())
        code = "past_cutoff" if local.time() >= cutoff else "until_cutoff"
        return [Said(code=code, params={"time": f"{cutoff:%H:%M}"})]


def _why(
    tone: str, code: str, *, acts: Sequence[Act] = (), holds: Sequence[Hold] = (), also: Sequence[Said] = (), **params: Any
) -> Why:  # fmt: skip
    return Why(tone=tone, said=Said(code=code, params=params), also=also, holds=holds, acts=acts)


def _cause(code: str) -> str:
    from orders.views.words import report_cause  # the words of report causes are the page's

    return report_cause(code)


def _day(day: Any) -> str:
    return f"{day.month}/{day.day}" if day else "–"
