"""Saving one answer of a mall: new orders by set, changed ones one by one through the door, unchanged ones not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import DatabaseError, connection

from hub import secrets
from hub.audit import Actor
from hub.crash import crash
from hub.faults import is_passing
from hub.tenancy import current_tenant, tenant_transaction
from orders.channels import Absent, BadPayload, MallOrder, Same
from orders.intake.fresh import insert_orders, lines_of
from orders.intake.merge import merge_order
from orders.intake.names import in_our_words
from orders.intake.numbers import mark_fetched, note_absent
from orders.intake.reading import read_known, read_shop
from orders.intake.schedule import next_reread
from orders.lookups import as_array
from orders.models import Order, OrderNumber, RejectedPayload, Shop
from orders.models.intake import NumberState

TOUCH_AFTER = timedelta(minutes=4)
"""An unchanged order's time of reading is written again only when it is older than this: a re-import costs no write."""


@dataclass(kw_only=True)
class Saved:
    """What became of one answer: order numbers."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def save_mall_orders(
    tenant_id: int, shop_id: int, items: Sequence[MallOrder | Same | BadPayload | Absent], *, by: Actor, now: datetime
) -> Saved:
    """Save one answer in one transaction; when the database refuses it, each order in its own, and the refused are listed.

    A passing fault of the database (see hub/faults.py) lists nobody: it is raised, and the answer is asked for again.
    """
    saved = Saved()
    orders = list({item.number: item for item in items if isinstance(item, MallOrder)}.values())
    same = list({item.number: item for item in items if isinstance(item, Same)}.values())
    try:
        with tenant_transaction(tenant_id):
            _count_unknown(shop_id, orders)
            _save(shop_id, orders, same, saved, by=by, now=now)
            _note_rest(shop_id, items, saved, now=now)
        crash("intake.after_save")
        return saved
    except DatabaseError:
        if connection.in_atomic_block or len(items) == 0:
            raise
    saved = Saved()
    for order in orders:
        try:
            with tenant_transaction(tenant_id):
                _save(shop_id, [order], (), saved, by=by, now=now)
        except DatabaseError as error:
            if is_passing(error):
                raise
            with tenant_transaction(tenant_id):
                _reject(shop_id, _refused(order, error), saved, now=now)
        crash("intake.after_one")
    with tenant_transaction(tenant_id):
        _count_unknown(shop_id, orders)
        _save(shop_id, (), same, saved, by=by, now=now)
        _note_rest(shop_id, items, saved, now=now)
    return saved


def _refused(order: MallOrder, error: DatabaseError) -> BadPayload:
    diagnosis = getattr(error.__cause__, "diag", None)
    constraint = (
        getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "column_name", None) or type(error).__name__
    )
    return BadPayload(number=order.number, path=str(constraint), reason="database_refused", payload=order.payload)


def _save(
    shop_id: int, orders: Sequence[MallOrder], same: Sequence[Same], saved: Saved, *, by: Actor, now: datetime
) -> None:
    """Save understood orders inside the open transaction. Unchanged ones are only looked at: neither locked nor written.

    What is to be written of those that are here is locked first, in one go and in id order, as every act over a set of orders does.
    """
    stored = _stored(shop_id, [*(order.number for order in orders), *(item.number for item in same)], now=now)
    unchanged = [item.number for item in same if (kept := stored.get(item.number)) and (kept.hash or kept.erased)]
    fresh: list[MallOrder] = []
    changed: list[MallOrder] = []
    for order in orders:
        row = stored.get(order.number)
        if row is None:
            fresh.append(order)
        elif row.erased or _is_same(row.hash, order):
            unchanged.append(order.number)
        else:
            changed.append(order)
    saved.same += unchanged
    stale = [number for number in unchanged if stored[number].stale]
    locked = _lock([stored[number].pk for number in [*stale, *(order.number for order in changed)]])
    _touch([locked[number] for number in stale], now=now)
    if awaited := [row.number for row in stored.values() if row.awaited]:
        mark_fetched(shop_id, awaited)
    if not fresh and not changed:
        return
    shop = read_shop(shop_id)
    known = read_known(shop, lines_of([*fresh, *changed]))
    _merge(shop, in_our_words(shop, changed, known), locked, saved, by=by, now=now)
    fresh.sort(key=lambda order: order.number)
    insert_orders(shop, in_our_words(shop, fresh, known), known, by=by, now=now)
    saved.new += [order.number for order in fresh]


class _Stored(NamedTuple):
    """What is stored of an order, as far as it decides what to do with an answer. `stale`: the note of its last reading is old;
    `awaited`: its details were asked for again, after an answer that could not be understood.

    An `erased` one stays as it is, whatever the mall sends: its persons are not to come back.
    """

    number: str
    pk: int
    hash: bytes | None
    erased: bool
    stale: bool
    awaited: bool


_STORED = """SELECT number, id, snapshot_hash, erased_at IS NOT NULL, erased_at IS NULL AND
    (mall_read_at IS NULL OR mall_read_at < %(long_ago)s OR (reread_at IS NOT NULL AND reread_at <= %(now)s)),
    number = ANY(ARRAY(
        SELECT number FROM orders_ordernumber
        WHERE tenant_id = %(tenant)s AND shop_id = %(shop)s AND number = ANY(%(numbers)s::text[]) AND state <> 'fetched'))
 FROM orders_order WHERE tenant_id = %(tenant)s AND shop_id = %(shop)s AND number = ANY(%(numbers)s::text[])"""


def _stored(shop_id: int, numbers: list[str], *, now: datetime) -> dict[str, _Stored]:
    asked: dict[str, Any] = {"long_ago": now - TOUCH_AFTER, "now": now, "tenant": current_tenant(), "shop": shop_id}
    asked["numbers"] = as_array(numbers)
    with connection.cursor() as cursor:
        cursor.execute(_STORED, asked)
        return {row[0]: _Stored(*row) for row in cursor.fetchall()}


def _is_same(stored: bytes | None, order: MallOrder) -> bool:
    return stored is not None and bytes(stored) == order.hash


def _lock(order_ids: Sequence[int]) -> dict[str, Mapping[str, Any]]:
    """Lock orders in id order; return by number what decides how they are touched or merged, as it stands under the lock."""
    if not order_ids:
        return {}
    rows = Order.objects.filter(pk__among=list(order_ids)).order_by("pk").select_for_update(no_key=True, of=("self",))
    return {row["number"]: row for row in rows.values("pk", "number", "snapshot_hash", "erased_at", *_DECIDES)}


def _merge(
    shop: Shop,
    orders: Sequence[MallOrder],
    locked: Mapping[str, Mapping[str, Any]],
    saved: Saved,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Merge those of the locked orders that nobody else has merged meanwhile."""
    for order in orders:
        row = locked[order.number]
        if row["erased_at"] is not None or _is_same(row["snapshot_hash"], order):
            saved.same.append(order.number)
        else:
            merge_order(shop, row["pk"], order, by=by, now=now)
            saved.changed.append(order.number)


def _touch(rows: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Note that locked orders were read and had not changed; start the rules where only the reading was awaited."""
    if not rows:
        return
    ids, again, awaits = zip(*((row["pk"], next_reread(row, now=now), _awaits(row, now)) for row in rows), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE orders_order o SET mall_read_at = %(now)s, reread_at = x.again,
                   judge_at = CASE WHEN x.awaits THEN %(now)s ELSE o.judge_at END
               FROM unnest(%(ids)s::bigint[], %(again)s::timestamptz[], %(awaits)s::boolean[]) AS x(id, again, awaits)
               WHERE o.tenant_id = %(tenant)s AND o.id = x.id""",
            {"now": now, "tenant": current_tenant(), "ids": list(ids), "again": list(again), "awaits": list(awaits)},
        )


_DECIDES = (
    "ready_at",
    "judge_at",
    "revision",
    "judged_revision",
    "deleted_at",
    "phase",
    "mall_state",
    "mall_block",
    "unreported",
)


def _awaits(row: Mapping[str, Any], now: datetime) -> bool:
    unjudged = row["judge_at"] is None and row["judged_revision"] != row["revision"]
    return bool(unjudged and row["ready_at"] <= now and row["deleted_at"] is None)


def _count_unknown(shop_id: int, orders: Sequence[MallOrder]) -> None:
    """Count in the shop the fields that no adapter knows: before any order is locked, as whoever changes shops and orders does."""
    unknown = Counter(path for order in orders for path in order.unknown_fields)
    if unknown:
        shop = Shop.objects.select_for_update(no_key=True, of=("self",)).only("unknown_fields").get(pk=shop_id)
        Shop.objects.filter(pk=shop_id).update(unknown_fields=dict(unknown + Counter(shop.unknown_fields)))


def _note_rest(
    shop_id: int, items: Sequence[MallOrder | Same | BadPayload | Absent], saved: Saved, *, now: datetime
) -> None:
    for item in items:
        if isinstance(item, BadPayload):
            _reject(shop_id, item, saved, now=now)
        elif isinstance(item, Absent):
            note_absent(shop_id, item.number, now=now)
            saved.absent.append(item.number)


def _reject(shop_id: int, bad: BadPayload, saved: Saved, *, now: datetime) -> None:
    """List an order that could not be understood; the third same failure ends its automatic retries (promise G3).

    Of an erased order nothing is kept: neither what was sent nor that it could not be read.
    """
    if Order.objects.filter(shop_id=shop_id, number=bad.number, erased_at__isnull=False).exists():
        OrderNumber.objects.filter(shop_id=shop_id, number=bad.number).update(state=NumberState.FETCHED, error="")
        saved.same.append(bad.number)
        return
    owner = f"{current_tenant()}|rejected|{shop_id}|{bad.number}"
    row, made = RejectedPayload.objects.get_or_create(
        shop_id=shop_id,
        number=bad.number,
        defaults={
            "path": bad.path, "reason": bad.reason, "params": dict(bad.params), "first_at": now, "last_at": now,
            "body": secrets.seal_text(bad.payload, owner=owner),
        },
    )  # fmt: skip
    if not made:
        tries = row.tries + 1 if row.path == bad.path and row.solved_at is None else 1
        RejectedPayload.objects.filter(pk=row.pk).update(
            path=bad.path, reason=bad.reason, params=dict(bad.params), last_at=now, tries=tries, solved_at=None,
            body=secrets.seal_text(bad.payload, owner=owner),
        )  # fmt: skip
        row.tries = tries
    state = NumberState.REJECTED if row.tries >= 3 else NumberState.NAMED
    OrderNumber.objects.update_or_create(
        shop_id=shop_id,
        number=bad.number,
        defaults={"state": state, "tries": row.tries, "error": f"{bad.path}: {bad.reason}"},
        create_defaults={"state": state, "tries": row.tries, "error": f"{bad.path}: {bad.reason}", "named_at": now},
    )
    saved.rejected.append(bad.number)
