"""Keys to the API: made, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from hub import operations
from hub.answers import done
from hub.forms import TokenForm
from hub.models import ApiToken
from hub.web import FRESH, PageRequest, page, spend_factor

DOCS = "/api/v1/docs"
SCOPE_WORDS = {
    "orders:read": gettext_lazy("受注を読む"),
    "orders:write": gettext_lazy("受注を処理する"),
    "personal:read": gettext_lazy("名前と届け先を読む"),
    "settings:read": gettext_lazy("設定を読む"),
    "settings:write": gettext_lazy("設定を変える"),
    "shops:live": gettext_lazy("本番を始める"),
    "members:write": gettext_lazy("メンバーを変える"),
}


@page("tokens.edit", methods=("GET",))
def tokens(request: PageRequest) -> HttpResponse:
    """Show the keys there are; their values are not kept."""
    return _listed(request, fresh="")


def _listed(request: PageRequest, *, fresh: str) -> HttpResponse:
    visit = request.hub
    rows = ApiToken.objects.select_related("created_by__user").order_by("revoked_at", "-pk")[:200]
    found = [
        SimpleNamespace(
            pk=row.pk, name=row.name, last_four=row.last_four, scopes=row.scopes,
            created_by=str(row.created_by.user) if row.created_by else "",
            created_at=row.created_at, expires_at=row.expires_at, last_used_at=row.last_used_at, revoked_at=row.revoked_at,
            expired=row.expires_at <= visit.now,
        )
        for row in rows
    ]  # fmt: skip
    return render(request, "hub/tokens.html", {"tokens": found, "fresh": fresh, "docs_url": DOCS, "may_make": True})


@page("tokens.edit", fresh_factor=FRESH)
@never_cache
def new(request: PageRequest) -> HttpResponse:
    """Make a key and show its value once."""
    visit = request.hub
    scopes = [
        (scope, f"{SCOPE_WORDS.get(scope, '')} {scope}".strip())
        for scope, right in operations.SCOPES.items()
        if visit.may(right)
    ]
    form = TokenForm(request.POST or None, scopes=scopes)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = operations.create_token(
            name=values["name"], scopes=values["scopes"], by=visit.by, now=visit.now, member=visit.member,
            expires_at=visit.now + timedelta(days=values["days"]),
        )  # fmt: skip
        spend_factor(request)
        return _listed(request, fresh=made.secret)
    context = {"title": _("APIの鍵を作る"), "form": form, "back_url": reverse("hub:tokens"), "back_words": _("APIの鍵"),
    "submit_words": _("作る"),
               "lead": _("値は作ったときに一度だけ表示します。")}  # fmt: skip
    return render(request, "form_page.html", context, status=422 if form.errors else 200)


@page("tokens.edit", methods=("POST",))
def revoke(request: PageRequest, pk: int) -> HttpResponse:
    visit = request.hub
    operations.revoke_token(get_object_or_404(ApiToken.objects, pk=pk), by=visit.by, now=visit.now)
    return done(request, _("鍵を無効にしました"), to=reverse("hub:tokens"))
