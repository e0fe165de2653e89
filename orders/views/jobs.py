"""The job tray: bulk acts with their progress, cancel and undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.answers import done
from hub.audit import note
from hub.clock import true_now
from hub.models import Member
from hub.problems import say
from hub.rights import may
from hub.templatetags.hub_ui import span
from hub.web import PageRequest, page
from orders import batches
from orders.models import Batch, BatchIssue, Order, Status, Tag
from orders.models.batches import BatchState
from orders.operations.undo import RIGHTS

AT_ONCE = 200
"""Up to this many orders are changed while the person waits; more as a job with progress."""
SHOWN_AFTER_END = timedelta(minutes=2)
UNDOABLE = frozenset(
    {
        "set-status",
        "add-tag",
        "remove-tag",
        "memo",
        "set-delivery",
        "delete",
        "take-back",
        "cancel-here",
        "read-remark",
        "send-mail",
    }
)

TITLES: dict[str, str | Promise] = {
    "set-status": gettext_lazy("状態を変える"), "add-tag": gettext_lazy("ラベルを付ける"), "remove-tag": gettext_lazy("ラベルを外す"),
    "memo": gettext_lazy("メモを書く"), "hold": gettext_lazy("保留する"), "release": gettext_lazy("保留を解除する"),
    "read-remark": gettext_lazy("備考を読んだことにする"), "want-shipment": gettext_lazy("出荷を依頼する"),
    "unwant-shipment": gettext_lazy("出荷の依頼をやめる"), "choose-warehouse": gettext_lazy("倉庫を選ぶ"),
    "set-delivery": gettext_lazy("配送を変える"), "cancel-here": gettext_lazy("ここで扱わない"),
    "cancel-at-mall": gettext_lazy("モールでもキャンセル"), "delete": gettext_lazy("取込から外す"), "take-back": gettext_lazy("戻す"),
    "read-again": gettext_lazy("モールから読み直す"), "withdraw": gettext_lazy("出荷依頼を取り下げる"),
    "send-mail": gettext_lazy("メールを送る"),
    "undo": gettext_lazy("元に戻す"), "ship-on": gettext_lazy("発送日を変える"),
    "change": gettext_lazy("まとめて変える"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Job:
    """A bulk act as the tray shows it."""

    title: str
    done: int
    total: int
    left: str
    state: str
    result_url: str
    undo_url: str
    cancel_url: str


def jobs_of(member: Member, *, now: datetime) -> list[Job]:
    """Return the member's bulk acts that run or have just ended, the newest first."""
    at = true_now()
    running = Q(state__in=[BatchState.WAITING, BatchState.RUNNING])
    ended = Q(finished_at__gte=now - SHOWN_AFTER_END, size__gt=AT_ONCE)
    rows = Batch.objects.filter(member=member).annotate(size=F("order_ids__len")).filter(running | ended)
    return [job_of(row, member, size=row.size, at=at) for row in rows.order_by("-pk").defer("order_ids")[:5]]


def job_of(batch: Batch, member: Member, *, size: int, at: datetime) -> Job:
    """Return a batch as the tray shows it; `at` is true time, which batches are worked off in."""
    running = batch.state in (BatchState.WAITING, BatchState.RUNNING)
    return Job(
        title=_("%(act)s(%(n)s件)") % {"act": title_of(batch), "n": f"{size:,}"},
        done=batch.cursor,
        total=size,
        left=_left(batch, size, at) if running else "",
        state="running" if running else "failed" if batch.skipped or batch.failed else "done",
        result_url="" if running else reverse("orders:batch", args=[batch.pk]),
        undo_url=reverse("orders:batch_undo", args=[batch.pk]) if not running and may_undo(batch, member) else "",
        cancel_url=reverse("orders:batch_cancel", args=[batch.pk]) if running else "",
    )


def title_of(batch: Batch) -> str:
    """Return what a batch does, in words."""
    if batch.action == "set-status" and (status := Status.objects.filter(pk=batch.params.get("status")).first()):
        return _("状態を「%(status)s」に") % {"status": status.name}
    if batch.action in ("add-tag", "remove-tag") and (tag := Tag.objects.filter(pk=batch.params.get("tag")).first()):
        return f"{TITLES[batch.action]} 「{tag.name}」"
    return str(TITLES.get(batch.action, batch.action))


def may_undo(batch: Batch, member: Member) -> bool:
    """Say whether the member may set the batch back: whoever may not delete may not take a return back either."""
    if batch.action not in UNDOABLE or batch.undone_by_id is not None or batch.changed == 0:
        return False
    return may(member.role, RIGHTS.get(batch.action, "orders.edit"))


def _left(batch: Batch, size: int, at: datetime) -> str:
    if not batch.cursor:
        return _("まもなく始まります")
    gone = max((at - batch.created_at).total_seconds(), 0.1)
    seconds = gone / batch.cursor * (size - batch.cursor)
    return (
        _("あと約%(n)s秒") % {"n": max(1, round(seconds))}
        if seconds < 60
        else _("あと約%(span)s") % {"span": span(seconds)}
    )


@page("orders.see", methods=("GET",))
def jobs(request: PageRequest) -> HttpResponse:
    """Answer the tray; it asks again while something runs."""
    found = jobs_of(request.hub.member, now=request.hub.now)
    return render(request, "frame/tray.html", {"frame": {"jobs": found}})


@page("orders.see", methods=("GET",))
def batch(request: PageRequest, pk: int) -> HttpResponse:
    """Show what a bulk act came to: how many changed, and which orders did not and why."""
    found = get_object_or_404(Batch.objects, pk=pk)
    issues = list(BatchIssue.objects.filter(batch=found).order_by("pk")[:500])
    numbers = dict(Order.objects.filter(pk__in=[issue.order_id for issue in issues]).values_list("pk", "number"))
    causes: dict[str, list[dict[str, object]]] = {}
    for issue in issues:
        causes.setdefault(say(issue.reason, issue.params), []).append(
            {"pk": issue.order_id, "number": numbers.get(issue.order_id, "")}
        )
    context = {
        "title": title_of(found), "batch": found, "size": len(found.order_ids), "left_out": found.skipped + found.failed,
        "causes": [{"words": words, "count": len(orders), "orders": orders} for words, orders in causes.items()],
        "undo_url": reverse("orders:batch_undo", args=[pk]) if found.finished_at and may_undo(found, request.hub.member) else "",
    }  # fmt: skip
    return render(request, "orders/batch.html", context)


@page("orders.edit", methods=("POST",))
def batch_cancel(request: PageRequest, pk: int) -> HttpResponse:
    """Stop a bulk act where it is; what it changed stays changed and can be undone."""
    found = get_object_or_404(Batch.objects.select_for_update(), pk=pk)
    if found.state in (BatchState.WAITING, BatchState.RUNNING):
        Batch.objects.filter(pk=pk).update(state=BatchState.CANCELLED, finished_at=request.hub.now)
        note("batch.cancelled", by=request.hub.by, now=request.hub.now, batch=pk, action=found.action)
    return done(request, _("中止しました。変わった分は結果から元に戻せます。"))


@page("orders.edit", methods=("POST",))
def batch_undo(request: PageRequest, pk: int) -> HttpResponse:
    """Set back what a bulk act changed, where nobody changed it since."""
    found = get_object_or_404(Batch.objects.select_for_update(), pk=pk)
    request.hub.need(RIGHTS.get(found.action, "orders.edit"))
    if not may_undo(found, request.hub.member):
        return done(request, _("元に戻せません。"), tone="stop")
    undoing = batches.start_undo(found, by=request.hub.by, member=request.hub.member)
    if len(found.order_ids) > AT_ONCE:
        return done(request, _("元に戻しています"))
    undoing = batches.finish_here(undoing.pk, now=request.hub.now)
    words = _("%(n)s件を元に戻しました") % {"n": f"{undoing.changed:,}"}
    if undoing.skipped:
        words += _(" · その後に変わったため戻せなかった %(n)s件") % {"n": f"{undoing.skipped:,}"}
    return done(request, words, tone="good" if undoing.changed else "stop")
