"""Start-up checks: the running role is not exempt from the fences, keys parse, and production has no business clock."""

import sys
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from hub import secrets

_ROLE = """SELECT r.rolsuper, r.rolbypassrls,
    EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relowner = r.oid),
    has_schema_privilege(r.rolname, 'public', 'CREATE')
  FROM pg_roles r WHERE r.rolname = current_user"""


NOT_AGAIN = 3
"""The exit code by which gunicorn's master knows that a worker cannot begin: it ends too, instead of starting the next for ever."""


class ExemptRole(SystemExit):
    """The program was started as a role that row security does not bind. It says so itself: Celery's beat ends without a word."""

    def __init__(self, words: str) -> None:
        super().__init__(NOT_AGAIN)
        self.words = words
        print(words, file=sys.__stderr__, flush=True)  # Celery puts its own in the place of sys.stderr

    def __str__(self) -> str:
        return self.words


def faults_of_role() -> list[str]:
    """Return what makes the connected role unfit to run the product; empty if it is an ordinary one."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        row = cursor.fetchone()
    assert row is not None
    names = ("is a superuser", "has BYPASSRLS", "owns tables", "may create tables")
    return [name for name, bad in zip(names, row, strict=True) if bad]


def refuse_exempt_role() -> None:
    """End the process with a clear line when the role is exempt. Called by web, worker, beat and all commands but migrate."""
    if settings.DATABASE_ROLE_IS_OWNER:
        return
    if faults := faults_of_role():
        raise ExemptRole(
            f"DATABASE_URL names {connection.settings_dict['USER']}, a role that {', '.join(faults)}. "
            "Run as hub_app: an ordinary role, made by `manage.py setup_roles`."
        )
    if settings.PRODUCTION:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM hub_clock")
            row = cursor.fetchone()
        if row and row[0]:
            raise ExemptRole("hub_clock holds a row: production follows true time only. Delete the row.")


@register(Tags.security)
def keys_parse(**_: Any) -> list[CheckMessage]:
    """Say at start when CREDENTIAL_KEYS is malformed."""
    try:
        secrets.newest_key_id()
    except ImproperlyConfigured as error:  # the message names the entry, never the key
        return [Error(str(error), id="hub.E001")]
    return []
