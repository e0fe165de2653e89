"""What happens to an order at the mall, by its buyer, by Rakuten, by the shop's staff and in the nightly job."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulators.rakuten import amounts
from simulators.rakuten.formats import show_datetime
from simulators.rakuten.state import (
    AT_RAKUTEN,
    CANCELLED,
    CANCELLING,
    CHANGING,
    READY,
    SETTLED,
    SETTLING,
    SHIPPED,
    UNFIXED,
    WAITING_CONFIRM,
    Order,
    last_second,
    packages,
    shipping_rows,
)  # fmt: skip

if TYPE_CHECKING:
    from simulators.rakuten.mall import RakutenMall

CANCEL_APPLIED, CANCEL_FIXED, CANCEL_DONE, CHANGE_APPLIED, CHANGE_DONE, CONFIRMED = 0, 1, 2, 4, 6, 8
BY_SHOP, BY_CUSTOMER = 0, 1
REASON_CUSTOMER_CANCEL, REASON_UNPAID, REASON_SHOP_OTHER = 1, 4, 10
AUTO_CANCEL_DAYS = 14
PREPAID_DAYS = 7


def minutes(value: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=value)


class Life:
    """Carry out the transitions; each writes the ledger first and then plans what follows from it.

    `order.plan` says what the people around an order will do; see kinds.py for its keys.
    """

    def __init__(self, mall: RakutenMall) -> None:
        self._mall = mall
        self._events: dict[str, Callable[[Order, datetime, dict[str, Any]], None]] = {
            "appear": lambda order, at, _: self.appear(order, at),
            "show": lambda order, at, _: self._show(order, at),
            "self_cancel": lambda order, at, _: self._self_cancel(order, at),
            "auto_confirm": lambda order, at, _: self.auto_confirm(order, at),
            "auto_cancel": lambda order, at, _: self.finish_cancel(order, at, by="rakuten", reason=REASON_SHOP_OTHER),
            "staff_cancel": lambda order, at, more: self._staff_cancel(order, at, more["when"]),
            "fix_postage": lambda order, at, more: self.fix_postage(order, at, more["yen"]),
            "clear_review": lambda order, at, _: self.clear_review(order, at),
            "gift_input": lambda order, at, more: self.gift_input(order, at, more["sender"]),
            "buyer_pays": lambda order, at, _: self.authorise(order, at),
            "authorise": lambda order, at, _: self.authorise(order, at),
            "payment_ng": lambda order, at, _: self.finish_cancel(order, at, by="rakuten", reason=REASON_UNPAID),
            "change": lambda order, at, _: self.apply_change(order, at),
            "change_fixed": lambda order, at, _: self.fix_change(order, at),
            "cancel_fixed": lambda order, at, more: self.finish_cancel(order, at, **more),
            "settling": lambda order, at, _: self._settle(order, at, SETTLING),
            "settled": lambda order, at, _: self._settle(order, at, SETTLED),
        }

    def happen(self, name: str, order: Order, at: datetime, details: dict[str, Any]) -> None:
        """Carry out one event of the agenda; of an order that a test made too odd for it only the ledger hears."""
        try:
            self._events[name](order, at, details)
        except (LookupError, TypeError, AttributeError) as error:
            self._ledger("broken", order, at, event=name, error=repr(error))

    def dice(self, order: Order, purpose: str) -> random.Random:
        """Return dice that fall the same for the same seed, order and purpose."""
        return random.Random(f"{self._mall.seed}:{order.number}:{purpose}")

    def _plan(self, due: datetime, name: str, order: Order, **details: Any) -> None:
        self._mall.engine.plan(due, name, order, **details)

    def _ledger(self, kind: str, order: Order, at: datetime, **fields: Any) -> None:
        self._mall.ledger.write(kind, at=at, shop=order.shop_id, number=order.number, **fields)

    def _move(self, order: Order, model: dict[str, Any], to: int, at: datetime, by: str) -> None:
        self._ledger("status", order, at, **{"from": model["orderProgress"], "to": to, "by": by})
        model["orderProgress"] = to

    def _reason(self, model: dict[str, Any], kind: int, at: datetime, **fields: Any) -> None:
        done = show_datetime(at)
        model.setdefault("ChangeReasonModelList", []).append({
            "changeId": next(self._mall.detail_ids), "changeType": kind, "changeTypeDetail": None, "changeReason": None,
            "changeReasonDetail": None, "changeApplyDatetime": done, "changeFixDatetime": done,
            "changeCmplDatetime": done, **fields,
        })  # fmt: skip

    # --- placing

    def appear(self, order: Order, at: datetime) -> None:
        """Let a placed order exist; it is searchable at once or, if planned, some seconds later."""
        self._mall.shops[order.shop_id].add(order)
        self._ledger(
            "order_placed", order, at, kind_of_order=order.kind, expected_end=order.expected_end, model=order.read()
        )
        if late := order.plan.get("visible_after_seconds"):
            self._plan(at + timedelta(seconds=late), "show", order)
        else:
            self._show(order, at)
        if order.progress == WAITING_CONFIRM:
            self._expect(order)

    def _show(self, order: Order, at: datetime) -> None:
        self._ledger("order_visible", order, at)
        order.visible = True

    def _expect(self, order: Order) -> None:
        """Plan what happens to a new order by itself, counted from its own date."""
        plan, placed = order.plan, order.placed_at
        if "self_cancel_minutes" in plan:
            self._plan(placed + minutes(plan["self_cancel_minutes"]), "self_cancel", order)
        if "postage_minutes" in plan:
            self._plan(placed + minutes(plan["postage_minutes"]), "fix_postage", order, yen=plan["postage_yen"])
        if "review_minutes" in plan:
            self._plan(placed + minutes(plan["review_minutes"]), "clear_review", order)
        if "gift_minutes" in plan:
            self._plan(placed + minutes(plan["gift_minutes"]), "gift_input", order, sender=plan["gift_sender"])
        self._plan_staff_cancel(order, "unconfirmed", placed)
        auto = self._mall.shops[order.shop_id].auto_confirm_minutes
        if auto is not None:
            self._plan(placed + minutes(auto), "auto_confirm", order)
        self._plan(last_second((placed + timedelta(days=AUTO_CANCEL_DAYS)).date()), "auto_cancel", order)

    # --- confirmation and payment

    def auto_confirm(self, order: Order, at: datetime) -> None:
        """Confirm as RMS's own setting or another system would; an open amount is left alone."""
        if order.read()["requestPrice"] != UNFIXED:
            self.confirm(order, at, by="staff")

    def confirm(self, order: Order, at: datetime, *, by: str) -> None:
        """Turn 注文確認待ち into 楽天処理中 and let Rakuten collect the money."""
        self._ledger("confirm", order, at, by=by)
        with order.edit() as model:
            self._move(order, model, AT_RAKUTEN, at, by)
            model["shopOrderCfmDatetime"] = show_datetime(at)
            model["cancelDueDate"] = None
            self._reason(model, CONFIRMED, at)
            if order.plan.get("payment") in ("buyer", "never"):
                due = (at + timedelta(days=PREPAID_DAYS)).date().isoformat()
                model["DueDateModelList"].append({"dueDateType": 0, "dueDate": due})
        order.times[2] = at
        self._plan_payment(order, at)
        self._plan_staff_cancel(order, "at_rakuten", at)

    def _plan_payment(self, order: Order, at: datetime) -> None:
        due = at + minutes(order.plan.get("payment_minutes", 5))
        event = {"ok": "authorise", "ng": "payment_ng", "buyer": "buyer_pays"}.get(order.plan.get("payment", "ok"))
        if event:
            self._plan(due, event, order)

    def authorise(self, order: Order, at: datetime) -> None:
        """Turn 楽天処理中 into 発送待ち; an order under Rakuten's review waits until that is over."""
        if order.read()["rakutenConfirmFlag"]:
            order.plan["paid"] = True
            return
        with order.edit() as model:
            self._move(order, model, READY, at, "rakuten")
            model["orderFixDatetime"] = model["shippingInstDatetime"] = show_datetime(at)
        order.times[3] = at
        self._plan_staff_cancel(order, "ready", at)
        if "change_minutes" in order.plan:
            self._plan(at + minutes(order.plan["change_minutes"]), "change", order)

    def clear_review(self, order: Order, at: datetime) -> None:
        """End 楽天確認中."""
        self._changed(order, at, "rakuten", "review", rakutenConfirmFlag=0)
        if order.plan.pop("paid", False) and order.progress == AT_RAKUTEN:
            self.authorise(order, at)

    def fix_postage(self, order: Order, at: datetime, yen: int) -> None:
        """Put the postage that the shop had left open."""
        model = order.read()
        for package in packages(model):
            if package["postagePrice"] == UNFIXED:
                package["postagePrice"] = yen
        amounts.settle(model)
        self._keep(order, model, at, "staff", "postage")
        auto = self._mall.shops[order.shop_id].auto_confirm_minutes
        if auto is not None and order.progress == WAITING_CONFIRM:
            self._plan(at + minutes(1), "auto_confirm", order)

    def gift_input(self, order: Order, at: datetime, sender: dict[str, Any]) -> None:
        """Let the receiver of a social gift type the address."""
        model = order.read()
        for package in packages(model):
            package["SenderModel"] = dict(sender)
            package["SocialGiftModel"].update(inputFlag=1, inputCompDatetime=show_datetime(at))
        self._keep(order, model, at, "receiver", "gift_input")

    def _changed(self, order: Order, at: datetime, by: str, what: str, **fields: Any) -> None:
        self._keep(order, {**order.read(), **fields}, at, by, what)

    def _keep(self, order: Order, model: dict[str, Any], at: datetime, by: str, what: str) -> None:
        """Keep a changed order; the ledger holds it whole, for a judge to compare with."""
        self._ledger("changed", order, at, by=by, what=what, model=model)
        order.write(model)

    # --- changes

    def apply_change(self, order: Order, at: datetime) -> None:
        """Turn 発送待ち into 変更確定待ち."""
        if shipping_rows(order.read()):
            return
        with order.edit() as model:
            self._move(order, model, CHANGING, at, "staff")
            self._reason(
                model, CHANGE_APPLIED, at, changeTypeDetail=2, changeReason=BY_CUSTOMER, changeReasonDetail=6,
                changeFixDatetime=None, changeCmplDatetime=None,
            )  # fmt: skip
        self._plan(at + minutes(order.plan.get("change_fix_minutes", 20)), "change_fixed", order)

    def fix_change(self, order: Order, at: datetime) -> None:
        """Fix the change: the recipient's building is named now and the order is ready again."""
        model = order.read()
        packages(model)[0]["SenderModel"]["subAddress"] += " " + order.plan.get(
            "change_building", "ひまわりハイツ203号室"
        )
        model.update(modifyFlag=1, equalSenderFlag=0)
        self._reason(model, CHANGE_DONE, at, changeTypeDetail=2, changeReason=BY_CUSTOMER, changeReasonDetail=6)
        self._keep(order, model, at, "staff", "address")
        with order.edit() as kept:
            self._move(order, kept, READY, at, "rakuten")

    # --- cancelling

    def _plan_staff_cancel(self, order: Order, when: str, since: datetime) -> None:
        if order.plan.get("staff_cancel") == when:
            self._plan(since + minutes(order.plan["staff_cancel_minutes"]), "staff_cancel", order, when=when)

    def _self_cancel(self, order: Order, at: datetime) -> None:
        """Cancel from the purchase history; once confirmed the buyer cannot any more."""
        if order.progress == WAITING_CONFIRM:
            self.finish_cancel(order, at, by="buyer")
        else:
            self.expect(order, at, "counted")

    def expect(self, order: Order, at: datetime, end: str) -> None:
        """Change what is expected of an order, and tell the ledger."""
        self._ledger("expectation", order, at, expected_end=end, was=order.expected_end)
        order.expected_end = end

    def _staff_cancel(self, order: Order, at: datetime, when: str) -> None:
        """Cancel in the mall's own screen, unless the order has moved on: then it goes its common way."""
        wanted = {"unconfirmed": WAITING_CONFIRM, "at_rakuten": AT_RAKUTEN, "ready": READY}[when]
        if order.progress != wanted or shipping_rows(order.read()):
            self.expect(order, at, "counted")
            return
        self.apply_cancel(order, at, by="staff", reason=REASON_CUSTOMER_CANCEL)

    def apply_cancel(self, order: Order, at: datetime, *, by: str, reason: int, restore: int = 0) -> None:
        """Accept a cancellation before shipment: at once while unconfirmed, else by way of キャンセル確定待ち."""
        self._ledger("cancel", order, at, by=by, reason=reason, inventory_restore_type=restore)
        if order.progress == WAITING_CONFIRM:
            self.finish_cancel(order, at, by=by, reason=reason)
            return
        with order.edit() as model:
            self._move(order, model, CANCELLING, at, by)
            self._reason(
                model,
                CANCEL_APPLIED,
                at,
                changeReasonDetail=reason,
                changeReason=_side(reason),
                changeCmplDatetime=None,
            )
        wait = self.dice(order, "cancel").uniform(2, 20)
        self._plan(at + minutes(wait), "cancel_fixed", order, by=by, reason=reason)

    def finish_cancel(self, order: Order, at: datetime, *, by: str, reason: int = REASON_CUSTOMER_CANCEL) -> None:
        """Turn the order into キャンセル確定, from where nothing leads back."""
        self._ledger("cancelled", order, at, by=by, reason=reason)
        with order.edit() as model:
            self._move(order, model, CANCELLED, at, by)
            model["cancelDueDate"] = None
            self._reason(model, CANCEL_DONE, at, changeReasonDetail=reason, changeReason=_side(reason))
        order.expected_end = "cancelled"

    # --- after shipment

    def nightly(self, night: datetime) -> None:
        """Turn 発送待ち into 発送済 where every row is complete and its day has come."""
        today = night.date().isoformat()
        for count, order in enumerate(self._mall.ready_complete()):
            if max(order.ship_dates) > today:
                continue
            if self._mall.faults.pick(
                "nightly", {"job_skips_order"}, now=night, shop=order.shop_id, number=order.number
            ):
                self._ledger("skipped", order, night)
                continue
            self._count(order, night + timedelta(milliseconds=50 * count))

    def _count(self, order: Order, at: datetime) -> None:
        self._ledger("counted", order, at, rows=shipping_rows(order.read()))
        with order.edit() as model:
            self._move(order, model, SHIPPED, at, "rakuten")
            model["shippingCmplRptDatetime"] = show_datetime(at)
        order.times[5] = at
        self._plan(at + timedelta(hours=self.dice(order, "settling").uniform(20, 30)), "settling", order)

    def _settle(self, order: Order, at: datetime, to: int) -> None:
        with order.edit() as model:
            self._move(order, model, to, at, "rakuten")
        if to == SETTLING:
            self._plan(at + timedelta(hours=self.dice(order, "settled").uniform(20, 70)), "settled", order)
        else:
            order.times[6] = at


def _side(reason: int) -> int:
    return BY_CUSTOMER if reason <= 6 else BY_SHOP
