"""送り状番号を貼る: a list is pasted or uploaded, checked row by row, and only then recorded."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from documents import tracking_paste
from documents.forms import PasteForm
from documents.tracking_paste import Row, Unreadable
from hub.answers import done
from hub.clock import JAPAN
from hub.form_parts import ids_of
from hub.problems import say
from hub.web import PageRequest, page
from orders.carriers import said
from orders.models import Order, Parcel
from orders.plugs import act
from orders.views.words import masked_name

SALT = "documents.tracking"
FAULTS = {
    "unknown_order": lambda: _("この受注番号はありません。番号を見直してください。"),
    "several_orders": lambda: _("同じ番号の受注がいくつかあります。荷物の依頼番号で指定してください。"),
    "several_parcels": lambda: _("荷物がいくつかあります。荷物の依頼番号で指定してください。"),
    "not_open": lambda: _("キャンセルしたか、取込から外した受注です。"),
    "other_numbers": lambda: _("別の送り状番号で出荷済みです。直すときは受注のページで訂正してください。"),
    "requested_elsewhere": lambda: _("倉庫に依頼している荷物です。取下げを頼むか、実績を待ってください。"),
    "repeated": lambda: _("同じ行が上にもあります。"),
    "no_order": lambda: _("受注番号がありません。"),
    "no_number": lambda: _("送り状番号がありません。"),
    "unknown_carrier": lambda: _("知らない運送会社です。名前を直すか、「戻って直す」から選んでください。"),
    "carrier_missing": lambda: _("運送会社がありません。行に書くか、「戻って直す」から選んでください。"),
    "bad_day": lambda: _("出荷日が日付ではありません。"),
}
UNREADABLE = {
    "not_text": lambda: _("文字として読めません。CSVかテキストを貼り付けてください。"),
    "too_many_rows": lambda: _("一度に貼れるのは%(n)s行までです。") % {"n": f"{tracking_paste.MOST_ROWS:,}"},
    "too_wide": lambda: _("列か文字が多すぎます。"),
    "not_csv": lambda: _("CSVとして読めません。"),
}


@page("orders.ship")
def paste_tracking(request: PageRequest) -> HttpResponse:
    """Show the form, then what each row would do, then do it."""
    if request.method == "POST" and request.POST.get("step") == "record":
        return _record(request)
    if request.method == "POST" and request.POST.get("step") == "again":
        return _again(request)
    form = PasteForm(request.POST or None, request.FILES or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            rows = tracking_paste.check(_parsed(request, form.listed(), form.cleaned_data), may_enter=act("may_enter"))
        except Unreadable as error:
            words = UNREADABLE[error.reason]() if error.reason in UNREADABLE else error.reason
            form.add_error("text", forms.ValidationError(words))
        else:
            token = signing.dumps({"text": form.listed(), **form.plain()}, salt=SALT, compress=True)
            return render(request, "documents/paste_tracking.html", {"checked": _shown(request, rows, token)})
    return render(
        request, "documents/paste_tracking.html", {"form": form, "checked": None}, status=422 if form.is_bound else 200
    )


def _initial(request: PageRequest) -> dict[str, Any]:
    ids = ids_of(request.GET.get("orders", "").split(","))[:200]
    numbers = (
        Order.objects.filter(pk__in=ids, is_live=True).order_by("placed_at", "pk").values_list("number", flat=True)
    )
    return {
        "text": "\n".join(f"{number}\t" for number in numbers),
        "shipped_on": request.hub.now.astimezone(JAPAN).date(),
    }


def _parsed(request: PageRequest, text: str, values: dict[str, Any]) -> list[Row]:
    return tracking_paste.parse(
        text, today=values["shipped_on"] or request.hub.now.astimezone(JAPAN).date(), carrier=values["carrier"]
    )


def _kept(request: PageRequest) -> dict[str, str] | None:
    """Return what was checked: the list, the carrier and the day. None when that was more than an hour ago."""
    try:
        kept: dict[str, str] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=3_600)
    except signing.BadSignature:
        return None
    return kept


def _late(request: PageRequest) -> HttpResponse:
    words = _("時間がたちました。もう一度貼り付けてください。")
    return done(request, words, to=reverse("orders:paste_tracking"), tone="stop")


def _again(request: PageRequest) -> HttpResponse:
    """Show the form as it was sent, so that a carrier can be chosen or a line mended."""
    if (values := _kept(request)) is None:
        return _late(request)
    return render(request, "documents/paste_tracking.html", {"form": PasteForm(initial=values), "checked": None})


def _record(request: PageRequest) -> HttpResponse:
    if (values := _kept(request)) is None:
        return _late(request)
    form = PasteForm({"text": values["text"], "carrier": values["carrier"], "shipped_on": values["shipped_on"]})
    if not form.is_valid():
        return done(request, _("もう一度貼り付けてください。"), to=reverse("orders:paste_tracking"), tone="stop")
    rows = tracking_paste.check(_parsed(request, form.listed(), form.cleaned_data), may_enter=act("may_enter"))
    outcome = tracking_paste.record(rows, by=request.hub.by, now=request.hub.now, enter=act("enter_result"))
    faults = sum(bool(row.fault) for row in outcome.rows)
    words = _("%(n)s件の出荷を記録しました") % {"n": f"{outcome.recorded:,}"}
    if outcome.unchanged:
        words += _(" · すでに同じ %(n)s件") % {"n": f"{outcome.unchanged:,}"}
    if faults:
        words += _(" · できない %(n)s行") % {"n": f"{faults:,}"}
    return done(
        request, words, to=reverse("orders:shipping"), tone="good" if outcome.recorded or not faults else "stop"
    )


def _shown(request: PageRequest, rows: Sequence[Row], token: str) -> SimpleNamespace:
    orders = {
        o.pk: o
        for o in Order.objects.filter(pk__in={r.order_id for r in rows if r.order_id}).only("pk", "tenant_id", "number")
    }
    names = dict(Parcel.objects.filter(pk__in={r.parcel_id for r in rows if r.parcel_id}).values_list("pk", "name"))
    open_names = request.hub.may("addresses.see")
    found = [
        SimpleNamespace(
            line=row.line, order=orders.get(row.order_id or 0), number_given=row.order,
            name=names.get(row.parcel_id or 0, "") if open_names else masked_name(names.get(row.parcel_id or 0, "")),
            carrier_words=said(row.carrier), number=row.number, ok=not row.fault, words=_words(row),
        )
        for row in rows
    ]  # fmt: skip
    return SimpleNamespace(
        rows=found, token=token, good=sum(not row.fault and not row.same for row in rows), bad=sum(bool(row.fault) for row in rows),
        unchanged=sum(row.same and not row.fault for row in rows),
    )  # fmt: skip


def _words(row: Row) -> str:
    if row.fault:
        return FAULTS[row.fault]() if row.fault in FAULTS else say(row.fault)
    if row.same:
        return _("すでに同じ番号で記録されています。何も変わりません。")
    if row.warning:
        return _("出荷を記録します。桁や検査数字が、この運送会社のものと違うようです。")
    return _("出荷を記録します")
