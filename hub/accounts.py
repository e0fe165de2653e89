"""How allauth meets our accounts: nobody signs up by themselves, mails are ours, and what it would say stands on the page already."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import secrets
from hub.models import User

FACTOR = "account|second-factor"


class Adapter(DefaultAccountAdapter):  # allauth ships no types
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("メールアドレスかパスワードが違います。"),
        "too_many_login_attempts": gettext_lazy("続けて違ったため、5分ほど待ってからもう一度お試しください。"),
        "rate_limited": gettext_lazy("回数が多すぎます。少し待ってからもう一度お試しください。"),
        "incorrect_password": gettext_lazy("パスワードが違います。"),
        "incorrect_code": gettext_lazy("数字が違います。時計が合っているか確かめ、新しい数字を入れてください。"),
        "account_inactive": gettext_lazy("このアカウントは使えません。"),
    }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords for each account; for one with a second factor for each address too, so that no stranger locks it."""
        key = str(super()._get_login_attempts_cache_key(request, **credentials))
        address = str(credentials.get("email", "")).lower()
        guarded = Authenticator.objects.filter(user__email=address, type=Authenticator.Type.TOTP).exists()
        return f"{key}:{self.get_client_ip(request)}" if guarded else key

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the pages say it themselves."""

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        with translation.override(user.language):
            send_system_mail(
                user.email,
                _("パスワードの再設定"),
                _(
                    "次のリンクから、新しいパスワードを決めてください。リンクは1時間、一度だけ使えます。\n\n%(url)s\n\n心当たりがなければ、このメールは捨ててください。"
                )
                % {"url": context["password_reset_url"]},
            )


class FactorAdapter(DefaultMFAAdapter):
    """The second factor in our words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("数字が違います。時計が合っているか確かめ、新しい数字を入れてください。"),
        "rate_limited": gettext_lazy("続けて違ったため、5分ほど待ってからもう一度お試しください。"),
    }

    def get_totp_issuer(self) -> str:
        return _("受注ハブ")

    def encrypt(self, text: str) -> str:
        """Keep the secrets of authenticators as the malls' keys are kept."""
        return b64encode(secrets.seal(text.encode(), owner=FACTOR)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(b64decode(encrypted_text), owner=FACTOR).decode()


def send_system_mail(address: str, subject: str, body: str) -> None:
    """Send a mail of the system itself once the open transaction has committed; a server that does not answer keeps no page."""
    letter = EmailMessage(" ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [address])
    transaction.on_commit(lambda: letter.send(fail_silently=True), robust=True)


def display_name(user: User) -> str:
    return user.name or user.email.split("@")[0]
