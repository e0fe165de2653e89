"""Signing in and out, the second factor, being asked again, and a new password by mail. The machinery is allauth's, the pages are ours."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account_views
from allauth.mfa.base import views as factor_views
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from hub import forms
from hub.web import public


class SignIn(account_views.LoginView):
    template_name = "hub/sign_in.html"
    form_class = forms.SignIn

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "next": self.request.POST.get("next") or self.request.GET.get("next", ""),
        }


class SecondFactor(factor_views.AuthenticateView):
    template_name = "hub/second_factor.html"
    form_class = forms.SecondFactor


class SecondFactorAgain(factor_views.ReauthenticateView):
    template_name = "hub/second_factor.html"
    form_class = forms.SecondFactorAgain
    extra_context = {"reason": _("この先には、認証アプリの数字をもう一度入れてください。")}


class PasswordAgain(account_views.ReauthenticateView):
    template_name = "hub/second_factor.html"
    form_class = forms.PasswordAgain
    extra_context = {"reason": _("この先には、パスワードをもう一度入れてください。")}

    def get_form_class(self) -> type[forms.PasswordAgain]:
        return self.form_class


class PasswordReset(account_views.PasswordResetView):
    template_name = "hub/password_reset.html"
    form_class = forms.PasswordReset
    success_url = reverse_lazy("hub:password_reset_sent")


class PasswordResetSent(account_views.PasswordResetDoneView):
    template_name = "hub/password_reset.html"
    extra_context = {"sent": True}


class PasswordSet(account_views.PasswordResetFromKeyView):
    template_name = "hub/password_set.html"
    form_class = forms.NewPassword
    success_url = reverse_lazy("hub:sign_in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "form": None} if context.get("token_fail") else context


sign_in = public(SignIn.as_view())
second_factor = public(SecondFactor.as_view())
password_reset = public(PasswordReset.as_view())
password_reset_sent = public(PasswordResetSent.as_view())
password_set = public(PasswordSet.as_view())
second_factor_again = public(SecondFactorAgain.as_view())
password_again = public(PasswordAgain.as_view())


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("hub:sign_in")
