"""What the owner may set about mail: accounts with their password, templates with their words. Names are unique in a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.audit import Actor, note
from mailer import placeholders
from mailer.accounts import set_password
from mailer.models import MailAccount, MailTemplate

ACCOUNT = ("name", "host", "port", "security", "user", "sender", "sender_name")
LOGIN = ("host", "port", "security", "user")
"""What decides to whom an account's password is told."""
TEMPLATE = ("name", "occasion", "subject", "body", "again_if_unsure")


class NameTaken(Exception):
    """Another account or template has this name."""


class PasswordAgain(Exception):
    """The account would log in elsewhere or as somebody else: its stored password is not told there, it must be given again."""


class UnknownWord(Exception):
    """The template names placeholders that no order can fill: each with the part (subject, body) that it stands in."""

    def __init__(self, faults: list[tuple[str, placeholders.UnknownWord]]) -> None:
        super().__init__(", ".join(fault.word for _, fault in faults))
        self.faults = faults


def save_account(
    values: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    account: MailAccount | None = None,
    shop_id: int | None = None,
) -> MailAccount:
    """Add or change an account. `password` is kept sealed; without one the stored password stays, while it goes where it always went.

    An account without a user logs in nowhere: it keeps no password that was not just given. Raises NameTaken, PasswordAgain.
    """
    _refuse_taken(MailAccount, values["name"], account)
    made = account is None
    account = account or MailAccount(shop_id=shop_id, created_at=now)
    before = {name: getattr(account, name) for name in ACCOUNT}
    for name in ACCOUNT:
        setattr(account, name, values.get(name, before[name]))
    changed = [name for name in ACCOUNT if getattr(account, name) != before[name]]
    if made:
        account.save()
    if values.get("password"):
        set_password(account, values["password"])
    elif account.password and not account.user:
        set_password(account, "")
    elif account.password and set(changed) & set(LOGIN):
        raise PasswordAgain
    account.save(update_fields=[*ACCOUNT, "password"])
    note("mail.account_added" if made else "mail.account_changed", by=by, now=now, account=account.pk, name=account.name,
         fields=[*changed, *(["password"] if values.get("password") else [])])  # fmt: skip
    return account


def retire_account(account: MailAccount, *, by: Actor, now: datetime) -> None:
    """Use the account no more. What waits to go through it still goes."""
    MailAccount.objects.filter(pk=account.pk, retired_at__isnull=True).update(retired_at=now)
    note("mail.account_retired", by=by, now=now, account=account.pk, name=account.name)


def save_template(
    values: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    template: MailTemplate | None = None,
    shop_id: int | None = None,
) -> MailTemplate:
    """Add or change a template; mails already decided keep their words. Raises UnknownWord, NameTaken."""
    faults = [(name, fault) for name in ("subject", "body") for fault in placeholders.unknown_words(values[name])]
    if faults:
        raise UnknownWord(faults)
    _refuse_taken(MailTemplate, values["name"], template)
    made = template is None
    template = template or MailTemplate(shop_id=shop_id, created_at=now, version=0)
    for name in TEMPLATE:
        setattr(template, name, values.get(name, getattr(template, name)))
    template.version += 1
    template.save()
    note("mail.template_added" if made else "mail.template_changed", by=by, now=now, template=template.pk, name=template.name,
         version=template.version)  # fmt: skip
    return template


def retire_template(template: MailTemplate, *, by: Actor, now: datetime) -> None:
    """Use the template no more; what waits is dropped when its turn comes."""
    MailTemplate.objects.filter(pk=template.pk, retired_at__isnull=True).update(retired_at=now)
    note("mail.template_retired", by=by, now=now, template=template.pk, name=template.name)


def _refuse_taken(model: type[MailAccount | MailTemplate], name: str, row: MailAccount | MailTemplate | None) -> None:
    others = model.objects.filter(name=name)
    if (others.exclude(pk=row.pk) if row is not None and row.pk else others).exists():
        raise NameTaken(name)
