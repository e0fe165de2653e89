"""Files a member asks for: made in the background, watched in the side panel or on a page, kept for 15 minutes for that member only."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from documents import making, papers
from documents.forms import ExportForm
from documents.models import FileJob, FileKind, FileState
from hub.access import note_read
from hub.answers import done
from hub.clock import true_now
from hub.form_parts import ids_of
from hub.ids import encode
from hub.models import StoredFile
from hub.web import A_DAY, FRESH, PageRequest, page, spend_factor
from orders.models import Order, SavedSearch
from orders.operations.settings.searches import change_search
from orders.views import narrowing
from orders.views.acts import leave_alone
from orders.views.bulk import Chosen

TITLES = {FileKind.PACKING_SLIPS: lambda: _("納品書(PDF)"), FileKind.ORDERS_CSV: lambda: _("受注のCSV")}
REASONS = {
    "too_many_rows": lambda: _("一度に出せるのは10万行までです。条件を絞ってください。"),
    "not_in_encoding": lambda: _(
        "Windowsの文字コードにない文字があります。「置き換える」を選ぶか、UTF-8にしてください。"
    ),
    "erased": lambda: _(
        "個人情報を消去した受注があるため、作れませんでした。下の受注を外して、もう一度選んでください。"
    ),
    "nothing_to_print": lambda: _("印刷する荷物がありません。"),
    "file_interrupted": lambda: _("作れませんでした。続くときは知らせてください。"),
}


@page("orders.ship", fresh_factor=A_DAY, methods=("POST",))
def packing_slips(request: PageRequest) -> HttpResponse:
    """Make one PDF of the packing slips of the selected orders."""
    chosen = Chosen(request)
    return _slips(request, chosen.ids(), asked=chosen.asked())


@page("orders.ship", fresh_factor=A_DAY, methods=("GET", "POST"))
def packing_slip(request: PageRequest, pk: int) -> HttpResponse:
    """Show the slip of one order; the page asks for it by itself, so that opening the address changes nothing."""
    order = get_object_or_404(Order.objects.filter(scratch=False), pk=pk)
    if request.method == "POST":
        leave_alone(request, order.status_id)
        return _slips(request, [order.pk], asked={"order": order.pk})
    context = {
        "title": _("納品書(PDF)"), "lead": order.number, "back_url": reverse("orders:detail", args=[pk]), "back_words": order.number,
        "form": None,
        "submit_words": _("PDFを作る"),
    }  # fmt: skip
    return render(request, "form_page.html", context)


def _slips(request: PageRequest, ids: list[int], *, asked: dict[str, Any]) -> HttpResponse:
    if len(ids) > papers.MOST:
        return done(
            request,
            _("一度に印刷できるのは%(n)s件までです。分けて印刷してください。") % {"n": papers.MOST},
            tone="stop",
        )
    return _watch(request, _start(request, FileKind.PACKING_SLIPS, ids, {}, asked=asked))


def _start(
    request: PageRequest, kind: FileKind, ids: list[int], params: dict[str, Any], *, asked: dict[str, Any]
) -> FileJob:
    visit = request.hub
    key = f"page:{visit.member.pk}:{request.POST.get('client_key') or uuid.uuid4().hex}"[:120]
    return making.start(kind, ids, params, client_key=key, by=visit.by, member=visit.member, asked=asked)


@page("orders.export", fresh_factor=FRESH)
def csv(request: PageRequest) -> HttpResponse:
    """Ask how the CSV of a list is to be written, then make it."""
    saved = _saved_search(request)
    form = ExportForm(
        request.POST if "columns" in request.POST else None, saved=saved, may_keep=_may_keep(request, saved)
    )
    if request.method == "POST" and form.is_bound and form.is_valid():
        chosen = Chosen(request)
        job = _start(request, FileKind.ORDERS_CSV, chosen.ids(), form.params(), asked=chosen.asked())
        spend_factor(request)
        if saved is not None and form.cleaned_data.get("keep"):
            visit = request.hub
            change_search(saved, values={"columns": form.cleaned_data["columns"]}, by=visit.by, now=visit.now)
        return _watch(request, job)
    source = request.POST if request.method == "POST" else QueryDict(mutable=True)
    kept = (
        [("orders", source["orders"])]
        if source.get("orders")
        else [("all", "1"), ("query", source.get("query") or request.GET.urlencode())]
    )
    context = {
        "title": _("CSVに出す"), "form": form, "kept": [*kept, ("client_key", uuid.uuid4().hex)], "action_url": reverse("orders:csv"),
        "back_url": request.session.get("orders_at") or reverse("orders:list"),
    }  # fmt: skip
    panel = getattr(request, "htmx", False)
    return render(
        request,
        "documents/export_form.html" if panel else "documents/export.html",
        context,
        status=422 if form.is_bound else 200,
    )


def _saved_search(request: PageRequest) -> SavedSearch | None:
    """Return the saved search that is exported, if it is one that this member sees."""
    query = QueryDict(request.POST.get("query") or request.GET.urlencode())
    pk = next(iter(ids_of([query.get("saved", "")])), 0)
    return next((one for one in narrowing.saved_searches(request.hub) if one.pk == pk), None)


def _may_keep(request: PageRequest, saved: SavedSearch | None) -> bool:
    """Say whether this member may write the search's format: their own, or any with the right to settings."""
    own = saved is not None and saved.member_id == request.hub.member.pk
    return saved is not None and (own or request.hub.may("settings.edit"))


def _watch(request: PageRequest, job: FileJob) -> HttpResponse:
    """Show how far a file is; the panel asks again by itself."""
    if getattr(request, "htmx", False):
        return render(request, "documents/file.html", _context(job))
    return done(request, "", to=reverse("orders:file", args=[job.pk]))


@page("orders.ship", methods=("GET",))
def file(request: PageRequest, pk: int) -> HttpResponse:
    """Say how far one's own file is, with the link when it is there."""
    job = get_object_or_404(FileJob.objects.filter(member=request.hub.member).select_related("file"), pk=pk)
    if getattr(request, "htmx", False):
        alone = request.htmx.target == "file"  # type: ignore[attr-defined]
        return render(request, "documents/file.html", {**_context(job), "alone": alone})
    return render(
        request,
        "documents/file_page.html",
        {**_context(job), "back_url": request.session.get("orders_at") or reverse("orders:list")},
    )


def _context(job: FileJob) -> dict[str, Any]:
    ready = job.state == FileState.DONE and job.file is not None and job.file.expires_at > true_now()
    return {
        "title": str(TITLES[FileKind(job.kind)]()),
        "size": len(job.order_ids),
        "working": job.state == FileState.WAITING,
        "ready": ready,
        "over": job.state == FileState.DONE and not ready,
        "reason": REASONS.get(job.reason, lambda: job.reason)() if job.state == FileState.REFUSED else "",
        "report": job.report[:20],
        "watch_url": reverse("orders:file", args=[job.pk]),
        "download_url": reverse("orders:download", args=[job.pk]) if ready else "",
        "job": job,
    }


@page("orders.ship", methods=("GET",))
def download(request: PageRequest, pk: int) -> HttpResponse:
    """Give a file to the member who asked for it, for 15 minutes."""
    job = get_object_or_404(FileJob.objects.filter(member=request.hub.member, file__isnull=False), pk=pk)
    stored = StoredFile.objects.filter(pk=job.file_id, expires_at__gt=true_now()).first()
    if stored is None:
        raise Http404
    if job.kind == FileKind.ORDERS_CSV:
        request.hub.need("orders.export")
    visit = request.hub
    note_read(f"download.{job.kind}", by=visit.by, asked={"file": encode(job.pk)}, count=stored.rows, now=visit.now)
    inline = stored.content_type == "application/pdf"
    kind = (
        f"{stored.content_type}; charset={job.params.get('encoding', 'utf-8')}"
        if stored.content_type.startswith("text/")
        else stored.content_type
    )
    response = HttpResponse(bytes(stored.body), content_type=kind)
    response["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{stored.name}"'
    response["Cache-Control"] = "no-store"
    return response
