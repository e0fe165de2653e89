"""People of a tenant: roles, invitations by mail, and taking somebody out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub import operations
from hub.accounts import display_name, send_system_mail
from hub.answers import done
from hub.forms import InviteForm, RoleForm
from hub.models import Invitation, Member, Role
from hub.rights import ABOUT, LABELS
from hub.web import PageRequest, Visit, page


@page("settings.see", methods=("GET",))
def members(request: PageRequest) -> HttpResponse:
    """Show who works here and who is invited."""
    return render(request, "hub/members.html", _context(request.hub, form=None))


def _context(visit: Visit, *, form: InviteForm | None) -> dict[str, Any]:
    found = list(Member.objects.filter(removed_at__isnull=True).select_related("user").order_by("pk"))
    safe = set(
        Authenticator.objects.filter(
            user_id__in=[one.user_id for one in found], type=Authenticator.Type.TOTP
        ).values_list("user_id", flat=True)
    )
    may_edit = visit.may("members.edit")
    people = [
        SimpleNamespace(
            pk=one.pk, name=display_name(one.user), email=one.user.email, initial=display_name(one.user)[:1].upper(), role=one.role,
            role_label=LABELS[one.role], second_factor=one.user_id in safe, last_seen_at=one.last_seen_at, is_me=one.pk == visit.member.pk,
            may_edit=may_edit and (one.role != Role.OWNER or visit.member.role == Role.OWNER),
        )
        for one in found
    ]  # fmt: skip
    waiting = (
        Invitation.objects.filter(accepted_at__isnull=True).select_related("invited_by__user").order_by("pk")
        if may_edit
        else []
    )
    return {
        "members": people,
        "invitations": [
            SimpleNamespace(pk=one.pk, email=one.email, role_label=LABELS[one.role], created_at=one.created_at, expires_at=one.expires_at,
                            invited_by=str(one.invited_by.user) if one.invited_by else "")
            for one in waiting
        ],
        "roles": [SimpleNamespace(value=role, label=LABELS[role], words=ABOUT[role]) for role in Role],
        "may_invite": may_edit,
        "form": form or InviteForm(mine=visit.member.role),
    }  # fmt: skip


@page("members.edit", methods=("POST",))
def invite(request: PageRequest) -> HttpResponse:
    """Ask a person to join; the link goes by mail."""
    visit = request.hub
    form = InviteForm(request.POST, mine=visit.member.role)
    if not form.is_valid():
        return render(request, "hub/members.html", _context(visit, form=form), status=422)
    _send(request, form.cleaned_data["email"], form.cleaned_data["role"])
    return done(
        request, _("%(email)s に招待を送りました") % {"email": form.cleaned_data["email"]}, to=reverse("hub:members")
    )


def _send(request: PageRequest, email: str, role: str) -> None:
    visit = request.hub
    invited = operations.invite(email=email, role=role, inviter=visit.member, by=visit.by, now=visit.now)
    url = request.build_absolute_uri(reverse("hub:invitation", args=[invited.secret]))
    subject = _("%(tenant)s への招待") % {"tenant": visit.tenant.name}
    body = _("%(who)sさんが「%(tenant)s」に招待しています。次のリンクから参加してください。リンクは7日間使えます。\n\n%(url)s") % {
        "who": display_name(visit.user), "tenant": visit.tenant.name, "url": url,
    }  # fmt: skip
    send_system_mail(email, subject, body)


@page("members.edit", methods=("POST",))
def invite_again(request: PageRequest, pk: int) -> HttpResponse:
    """Send a fresh link; the old one stops working."""
    invitation = get_object_or_404(Invitation.objects.filter(accepted_at__isnull=True), pk=pk)
    _send(request, invitation.email, invitation.role)
    return done(request, _("%(email)s に招待を送りました") % {"email": invitation.email}, to=reverse("hub:members"))


@page("members.edit", methods=("POST",))
def drop_invitation(request: PageRequest, pk: int) -> HttpResponse:
    visit = request.hub
    invitation = get_object_or_404(Invitation.objects.filter(accepted_at__isnull=True), pk=pk)
    operations.take_back_invitation(invitation, by=visit.by, now=visit.now)
    return done(request, _("招待を取り消しました"), to=reverse("hub:members"))


@page("members.edit")
def member(request: PageRequest, pk: int) -> HttpResponse:
    """Change a member's role, or take them out."""
    visit = request.hub
    found = get_object_or_404(Member.objects.filter(removed_at__isnull=True).select_related("user"), pk=pk)
    form = RoleForm(request.POST or None, mine=visit.member.role, initial={"role": found.role})
    if request.method == "POST" and form.is_valid():
        operations.change_role(found, role=form.cleaned_data["role"], changer=visit.member, by=visit.by, now=visit.now)
        return done(request, _("権限を変えました"), to=reverse("hub:members"))
    danger = SimpleNamespace(
        words=_("外す"), url=reverse("hub:member_remove", args=[pk]),
        note=_("この会社から外します。次の操作から入れなくなり、この人が作ったAPIの鍵も止まります。"),
    )  # fmt: skip
    aside = SimpleNamespace(
        words=_("すべての端末でサインアウトさせる"), url=reverse("hub:member_sign_out", args=[pk]),
        note=_("端末をなくしたときなどに。この人は次の操作で、サインインからやり直します。"),
    )  # fmt: skip
    context = {"title": display_name(found.user), "lead": found.user.email, "back_url": reverse("hub:members"), "back_words": _("メンバー"),
               "form": form, "aside": aside, "danger": danger}  # fmt: skip
    return render(request, "form_page.html", context, status=422 if form.errors else 200)


@page("members.edit", methods=("POST",))
def sign_out(request: PageRequest, pk: int) -> HttpResponse:
    """End all sessions of a member: somebody else may hold their device."""
    visit = request.hub
    found = get_object_or_404(Member.objects.filter(removed_at__isnull=True).select_related("user"), pk=pk)
    operations.sign_member_out(found, ender=visit.member, by=visit.by, now=visit.now)
    if found.pk == visit.member.pk:
        logout(request)
        return redirect("hub:sign_in")
    return done(
        request,
        _("%(name)sさんをすべての端末でサインアウトさせました") % {"name": display_name(found.user)},
        to=reverse("hub:members"),
    )


@page("members.edit", methods=("POST",))
def remove(request: PageRequest, pk: int) -> HttpResponse:
    visit = request.hub
    found = get_object_or_404(Member.objects.filter(removed_at__isnull=True).select_related("user"), pk=pk)
    operations.remove_member(found, remover=visit.member, by=visit.by, now=visit.now)
    if found.pk == visit.member.pk:
        return redirect("hub:home")
    return done(request, _("%(name)sさんを外しました") % {"name": display_name(found.user)}, to=reverse("hub:members"))
