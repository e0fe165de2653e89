"""Four verbs that are never one button: withdraw a parcel, let go here (ここで扱わない), cancel at the mall too, delete and take back.

| verb | may | mall told | number |
| --- | --- | --- | --- |
| withdraw (parcel) | until shipped; asked of the warehouse, answered truthfully | no | – |
| cancel here | open orders without a live request | no | stays known, another system ships it |
| cancel at the mall | open orders without a live request | yes, with a reason; shown as asked until the mall says so | used up |
| delete | orders that nothing was sent for | no | stays known; never revived by itself, taken back by one click |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from hub.audit import Actor
from hub.effects import enqueue
from hub.models import AuditDetail, AuditEntry, Effect, EffectState
from hub.tenancy import current_tenant
from orders.channels import Ability, CancelReason, can
from orders.models import Order, Parcel, Shop, TaskMark
from orders.models.orders import ParcelState
from orders.operations.door import Changed, Row, lock, write
from orders.operations.holds import open_mark, system_task
from orders.operations.shops import observed_orders
from orders.operations.status import default_status

BUSY = (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING, ParcelState.CANCEL_ASKED)
BACK_WITHIN = timedelta(days=30)


def _with_busy_parcels(ids: list[int]) -> set[int]:
    return set(Parcel.objects.filter(order_id__in=ids, state__in=BUSY).values_list("order_id", flat=True))


def cancel_here(order_ids: Iterable[int], *, by: Actor, now: datetime, batch_id: int | None = None) -> Changed:
    """Let the orders go: this hub does not handle them, and the mall is told nothing."""
    return _cancel(order_ids, verb="order.let_go", by=by, now=now, batch_id=batch_id)


def _cancel(order_ids: Iterable[int], *, verb: str, by: Actor, now: datetime, batch_id: int | None) -> Changed:
    orders = lock(order_ids, "status_id", "phase", "status_at", "deleted_at", "revision")
    ids = [order.pk for order in orders]
    busy, wishes, outcome, rows = _with_busy_parcels(ids), wishes_of(ids), Changed(), []
    status = default_status("cancelled")
    for order in orders:
        if order.phase == "cancelled":
            outcome.unchanged.append(order.pk)
        elif order.phase in ("shipped", "done"):
            outcome.refuse(order.pk, "already_shipped")
        elif order.pk in busy:
            outcome.refuse(order.pk, "withdraw_first")
        else:
            rows.append(
                Row(
                    order_id=order.pk,
                    before={"status_id": order.status_id, "phase": order.phase, "status_at": order.status_at},
                    after={"status_id": status.pk, "phase": "cancelled", "status_at": now},
                    notes_before=_noted(wishes.get(order.pk)),
                )
            )
            outcome.changed.append(order.pk)
    Parcel.objects.filter(order_id__in=outcome.changed, state=ParcelState.DRAFT).update(ship_wanted_at=None)
    write(rows, verb=verb, by=by, now=now, batch_id=batch_id)
    return outcome


def cancel_by_mall(order_ids: Iterable[int], *, by: Actor, now: datetime) -> Changed:
    """Follow a cancellation that the mall says is final. An order with a live request is held and its withdrawal asked for."""
    outcome = _cancel(order_ids, verb="order.cancelled_at_mall", by=by, now=now, batch_id=None)
    stuck = [issue.order_id for issue in outcome.issues]
    if stuck:
        open_mark(stuck, task=system_task("cancelled_at_mall"), by=by, now=now, reason="cancelled_after_request")
    return outcome


def cancel_at_mall(
    order_ids: Iterable[int],
    *,
    reason: CancelReason,
    restock: bool,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
) -> Changed:
    """Ask the mall to cancel the orders. They show as asked until the mall says cancelled; a refusal becomes a task.

    The wish to ship ends with it; what is asked keeps it, for whoever gives the cancel up.
    """
    orders = lock(order_ids, "number", "shop_id", "phase", "mall_state", "ours", "deleted_at", "revision")
    ids = [order.pk for order in orders]
    busy, wishes, outcome = _with_busy_parcels(ids), _wishes_until_asked(ids), Changed()
    channels = dict(Shop.objects.filter(pk__in={order.shop_id for order in orders}).values_list("pk", "channel"))
    observed = observed_orders(ids)
    for order in orders:
        if order.mall_state == "none":
            outcome.refuse(order.pk, "no_mall")
        elif not order.ours:
            outcome.refuse(order.pk, "not_ours")
        elif order.pk in observed:
            outcome.refuse(order.pk, "observing")
        elif not can(channels[order.shop_id], Ability.CANCEL):
            outcome.refuse(order.pk, "cancel_unsupported")
        elif order.mall_state in ("cancelled", "cancelling"):
            outcome.unchanged.append(order.pk)
        elif order.phase in ("shipped", "done"):
            outcome.refuse(order.pk, "already_shipped")
        elif order.pk in busy:
            outcome.refuse(order.pk, "withdraw_first")
        else:
            enqueue(
                "mall.cancel", lane=f"shop:{order.shop_id}", key=f"cancel:{order.pk}:{order.revision}", now=now,
                payload={"order": order.pk, "number": order.number, "reason": reason.value, "restock": restock,
                         **_noted(wishes.get(order.pk))},
                order_id=order.pk, shop_id=order.shop_id,
            )  # fmt: skip
            outcome.changed.append(order.pk)
    Parcel.objects.filter(order_id__in=outcome.changed, state=ParcelState.DRAFT).update(ship_wanted_at=None)
    if outcome.changed:
        open_mark(
            outcome.changed, task=system_task("cancel_asked"), by=by, now=now, reason=reason.value, batch_id=batch_id
        )
    return outcome


def delete(
    order_ids: Iterable[int],
    *,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
    undoes: Mapping[int, int] | None = None,
) -> Changed:
    """Take orders out of the hub, for 30 days by one click back. Refused where something was sent for them.

    `undoes`: the entry that is set back by it, for each order.
    """
    orders = lock(order_ids, "deleted_at", "phase", "deleted_by_id", "revision")
    ids = [order.pk for order in orders]
    started = set(
        Parcel.objects.filter(order_id__in=ids)
        .exclude(state__in=[ParcelState.DRAFT, ParcelState.CANCELLED])
        .values_list("order_id", flat=True)
    )
    wishes, outcome, rows = wishes_of(ids), Changed(), []
    for order in orders:
        if order.deleted_at is not None:
            outcome.unchanged.append(order.pk)
        elif order.pk in started:
            outcome.refuse(order.pk, "shipment_started")
        else:
            rows.append(
                Row(
                    order_id=order.pk,
                    before={"deleted_at": None, "deleted_by_id": None},
                    after={"deleted_at": now, "deleted_by_id": by.id},
                    params={"undoes": undoes[order.pk]} if undoes else {},
                    notes_before=_noted(wishes.get(order.pk)),
                )
            )
            outcome.changed.append(order.pk)
    Parcel.objects.filter(order_id__in=outcome.changed, state=ParcelState.DRAFT).update(ship_wanted_at=None)
    write(rows, verb="order.deleted", by=by, now=now, batch_id=batch_id, judge=False)
    return outcome


def take_back(
    order_ids: Iterable[int],
    *,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
    undoes: Mapping[int, int] | None = None,
) -> Changed:
    """Bring deleted orders back as they were: the same row, the same number.

    Nobody followed their mall meanwhile: its whole answer counts anew, and only when it has come are they judged and may ship.
    `undoes`: the entry that is set back by it, for each order.
    """
    outcome, at_malls, by_hand = Changed(), list[Row](), list[Row]()
    for order in lock(order_ids, "deleted_at", "deleted_by_id", "revision", "mall_state", "erased_at"):
        if order.erased_at is not None:
            outcome.refuse(order.pk, "erased")
        elif order.deleted_at is None:
            outcome.unchanged.append(order.pk)
        elif order.deleted_at < now - BACK_WITHIN:
            outcome.refuse(order.pk, "too_long_ago")
        else:
            at_mall = order.mall_state != "none"
            row = Row(
                order_id=order.pk,
                before={"deleted_at": order.deleted_at, "deleted_by_id": order.deleted_by_id},
                after={"deleted_at": None, "deleted_by_id": None},
                params={"undoes": undoes[order.pk]} if undoes else {},
                quiet={"snapshot_hash": None, "mall_read_at": None, "reread_at": now} if at_mall else {},
            )
            (at_malls if at_mall else by_hand).append(row)
            outcome.changed.append(order.pk)
    write(at_malls, verb="order.taken_back", by=by, now=now, batch_id=batch_id, judge=False)
    write(by_hand, verb="order.taken_back", by=by, now=now, batch_id=batch_id)
    _restore_what_was_wished(outcome.changed)
    return outcome


def wishes_of(order_ids: Iterable[int]) -> dict[int, dict[int, str]]:
    """Return since when parcels that no warehouse has are wanted: by order, then by parcel."""
    found: dict[int, dict[int, str]] = {}
    rows = Parcel.objects.filter(
        order_id__in=list(order_ids), state=ParcelState.DRAFT, ship_wanted_at__isnull=False
    ).values_list("order_id", "pk", "ship_wanted_at")
    for order_id, pk, wanted_at in rows:
        found.setdefault(order_id, {})[pk] = wanted_at.isoformat()
    return found


def _wishes_until_asked(order_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    """Return since when parcels were wanted until the cancel was asked for: asked for anew before the answer, it keeps them too."""
    found = wishes_of(order_ids)
    for order_id, wishes in _kept_by_cancels(order_ids):
        for wish in wishes:
            found.setdefault(order_id, {}).setdefault(wish["parcel"], wish["wanted_at"])
    return found


def _kept_by_cancels(order_ids: Sequence[int]) -> list[tuple[int, list[dict[str, Any]]]]:
    """Return the orders whose cancel is asked for, each with the wishes that it keeps."""
    asked = TaskMark.objects.filter(order_id__in=order_ids, task__key="cancel_asked", closed_at__isnull=True)
    over = (EffectState.DONE, EffectState.DROPPED)
    earlier = Effect.objects.filter(kind="mall.cancel", order_id__in=asked.values("order_id")).exclude(state__in=over)
    found = earlier.order_by("pk").values_list("order_id", "payload__wishes")
    return [(order_id, wishes) for order_id, wishes in found if wishes]


def _noted(wishes: Mapping[int, str] | None) -> dict[str, Any]:
    """Return wishes that end with an act, as its entry keeps them until it is taken back."""
    return {"wishes": [{"parcel": pk, "wanted_at": at} for pk, at in wishes.items()]} if wishes else {}


def restore_wishes(wishes: Sequence[Mapping[str, Any]]) -> None:
    """Want parcels again as an entry noted them, where no warehouse has them and nobody has wished since."""
    if not wishes:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE orders_parcel p SET ship_wanted_at = x.wanted_at, ship_fault = ''
               FROM json_to_recordset(%s::json) AS x(parcel bigint, wanted_at timestamptz)
               WHERE p.tenant_id = %s AND p.id = x.parcel AND p.state = 'draft' AND p.closed_at IS NULL AND p.ship_wanted_at IS NULL""",
            [json.dumps(wishes), current_tenant()],
        )


def _restore_what_was_wished(order_ids: Sequence[int]) -> None:
    """Restore the wishes that ended when these orders were last deleted."""
    restore_wishes(_ended_with(order_ids, verb="order.deleted"))


def _ended_with(order_ids: Sequence[int], *, verb: str) -> list[Mapping[str, Any]]:
    """Return the wishes that ended when this last happened to the orders."""
    entries = AuditEntry.objects.filter(order_id__in=order_ids, verb=verb)
    latest = entries.order_by("order_id", "-pk").distinct("order_id").values("pk")
    noted = AuditDetail.objects.filter(entry_id__in=latest, before__has_key="wishes").values_list("before", flat=True)
    return [wish for before in noted for wish in before["wishes"]]


def keeps_wishes(order: Order) -> bool:
    """Say whether wishes of the order sleep: it is taken out, let go or asked to be cancelled, and they come back if it does."""
    if order.deleted_at is not None:
        return bool(_ended_with([order.pk], verb="order.deleted"))
    if order.phase == "cancelled":
        return bool(_ended_with([order.pk], verb="order.let_go"))
    return bool(_kept_by_cancels([order.pk]))


__all__ = ["cancel_at_mall", "cancel_by_mall", "cancel_here", "delete", "take_back"]
