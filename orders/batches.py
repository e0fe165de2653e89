"""Stage: bulk acts in the background, in chunks of up to 1,000 with one transaction each; resumable, and undone the same way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.audit import Actor
from hub.clock import business_now
from hub.crash import crash
from hub.models import AuditEntry, Member
from hub.stages import kick
from hub.tenancy import current_tenant, tenant_transaction
from orders import plugs
from orders.channels import CancelReason
from orders.models import Batch, BatchIssue, Status, Tag, Task, Warehouse
from orders.models.batches import BatchState
from orders.operations import asking, edits, holds, labels, leaving, parcels, planning, several, status, undo
from orders.operations.door import Changed, Issue
from orders.operations.erased import IsErased, erased_among

CHUNK = 1_000
CHUNKS_A_TURN = 10


class UnknownAction(Exception):
    """No bulk act has this name."""


Act = Callable[..., Changed]


def _params(action: str, params: Mapping[str, Any]) -> tuple[Act, dict[str, Any]]:
    """Return the operation of a bulk act and its keyword arguments, with rows loaded. Raises UnknownAction."""
    table: dict[str, Callable[[], tuple[Act, dict[str, Any]]]] = {
        "set-status": lambda: (status.set_status, {"status": Status.objects.select_related("group").get(pk=params["status"])}),
        "add-tag": lambda: (labels.add_tag, {"tag": Tag.objects.get(pk=params["tag"])}),
        "remove-tag": lambda: (labels.remove_tag, {"tag": Tag.objects.get(pk=params["tag"])}),
        "memo": lambda: (labels.set_memo, {"text": params["text"], "add": bool(params.get("add", True))}),
        "hold": lambda: (holds.hold, {"reason": params.get("reason", "")}),
        "release": lambda: (holds.close_mark, {"task": Task.objects.get(pk=params["task"]), "override": bool(params.get("override")),
                                               "reason": params.get("reason", "")}),
        "read-remark": lambda: (holds.read_remark, {}),
        "want-shipment": lambda: (parcels.want_shipment, {}),
        "unwant-shipment": lambda: (parcels.unwant_shipment, {}),
        "read-again": lambda: (asking.read_again, {}),
        "withdraw": lambda: (asking.withdraw, {"accept_fee": bool(params.get("accept_fee")), "reason": params.get("reason", "")}),
        "send-mail": lambda: (plugs.act("queue_mail"), {"template": params["template"], "again": bool(params.get("again"))}),
        "choose-warehouse": lambda: (edits.choose_warehouse, {"warehouse": Warehouse.objects.get(pk=params["warehouse"])}),
        "set-delivery": lambda: (edits.set_delivery, {"method": params["method"], "carrier": params.get("carrier", "")}),
        "ship-on": lambda: (planning.ship_on, {"day": date.fromisoformat(params["day"])}),
        "change": lambda: (several.change_several, {"changes": _parts(params)}),
        "cancel-here": lambda: (leaving.cancel_here, {}),
        "cancel-at-mall": lambda: (leaving.cancel_at_mall, {"reason": CancelReason(params["reason"]),
                                                            "restock": bool(params.get("restock"))}),
        "delete": lambda: (leaving.delete, {}),
        "take-back": lambda: (leaving.take_back, {}),
    }  # fmt: skip
    if action not in table:
        raise UnknownAction(action)
    return table[action]()


PARTS = (("set-delivery", "method"), ("ship-on", "day"), ("memo", "text"), ("add-tag", "tag"), ("set-status", "status"))
"""What *change* can do at once: the act, and the parameter that asks for it."""


def _parts(params: Mapping[str, Any]) -> list[Act]:
    found = [_params(name, params) for name, asked in PARTS if params.get(asked)]
    return [partial(operation, **arguments) for operation, arguments in found]


ACTIONS = ("set-status", "add-tag", "remove-tag", "memo", "hold", "release", "read-remark", "want-shipment", "unwant-shipment",
           "choose-warehouse", "set-delivery", "ship-on", "change", "cancel-here", "cancel-at-mall", "delete", "take-back", "read-again",
           "withdraw")  # fmt: skip
"""Every act over a set of orders, by the name that API and pages use. Mail (`send-mail`) has a resource of its own in the API."""


def act(
    action: str,
    order_ids: Sequence[int],
    params: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
) -> Changed:
    """Do one act over up to 1,000 orders inside the open transaction."""
    operation, arguments = _params(action, params)
    gone = erased_among(order_ids)
    outcome = operation([pk for pk in order_ids if pk not in gone], **arguments, by=by, now=now, batch_id=batch_id)
    for order_id in sorted(gone):
        outcome.refuse(order_id, IsErased.code)
    return outcome


def start(
    action: str,
    order_ids: Sequence[int],
    params: Mapping[str, Any],
    *,
    client_key: str,
    by: Actor,
    member: Member | None = None,
) -> Batch:
    """Write a batch to be worked off; the same client key gives the batch that exists."""
    _params(action, params) if action != "undo" else None
    batch: Batch
    batch, made = Batch.objects.get_or_create(
        client_key=client_key,
        defaults={"action": action, "params": dict(params), "order_ids": sorted(set(order_ids)), "member": member,
                  "actor_kind": by.kind, "actor_id": by.id},
    )  # fmt: skip
    if made:
        kick("batch", current_tenant(), batch.pk)
    return batch


def start_undo(batch: Batch, *, by: Actor, member: Member | None = None) -> Batch:
    """Start a batch that sets back what another one wrote; only once."""
    undoing = start("undo", batch.order_ids, {"batch": batch.pk}, client_key=f"undo:{batch.pk}", by=by, member=member)
    Batch.objects.filter(pk=undoing.pk).update(undo_of_id=batch.pk)
    Batch.objects.filter(pk=batch.pk).update(undone_by_id=undoing.pk)
    return undoing


def finish_here(batch_id: int, *, now: datetime) -> Batch:
    """Work a small batch off inside the open transaction, for a person who waits; a batch that has begun is left to its worker."""
    batch: Batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.state == BatchState.WAITING and len(batch.order_ids) <= CHUNK:
        token = uuid.uuid4()
        Batch.objects.filter(pk=batch_id).update(state=BatchState.RUNNING, lease_token=token)
        _one_chunk(batch_id, token, now=now)
        Batch.objects.filter(pk=batch_id).update(lease_token=None, lease_until=None)
        kick("judge", current_tenant(), 0)
        batch.refresh_from_db()
    return batch


def work(tenant_id: int, batch_id: int) -> bool:
    """Work a batch off from its cursor; say whether there was anything to do. A kill resumes at the next chunk."""
    token = uuid.uuid4()
    with tenant_transaction(tenant_id):
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        open_ = Batch.objects.filter(free, pk=batch_id, state__in=[BatchState.WAITING, BatchState.RUNNING])
        until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
        if open_.update(lease_token=token, lease_until=until, state=BatchState.RUNNING) != 1:
            return False
    crash("batches.after_lease")
    for _ in range(CHUNKS_A_TURN):
        with tenant_transaction(tenant_id):
            finished = _one_chunk(batch_id, token, now=business_now())
        crash("batches.after_chunk")
        if finished:
            break
    with tenant_transaction(tenant_id):
        Batch.objects.filter(pk=batch_id, lease_token=token).update(lease_token=None, lease_until=None)
    crash("batches.after_release")
    kick("judge", tenant_id, 0)
    return True


def _actor(batch: Batch) -> Actor:
    """Return who asked for the batch, by name where it is a member."""
    member = Member.objects.filter(pk=batch.member_id).select_related("user").first() if batch.member_id else None
    return Actor(kind=batch.actor_kind, id=batch.actor_id, name=str(member.user) if member else "")


def _one_chunk(batch_id: int, token: uuid.UUID, *, now: datetime) -> bool:
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.lease_token != token or batch.state != BatchState.RUNNING:
        return True
    ids = batch.order_ids[batch.cursor : batch.cursor + CHUNK]
    by = _actor(batch)
    outcome = (
        _undo(batch, ids, by=by, now=now)
        if batch.action == "undo"
        else act(batch.action, ids, batch.params, by=by, now=now, batch_id=batch.pk)
    )
    BatchIssue.objects.bulk_create(
        [
            BatchIssue(batch=batch, order_id=i.order_id, kind="skipped", reason=i.reason, params=dict(i.params))
            for i in outcome.issues
        ],
        ignore_conflicts=True,
    )
    cursor = batch.cursor + len(ids)
    finished = cursor >= len(batch.order_ids)
    ends = (
        {"state": BatchState.DONE, "finished_at": now}
        if finished
        else {"lease_until": Now() + timedelta(seconds=settings.LEASE_SECONDS)}
    )
    Batch.objects.filter(pk=batch.pk).update(
        cursor=cursor, changed=F("changed") + len(outcome.changed), unchanged=F("unchanged") + len(outcome.unchanged),
        skipped=F("skipped") + len(outcome.issues), **ends,
    )  # fmt: skip
    return finished


def _undo(batch: Batch, ids: Sequence[int], *, by: Actor, now: datetime) -> Changed:
    undone = Batch.objects.get(pk=batch.params["batch"])
    if undone.action == "send-mail":
        return plugs.act("unqueue_mail")(ids, **undone.params, by=by, now=now, batch_id=undone.pk)
    entries = AuditEntry.objects.filter(batch_id=batch.params["batch"], order_id__in=ids)
    try:
        return undo.undo_entries(list(entries.values_list("pk", flat=True)), by=by, now=now, batch_id=batch.pk)
    except undo.NotUndoable as error:
        return Changed(issues=[Issue(order_id=pk, reason="not_undoable", params={"verb": str(error)}) for pk in ids])
