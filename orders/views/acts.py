"""Acts on one order from its page: status, labels, memo, hold and release, remark, wish, undo. Each posts and comes back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done, typed
from hub.ids import NotAnId, decode, encode
from hub.models import AuditDetail, AuditEntry
from hub.problems import Refusal, say
from hub.web import PageRequest, page
from orders.models import Order, Parcel, Status, Tag, Task, Warehouse
from orders.operations import asking, edits, holds, labels, leaving, parcels, status, undo, wishes
from orders.operations.door import Changed
from orders.operations.erased import refuse_erased


def order_or_404(pk: int) -> Order:
    """Return an order of this tenant, deleted ones too."""
    order: Order = get_object_or_404(Order.objects.filter(scratch=False), pk=pk)
    return order


class LookedAfterElsewhere(Refusal):
    """The order stands in a status that another system looks after; only whoever may change settings touches it."""

    code = "looked_after_elsewhere"


def order_to_change(request: PageRequest, pk: int) -> Order:
    """Return an order of this tenant that this member may change. Raises LookedAfterElsewhere, IsErased."""
    order = order_or_404(pk)
    refuse_erased(order)
    leave_alone(request, order.status_id)
    return order


def leave_alone(request: PageRequest, status_id: int) -> None:
    """Refuse staff what would change an order in a status marked *not ours*. Raises LookedAfterElsewhere."""
    if request.hub.may("settings.edit"):
        return
    if theirs := Status.objects.filter(pk=status_id, not_ours=True).first():
        raise LookedAfterElsewhere(status=theirs.name)


def chosen(model: Any, text: str) -> Any:
    """Return the row named by a form's value, or 404."""
    try:
        return get_object_or_404(model.objects.all(), pk=decode(text))
    except NotAnId:
        raise Http404 from None


def page_of(pk: int) -> str:
    return reverse("orders:detail", args=[pk])


def told(request: PageRequest, outcome: Changed, words: str, *, verb: str = "") -> HttpResponse:
    """Say what an act on one order came to, with *undo* where the change can be set back."""
    if outcome.issues:
        issue = outcome.issues[0]
        return done(request, say(issue.reason, issue.params), tone="stop")
    if not outcome.changed:
        return done(request, _("もうそうなっています"))
    return done(request, words, undo_url=undo_url(outcome.changed[0], verb) if verb else "")


def undo_url(order_id: int, verb: str) -> str:
    """Return the address that sets the latest such change of the order back, or nothing."""
    entry = AuditEntry.objects.filter(order_id=order_id, verb=verb).order_by("-pk").values_list("pk", flat=True).first()
    return f"{reverse('orders:undo')}?entry={encode(entry)}" if entry else ""


def changed_since(order: Order, revision: str, columns: tuple[str, ...]) -> AuditEntry | None:
    """Return the latest entry that changed one of these columns after the revision a form was made with (promise G22)."""
    if not revision.isdigit() or int(revision) >= order.revision:
        return None
    entries = {
        e.pk: e for e in AuditEntry.objects.filter(order_id=order.pk, revision__gt=int(revision)).order_by("-pk")[:200]
    }
    details = AuditDetail.objects.filter(entry__in=list(entries)).order_by("-entry_id")
    hit = next(
        (
            d
            for d in details
            if any(column in d.after and d.after[column] != d.before.get(column) for column in columns)
        ),
        None,
    )
    return entries[hit.entry_id] if hit else None


def conflict(
    request: PageRequest, order: Order, entry: AuditEntry, fields: list[SimpleNamespace], *, action_url: str
) -> HttpResponse:
    """Show both values and ask; nothing was overwritten."""
    context = {
        "title": order.number, "who": entry.actor_name or _("自動処理"), "at": entry.at, "back_url": page_of(order.pk), "fields": fields,
        "action_url": action_url, "revision": order.revision, "kept": [("next", page_of(order.pk))],
    }  # fmt: skip
    response = render(request, "409.html", context, status=409)
    if getattr(request, "htmx", False):
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response


@page("orders.edit", methods=("POST",))
def set_status(request: PageRequest, pk: int) -> HttpResponse:
    """Move the order to another status."""
    visit, order = request.hub, order_to_change(request, pk)
    wanted = chosen(Status, request.POST.get("status", ""))
    if (
        entry := changed_since(order, request.POST.get("revision", ""), ("status_id",))
    ) and order.status_id != wanted.pk:
        theirs = Status.objects.get(pk=order.status_id)
        field = SimpleNamespace(
            name="status",
            label=_("状態"),
            mine=wanted.name,
            theirs=theirs.name,
            mine_value=encode(wanted.pk),
            theirs_value=encode(theirs.pk),
        )
        return conflict(request, order, entry, [field], action_url=request.path)
    outcome = status.set_status([pk], status=wanted, by=visit.by, now=visit.now)
    return told(request, outcome, _("「%(status)s」にしました") % {"status": wanted.name}, verb="order.status")


@page("orders.edit", methods=("POST",))
def add_tag(request: PageRequest, pk: int) -> HttpResponse:
    visit, order = request.hub, order_to_change(request, pk)
    tag = chosen(Tag, request.POST.get("tag", ""))
    outcome = labels.add_tag([order.pk], tag=tag, by=visit.by, now=visit.now)
    return told(request, outcome, _("ラベル「%(tag)s」を付けました") % {"tag": tag.name}, verb="order.tag_added")


@page("orders.edit", methods=("POST",))
def remove_tag(request: PageRequest, pk: int) -> HttpResponse:
    visit, order = request.hub, order_to_change(request, pk)
    tag = chosen(Tag, request.POST.get("tag", ""))
    outcome = labels.remove_tag([order.pk], tag=tag, by=visit.by, now=visit.now)
    return told(request, outcome, _("ラベル「%(tag)s」を外しました") % {"tag": tag.name}, verb="order.tag_removed")


@page("orders.edit", methods=("POST",))
def set_memo(request: PageRequest, pk: int) -> HttpResponse:
    """Write the shop's memo; what somebody else wrote meanwhile is shown beside it."""
    visit, order = request.hub, order_to_change(request, pk)
    text = typed(request, "memo", 10_000)
    if (entry := changed_since(order, request.POST.get("revision", ""), ("memo",))) and order.memo != text:
        field = SimpleNamespace(name="memo", label=_("メモ"), mine=text, theirs=order.memo)
        return conflict(request, order, entry, [field], action_url=request.path)
    outcome = labels.set_memo([order.pk], text=text, add=False, by=visit.by, now=visit.now)
    return told(request, outcome, _("メモを保存しました"), verb="order.memo")


@page("orders.edit", methods=("POST",))
def remark_read(request: PageRequest, pk: int) -> HttpResponse:
    """Note that the remark was read; its task closes until the mall's text changes."""
    order = order_to_change(request, pk)
    outcome = holds.read_remark([order.pk], by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("備考を読んだことにしました"), verb="order.remark_read")


@page("orders.edit", methods=("POST",))
def hold(request: PageRequest, pk: int) -> HttpResponse:
    """Hold the order with a reason until somebody releases it."""
    order, reason = order_to_change(request, pk), typed(request, "reason")
    if not reason:
        return done(request, _("保留の理由を書いてください"), tone="stop")
    holds.hold([order.pk], reason=reason, by=request.hub.by, now=request.hub.now)
    return done(
        request,
        _("保留しました"),
        undo_url=f"{reverse('orders:release', args=[pk])}?task={encode(holds.system_task('hold').pk)}",
    )


@page("orders.edit", methods=("POST",))
def release(request: PageRequest, pk: int) -> HttpResponse:
    """Close an open mark: of the task named, else the hold by hand."""
    visit, order = request.hub, order_to_change(request, pk)
    named = request.POST.get("task") or request.GET.get("task", "")
    task = chosen(Task, named) if named else holds.system_task("hold")
    outcome = holds.close_mark([order.pk], task=task, by=visit.by, now=visit.now, reason=typed(request, "reason"))
    return told(request, outcome, _("「%(task)s」を解除しました") % {"task": task.name})


@page("orders.override", methods=("POST",))
def override(request: PageRequest, pk: int) -> HttpResponse:
    """Pass a hold whose cause is still there, by name and with a reason."""
    visit, order = request.hub, order_to_change(request, pk)
    task, reason = chosen(Task, request.POST.get("task", "")), typed(request, "reason")
    if not reason:
        return done(request, _("通す理由を書いてください"), tone="stop")
    outcome = holds.close_mark([order.pk], task=task, by=visit.by, now=visit.now, reason=reason, override=True)
    return told(request, outcome, _("「%(task)s」を理由つきで通しました") % {"task": task.name})


@page("orders.edit", methods=("POST",))
def want(request: PageRequest, pk: int) -> HttpResponse:
    """Wish that the order be shipped; it goes by itself as soon as nothing holds."""
    order = order_to_change(request, pk)
    outcome = parcels.want_shipment([order.pk], by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("出荷を指示しました。止めるものがなければ、依頼は自動で出ます。"))


@page("orders.edit", methods=("POST",))
def unwant(request: PageRequest, pk: int) -> HttpResponse:
    order = order_to_change(request, pk)
    outcome = parcels.unwant_shipment([order.pk], by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("出荷の指示を取り消しました"))


@page("orders.edit", methods=("POST",))
def reopen(request: PageRequest, pk: int) -> HttpResponse:
    """Make a parcel that was withdrawn or refused free again, under a new reference; `act=again` asks the warehouse at once."""
    parcel = get_object_or_404(Parcel.objects.select_related("order"), pk=pk)
    leave_alone(request, parcel.order.status_id)
    if request.POST.get("act") == "again":
        outcome = wishes.ask_again(parcel.pk, by=request.hub.by, now=request.hub.now)
        return told(request, outcome, _("もう一度依頼します。止めるものがなければ、自動で出ます。"))
    outcome = parcels.reopen(parcel.pk, by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("もう一度出せるようにしました。内容を直してから、出荷依頼を出してください。"))


@page("orders.edit")
def choose_warehouse(request: PageRequest, pk: int) -> HttpResponse:
    """Say who ships the order's parcels that nobody works on yet; a GET asks which, in the side panel."""
    visit, order = request.hub, order_to_change(request, pk)
    if request.method != "POST":
        houses = Warehouse.objects.filter(retired_at__isnull=True).order_by("position", "pk")
        return render(request, "orders/warehouse_form.html", {"order": order, "warehouses": houses})
    warehouse = chosen(Warehouse, request.POST.get("warehouse", ""))
    outcome = edits.choose_warehouse([order.pk], warehouse=warehouse, by=visit.by, now=visit.now)
    return told(request, outcome, _("倉庫を「%(name)s」にしました") % {"name": warehouse.name})


@page("orders.delete", methods=("POST",))
def take_back(request: PageRequest, pk: int) -> HttpResponse:
    """Bring an order back that was taken out: the same row, the same number."""
    order = order_to_change(request, pk)
    outcome = leaving.take_back([order.pk], by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("%(number)s を戻しました") % {"number": order.number}, verb="order.taken_back")


@page("orders.edit", methods=("POST",))
def read_again(request: PageRequest, pk: int) -> HttpResponse:
    """Put the order on the list of those to read from the mall now."""
    order = order_to_change(request, pk)
    outcome = asking.read_again([order.pk], by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("モールから読み直します。数秒で反映されます。"))


@page("orders.edit", methods=("POST",))
def undo_change(request: PageRequest) -> HttpResponse:
    """Set one change back: the columns it wrote, where nobody changed them since."""
    try:
        pk = decode(request.POST.get("entry") or request.GET.get("entry", ""))
    except NotAnId:
        raise Http404 from None
    entry = get_object_or_404(AuditEntry.objects.filter(order_id__isnull=False), pk=pk)
    order_to_change(request, entry.order_id)
    if entry.verb in ("order.deleted", "order.taken_back"):
        request.hub.need("orders.delete")
    outcome = undo.undo_entries([entry.pk], by=request.hub.by, now=request.hub.now)
    return told(request, outcome, _("元に戻しました"))
