"""Requests to ship: taking the right to ship, being accepted or refused, withdrawing. One transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from hub.audit import Actor
from hub.clock import JAPAN
from hub.effects import enqueue
from hub.models import Effect
from hub.tenancy import current_tenant
from orders.models import Order, OrderLine, Parcel, Shop, Warehouse
from orders.models.orders import ParcelState
from orders.operations.door import Row, lock, note, touch, write
from orders.operations.edits import lock_parcel
from orders.operations.holds import open_mark, system_task
from orders.operations.leaving import cancel_by_mall
from orders.operations.products import follow_listings
from orders.operations.status import default_status, set_status
from warehouses.adapters import (
    ShipLine,
    ShipRequest,
    WarehouseAbility,
    adapter_class,
)
from warehouses.models import RequestAnswer, RequestLine, WarehouseRequest

WAREHOUSE = Actor(kind="warehouse")
CANCELLED_AT_MALL = "cancelled_at_mall"
"""Why a parcel is asked back by itself."""


class CannotRequest(Exception):
    """The parcel cannot be requested; `reason` is a code: no_warehouse, not_ours_to_request, paused, several_warehouses, no_units."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ship_day(warehouse: Warehouse, now: datetime) -> date:
    """Return the day a request made now counts for: the same day before the cut-off, from the cut-off on the next."""
    local = now.astimezone(JAPAN)
    return local.date() + timedelta(days=int(local.time() >= warehouse.cutoff_on(local.date())))


def request_shipment(
    parcel: Parcel, orders: Sequence[Order], warehouse: Warehouse, *, by: Actor, now: datetime
) -> WarehouseRequest:
    """Take the right to ship every open line of a locked parcel and decide the request. Its orders are locked and may ship.

    The right is a row per line, unique while live, that pins the line (promise G5). Raises CannotRequest.
    """
    if WarehouseAbility.REQUEST not in adapter_class(warehouse.kind).abilities:
        raise CannotRequest("not_ours_to_request")
    lines = list(
        OrderLine.objects.filter(parcel=parcel, closed_at__isnull=True, quantity__gt=0)
        .select_related("product")
        .order_by("pk")
    )
    if not lines:
        raise CannotRequest("no_units")
    reference = f"{current_tenant()}-{parcel.pk}-{parcel.revision}"
    request = WarehouseRequest.objects.create(
        parcel=parcel,
        warehouse=warehouse,
        reference=reference,
        parcel_revision=parcel.revision,
        asked_at=now,
        ship_on=ship_day(warehouse, now),
    )
    RequestLine.objects.bulk_create(
        [RequestLine(request=request, line=line, parcel_id=parcel.pk, quantity=line.quantity) for line in lines]
    )
    Parcel.objects.filter(pk=parcel.pk).update(
        state=ParcelState.REQUESTED, state_at=now, warehouse=warehouse, ship_on=request.ship_on, ship_fault=""
    )
    effect = enqueue(
        "warehouse.send", lane=f"warehouse:{warehouse.pk}", key=f"request:{reference}", now=now, order_id=parcel.order_id,
        shop_id=orders[0].shop_id,
        payload={"request": request.pk, "parcel": parcel.pk, "content": content_of(reference, parcel, orders, lines)},
    )  # fmt: skip
    WarehouseRequest.objects.filter(pk=request.pk).update(effect_id=effect.pk if effect else None)
    ids = [order.pk for order in orders]
    touch(ids, verb="parcel.requested", by=by, now=now, parcel=parcel.pk, reference=reference, warehouse=warehouse.name)
    ready = [order.pk for order in orders if order.phase in ("intake", "payment", "ready")]
    if ready:
        move_to_shipping(ready, by=by, now=now)
    return request


def move_to_shipping(order_ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Show orders as being worked on; asked under their locks by a request that may_ship has allowed."""
    status = default_status("shipping")
    rows = [
        Row(
            order_id=order.pk,
            before={"status_id": order.status_id, "phase": order.phase, "status_at": order.status_at},
            after={"status_id": status.pk, "phase": "shipping", "status_at": now},
        )
        for order in lock(order_ids, "status_id", "phase", "status_at")
    ]
    write(rows, verb="order.status", by=by, now=now)


def content_of(reference: str, parcel: Parcel, orders: Sequence[Order], lines: Sequence[OrderLine]) -> dict[str, Any]:
    """Return the request as it is sent, frozen: what the effect's payload holds."""
    lead = next(order for order in orders if order.pk == parcel.order_id)
    shop = Shop.objects.get(pk=lead.shop_id)
    collect = [order for order in orders if order.payment_state == "collect"]
    wrapping = lead.mall_fields.get("wrapping") or []
    request = ShipRequest(
        reference=reference,
        order_numbers=tuple(order.number for order in orders),
        shop_name=shop.name,
        name=parcel.name, kana=parcel.kana, phone=parcel.phone, postal_code=parcel.postal_code, prefecture=parcel.prefecture,
        city=parcel.city, street=parcel.street,
        lines=tuple(
            ShipLine(
                line_id=line.pk, sku=line.product.sku if line.product else line.sku, name=line.name,
                quantity=line.ship_units or line.quantity,
            )
            for line in lines
        ),
        wish_on=parcel.wish_on, wish_time=parcel.wish_time, delivery_method=parcel.delivery_method, carrier=parcel.carrier,
        cod_yen=sum(order.total_yen or 0 for order in collect) if collect and parcel.position == 1 else None,
        drop_off=parcel.drop_off, noshi=parcel.noshi, gift=lead.gift,
        wrapping=" / ".join(str(item.get("name", "")) for item in wrapping if isinstance(item, dict)),
        pick_up=parcel.pick_up,
        options=tuple(line.options for line in lines if line.options),
    )  # fmt: skip
    return {**asdict(request), "wish_on": request.wish_on.isoformat() if request.wish_on else None}


def request_of(content: Mapping[str, Any]) -> ShipRequest:
    """Return a frozen request back from an effect's payload."""
    data = dict(content)
    data["lines"] = tuple(ShipLine(**line) for line in data["lines"])
    data["wish_on"] = date.fromisoformat(data["wish_on"]) if data["wish_on"] else None
    for name in ("order_numbers", "options"):
        data[name] = tuple(data[name])
    return ShipRequest(**data)


def accept(request: WarehouseRequest, *, now: datetime, ship_on: date | None = None) -> None:
    """The warehouse took the request. Where it has ended meanwhile, the parcel belongs to another one, or to none."""
    parcel, orders = lock_parcel(request.parcel_id)
    if _has_ended(request):
        return
    WarehouseRequest.objects.filter(pk=request.pk, answer=RequestAnswer.OPEN).update(
        answer=RequestAnswer.ACCEPTED, answered_at=now, **({"ship_on": ship_on} if ship_on else {})
    )
    if parcel.state in (ParcelState.REQUESTED, ParcelState.ACCEPTED):
        Parcel.objects.filter(pk=parcel.pk).update(
            state=ParcelState.ACCEPTED, state_at=now, **({"ship_on": ship_on} if ship_on else {})
        )
        note([order.pk for order in orders], verb="parcel.accepted", by=WAREHOUSE, now=now, parcel=parcel.pk)


def _has_ended(request: WarehouseRequest) -> bool:
    """Say whether the request has ended; asked under the locks of its parcel."""
    return WarehouseRequest.objects.filter(pk=request.pk, ended_at__isnull=False).exists()


def end_request(
    request: WarehouseRequest,
    answer: str,
    *,
    now: datetime,
    reason: str = "",
    detail: str = "",
    fee_yen: int | None = None,
) -> None:
    """Book the answer that ends a request and give its right to ship back."""
    WarehouseRequest.objects.filter(pk=request.pk).update(
        answer=answer, answered_at=now, ended_at=now, reason=reason, detail=detail, fee_yen=fee_yen
    )
    RequestLine.objects.filter(request=request, released_at__isnull=True).update(released_at=now)


def refuse(
    request: WarehouseRequest, *, now: datetime, reason: str, detail: str, answer: str = RequestAnswer.REFUSED
) -> None:
    """The warehouse said it will not (or cannot) ship: the order is held with its words until a person decides, or cancelled as the
    mall has it."""
    parcel, orders = lock_parcel(request.parcel_id)
    if _has_ended(request):
        return
    end_request(request, answer, now=now, reason=reason, detail=detail)
    if parcel.state in (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING, ParcelState.CANCEL_ASKED):
        Parcel.objects.filter(pk=parcel.pk).update(
            state=ParcelState.CANNOT_SHIP, state_at=now, ship_wanted_at=None, ship_fault=reason
        )
        follow_listings(parcel.pk, by=WAREHOUSE, now=now)
    ids = [order.pk for order in orders]
    open_mark(ids, task=system_task("cannot_ship"), by=WAREHOUSE, now=now, reason=reason,
              detail={"text": detail, "reference": request.reference, "parcel": parcel.pk})  # fmt: skip
    _follow_cancelled(orders, by=WAREHOUSE, now=now)


def begin_work(references: Sequence[str], *, now: datetime) -> None:
    """Note that the warehouse works on these requests' parcels; those that moved on meanwhile stay as they are."""
    asked = WarehouseRequest.objects.filter(reference__in=list(references), ended_at__isnull=True)
    parcels = Parcel.objects.filter(pk__in=asked.values("parcel_id"), state=ParcelState.ACCEPTED)
    locked = list(parcels.order_by("pk").select_for_update().values_list("pk", flat=True))
    Parcel.objects.filter(pk__in=locked).update(state=ParcelState.WORKING, state_at=now)


def ask_withdrawal(parcel_id: int, *, accept_fee: bool, reason: str, by: Actor, now: datetime) -> WarehouseRequest:
    """Ask the warehouse to give the parcel back. The screen says asked, then agreed, needs a fee, or too late (promise G9)."""
    parcel, orders = lock_parcel(parcel_id)
    request: WarehouseRequest | None = WarehouseRequest.objects.filter(parcel=parcel, ended_at__isnull=True).first()
    if request is None or parcel.state not in (ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING):
        raise CannotRequest("nothing_to_withdraw")
    Parcel.objects.filter(pk=parcel.pk).update(state=ParcelState.CANCEL_ASKED, state_at=now, ship_wanted_at=None)
    WarehouseRequest.objects.filter(pk=request.pk).update(withdraw_asked_at=now)
    request.refresh_from_db(fields=["withdraw_asked_at"])
    enqueue(
        "warehouse.withdraw", lane=f"warehouse:{request.warehouse_id}", key=withdrawal_key(request), now=now,
        payload={"request": request.pk, "reference": request.reference, "accept_fee": accept_fee, "reason": reason, "was": parcel.state},
        order_id=parcel.order_id, shop_id=orders[0].shop_id, after=[request.effect_id] if request.effect_id else (),
    )  # fmt: skip
    touch(
        [order.pk for order in orders],
        verb="parcel.withdraw_asked",
        by=by,
        now=now,
        parcel=parcel.pk,
        accept_fee=accept_fee,
        after={"reason": reason} if reason else {},
    )
    return request


def withdrawal_key(request: WarehouseRequest) -> str:
    """Return the key of the effect that asks for the request's withdrawal: each time it is asked for, another one."""
    assert request.withdraw_asked_at is not None
    return f"withdraw:{request.reference}:{request.withdraw_asked_at.isoformat()}"


def withdraw_for_mall(order_ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Ask once for the parcels of orders that the mall has cancelled, whatever a person asked before and was told; a fee is never
    accepted without a person."""
    parcels = OrderLine.objects.filter(order_id__in=list(order_ids)).values("parcel_id")
    live = WarehouseRequest.objects.filter(
        parcel_id__in=parcels, ended_at__isnull=True,
        parcel__state__in=[ParcelState.REQUESTED, ParcelState.ACCEPTED, ParcelState.WORKING],
    )  # fmt: skip
    busy = dict(live.values_list("pk", "parcel_id"))
    for pk in busy.keys() & _asked_for_mall(list(busy.values())):
        del busy[pk]
    for parcel_id in sorted(busy.values()):
        ask_withdrawal(parcel_id, accept_fee=False, reason=CANCELLED_AT_MALL, by=by, now=now)


def _asked_for_mall(parcel_ids: Sequence[int]) -> set[int]:
    """Return the requests of these parcels that were asked back because the mall had cancelled."""
    if not parcel_ids:
        return set()
    leads = Parcel.objects.filter(pk__in=parcel_ids).values("order_id")
    asked = Effect.objects.filter(kind="warehouse.withdraw", order_id__in=leads, payload__reason=CANCELLED_AT_MALL)
    return set(asked.values_list("payload__request", flat=True))


def answer_withdrawal(request: WarehouseRequest, answer: str, *, fee_yen: int, now: datetime) -> None:
    """Book what the warehouse said to a withdrawal. That it agrees counts though nobody waits for it any more (it had refused before
    and was asked once more): it does not ship the parcel."""
    parcel, orders = lock_parcel(request.parcel_id)
    ids = [order.pk for order in orders]
    if _has_ended(request) or (parcel.state != ParcelState.CANCEL_ASKED and answer != "agreed"):
        note(ids, verb="parcel.withdraw_late", by=WAREHOUSE, now=now, parcel=parcel.pk, answer=answer)
        return
    if answer == "agreed":
        end_request(request, RequestAnswer.WITHDRAWN, now=now, fee_yen=fee_yen)
        _hand_back(parcel, orders, fee_yen=fee_yen, by=WAREHOUSE, now=now)
    else:
        Parcel.objects.filter(pk=parcel.pk).update(state=ParcelState.WORKING, state_at=now)
        if answer == "too_late":
            open_mark(ids, task=system_task("withdraw_late"), by=WAREHOUSE, now=now, detail={"parcel": parcel.pk})
    touch(ids, verb="parcel.withdrawal", by=WAREHOUSE, now=now, parcel=parcel.pk, answer=answer, fee_yen=fee_yen)


def _hand_back(parcel: Parcel, orders: Sequence[Order], *, fee_yen: int, by: Actor, now: datetime) -> None:
    """Give a parcel back that no warehouse has any more: its orders are held, to be looked at, or cancelled as the mall has them."""
    ids = [order.pk for order in orders]
    Parcel.objects.filter(pk=parcel.pk).update(state=ParcelState.CANCELLED, state_at=now, ship_wanted_at=None)
    follow_listings(parcel.pk, by=by, now=now)
    detail = {"fee_yen": fee_yen, "parcel": parcel.pk}
    open_mark(ids, task=system_task("withdrawn"), by=by, now=now, reason="withdrawn", detail=detail)
    gone = _follow_cancelled(orders, by=by, now=now)
    set_status([pk for pk in ids if pk not in gone], status=default_status("check"), by=by, now=now)


def _follow_cancelled(orders: Sequence[Order], *, by: Actor, now: datetime) -> list[int]:
    """Cancel those of a parcel's locked orders that the mall has cancelled, now that no warehouse has it; return them."""
    gone = [order.pk for order in orders if order.mall_state == "cancelled"]
    if gone:
        cancel_by_mall(gone, by=by, now=now)
    return gone


def give_up_request(request: WarehouseRequest, *, by: Actor, now: datetime) -> None:
    """A request that never reached its warehouse is not sent any more: its parcel is free again, as after a withdrawal."""
    parcel, orders = lock_parcel(request.parcel_id)
    if _has_ended(request):
        return
    end_request(request, RequestAnswer.WITHDRAWN, now=now, reason="dropped_by_hand")
    _hand_back(parcel, orders, fee_yen=0, by=by, now=now)
    touch([order.pk for order in orders], verb="parcel.request_given_up", by=by, now=now, parcel=parcel.pk)


def give_up_withdrawal(request: WarehouseRequest, key: str, *, was: str, by: Actor, now: datetime) -> None:
    """The withdrawal with this key is not asked for any more: the warehouse goes on. One asked for after it stands.

    The parcel `was` in this state when it was asked for; the request may have been accepted since.
    """
    parcel, orders = lock_parcel(request.parcel_id)
    request = WarehouseRequest.objects.get(pk=request.pk)
    if request.ended_at is not None or parcel.state != ParcelState.CANCEL_ASKED or key != withdrawal_key(request):
        return
    accepted = was == ParcelState.REQUESTED and request.answer == RequestAnswer.ACCEPTED
    Parcel.objects.filter(pk=parcel.pk).update(state=ParcelState.ACCEPTED if accepted else was, state_at=now)
    touch([order.pk for order in orders], verb="parcel.withdraw_given_up", by=by, now=now, parcel=parcel.pk)
