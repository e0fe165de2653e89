"""One's own account: name, language, brightness, password, second factor and its recovery codes."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import quote

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.internal.flows import activate_totp, deactivate_totp
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from hub import devices, sessions
from hub.answers import done
from hub.forms import AccountForm, ChangePassword, SecondFactorSetup
from hub.models import User
from hub.rights import LABELS
from hub.web import PageRequest, page, toast


@page("account.own")
def account(request: PageRequest) -> HttpResponse:
    """Show and change name, language and brightness."""
    visit = request.hub
    user = visit.user
    form = AccountForm(
        request.POST or None, initial={"name": user.name, "language": user.language, "theme": user.theme}
    )
    if request.method == "POST" and form.is_valid():
        return _save(request, user, form)
    factor = SimpleNamespace(
        on=is_mfa_enabled(user), url=reverse("hub:second_factor_setup"), recovery_left=_recovery_left(user),
        recovery_url=reverse("hub:recovery_codes"),
    )  # fmt: skip
    context = {
        "form": form,
        "password_url": reverse("hub:password"),
        "second_factor": factor,
        "sessions": _sessions(request, user),
        "tenants": [SimpleNamespace(name=one.tenant_name, role_label=LABELS[one.role]) for one in visit.memberships],
    }
    return render(request, "hub/account.html", context)


def _sessions(request: PageRequest, user: User) -> list[SimpleNamespace]:
    """Return where the person is signed in, this session first."""
    here = request.session.session_key
    return [
        SimpleNamespace(pk=one.pk, words=devices.in_words(one.user_agent), address=one.ip, here=one.session_key == here,
                        first_at=one.created_at, last_at=one.last_seen_at)
        for one in sorted(sessions.sessions_of(user), key=lambda one: one.session_key != here)
    ]  # fmt: skip


def _save(request: PageRequest, user: User, form: AccountForm) -> HttpResponse:
    values = form.cleaned_data
    User.objects.filter(pk=user.pk).update(
        name=values["name"].strip(), language=values["language"], theme=values["theme"]
    )
    with translation.override(values["language"]):
        response = done(request, _("保存しました"), to=reverse("hub:account"))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        values["language"],
        max_age=31_536_000,
        samesite="Lax",
        secure=settings.SECURE_COOKIES,
    )
    response.set_cookie(
        "hub-theme", values["theme"], max_age=31_536_000, samesite="Lax", secure=settings.SECURE_COOKIES
    )
    return response


@page("account.own")
def password(request: PageRequest) -> HttpResponse:
    """Change the password: all sessions of the person end, this one too."""
    visit = request.hub
    form = ChangePassword(request.POST or None, user=visit.user)
    if request.method == "POST" and form.is_valid():
        visit.user.set_password(form.cleaned_data["new"])
        visit.user.save(update_fields=["password"])
        logout(request)
        return redirect("hub:sign_in")
    context = {"title": _("パスワードを変える"), "form": form, "back_url": reverse("hub:account"), "back_words": _("アカウント"),
               "submit_words": _("変更する"),
               "lead": _("変えると、すべての端末でサインアウトします。新しいパスワードで入り直してください。")}  # fmt: skip
    return render(request, "form_page.html", context, status=422 if form.errors else 200)


@page("account.own")
def second_factor_setup(request: PageRequest) -> HttpResponse:
    """Set the second factor up and show its recovery codes once; where it is set up, offer to take it away."""
    visit = request.hub
    if is_mfa_enabled(visit.user):
        return _second_factor_on(request, visit.user)
    form = SecondFactorSetup(request.POST or None, user=visit.user)
    if request.method == "POST" and form.is_valid():
        _, codes = activate_totp(request, form)
        return render(
            request,
            "hub/second_factor_setup.html",
            {"recovery_codes": codes.wrap().get_unused_codes() if codes else ["–"]},
        )
    adapter = get_adapter()
    svg = adapter.build_totp_svg(adapter.build_totp_url(visit.user, form.secret))
    context = {
        "form": form,
        "secret": form.secret,
        "qr_svg_url": f"data:image/svg+xml;utf8,{quote(svg)}",
        "recovery_codes": [],
    }
    return render(request, "hub/second_factor_setup.html", context)


def _second_factor_on(request: PageRequest, user: User) -> HttpResponse:
    if request.method == "POST":
        deactivate_totp(request, Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP))
        return done(request, _("二段階認証を外しました"), to=reverse("hub:account"), tone="stop")
    context = {
        "title": _("二段階認証"), "back_url": reverse("hub:account"), "back_words": _("アカウント"), "form": None,
        "lead": _("設定されています。端末を替えるときは、いったん外してから、新しい端末で設定してください。"), "submit_words": _("外す"),
    }  # fmt: skip
    return render(request, "form_page.html", context)


@page("account.own")
def recovery_codes(request: PageRequest) -> HttpResponse:
    """Make new recovery codes; the old ones no longer work."""
    visit = request.hub
    if not is_mfa_enabled(visit.user):
        toast(request, _("先に二段階認証を設定してください。"), tone="stop")
        return redirect("hub:second_factor_setup")
    if request.method == "POST":
        codes = generate_recovery_codes(request).wrap().get_unused_codes()
        return render(request, "hub/second_factor_setup.html", {"recovery_codes": codes})
    context = {"title": _("復旧コードを作り直す"), "back_url": reverse("hub:account"), "back_words": _("アカウント"), "form": None,
               "lead": _("いまの復旧コードはすべて使えなくなります。"), "submit_words": _("作り直す")}  # fmt: skip
    return render(request, "form_page.html", context)


def _recovery_left(user: User) -> int:
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(found.wrap().get_unused_codes()) if found else 0
