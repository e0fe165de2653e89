"""Row *bulk*: a status change of many orders as a batch, with history, counters and row security, against a raw UPDATE of the same rows."""

from __future__ import annotations

from itertools import count
from statistics import median

from benches import places
from benches.measuring import Figure, Ratio, gate, ratios, timed
from benches.shelf import Shelf
from hub.audit import Actor
from hub.models import AuditEntry
from hub.tenancy import tenant_transaction
from orders import batches
from orders.models import Batch, Order, Status
from orders.models.batches import BatchState
from orders.queries.counts import recount, status_counts

MOST = 10_000
LOOP = 200
_keys = count()


class Bulk:
    """Rounds at the last size; the ratio of the others is printed."""

    def __init__(self) -> None:
        self.found: list[tuple[int, Ratio]] = []

    def at(self, shelf: Shelf) -> None:
        """Move orders from done to shipped and back: raw, as a batch, and a few in a loop of save()."""
        with tenant_transaction(shelf.house.tenant_id):
            statuses = {s.default_for: s for s in Status.objects.select_related("group")}
            ids = list(Order.objects.filter(status=statuses["done"]).order_by("pk").values_list("pk", flat=True)[:MOST])
        ways = [(statuses["done"], statuses["shipped"]), (statuses["shipped"], statuses["done"])]
        raw, product, loop = [], [], []
        for number in range(4):
            raw.append(sum(self._raw(shelf, ids, to) for _, to in ways) / 2)
            product.append(sum(self._batch(shelf, ids, to) for _, to in ways) / 2)
            loop.append(sum(self._loop(shelf, ids[:LOOP], to) for _, to in ways) / 2 * len(ids) / LOOP)
            if number == 0:
                for values in (raw, product, loop):
                    values.clear()
        with tenant_transaction(shelf.house.tenant_id):
            gate(status_counts() == recount(), "the counters differ from the orders")
        self.found.append((shelf.orders, ratios(product, raw)))
        self.n, self.raw, self.product, self.loop = len(ids), median(raw), median(product), ratios(loop, product)

    def _raw(self, shelf: Shelf, ids: list[int], to: Status) -> float:
        """One UPDATE by the owner, counters off: they are right again after the way back."""
        with places.own(shelf.name) as owner, owner.cursor() as cursor:
            cursor.execute("ALTER TABLE orders_order DISABLE TRIGGER USER")

            def act() -> None:
                cursor.execute(
                    "UPDATE orders_order SET status_id = %s, phase = %s, status_at = now(), changed_at = now(), "
                    "revision = revision + 1 WHERE id = ANY(%s)",
                    [to.pk, to.group.phase, ids],
                )

            seconds = timed(act)
            cursor.execute("ALTER TABLE orders_order ENABLE TRIGGER USER")
            return seconds + timed(owner.commit)

    def _batch(self, shelf: Shelf, ids: list[int], to: Status) -> float:
        """Start a batch as a page does, and work it off as the worker does."""
        tenant_id = shelf.house.tenant_id
        by = Actor(kind="member", id=shelf.house.member_id)
        key = f"bench-{next(_keys)}"

        def act() -> None:
            with tenant_transaction(tenant_id):
                batch = batches.start("set-status", ids, {"status": to.pk}, client_key=key, by=by)
            while batches.work(tenant_id, batch.pk):
                pass

        seconds = timed(act)
        with tenant_transaction(tenant_id):
            batch = Batch.objects.get(client_key=key)
            gate(
                batch.state == BatchState.DONE and batch.changed == len(ids),
                f"the batch changed {batch.changed} of {len(ids)}",
            )
            gate(
                AuditEntry.objects.filter(batch_id=batch.pk).count() == len(ids), "an order's history lacks the change"
            )
        return seconds

    def _loop(self, shelf: Shelf, ids: list[int], to: Status) -> float:
        """What the plain way takes: get, save, create, each order in a transaction of its own."""

        def act() -> None:
            for pk in ids:
                with tenant_transaction(shelf.house.tenant_id):
                    order = Order.objects.select_for_update(of=("self",)).get(pk=pk)
                    order.status, order.phase, order.status_at = to, to.group.phase, shelf.house.now
                    order.revision += 1
                    order.save()
                    AuditEntry.objects.create(
                        order_id=pk,
                        revision=order.revision,
                        at=shelf.house.now,
                        actor_kind="member",
                        verb="order.status",
                    )

        return timed(act)

    def figures(self) -> list[Figure]:
        size, ratio = self.found[-1]
        others = ", ".join(f"{each.mid:.2f} at {n:,}" for n, each in self.found[:-1])
        return [
            Figure(
                row="bulk",
                goal="17",
                what=f"status of {self.n:,} orders changed by a batch, {size:,} orders in all",
                limit=f"raw UPDATE: {self.raw * 1000:.0f} ms",
                product=f"{self.product * 1000:.0f} ms",
                ratio=f"{ratio}{'; ' + others if others else ''}",
                bar="≤ 1.6; ≤ 1 s class",
                met=ratio.mid <= 1.6,
                data=ratio.data(),
            ),
            Figure(
                row="bulk",
                goal="18",
                what="the same",
                limit=f"save() loop, from {LOOP}",
                product=f"{self.n / self.product:,.0f} orders/s",
                ratio=str(self.loop),
                bar="printed",
                met=None,
                data=self.loop.data(),
            ),
        ]
