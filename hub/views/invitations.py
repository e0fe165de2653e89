"""Joining a tenant by the link of an invitation: new people choose a password, others sign in as themselves."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from hub import operations
from hub.clock import business_now
from hub.forms import JoinForm
from hub.models import Invitation, Tenant, User
from hub.rights import LABELS
from hub.tenancy import tenant_transaction
from hub.web import enter_tenant, public, toast

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@public
@never_cache
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the invitation; a POST joins. A link that no longer works says the same whatever the reason."""
    found = operations.find_invitation(secret)
    if found is None:
        return render(request, "hub/invitation.html", {"invitation": None}, status=410)
    tenant_id, invitation_id = found
    with tenant_transaction(tenant_id):
        invitation = Invitation.objects.select_related("invited_by__user").get(pk=invitation_id)
        tenant = Tenant.objects.get(pk=tenant_id)
    user = User.objects.filter(email=invitation.email).first()
    if user is not None and request.user != user:
        toast(
            request, _("招待されたアドレス(%(email)s)でサインインすると、参加できます。") % {"email": invitation.email}
        )
        return redirect(f"/sign-in/?next={request.path}")
    form = None if user else JoinForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and (form is None or form.is_valid()):
        return _join(request, tenant_id, invitation_id, invitation.email, form)
    shown = SimpleNamespace(
        tenant_name=tenant.name, email=invitation.email, role_label=LABELS[invitation.role],
        invited_by=str(invitation.invited_by.user) if invitation.invited_by else tenant.name,
    )  # fmt: skip
    return render(request, "hub/invitation.html", {"invitation": shown, "form": form})


def _join(request: HttpRequest, tenant_id: int, invitation_id: int, email: str, form: JoinForm | None) -> HttpResponse:
    try:
        with tenant_transaction(tenant_id):
            user = User.objects.filter(email=email).first() or User.objects.create_user(
                email, form.cleaned_data["password"] if form else None
            )
            if form is not None:
                User.objects.filter(pk=user.pk).update(name=form.cleaned_data["name"].strip())
                user.refresh_from_db()
            operations.accept_invitation(invitation_id, user=user, now=business_now())
    except (operations.InvitationOver, operations.OtherAddress):
        return render(request, "hub/invitation.html", {"invitation": None}, status=410)
    if form is not None:
        login(request, user, backend=BACKEND)
    enter_tenant(request, tenant_id)
    return redirect("hub:home")
