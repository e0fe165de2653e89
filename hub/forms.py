"""What the platform's own pages ask for: signing in, the account, members, tokens. The machinery of signing in is allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as FactorAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from hub.models import Role, User
from hub.rights import LABELS

CODE = {"class": "code-field", "inputmode": "numeric", "autocomplete": "one-time-code"}


def _password(label: Any, *, new: bool = False, **more: Any) -> forms.CharField:
    attrs = {"autocomplete": "new-password" if new else "current-password"}
    return forms.CharField(label=label, strip=False, widget=forms.PasswordInput(attrs=attrs), **more)


class SignIn(LoginForm):
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("remember", None)
        self.fields["login"].label = _("メールアドレス")
        self.fields["login"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["password"] = _password(_("パスワード"))


class _Code:
    """Gives the field of six digits its words."""

    fields: dict[str, forms.Field]

    def word_code(self) -> None:
        self.fields["code"].label = _("6桁の数字")
        self.fields["code"].widget = forms.TextInput(attrs=CODE)


class SecondFactor(AuthenticateForm, _Code):
    """The digits of the authenticator, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word_code()


class SecondFactorAgain(FactorAgainForm, _Code):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word_code()


class PasswordAgain(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = _password(_("パスワード"))


class PasswordReset(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("メールアドレス")
        self.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "username"})


class NewPassword(ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("新しいパスワード")
        self.fields["password2"].label = _("新しいパスワード（もう一度）")


class SecondFactorSetup(ActivateTOTPForm, _Code):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word_code()


class AccountForm(forms.Form):
    """One's own name, language and brightness."""

    name = forms.CharField(label=_("お名前"), max_length=100, required=False)
    language = forms.ChoiceField(label=_("言語"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(
        label=_("明るさ"),
        required=False,
        choices=[("", _("端末に合わせる")), ("light", _("明るい")), ("dark", _("暗い"))],
    )


class ChangePassword(forms.Form):
    """The present password and a new one."""

    old = _password(_("いまのパスワード"))
    new = _password(_("新しいパスワード"), new=True, help_text=_("12文字以上にしてください。"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_old(self) -> str:
        """Refuse a wrong present password."""
        if not self.user.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError(_("いまのパスワードが違います。"))
        return str(self.cleaned_data["old"])

    def clean_new(self) -> str:
        """Refuse a weak password."""
        validate_password(self.cleaned_data["new"], self.user)
        return str(self.cleaned_data["new"])


def _roles(mine: str) -> list[tuple[str, Any]]:
    """Return the roles one may give: only an owner makes owners."""
    return [(role.value, LABELS[role]) for role in Role if role is not Role.OWNER or mine == Role.OWNER]


class RoleForm(forms.Form):
    """The role of a member."""

    role = forms.ChoiceField(label=_("権限"))

    def __init__(self, *args: Any, mine: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = _roles(mine)  # type: ignore[attr-defined]


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("メールアドレス"))
    field_order = ["email", "role"]

    def __init__(self, *args: Any, mine: str, **kwargs: Any) -> None:
        """Nobody becomes an owner because the list was not looked at."""
        super().__init__(*args, mine=mine, **kwargs)
        self.fields["role"].initial = Role.STAFF


class JoinForm(forms.Form):
    """A new person's name and password."""

    name = forms.CharField(label=_("お名前"), max_length=100)
    password = _password(_("パスワード"), new=True, help_text=_("12文字以上にしてください。"))

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        """Refuse a weak password."""
        validate_password(self.cleaned_data["password"], User(email=self.email))
        return str(self.cleaned_data["password"])


class TokenForm(forms.Form):
    """A token's name, what it may do, and how long it lives."""

    name = forms.CharField(label=_("名前"), max_length=100, help_text=_("どのシステムが使うか分かるように。"))
    scopes = forms.MultipleChoiceField(label=_("できること"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label=_("期限"),
        coerce=int,
        initial=90,
        choices=[(30, _("30日")), (90, _("90日")), (180, _("180日")), (365, _("365日"))],
    )

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = scopes  # type: ignore[attr-defined]
