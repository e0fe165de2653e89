"""One pass over a chunk of locked orders: evaluate strata, fold actions in memory, write once, then tasks and confirms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, F, Q

from automation import engine_rows
from automation.actions import ACTIONS
from automation.folding import Folded
from automation.models import Rule, RuleMark
from automation.rulebook import ReadyRule, Rulebook
from automation.tasks import mirror_tasks
from hub.audit import SYSTEM, Actor
from hub.clock import JAPAN
from hub.effects import Wish, enqueue_all
from hub.models import AuditEntry
from hub.sending import sent_ahead
from mailer.operations import queue_message
from orders.channels import Ability, can
from orders.conditions import masks, reads
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
    """A rule raised while it was asked or applied. `rule` is None where it is one of several that were asked together."""

    def __init__(self, rule: Rule | None = None) -> None:
        super().__init__(rule.name if rule else "")
        self.rule = rule


_READ = (
    "id", "shop_id", "number", "status_id", "phase", "status_at", "ready_at", "mall_state", "mall_block", "payment_method", "payment_name",
    "delivery_method", "delivery_name", "memo", "edited_fields", "ours", "confirm_state", "held", "unmapped_lines", "open_lines",
    "sums_differ_yen", "total_yen", "deleted_at", "judged_revision",
)  # fmt: skip
"""The columns that a pass looks at in memory; conditions are asked of the database."""


def _order_of(row: Sequence[Any]) -> Order:
    """Return an order with these columns only: without Django's constructor, which takes most of the time of reading a thousand."""
    order = Order.__new__(Order)
    vars(order).update(zip(_READ, row, strict=True))
    return order


class Pass:
    """The state of one pass. `run` does it; the methods are its steps in order."""

    def __init__(self, order_ids: Sequence[int], book: Rulebook, *, now: datetime) -> None:
        self.now = now
        self.today = now.astimezone(JAPAN).date()
        self.book = book
        rows = Order.objects.filter(pk__among=list(order_ids)).values_list(*_READ)
        self.orders = {row[0]: _order_of(row) for row in rows}
        self.shops = {shop.pk: shop for shop in Shop.objects.filter(pk__in={o.shop_id for o in self.orders.values()})}
        tags: dict[int, set[int]] = defaultdict(set)
        for order_id, tag_id in OrderTag.objects.filter(order_id__among=list(order_ids)).values_list(
            "order_id", "tag_id"
        ):
            tags[order_id].add(tag_id)
        self.folded = {pk: Folded.of(order, frozenset(tags[pk])) for pk, order in self.orders.items()}
        self.live = [pk for pk, order in self.orders.items() if order.deleted_at is None and order.ready_at <= now]
        self.stopped: set[tuple[int, int]] = set()
        self.opened: list[tuple[int, int, int]] = []
        self.closed: list[int] = []
        self.written: set[str] = set()

    def run(self) -> None:
        """Judge the orders and note that they were. Where nothing needs the rows written first, each is written once, at the end."""
        self.end_waiting()
        self.apply_rules()
        if self._tasks_read_what_was_written():
            self.write_orders()
            self.apply_parcels_and_mail()
            confirms = self.write_last()
        else:
            confirms = self.write_last()
            self.apply_parcels_and_mail()
        self.queue_confirms(confirms)
        self.take_back_cancelled()
        self.hold_restless()
        self.note_judged()

    def write_last(self) -> list[Order]:
        """Write tasks, marks of rules and the orders, one ahead of the other; return the orders to confirm."""
        with sent_ahead():
            self.mirror_tasks()
            self.write_marks()
            confirms = self.decide_confirms()
            self.write_orders(last=True)
            self.write_quiet()
        return confirms

    def end_waiting(self) -> None:
        """Take orders whose wait is over out of 待機."""
        defaults = dict(Status.objects.filter(default_for__in=["waiting", "intake"]).values_list("default_for", "pk"))
        for pk in self.live:
            if self.folded[pk].status_id == defaults["waiting"]:
                self.folded[pk].status_id = defaults["intake"]
                self.written |= {"status_id", "status_at"}

    def apply_rules(self) -> None:
        """Evaluate stratum by stratum and let rules act on the edge. Before a stratum that reads what was folded, it is written."""
        marks = self._open_marks()
        for stratum in self.book.strata:
            if any(self.written & reads(ready.node) for ready in stratum):
                self.write_orders()
            ids = [pk for pk in self.live if self.folded[pk].phase != "cancelled"]
            matching: dict[int, list[int]] = defaultdict(list)
            for pk, rules in self._ask(stratum, ids).items():
                for rule_id in rules:
                    matching[rule_id].append(pk)
            for ready in stratum:
                self._apply(ready, set(matching[ready.rule.pk]), marks[ready.rule.pk])

    def _ask(self, stratum: Sequence[ReadyRule], order_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """Return which of the rules hold for each order."""
        try:
            return masks({ready.rule.pk: ready.node for ready in stratum}, order_ids, self.today)
        except DatabaseError:
            raise
        except Exception as error:
            raise RuleFailed from error

    def _open_marks(self) -> dict[int, dict[int, int]]:
        found: dict[int, dict[int, int]] = defaultdict(dict)
        rows = RuleMark.objects.filter(order_id__among=self.live, closed_at__isnull=True).values_list(
            "rule_id", "order_id", "pk"
        )
        for rule_id, order_id, pk in rows:
            found[rule_id][order_id] = pk
        return found

    def _apply(self, ready: ReadyRule, matching: set[int], marks: Mapping[int, int]) -> None:
        """Act where the condition became true; where it ceased, close the mark. What the rule does not reach stays as it is."""
        rule = ready.rule
        opened = sorted(pk for pk in matching - marks.keys() if self._reaches(ready, pk))
        self.closed += [mark for pk, mark in marks.items() if pk not in matching and self._reaches(ready, pk)]
        if not opened:
            return
        rule_id, version, over_edits = rule.id, rule.version, rule.over_edits
        self.opened += [(rule_id, pk, version) for pk in opened]
        self.written |= ready.writes
        said = {"rule": rule_id, "version": version, "name": rule.name}
        acts = [(bound.action.fold, bound.params) for bound in ready.actions]
        for pk in opened:
            folded = self.folded[pk]
            try:
                for fold, params in acts:
                    fold(folded, params, over_edits)
            except Exception as error:
                raise RuleFailed(rule) from error
            folded.acted.append(said)
            if folded.stopped:
                folded.stopped = False
                self.stopped.add((ready.group_id, pk))

    def _reaches(self, ready: ReadyRule, pk: int) -> bool:
        folded = self.folded[pk]
        order = folded.order
        if folded.phase not in ready.phases or (ready.shop_id is not None and ready.shop_id != order.shop_id):
            return False
        if folded.phase == "cancelled" or (ready.when == "intake" and order.judged_revision):
            return False
        return (ready.group_id, pk) not in self.stopped

    def write_marks(self) -> None:
        """Close the marks of rules whose condition ceased, and open those of the rules that acted."""
        if self.closed:
            RuleMark.objects.filter(pk__among=self.closed).update(closed_at=self.now)
        engine_rows.open_rule_marks(self.opened, now=self.now)

    def write_orders(self, *, last: bool = False) -> None:
        """Write what was folded so far: columns, labels and one audit entry per changed order naming the rule versions.

        The `last` write also notes that the orders are judged, held and queued for confirming, in the same UPDATE.
        """
        changed = sorted((f for f in self.folded.values() if f.differs), key=lambda folded: folded.order.id)
        if not changed:
            return
        self._write_tags(changed)
        self._write_parcels(changed)
        rows = [self._row(folded, last=last) for folded in changed]
        write(rows, verb="order.ruled", by=RULES, now=self.now, judge=False, judged=last)
        for folded in changed:
            folded.is_written(self.now, judged=last)
        self.written &= ACTIONS["want_shipment"].writes  # a wish is not written here

    def _row(self, folded: Folded, *, last: bool) -> Row:
        tags = folded.tags != folded.tags_before
        return Row(
            order_id=folded.order.id, before=folded.before(), after=folded.columns(self.now), params={"rules": folded.acted},
            notes_before={"tags": sorted(folded.tags_before)} if tags else {}, notes_after={"tags": sorted(folded.tags)} if tags else {},
            quiet=folded.quiet(self.shops[folded.order.shop_id].rule_set) if last else {},
        )  # fmt: skip

    def _write_tags(self, changed: Sequence[Folded]) -> None:
        engine_rows.add_labels([(f.order.id, tag) for f in changed for tag in sorted(f.tags - f.tags_before)])
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
            Parcel.objects.filter(order_id__among=ids, state__in=FREE, warehouse_by_hand=False).update(
                warehouse_id=warehouse_id
            )
        for (method, carrier), ids in by_delivery.items():
            more = {"carrier": carrier} if carrier else {}
            Parcel.objects.filter(order_id__among=ids, state__in=FREE).update(delivery_method=method, **more)

    def _tasks_read_what_was_written(self) -> bool:
        """Say whether a task's condition asks for something that rules of this pass have changed or wished."""
        return any(self.written & reads(task.node) for task in self.book.tasks)

    def mirror_tasks(self) -> None:
        """Open and close the marks of tasks; what the orders are held for afterwards is written with them."""
        folded = [self.folded[pk] for pk in self.live]
        for pk, held in mirror_tasks(folded, self.book, today=self.today, now=self.now).items():
            self.folded[pk].held = held

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

    def decide_confirms(self) -> list[Order]:
        """Return the orders to confirm at the mall: once, after the wait, where this hub confirms and the amounts are fixed."""
        due = [self.orders[pk] for pk in self.live if self._confirms(self.orders[pk])]
        for order in due:
            self.folded[order.id].confirm_state = "queued"
        return due

    def queue_confirms(self, due: Sequence[Order]) -> None:
        """Queue the confirms; one for each order, ever."""
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

    def _confirms(self, order: Order) -> bool:
        shop = self.shops[order.shop_id]
        return (
            order.mall_state == "new" and order.ours and order.confirm_state == "" and self.folded[order.id].phase != "cancelled"
            and shop.mode == ShopMode.LIVE and shop.confirm_by == ConfirmBy.HUB and can(shop.channel, Ability.CONFIRM)
            and "amount" not in order.mall_block.split()
        )  # fmt: skip

    def take_back_cancelled(self) -> None:
        """Ask the warehouse to give back what the mall has cancelled meanwhile, where that is free; the answer is shown as it comes.

        Whatever step the order stands in: a person may have moved it back while the warehouse has its parcel.
        """
        gone = [pk for pk in self.live if self.orders[pk].mall_state == "cancelled"]
        if gone:
            withdraw_for_mall(gone, by=SYSTEM, now=self.now)

    def hold_restless(self) -> None:
        """Hold orders that rules have changed more than 20 times in a day."""
        acted = sorted({pk for _, pk, _ in self.opened})
        since = self.now - timedelta(hours=24)
        rows = AuditEntry.objects.filter(order_id__among=acted, actor_kind="rule", verb="order.ruled", at__gt=since)
        counted = rows.order_by().values("order_id").annotate(n=Count("pk")).filter(n__gt=MOST_A_DAY)
        restless = list(counted.values_list("order_id", flat=True))
        if restless:
            open_mark(restless, task=system_task("rule_failed"), by=SYSTEM, now=self.now, reason="too_many_changes")

    def write_quiet(self) -> None:
        """Write what orders are held and queued for confirming as, where the last write has not: before a later step holds one."""
        quiet: dict[tuple[bool, str], list[int]] = defaultdict(list)
        for pk, order in self.orders.items():
            folded = self.folded[pk]
            if (folded.held, folded.confirm_state) != (order.held, order.confirm_state):
                quiet[folded.held, folded.confirm_state].append(pk)
        for (held, confirm_state), ids in quiet.items():
            Order.objects.filter(pk__among=ids).update(held=held, confirm_state=confirm_state)

    def note_judged(self) -> None:
        """Note that the orders were judged at this revision and at their shop's present rule set, where the last write has not."""
        by_shop: dict[int, list[int]] = defaultdict(list)
        for pk, order in self.orders.items():
            by_shop[order.shop_id].append(pk)
        for shop_id, ids in by_shop.items():
            rule_set = self.shops[shop_id].rule_set
            judged = Q(judged_revision=F("revision"), judged_rule_set=rule_set, judge_at__isnull=True)
            Order.objects.filter(~judged, pk__among=ids).update(
                judged_revision=F("revision"), judged_rule_set=rule_set, judge_at=None
            )
