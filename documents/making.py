"""Stage: files that members asked for are made here: data read in short transactions, set or written outside, stored at the end."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from documents import exports, papers
from documents.models import FileJob, FileKind, FileState
from hub.audit import Actor
from hub.clock import JAPAN, business_now
from hub.crash import crash
from hub.current import current_tenant
from hub.models import AccessRow, Member, StoredFile
from hub.stages import kick
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.operations.erased import IsErased, erased_among

MOST_TRIES = 3
LIVES = timedelta(minutes=15)
SHOWN = 200


class Unfit(Exception):
    """The file cannot be made as it was asked for: a code, and the rows that stand in the way."""

    def __init__(self, reason: str, report: Sequence[Any] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.report = list(report)


def start(
    kind: FileKind, order_ids: Sequence[int], params: Mapping[str, Any], *, client_key: str, by: Actor,
    member: Member | None = None, asked: Mapping[str, Any] | None = None,
) -> FileJob:  # fmt: skip
    """Ask for a file; the same client key gives the job that exists. `asked` is the filter that led to these orders, for the access
    row. Raises exports.UnknownColumn, papers.TooMany, Unfit("too_many_rows")."""
    ids = list(dict.fromkeys(order_ids))
    if kind == FileKind.ORDERS_CSV:
        layout_of(params)
        if len(ids) > exports.MOST_ROWS:
            raise Unfit("too_many_rows")
    elif len(ids) > papers.MOST:
        raise papers.TooMany(f"{len(ids)} orders in one PDF; at most {papers.MOST}")
    job: FileJob
    job, made = FileJob.objects.get_or_create(
        client_key=client_key,
        defaults={
            "kind": kind, "params": dict(params), "order_ids": ids, "member": member, "actor_kind": by.kind, "actor_id": by.id,
            "asked": dict(asked or {}),
        },
    )  # fmt: skip
    if made:
        kick("file", current_tenant(), job.pk)
    return job


def layout_of(params: Mapping[str, Any]) -> exports.Layout:
    """Read a CSV's layout from a job's params: columns, profile, encoding."""
    return exports.Layout(
        columns=tuple(params.get("columns") or exports.DEFAULT_COLUMNS),
        profile=str(params.get("profile", "spreadsheet")),
        encoding=str(params.get("encoding", "utf-8")),
    )


def work(tenant_id: int, job_id: int) -> bool:
    """Make one file; say whether there was anything to do. A kill begins anew; the third fault of one job refuses it."""
    token = uuid.uuid4()
    with tenant_transaction(tenant_id):
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        until = Now() + timedelta(seconds=10 * settings.LEASE_SECONDS)
        waiting = FileJob.objects.filter(free, pk=job_id, state=FileState.WAITING)
        if waiting.update(lease_token=token, lease_until=until, tries=F("tries") + 1) != 1:
            return False
        job: FileJob = FileJob.objects.get(pk=job_id)
    crash("files.after_lease")
    try:
        if job.tries > MOST_TRIES:
            raise Unfit("file_interrupted")
        name, content_type, body, rows = _make(tenant_id, job)
    except Unfit as unfit:
        with tenant_transaction(tenant_id):
            _end(
                job,
                token,
                state=FileState.REFUSED,
                reason=unfit.reason,
                report=unfit.report[:SHOWN],
                now=business_now(),
            )
        crash("files.after_refusal")
        return True
    with tenant_transaction(tenant_id):
        _store(job, token, name=name, content_type=content_type, body=body, rows=rows, now=business_now())
    crash("files.after_store")
    return True


def _make(tenant_id: int, job: FileJob) -> tuple[str, str, bytes, int]:
    day = f"{business_now().astimezone(JAPAN):%Y%m%d-%H%M}"
    if job.kind == FileKind.PACKING_SLIPS:
        with tenant_transaction(tenant_id):
            if gone := erased_among(job.order_ids):
                raise Unfit(IsErased.code, _numbers(gone))
            slips = papers.slips_of(job.order_ids)
        if not slips:
            raise Unfit("nothing_to_print")
        return f"nouhinsho-{day}.pdf", "application/pdf", papers.render(slips), len(slips)
    layout = layout_of(job.params)
    pieces = [exports.encode([exports.header(layout)], layout)]
    lost: list[exports.Lost] = []
    count = 0
    for at in range(0, len(job.order_ids), exports.CHUNK):
        with tenant_transaction(tenant_id):
            rows = exports.rows_of(job.order_ids[at : at + exports.CHUNK], layout)
        lost += exports.lost_in(rows, layout)
        pieces.append(exports.encode([cells for _, _, cells in rows], layout))
        count += len(rows)
    if lost and not job.params.get("replace"):
        raise Unfit("not_in_encoding", [asdict(one) for one in lost])
    mark = b"\xef\xbb\xbf" if layout.encoding == "utf-8" and layout.profile == "spreadsheet" else b""
    return f"orders-{day}.csv", "text/csv", mark + b"".join(pieces), count


def _numbers(order_ids: Collection[int]) -> list[dict[str, str]]:
    """Return the orders that stand in the way, as rows of a report."""
    rows = Order.objects.filter(pk__in=order_ids).order_by("number").values_list("number", flat=True)
    return [{"number": number, "column": "", "characters": ""} for number in rows]


def _store(
    job: FileJob, token: uuid.UUID, *, name: str, content_type: str, body: bytes, rows: int, now: datetime
) -> None:
    file = StoredFile.objects.create(
        member_id=job.member_id,
        name=name,
        content_type=content_type,
        body=body,
        rows=rows,
        created_at=now,
        expires_at=now + LIVES,
    )
    if not _end(job, token, state=FileState.DONE, file=file, now=now):
        file.delete()
        return
    AccessRow.objects.create(
        actor_kind=job.actor_kind,
        actor_id=job.actor_id,
        what=job.kind,
        filter={**job.asked, "params": job.params},
        count=rows,
        at=now,
    )


def _end(job: FileJob, token: uuid.UUID, *, now: datetime, **values: Any) -> bool:
    mine = FileJob.objects.filter(pk=job.pk, lease_token=token, state=FileState.WAITING)
    return bool(mine.update(lease_token=None, lease_until=None, finished_at=now, **values) == 1)
