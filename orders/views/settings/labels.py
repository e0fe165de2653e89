"""Labels: made, changed, put in order, taken out of use."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.form_parts import attempt, form_page, ids_of, read_seen, refused
from hub.ids import encode
from hub.web import PageRequest, page, toast
from orders.forms.settings import TagForm
from orders.models import OrderTag, Tag
from orders.operations import settings as operations
from orders.views.settings.steps import saved_order


@page("settings.see", methods=("GET",))
def tags(request: PageRequest) -> HttpResponse:
    marks = OrderTag.objects.filter(order__is_open=True).order_by().values("tag_id").annotate(n=Count("pk"))
    counts = dict(marks.values_list("tag_id", "n"))
    shown = [
        {
            "pk": tag.pk, "name": tag.name, "colour": tag.colour, "key": tag.key, "count": counts.get(tag.pk, 0),
            "url": f"{reverse('orders:list')}?tag={encode(tag.pk)}",
        }
        for tag in Tag.objects.filter(retired_at__isnull=True).order_by("position", "pk")
    ]  # fmt: skip
    return render(request, "orders/tags.html", {"tags": shown})


def _tag(pk: int) -> Tag:
    return get_object_or_404(Tag, pk=pk, retired_at__isnull=True)


@page("settings.edit")
def tag_new(request: PageRequest) -> HttpResponse:
    visit = request.hub
    form = TagForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(
        form, lambda: operations.create_tag(by=visit.by, now=visit.now, **form.cleaned_data)
    ):
        toast(request, _("ラベル「%(name)s」を作りました。") % {"name": form.cleaned_data["name"]})
        return redirect("orders:tags")
    return form_page(request, form, title=_("ラベルを作る"), back_url=reverse("orders:tags"), back_words=_("ラベル"))


@page("settings.edit")
def tag_edit(request: PageRequest, pk: int) -> HttpResponse:
    visit, tag = request.hub, _tag(pk)
    form = TagForm(request.POST if request.method == "POST" else None, initial={"name": tag.name, "colour": tag.colour})

    def act() -> None:
        operations.change_tag(tag, values=form.cleaned_data, by=visit.by, now=visit.now, seen=read_seen(request.POST))

    if form.is_valid() and attempt(form, act):
        toast(request, _("保存しました。"))
        return redirect("orders:tags")
    danger = {
        "words": _("使うのをやめる"), "note": _("付いている受注からは消えません。新しく付けられなくなります。"),
        "url": reverse("orders:tag_retire", args=[pk]),
    }  # fmt: skip
    return form_page(
        request, form, title=tag.name, back_url=reverse("orders:tags"), back_words=_("ラベル"), row=tag, seen=("name", "colour"),
        danger=None if tag.key else danger,
    )  # fmt: skip


@page("settings.edit", methods=("POST",))
def tag_retire(request: PageRequest, pk: int) -> HttpResponse:
    visit, tag = request.hub, _tag(pk)
    if why := refused(lambda: operations.retire_tag(tag, by=visit.by, now=visit.now)):
        toast(request, why, tone="stop")
        return redirect("orders:tag_edit", pk)
    toast(request, _("「%(name)s」をやめました。") % {"name": tag.name})
    return redirect("orders:tags")


@page("settings.edit", methods=("POST",))
def tags_order(request: PageRequest) -> HttpResponse:
    visit, ids = request.hub, ids_of(request.POST.getlist("order"))
    return saved_order(request, lambda: operations.reorder_tags(ids, by=visit.by, now=visit.now))
