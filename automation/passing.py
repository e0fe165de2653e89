"""One pass over a chunk of locked orders: evaluate strata, fold actions in memory, write once, then tasks and confirms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F

from automation.folding import Folded
from automation.models import Rule, RuleMark
from automation.rulebook import ReadyRule, Rulebook
from automation.tasks import mirror_tasks
from hub.audit import SYSTEM, Actor
from hub.clock import JAPAN
from hub.effects import Wish, enqueue_all
from hub.models import AuditEntry
from mailer.operations import queue_message
from orders.conditions import masks
from orders.models import Order, OrderTag, Parcel, Shop, Status
from orders.models.shops import ConfirmBy, ShopMode
from orders.operations.door import Row, write
from orders.operations.edits import FREE
from orders.operations.holds import open_mark, system_task
from orders.operations.parcels import want_shipment
from warehouses.operations import withdraw_for_mall

RULES = Actor(kind="rule", name="rules")
MOST_A_DAY = 20
"""A backstop: an order that rules change more often than this in 24 hours is held (promise G24)."""


class RuleFailed(Exception):
    """A rule raised while it was applied."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name)
        self.rule = rule

    def count_failure(self) -> None:
        """Count it against the rule; failing on three orders switches the rule off."""
        Rule.objects.filter(pk=self.rule.pk).update(failures=F("failures") + 1)
        Rule.objects.filter(pk=self.rule.pk, failures__gte=3).update(broken="failed_on_three_orders")


class Pass:
    """The state of one pass. `run` does it; the methods are its steps in order."""

    def __init__(self, order_ids: Sequence[int], book: Rulebook, *, now: datetime) -> None:
        self.now = now
        self.today = now.astimezone(JAPAN).date()
        self.book = book
        self.orders = {order.pk: order for order in Order.objects.filter(pk__in=order_ids)}
        self.shops = {shop.pk: shop for shop in Shop.objects.filter(pk__in={o.shop_id for o in self.orders.values()})}
        tags: dict[int, set[int]] = defaultdict(set)
        for order_id, tag_id in OrderTag.objects.filter(order_id__in=order_ids).values_list("order_id", "tag_id"):
            tags[order_id].add(tag_id)
        self.folded = {pk: Folded.of(order, frozenset(tags[pk])) for pk, order in self.orders.items()}
        self.live = [pk for pk, order in self.orders.items() if order.deleted_at is None and order.ready_at <= now]
        self.revisions = {pk: order.revision for pk, order in self.orders.items()}

    def run(self) -> None:
        """Judge the orders and note that they were."""
        self.end_waiting()
        self.apply_rules()
        self.write_orders()
        self.apply_parcels_and_mail()
        mirror_tasks([self.orders[pk] for pk in self.live], self.book, today=self.today, now=self.now)
        self.queue_confirms()
        self.take_back_cancelled()
        self.hold_restless()
        self.note_judged()

    def end_waiting(self) -> None:
        """Take orders whose wait is over out of 待機."""
        defaults = {
            status.default_for: status for status in Status.objects.filter(default_for__in=["waiting", "intake"])
        }
        waiting, intake = defaults["waiting"], defaults["intake"]
        for pk in self.live:
            if self.folded[pk].status_id == waiting.pk:
                self.folded[pk].status_id = intake.pk

    def apply_rules(self) -> None:
        """Evaluate stratum by stratum and let rules act on the edge. Before a stratum that reads what was folded, it is written."""
        marks = self._open_marks()
        for number, stratum in enumerate(self.book.strata):
            if number:
                self.write_orders()
            ids = [pk for pk in self.live if self.folded[pk].phase != "cancelled"]
            hits = masks({ready.rule.pk: ready.node for ready in stratum}, ids, self.today) if ids else {}
            for ready in stratum:
                self._apply(ready, [pk for pk in ids if ready.rule.pk in hits.get(pk, ())], ids, marks)

    def _open_marks(self) -> dict[int, dict[int, int]]:
        found: dict[int, dict[int, int]] = defaultdict(dict)
        rows = RuleMark.objects.filter(order_id__in=self.live, closed_at__isnull=True).values_list(
            "rule_id", "order_id", "pk"
        )
        for rule_id, order_id, pk in rows:
            found[rule_id][order_id] = pk
        return found

    def _apply(
        self, ready: ReadyRule, matching: Sequence[int], asked: Iterable[int], marks: dict[int, dict[int, int]]
    ) -> None:
        rule = ready.rule
        in_reach = {pk for pk in asked if self._reaches(ready, self.folded[pk])}
        matched = set(matching) & in_reach
        opened = sorted(matched - set(marks[rule.pk]))
        closed = [mark for order_id, mark in marks[rule.pk].items() if order_id in in_reach - matched]
        if closed:
            RuleMark.objects.filter(pk__in=closed).update(closed_at=self.now)
        if not opened:
            return
        RuleMark.objects.bulk_create(
            [RuleMark(rule=rule, order_id=pk, version=rule.version, opened_at=self.now) for pk in opened]
        )
        for pk in opened:
            folded = self.folded[pk]
            try:
                for bound in ready.actions:
                    bound.action.fold(folded, bound.params, rule.over_edits)
            except Exception as error:
                raise RuleFailed(rule) from error
            folded.acted.append({"rule": rule.pk, "version": rule.version, "name": rule.name})
            if folded.stopped:
                folded.stopped = False
                self._stopped.add((ready.group_id, pk))

    @property
    def _stopped(self) -> set[tuple[int, int]]:
        stopped: set[tuple[int, int]] = self.__dict__.setdefault("stopped_pairs", set())
        return stopped

    def _reaches(self, ready: ReadyRule, folded: Folded) -> bool:
        order = folded.order
        if ready.shop_id is not None and ready.shop_id != order.shop_id:
            return False
        if ready.when == "intake" and order.judged_revision:
            return False
        return folded.phase in ready.phases and (ready.group_id, order.pk) not in self._stopped

    def write_orders(self) -> None:
        """Write what was folded so far: columns, labels and one audit entry per changed order naming the rule versions."""
        changed = [folded for folded in self.folded.values() if folded.differs]
        if not changed:
            return
        self._write_tags(changed)
        self._write_parcels(changed)
        rows = [
            Row(
                order_id=folded.order.pk, before=folded.before(), after=folded.columns(self.now), params={"rules": folded.acted},
                notes_before={"tags": sorted(folded.tags_before)} if folded.tags != folded.tags_before else {},
                notes_after={"tags": sorted(folded.tags)} if folded.tags != folded.tags_before else {},
            )
            for folded in sorted(changed, key=lambda f: f.order.pk)
        ]  # fmt: skip
        self.revisions.update(write(rows, verb="order.ruled", by=RULES, now=self.now, judge=False))
        for folded in changed:
            for name, value in folded.columns(self.now).items():
                setattr(folded.order, name, value)
            folded.tags_before, folded.warehouse_id, folded.carrier = frozenset(folded.tags), None, ""

    def _write_tags(self, changed: Sequence[Folded]) -> None:
        added = [OrderTag(order_id=f.order.pk, tag_id=tag) for f in changed for tag in sorted(f.tags - f.tags_before)]
        OrderTag.objects.bulk_create(added, ignore_conflicts=True)
        removed: dict[int, list[int]] = defaultdict(list)
        for folded in changed:
            for tag in folded.tags_before - folded.tags:
                removed[tag].append(folded.order.pk)
        for tag, ids in removed.items():
            OrderTag.objects.filter(tag_id=tag, order_id__in=ids).delete()

    def _write_parcels(self, changed: Sequence[Folded]) -> None:
        by_warehouse: dict[int, list[int]] = defaultdict(list)
        by_delivery: dict[tuple[str, str], list[int]] = defaultdict(list)
        for folded in changed:
            if folded.warehouse_id is not None:
                by_warehouse[folded.warehouse_id].append(folded.order.pk)
            if folded.delivery_method != folded.order.delivery_method or folded.carrier:
                by_delivery[folded.delivery_method, folded.carrier].append(folded.order.pk)
        for warehouse_id, ids in by_warehouse.items():
            Parcel.objects.filter(order_id__in=ids, state__in=FREE, warehouse_by_hand=False).update(
                warehouse_id=warehouse_id
            )
        for (method, carrier), ids in by_delivery.items():
            more = {"carrier": carrier} if carrier else {}
            Parcel.objects.filter(order_id__in=ids, state__in=FREE).update(delivery_method=method, **more)

    def apply_parcels_and_mail(self) -> None:
        """Wish for shipments and queue mails; both have keys or states that make a second pass change nothing."""
        wanted = [pk for pk in self.live if self.folded[pk].wanted]
        if wanted:
            want_shipment(wanted, by=RULES, now=self.now)
        mails: dict[Any, list[int]] = defaultdict(list)
        for pk in self.live:
            for template in self.folded[pk].mails:
                mails[template].append(pk)
        for template, ids in mails.items():
            queue_message(ids, template=template, occasion=template.occasion or "rule", by=RULES, now=self.now)

    def queue_confirms(self) -> None:
        """Confirm new orders at the mall: once, after the wait, where this hub confirms and the amounts are fixed."""
        due = [self.orders[pk] for pk in self.live if self._confirms(self.orders[pk])]
        if not due:
            return
        enqueue_all(
            [
                Wish(kind="mall.confirm", lane=f"shop:{order.shop_id}", key=f"confirm:{order.pk}", order_id=order.pk, shop_id=order.shop_id,
                     payload={"order": order.pk, "number": order.number})
                for order in due
            ],
            now=self.now,
        )  # fmt: skip
        Order.objects.filter(pk__in=[order.pk for order in due]).update(confirm_state="queued")

    def _confirms(self, order: Order) -> bool:
        shop = self.shops[order.shop_id]
        return (
            order.mall_state == "new" and order.ours and order.confirm_state == "" and self.folded[order.pk].phase != "cancelled"
            and shop.mode == ShopMode.LIVE and shop.confirm_by == ConfirmBy.HUB and "amount" not in order.mall_block.split()
        )  # fmt: skip

    def take_back_cancelled(self) -> None:
        """Ask the warehouse to give back what the mall has cancelled meanwhile, where that is free; the answer is shown as it comes."""
        gone = [
            pk for pk in self.live if self.orders[pk].mall_state == "cancelled" and self.orders[pk].phase == "shipping"
        ]
        if gone:
            withdraw_for_mall(gone, by=SYSTEM, now=self.now)

    def hold_restless(self) -> None:
        """Hold orders that rules have changed more than 20 times in a day."""
        acted = [pk for pk, folded in self.folded.items() if folded.acted]
        since = self.now - timedelta(hours=24)
        rows = AuditEntry.objects.filter(order_id__in=acted, actor_kind="rule", verb="order.ruled", at__gt=since)
        restless = [row["order_id"] for row in rows.values("order_id").annotate(n=Count("pk")) if row["n"] > MOST_A_DAY]
        if restless:
            self.revisions.update(self._hold(restless))

    def _hold(self, ids: Sequence[int]) -> dict[int, int]:
        open_mark(ids, task=system_task("rule_failed"), by=SYSTEM, now=self.now, reason="too_many_changes")
        return dict(Order.objects.filter(pk__in=ids).values_list("pk", "revision"))

    def note_judged(self) -> None:
        """Note that the orders were judged at this revision and at their shop's present rule set."""
        by_shop: dict[int, list[int]] = defaultdict(list)
        for pk, order in self.orders.items():
            by_shop[order.shop_id].append(pk)
        for shop_id, ids in by_shop.items():
            Order.objects.filter(pk__in=ids).update(
                judged_revision=F("revision"), judged_rule_set=self.shops[shop_id].rule_set, judge_at=None
            )
