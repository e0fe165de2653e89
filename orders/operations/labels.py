"""Labels (tags) and the shop's memo."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hub.audit import Actor
from orders.models import OrderTag, Tag
from orders.operations.door import Changed, Row, lock, touch, write


def add_tag(order_ids: Iterable[int], *, tag: Tag, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Put a label on the orders that do not carry it."""
    orders = lock(order_ids, "revision")
    carried = set(
        OrderTag.objects.filter(tag=tag, order_id__in=[o.pk for o in orders]).values_list("order_id", flat=True)
    )
    changed = [order.pk for order in orders if order.pk not in carried]
    OrderTag.objects.bulk_create([OrderTag(order_id=order_id, tag=tag) for order_id in changed])
    touch(changed, verb="order.tag_added", by=by, now=now, batch_id=batch_id, after={"tag": tag.pk}, name=tag.name)
    return Changed(changed=changed, unchanged=sorted(carried))


def remove_tag(order_ids: Iterable[int], *, tag: Tag, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Take a label off the orders that carry it."""
    orders = lock(order_ids, "revision")
    carried = OrderTag.objects.filter(tag=tag, order_id__in=[o.pk for o in orders])
    changed = sorted(carried.values_list("order_id", flat=True))
    carried.delete()
    touch(changed, verb="order.tag_removed", by=by, now=now, batch_id=batch_id, before={"tag": tag.pk}, name=tag.name)
    return Changed(changed=changed, unchanged=[o.pk for o in orders if o.pk not in set(changed)])


def set_memo(
    order_ids: Iterable[int], *, text: str, add: bool, by: Actor, now: datetime, batch_id: int | None = None
) -> Changed:
    """Write the shop's memo; with `add`, as a new last line of what is there. It never goes to the buyer."""
    outcome, rows = Changed(), []
    for order in lock(order_ids, "memo", "revision"):
        memo = f"{order.memo}\n{text}".strip() if add else text
        if memo == order.memo or (add and text in order.memo.splitlines()):
            outcome.unchanged.append(order.pk)
            continue
        rows.append(Row(order_id=order.pk, before={"memo": order.memo}, after={"memo": memo}))
        outcome.changed.append(order.pk)
    write(rows, verb="order.memo", by=by, now=now, batch_id=batch_id)
    return outcome
