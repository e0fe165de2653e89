"""保存期間: for how many days persons are kept, what is erased then and what stays, and what the last nights erased."""

from __future__ import annotations

from types import SimpleNamespace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.answers import done
from hub.models import RetentionRun
from hub.web import PageRequest, page
from orders.forms.retention import RetentionForm
from orders.operations.settings.retention import days_kept, keep_for
from orders.retention.due import count_due, rule_of

SHOWN_RUNS = 30


@page("settings.see")
def retention(request: PageRequest) -> HttpResponse:
    """Show the days and what they mean; an owner changes them. Before fewer days erase anything, the number is named."""
    visit, days = request.hub, days_kept()
    form = RetentionForm(initial={"days": days})
    asks: SimpleNamespace | None = None
    status = 200
    if request.method == "POST":
        visit.need("retention.edit")
        form = RetentionForm(request.POST)
        if not form.is_valid():
            status = 422
        else:
            wanted = form.cleaned_data["days"]
            reached = count_due(rule_of(wanted, now=visit.now)) if wanted < days else 0
            if not reached or request.POST.get("sure") == str(wanted):
                changed = keep_for(wanted, by=visit.by, now=visit.now)
                words = (
                    _("保存期間を%(days)s日にしました") % {"days": f"{wanted:,}"}
                    if changed
                    else _("もうそうなっています")
                )
                return done(request, words, to=reverse("orders:retention"))
            asks = SimpleNamespace(days=wanted, count=reached)
    context = {
        "form": form, "days": days, "asks": asks, "last_at": visit.tenant.retained_at,
        "due": count_due(rule_of(days, now=visit.now)),
        "runs": [
            SimpleNamespace(at=run.finished_at or run.started_at, days=run.days, orders=run.counts.get("orders.Order", 0),
                            rows=sum(run.counts.values()), running=run.finished_at is None)
            for run in RetentionRun.objects.order_by("-pk")[:SHOWN_RUNS]
        ],
    }  # fmt: skip
    return render(request, "orders/retention.html", context, status=status)
