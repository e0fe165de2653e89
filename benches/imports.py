"""Row *import*: one getOrder answer of 100 orders, from its bytes to committed, against COPY and upsert of the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from statistics import median

import msgspec
from django.db import connection

from benches import limits, places
from benches.answers import Answer, Reader, answers
from benches.filling import fill
from benches.measuring import Figure, gate, p95, ratios, timed
from benches.shops import MALL, House, make_house
from hub.tenancy import tenant_transaction
from orders.intake import Saved, save_mall_orders
from orders.lookups import as_array
from orders.models import Order, OrderLine, OrderNumber, Parcel
from orders.queries.counts import recount, status_counts

ANSWERS_A_ROUND = 3
PEERS = {"Saleor": 13.8, "django-oscar": 22.0, "karrio": 33.0, "pretix": 45.0}
"""Orders a second of their own bulk paths on the machine of the study (docs/benchmarks.md); no peer is installed here."""
_STORED = (
    "SELECT number, snapshot_hash FROM orders_order WHERE tenant_id = %s AND shop_id = %s AND number = ANY(%s::text[])"
)


def run(size: str, rows: Sequence[str] = ()) -> list[Figure]:
    """Measure the row."""
    rounds = 7 if size == "small" else 11
    with ExitStack() as stack:
        name = stack.enter_context(places.fresh("import"))
        house = make_house()
        fill(name, house, 10_000)
        load = answers(rounds * ANSWERS_A_ROUND + 3, placed_at=house.now - timedelta(hours=3))
        _name_numbers(house, load)
        places.settle(name)
        return _Rounds(stack, name, house).run(load, rounds)


def _name_numbers(house: House, load: Sequence[Answer]) -> None:
    """The search named the orders before: their number rows stand, as they do when polling fetches."""
    with tenant_transaction(house.tenant_id):
        OrderNumber.objects.bulk_create(
            [
                OrderNumber(shop_id=house.shop_id, number=number, named_at=house.now)
                for answer in load
                for number in answer.numbers
            ]
        )


class _Rounds:
    """The product's database, a twin for the upsert and a twin for the bare COPY, and what each round took in each."""

    def __init__(self, stack: ExitStack, name: str, house: House) -> None:
        self.house, self.reader = house, Reader()
        upserted = stack.enter_context(places.twin(name, "upsert"))
        copied = stack.enter_context(places.twin(name, "copy"))
        self.source = stack.enter_context(places.own(name))
        self.upsert = stack.enter_context(places.own(upserted))
        self.copy = stack.enter_context(places.own(copied))
        for owner in (self.upsert, self.copy):
            limits.strip(owner)
        limits.make_staging(self.upsert)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.calls: list[float] = []
        self.wal = 0

    def run(self, load: Sequence[Answer], rounds: int) -> list[Figure]:
        for answer in load[:3]:  # caches, plans, connections
            self._round([answer])
        self.seconds.clear()
        self.calls.clear()
        rest = load[3:]
        for number in range(rounds):
            self._round(rest[number * ANSWERS_A_ROUND : (number + 1) * ANSWERS_A_ROUND])
        self._check(load)
        self._again(load, rounds)
        return self._figures(rounds)

    def _round(self, load: Sequence[Answer]) -> None:
        """One round: the product, the upsert and the COPY take the same answers; then Django's own bulk path and a re-import."""
        took: dict[str, float] = defaultdict(float)
        for answer in load:
            seconds = timed(partial(self._import, answer))
            took["product"] += seconds
            self.calls.append(seconds * 1000)
            ids = self._ids(answer)
            rows = limits.read_back(self.source, ids)
            took["upsert"] += timed(partial(limits.upsert, self.upsert, rows))
            took["copy"] += timed(partial(limits.copy_bare, self.copy, rows))
            took["bulk"] += self._bulk_create(ids)
            took["same"] += timed(partial(self._reread, answer))
        for what, seconds in took.items():
            self.seconds[what].append(seconds)

    def _import(self, answer: Answer) -> Saved:
        return save_mall_orders(
            self.house.tenant_id, self.house.shop_id, self.reader.read(answer), by=MALL, now=self.house.now
        )

    def _reread(self, answer: Answer) -> Saved:
        """Take an answer in as re-reading does: what is stored is known by its hash."""
        with tenant_transaction(self.house.tenant_id), connection.cursor() as cursor:
            cursor.execute(_STORED, [self.house.tenant_id, self.house.shop_id, as_array(list(answer.numbers))])
            stored = {number: bytes(kept) for number, kept in cursor.fetchall()}
        return save_mall_orders(
            self.house.tenant_id, self.house.shop_id, self.reader.read(answer, stored), by=MALL, now=self.house.now
        )

    def _ids(self, answer: Answer) -> list[int]:
        with tenant_transaction(self.house.tenant_id):
            return list(Order.objects.filter(number__in=answer.numbers).order_by("pk").values_list("pk", flat=True))

    def _bulk_create(self, ids: Sequence[int]) -> float:
        """What Django's bulk_create(update_conflicts) of orders, parcels and lines takes: no snapshot, keys, audit or mapping."""
        with tenant_transaction(self.house.tenant_id):
            orders = list(Order.objects.filter(pk__in=ids))
            parcels = {p.pk: p for p in Parcel.objects.filter(order__in=ids)}
            lines = list(OrderLine.objects.filter(order__in=ids))
        of = {order.pk: order for order in orders}
        for row in (*orders, *parcels.values(), *lines):
            row.pk = None
        for parcel in parcels.values():
            parcel.order = of[parcel.order_id]
        for line in lines:
            line.order, line.parcel = of[line.order_id], parcels[line.parcel_id]
        for order in orders:
            order.number = f"b-{order.number}"

        def act() -> None:
            with tenant_transaction(self.house.tenant_id):
                changed = ["memo", "revision", "snapshot_hash"]
                Order.objects.bulk_create(
                    orders, update_conflicts=True, update_fields=changed, unique_fields=["tenant_id", "shop", "number"]
                )
                Parcel.objects.bulk_create(parcels.values())
                OrderLine.objects.bulk_create(lines)

        return timed(act)

    def _check(self, load: Sequence[Answer]) -> None:
        """Every order, parcel and line of the answers is there, found by number; counters agree; the twins hold the same rows."""
        numbers = [number for answer in load for number in answer.numbers]
        wanted = sum(
            len(p["ItemModelList"])
            for a in load
            for o in msgspec.json.decode(a.body)["OrderModelList"]
            for p in o["PackageModelList"]
        )
        with tenant_transaction(self.house.tenant_id):
            gate(Order.objects.filter(number__in=numbers).count() == len(numbers), "an order is missing")
            lines = OrderLine.objects.filter(order__number__in=numbers)
            gate(lines.count() == wanted, f"{lines.count()} lines instead of {wanted}")
            gate(status_counts() == recount(), "the counters differ from the orders")
            mine = dict.fromkeys(lines.values_list("pk", flat=True))
        for twin in (self.upsert, self.copy):
            rows = twin.execute("SELECT count(*) FROM orders_orderline WHERE id = ANY(%s)", [list(mine)]).fetchone()
            gate(rows is not None and rows[0] == len(mine), "a limit wrote other rows")
            twin.commit()

    def _again(self, load: Sequence[Answer], rounds: int) -> None:
        """Take the same answers in again and weigh the WAL that this session writes."""
        self._reread(load[0])
        before = _wal_bytes()
        same = 0
        for answer in load[:10]:
            same += len(self._reread(answer).same)
        self.wal = _wal_bytes() - before
        gate(same == 1_000, f"{same} of 1,000 orders were known as unchanged")

    def _figures(self, rounds: int) -> list[Figure]:
        orders = ANSWERS_A_ROUND * 100
        speed = {what: orders / median(values) for what, values in self.seconds.items()}
        against = {what: ratios(self.seconds[what], self.seconds["product"]) for what in ("upsert", "copy", "bulk")}
        same = ratios(self.seconds["copy"], self.seconds["same"])
        return [
            Figure(
                row="import",
                goal="1",
                what="one answer of 100, bytes to committed, all in, RLS",
                limit=f"COPY and upsert of the same rows: {speed['upsert']:,.0f}/s",
                product=f"{speed['product']:,.0f}/s",
                ratio=str(against["upsert"]),
                bar="≥ 0.60",
                met=against["upsert"].mid >= 0.60,
                data=against["upsert"].data(),
            ),
            Figure(
                row="import",
                goal="2",
                what="the same",
                limit=f"bare COPY: {speed['copy']:,.0f}/s",
                product=f"{speed['product']:,.0f}/s",
                ratio=str(against["copy"]),
                bar="printed",
                met=None,
                data=against["copy"].data(),
            ),
            Figure(
                row="import",
                goal="3",
                what="the same",
                limit="bulk paths of peers, as studied on another day: not installed here",
                product=f"{speed['product']:,.0f}/s",
                ratio=" / ".join(f"{speed['product'] / n:.0f}× {p}" for p, n in PEERS.items()),
                bar="printed",
                met=None,
            ),
            Figure(
                row="import",
                goal="4",
                what="the same",
                limit=f"Django bulk_create ×3 (does less): {speed['bulk']:,.0f}/s",
                product=f"{speed['product']:,.0f}/s",
                ratio=str(against["bulk"]),
                bar="printed",
                met=None,
                data=against["bulk"].data(),
            ),
            Figure(
                row="import",
                goal="5",
                what="the same answer again, unchanged",
                limit=f"bare COPY: {speed['copy']:,.0f}/s",
                product=f"{speed['same']:,.0f}/s; {self.wal} bytes of WAL",
                ratio=str(same),
                bar="≥ 3; 0 bytes",
                met=same.mid >= 3 and self.wal == 0,
                data={**same.data(), "wal_bytes": self.wal},
            ),
            Figure(
                row="import",
                goal="6",
                what="one answer, decoded to committed",
                limit="time",
                product=f"median {median(self.calls):.0f} ms, p95 {p95(self.calls):.0f} ms",
                ratio="–",
                bar="p95 ≤ 100 ms",
                met=p95(self.calls) <= 100,
                data={"p95_ms": p95(self.calls), "calls": len(self.calls)},
            ),
        ]


def _wal_bytes() -> int:
    """Return the WAL that Django's session has written; before PostgreSQL 18 that of the whole server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
        if connection.cursor().connection.info.server_version >= 180_000:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT 1")  # what this session counted is written down between statements
            cursor.execute("SELECT wal_bytes FROM pg_stat_get_backend_wal(%s)", [pid])
        else:
            cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(cursor.fetchone()[0])
