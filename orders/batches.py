"""Stage: bulk acts in the background, in chunks of up to 1,000 with one transaction each; resumable, and undone the same way."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from hub.audit import Actor
from hub.clock import business_now
from hub.crash import crash
from hub.faults import is_passing
from hub.models import AuditEntry, Member
from hub.problems import explain, known
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
MOST_TRIES = 3
MOST_FAILING = 20
"""After so many orders one after the other on which an act fails, it is not tried on the others."""
AGAIN_AFTER = timedelta(seconds=10)

log = logging.getLogger(__name__)


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
        "hold": lambda: (holds.hold, {"reason": params["reason"]}),
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
    """Work a batch off from its cursor; say whether there was anything to do. A kill resumes at the next chunk.

    What fails is tried again; the third try takes the orders one by one and leaves out those that fail. What dies at the third try,
    too, is ended: each order that it did not come to says so (promise G3).
    """
    token = uuid.uuid4()
    with tenant_transaction(tenant_id):
        tries = _take(batch_id, token)
    if not tries:
        return False
    crash("batches.after_lease")
    turn = _Turn(tenant_id=tenant_id, batch_id=batch_id, token=token)
    try:
        if tries > MOST_TRIES:
            turn.end("batch_died")
        elif tries == MOST_TRIES:
            turn.one_by_one()
        else:
            turn.by_chunks()
    except Exception as error:  # noqa: BLE001  whatever an act raises: it is logged, and the batch goes on or ends
        _put_off(tenant_id, batch_id, token, error)
    else:
        with tenant_transaction(tenant_id):
            Batch.objects.filter(pk=batch_id, lease_token=token).update(lease_token=None, lease_until=None)
    crash("batches.after_release")
    kick("judge", tenant_id, 0)
    return True


def _take(batch_id: int, token: uuid.UUID) -> int:
    """Lease the batch if it is open and free; return how often it was taken up since it last got on, 0 if it is not ours."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
    open_ = Batch.objects.filter(free, pk=batch_id, state__in=[BatchState.WAITING, BatchState.RUNNING])
    leased = {"lease_token": token, "lease_until": _lease_end(), "state": BatchState.RUNNING, "tries": F("tries") + 1}
    if open_.update(**leased) != 1:
        return 0
    return int(Batch.objects.values_list("tries", flat=True).get(pk=batch_id))


def _put_off(tenant_id: int, batch_id: int, token: uuid.UUID, error: Exception) -> None:
    """Give the batch back for the next try; a passing fault of the database is not counted as one."""
    log.error("batch %s failed and is put off", batch_id, exc_info=error)
    connection.close_if_unusable_or_obsolete()
    counted = {"tries": F("tries") - 1} if is_passing(error) else {}
    with tenant_transaction(tenant_id):
        Batch.objects.filter(pk=batch_id, lease_token=token).update(
            lease_token=None, lease_until=None, due_at=Now() + AGAIN_AFTER, **counted
        )


@dataclass(frozen=True, kw_only=True)
class _Turn:
    """One worker's turn at a batch that it has leased."""

    tenant_id: int
    batch_id: int
    token: uuid.UUID

    def by_chunks(self) -> None:
        for _ in range(CHUNKS_A_TURN):
            if self._next(CHUNK):
                break

    def one_by_one(self) -> None:
        """Take a chunk's orders each by itself. An act that fails on one order after the other fails on all."""
        failing = 0
        for _ in range(CHUNK):
            try:
                finished, failing = self._next(1), 0
            except Exception as error:
                if is_passing(error):
                    raise
                log.exception("batch %s fails on an order", self.batch_id)
                failing += 1
                finished = self.end("act_failed", most=1 if failing < MOST_FAILING else None)
            if finished:
                break

    def end(self, reason: str, params: Mapping[str, Any] = MappingProxyType({}), *, most: int | None = None) -> bool:
        """Leave the next orders out, or all that are left; return whether that was the end."""
        with tenant_transaction(self.tenant_id):
            finished = _leave_out(
                self.batch_id, self.token, reason=reason, params=params, most=most, now=business_now()
            )
        crash("batches.after_leaving_out")
        return finished

    def _next(self, size: int) -> bool:
        try:
            with tenant_transaction(self.tenant_id):
                finished = _one_chunk(self.batch_id, self.token, now=business_now(), size=size)
        except known() as refusal:  # of the act as a whole: it says why, and says it of every order
            problem = explain(refusal)
            code, params = (problem.code, problem.params) if problem else ("act_failed", {})
            finished = self.end(code, params, most=size)
        crash("batches.after_chunk")
        return finished


def _leave_out(
    batch_id: int, token: uuid.UUID, *, reason: str, params: Mapping[str, Any], most: int | None, now: datetime
) -> bool:
    """Go on behind the next orders and note of each why nothing was done; return whether the batch is over."""
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.lease_token != token or batch.state != BatchState.RUNNING:
        return True
    ids = batch.order_ids[batch.cursor :][:most]
    issues = [Issue(order_id=pk, reason=reason, params=params) for pk in ids]
    return _go_on(batch, len(ids), issues, kind="failed", now=now)


def _lease_end() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def _actor(batch: Batch) -> Actor:
    """Return who asked for the batch, by name where it is a member."""
    member = Member.objects.filter(pk=batch.member_id).select_related("user").first() if batch.member_id else None
    return Actor(kind=batch.actor_kind, id=batch.actor_id, name=str(member.user) if member else "")


def _one_chunk(batch_id: int, token: uuid.UUID, *, now: datetime, size: int = CHUNK) -> bool:
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.lease_token != token or batch.state != BatchState.RUNNING:
        return True
    ids = batch.order_ids[batch.cursor : batch.cursor + size]
    by = _actor(batch)
    outcome = (
        _undo(batch, ids, by=by, now=now)
        if batch.action == "undo"
        else act(batch.action, ids, batch.params, by=by, now=now, batch_id=batch.pk)
    )
    changes = {
        "changed": F("changed") + len(outcome.changed),
        "unchanged": F("unchanged") + len(outcome.unchanged),
    }
    return _go_on(batch, len(ids), outcome.issues, kind="skipped", now=now, **changes)


def _go_on(batch: Batch, n: int, issues: Sequence[Issue], *, kind: str, now: datetime, **changes: Any) -> bool:
    """Move the cursor of the locked batch behind its next n orders and keep their issues; return whether it is over."""
    BatchIssue.objects.bulk_create(
        [BatchIssue(batch=batch, order_id=i.order_id, kind=kind, reason=i.reason, params=dict(i.params)) for i in issues],
        ignore_conflicts=True, batch_size=CHUNK,
    )  # fmt: skip
    cursor = batch.cursor + n
    finished = cursor >= len(batch.order_ids)
    ends = {"state": BatchState.DONE, "finished_at": now} if finished else {"lease_until": _lease_end()}
    changes[kind] = F(kind) + len(issues)
    Batch.objects.filter(pk=batch.pk).update(cursor=cursor, tries=1, **changes, **ends)
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
