"""Which account a shop writes from, and the account's password in its box."""

from __future__ import annotations

from collections.abc import Iterable

from hub import secrets
from mailer.models import MailAccount
from mailer.smtp import Server


def accounts_of(shop_ids: Iterable[int]) -> dict[int, MailAccount]:
    """Return the account each shop writes from: its own, else the one for all shops."""
    rows = list(MailAccount.objects.filter(retired_at__isnull=True).order_by("pk"))
    own = {row.shop_id: row for row in reversed(rows)}
    return {shop_id: account for shop_id in shop_ids if (account := own.get(shop_id) or own.get(None))}


def server_of(account: MailAccount) -> Server:
    """Return where and as whom an account sends, its password opened."""
    box = bytes(account.password)
    password = secrets.unseal(box, owner=owner_of(account)).decode() if box else ""
    return Server(host=account.host, port=account.port, security=account.security, user=account.user, password=password)


def set_password(account: MailAccount, password: str) -> None:
    """Put the password into the account's box; the caller saves the column. The account must have its id."""
    account.password = secrets.seal(password.encode(), owner=owner_of(account)) if password else b""


def owner_of(account: MailAccount) -> str:
    """Return the name that is bound into an account's password box."""
    return f"{account.tenant_id}|mailaccount|{account.pk}"
