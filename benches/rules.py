"""Row *rules*: masks of fifty rules against one statement written by hand, and import with rules judged and applied against import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from statistics import median
from typing import Any

from automation import engine
from automation.models import Rule, RuleGroup, RuleVersion
from benches import places
from benches.answers import Reader, answers
from benches.conditions import Pair, bitmask, fifty
from benches.filling import fill
from benches.measuring import Figure, gate, ratios, timed
from benches.shops import MALL, House, make_house
from hub.clock import JAPAN
from hub.tenancy import tenant_transaction
from orders.conditions import Node, masks, parse
from orders.intake import save_mall_orders
from orders.models import Listing, Order, OrderLine, Parcel, Shop, Status, Tag, Warehouse
from orders.queries.counts import recount, status_counts
from tests.orders.making import make_many
from tests.orders.oracle import Row, Trees, holds, snapshot

BATCH = 1_000
TREES_A_STATEMENT = 50
"""As many conditions as a rulebook of the goals has."""


def run(size: str, rows: Sequence[str] = ()) -> list[Figure]:
    """Measure the row."""
    rounds = 5 if size == "small" else 9
    with ExitStack() as stack:
        name = stack.enter_context(places.fresh("rules"))
        house = make_house()
        fill(name, house, 10_000)
        with tenant_transaction(house.tenant_id):
            skus = list(Listing.objects.exclude(product=None).order_by("pk").values_list("key", flat=True))
        pairs = fifty(skus)
        _publish(house, pairs)
        figures = _Flow(stack, name, house, pairs).run(rounds)
    with places.fresh("oracle") as name:
        figures.append(_oracle(name, *((10, 10_000, 200) if size == "full" else (1, 2_000, 100))))
    return figures


def _publish(house: House, pairs: Sequence[Pair]) -> None:
    """Fifty rules in one group: labels mostly, statuses, deliveries, memos and warehouses between.

    The hub leaves the confirming to others.
    """
    with tenant_transaction(house.tenant_id):
        Shop.objects.update(confirm_by="other")
        status = {s.default_for: s.pk for s in Status.objects.exclude(default_for="")}
        warehouse = Warehouse.objects.order_by("-pk").values_list("pk", flat=True)[0]
        tags = Tag.objects.bulk_create([Tag(name=f"計測{n:02}", position=100 + n) for n in range(30)])
        group = RuleGroup.objects.create(name="計測", when="change", phases=["intake", "payment", "ready"])
        for number, (condition, _) in enumerate(pairs):
            action: dict[str, Any] = {"do": "add_tag", "tag": tags[number % len(tags)].pk}
            if number % 10 == 4:
                action = {"do": "set_delivery", "method": f"便{number}", "carrier": "yamato"}
            elif number % 10 == 7:
                action = {"do": "add_memo", "text": f"規則{number}"}
            elif number % 25 == 18:
                action = {"do": "choose_warehouse", "warehouse": warehouse}
            elif number in (6, 42, 43):
                action = {"do": "set_status", "status": status["ready" if number == 6 else "check"]}
            rule = Rule.objects.create(
                group=group, name=f"規則{number:02}", condition=condition, actions=[action], position=number
            )
            RuleVersion.objects.create(rule=rule, version=1, name=rule.name, condition=condition, actions=[action])


class _Flow:
    """Each round takes a thousand fresh orders in, compares masks on them, then judges them."""

    def __init__(self, stack: ExitStack, name: str, house: House, pairs: Sequence[Pair]) -> None:
        self.name, self.house, self.pairs = name, house, list(pairs)
        self.nodes = {place: parse(condition) for place, (condition, _) in enumerate(pairs)}
        self.today = house.now.astimezone(JAPAN).date()
        self.owner = stack.enter_context(places.own(name))
        self.statement = bitmask(self.pairs)
        self.reader = Reader()
        self.seconds: dict[str, list[float]] = {key: [] for key in ("import", "judge", "masks", "bits", "loop", "raw")}
        self.hits = 0

    def run(self, rounds: int) -> list[Figure]:
        load = answers((rounds + 1) * 10, placed_at=self.house.now - timedelta(hours=3), seed=5)
        places.settle(self.name)
        for number in range(rounds + 1):
            self._round(load[number * 10 : number * 10 + 10])
            if number == 0:
                for values in self.seconds.values():
                    values.clear()
        with tenant_transaction(self.house.tenant_id):
            gate(status_counts() == recount(), "the counters differ from the orders")
        return self._figures()

    def _round(self, load: Sequence[Any]) -> None:
        numbers = [number for answer in load for number in answer.numbers]
        self.seconds["import"].append(timed(lambda: self._take_in(load)))
        with tenant_transaction(self.house.tenant_id):
            ids = list(Order.objects.filter(number__in=numbers).order_by("pk").values_list("pk", flat=True))
        self._compare(ids)
        self.seconds["judge"].append(timed(self._judge))
        with tenant_transaction(self.house.tenant_id):
            gate(not Order.objects.filter(pk__in=ids, judge_at__isnull=False).exists(), "an order was not judged")
            self.ruled = Order.objects.filter(pk__in=ids, revision__gt=1).count()
        self.seconds["raw"].append(timed(lambda: self._raw(ids)))

    def _take_in(self, load: Sequence[Any]) -> None:
        house = self.house
        for answer in load:
            save_mall_orders(house.tenant_id, house.shop_id, self.reader.read(answer), by=MALL, now=house.now)

    def _judge(self) -> None:
        engine.work(self.house.tenant_id)

    def _compare(self, ids: Sequence[int]) -> None:
        """Masks of the product (row security on) and of the statement by hand (off), five times in turn; they must say the same."""
        told: dict[int, tuple[int, ...]] = {}
        theirs: dict[int, int] = {}

        def product() -> None:
            with tenant_transaction(self.house.tenant_id):
                told.update(masks(self.nodes, ids, self.today))

        def by_hand() -> None:
            with self.owner.cursor() as cursor:
                cursor.execute(self.statement, {"tenant": self.house.tenant_id, "ids": list(ids), "today": self.today})
                theirs.update(dict(cursor.fetchall()))
            self.owner.commit()

        found = [(timed(product), timed(by_hand)) for _ in range(5)]
        ours = {pk: sum(1 << place for place in hits) for pk, hits in told.items()}
        gate(ours == theirs, f"masks differ on {sum(ours.get(pk) != bits for pk, bits in theirs.items())} orders")
        self.hits = sum(bits.bit_count() for bits in ours.values())
        self.seconds["masks"].append(median(pair[0] for pair in found))
        self.seconds["bits"].append(median(pair[1] for pair in found))
        few = ids[:100]
        with tenant_transaction(self.house.tenant_id):
            self.seconds["loop"].append(timed(lambda: self._loop(few)) * len(ids) / len(few))

    def _loop(self, ids: Sequence[int]) -> None:
        """The plain way: objects with what lies beside them, every tree walked in Python."""
        rows = _with_parts(ids)
        for row in rows.values():
            for node in self.nodes.values():
                holds(node, row, self.today)

    def _raw(self, ids: Sequence[int]) -> None:
        """The least that applying costs: one UPDATE from arrays of the columns that rules wrote."""
        with self.owner.cursor() as cursor:
            cursor.execute(
                "SELECT id, status_id, phase, delivery_method, memo FROM orders_order WHERE id = ANY(%s)", [list(ids)]
            )
            columns = [list(column) for column in zip(*cursor.fetchall(), strict=True)]
            cursor.execute(
                """UPDATE orders_order o SET status_id = x.s, phase = x.p, delivery_method = x.d, memo = x.m, revision = revision + 1
                   FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[]) AS x(id, s, p, d, m) WHERE o.id = x.id""",
                columns,
            )
        self.owner.commit()

    def _figures(self) -> list[Figure]:
        took = self.seconds
        both = [a + b for a, b in zip(took["import"], took["judge"], strict=True)]
        mask, kept = ratios(took["masks"], took["bits"]), ratios(took["import"], both)
        loop, raw = ratios(took["loop"], took["masks"]), ratios(took["judge"], took["raw"])
        speed = {key: BATCH / median(values) for key, values in took.items()}
        return [
            Figure(
                row="rules",
                goal="7",
                what="masks of 50 rules over 1,000 orders",
                limit=f"one bitmask statement by hand: {median(took['bits']) * 1000:.0f} ms",
                product=f"{median(took['masks']) * 1000:.0f} ms ({speed['masks']:,.0f} orders/s)",
                ratio=str(mask),
                bar="≤ 1.5",
                met=mask.mid <= 1.5,
                data=mask.data(),
            ),
            Figure(
                row="rules",
                goal="7",
                what="the same",
                limit=f"Python loop over objects: {speed['loop']:,.0f}/s; zen-engine: not installed",
                product=f"{speed['masks']:,.0f}/s",
                ratio=str(loop),
                bar="≥ 4",
                met=loop.mid >= 4,
                data=loop.data(),
            ),
            Figure(
                row="rules",
                goal="8",
                what=f"import, then 50 rules judged and applied ({self.hits / BATCH:.1f} hits an order, {self.ruled} of 1,000 changed)",
                limit=f"import alone: {speed['import']:,.0f}/s",
                product=f"{BATCH / median(both):,.0f}/s; judged {speed['judge']:,.0f}/s",
                ratio=str(kept),
                bar="≥ 0.70",
                met=kept.mid >= 0.70,
                data=kept.data(),
            ),
            Figure(
                row="rules",
                goal="9",
                what="rules applied to stored orders",
                limit=f"raw UPDATE of the columns alone: {speed['raw']:,.0f}/s",
                product=f"{speed['judge']:,.0f}/s, judging in it",
                ratio=str(raw),
                bar="printed",
                met=None,
                data=raw.data(),
            ),
        ]


def _with_parts(ids: Sequence[int]) -> dict[int, Row]:
    """Read orders with their lines, parcels, labels and tasks, one statement for each."""
    rows = {values["id"]: Row(values) for values in Order.objects.filter(pk__in=ids).values()}
    parcels = {values["id"]: values for values in Parcel.objects.filter(order__in=ids).values()}
    for values in OrderLine.objects.filter(order__in=ids, closed_at=None).values():
        row = rows[values["order_id"]]
        row.lines.append(values)
        if parcels[values["parcel_id"]] not in row.parcels:
            row.parcels.append(parcels[values["parcel_id"]])
    return rows


def _oracle(name: str, tenants: int, orders: int, trees: int) -> Figure:
    """Random trees over random orders against the plain evaluator of the tests, in tenants of ten thousand."""
    wrong = asked = 0
    for number in range(tenants):
        house = make_house(f"照合店{number}")
        today = house.now.astimezone(JAPAN).date()
        with tenant_transaction(house.tenant_id):
            make_many(orders, seed=number + 1)
        places.settle(name)
        with tenant_transaction(house.tenant_id):
            rows = snapshot()
            nodes = dict(enumerate(_trees(rows, today, number, trees)))
            for start in range(0, trees, TREES_A_STATEMENT):
                few = dict(list(nodes.items())[start : start + TREES_A_STATEMENT])
                for pk, hits in _masks_of_all(few, sorted(rows), today).items():
                    wanted = {key for key, node in few.items() if holds(node, rows[pk], today)}
                    asked += len(few)
                    wrong += len(wanted ^ set(hits))
    return Figure(
        row="rules",
        goal="22",
        what=f"masks on {orders * tenants:,} orders × {trees} random trees",
        limit="plain evaluator in Python",
        product=f"{asked:,} answers",
        ratio=f"{wrong} differ",
        bar="0 differ",
        met=wrong == 0 and asked == orders * tenants * trees,
        data={"asked": asked, "wrong": wrong},
    )


def _masks_of_all(nodes: Mapping[int, Node], ids: Sequence[int], today: date) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for start in range(0, len(ids), BATCH):
        found |= masks(nodes, ids[start : start + BATCH], today)
    return found


def _trees(rows: Any, today: date, seed: int, count: int) -> list[Any]:
    trees = Trees(rows, today, seed=seed + 11)
    return [trees.tree() for _ in range(count)]
