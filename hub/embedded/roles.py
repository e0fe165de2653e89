"""The three database roles and what each may do. The same statements serve the embedded cluster, compose and production.

hub_owner owns the tables and migrates. hub_app runs the product and is an ordinary role: row security binds it.
hub_scan cannot sign in; it owns the few functions that look across tenants.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OWNER, APP, SCAN = "hub_owner", "hub_app", "hub_scan"

APP_SETTINGS: dict[str, str] = {
    # A failed statement's text and values may hold a buyer's name; they never reach the server's log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    # Nobody waits for ever, and no page keeps its locks while it dawdles.
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
    "TimeZone": "UTC",
}

IN_DATABASE: tuple[LiteralString, ...] = (
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT CREATE, USAGE ON SCHEMA public TO hub_owner",
    "GRANT USAGE ON SCHEMA public TO hub_app",
    "GRANT CREATE, USAGE ON SCHEMA public TO hub_scan",  # a function's owner must be able to create in its schema
    "ALTER DEFAULT PRIVILEGES FOR ROLE hub_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO hub_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE hub_owner GRANT USAGE, SELECT ON SEQUENCES TO hub_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE hub_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE hub_owner GRANT EXECUTE ON FUNCTIONS TO hub_app",
)


class UnfitRole(RuntimeError):
    """A role that must be ordinary is a superuser or exempt from row security."""


@dataclass(frozen=True)
class RoleUrls:
    """The addresses of one database for the roles that sign in."""

    app: str
    owner: str
    refused: tuple[str, ...] = ()
    """Settings of hub_app that this administrator may not make; a superuser can."""


def make_roles(
    admin_url: str, *, database: str, passwords: Mapping[str, str], may_create_databases: bool = False
) -> RoleUrls:
    """Make the roles and the database, or bring them up to date, and return their addresses. Changes nothing twice.

    `passwords` holds one for hub_owner and one for hub_app. Only where tests run may the owner create databases.
    """
    with _connected(admin_url) as admin:
        for role in (OWNER, APP):
            _make_login(admin, role, passwords[role])
        if not _role_exists(admin, SCAN):
            admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(SCAN)))
        _refuse_exempt(admin)
        if may_create_databases:
            admin.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(OWNER)))
            admin.execute(
                sql.SQL("GRANT pg_signal_backend TO {}").format(sql.Identifier(OWNER))
            )  # to drop a database in use
        _grant(admin, SCAN, to=OWNER)
        if not _is_superuser(admin):
            _grant(admin, OWNER, to=sql.SQL("CURRENT_USER"))  # else it could not give the database away
        refused = tuple(name for name, value in APP_SETTINGS.items() if not _set(admin, name, value))
        make_database(admin, database)
    with _connected(with_database(admin_url, database)) as inside:
        prepare_database(inside)
    return RoleUrls(
        app=_address(admin_url, database, APP, passwords[APP]),
        owner=_address(admin_url, database, OWNER, passwords[OWNER]),
        refused=refused,
    )


def make_database(connection: psycopg.Connection[Any], name: str, *, template: str = "template0") -> None:
    """Create the database, owned by hub_owner, if there is none of this name."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    text = "CREATE DATABASE {} OWNER {} TEMPLATE {}" + (" ENCODING 'UTF8'" if template == "template0" else "")
    connection.execute(sql.SQL(text).format(*map(sql.Identifier, (name, OWNER, template))))


def prepare_database(connection: psycopg.Connection[Any]) -> None:
    """Set who may create what in the connected database. Its owner can do this as well as an administrator."""
    for statement in IN_DATABASE:
        connection.execute(statement)


def with_database(url: str, name: str) -> str:
    """Return the address with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def password_of(url: str, *, role: str) -> str:
    """Return the password in an address, and refuse an address of another role."""
    parts = urlsplit(url)
    if parts.username != role or not parts.password:
        raise ValueError(
            f"the address must be that of {role}, with its password: postgresql://{role}:...@host:5432/hub"
        )
    return psycopg.conninfo.conninfo_to_dict(url)["password"]  # type: ignore[return-value]  # decodes %xx


def _address(admin_url: str, database: str, role: str, password: str) -> str:
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{place}", path=f"/{database}"))


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        connection.execute("SET client_min_messages = warning")
        yield connection


def _role_exists(admin: psycopg.Connection[Any], role: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def _is_superuser(admin: psycopg.Connection[Any]) -> bool:
    return admin.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)


def _make_login(admin: psycopg.Connection[Any], role: str, password: str) -> None:
    verb = "ALTER" if _role_exists(admin, role) else "CREATE"
    admin.execute("SET password_encryption = 'scram-sha-256'")
    if _is_superuser(admin):
        admin.execute("SET log_statement = 'none'")  # the statement holds the password
    text = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
    admin.execute(text.format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password)))


def _refuse_exempt(admin: psycopg.Connection[Any]) -> None:
    """Being ordinary is what new roles are; naming the attribute would need a superuser, so it is looked at instead."""
    query = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls)"
    if exempt := [name for (name,) in admin.execute(query, [[OWNER, APP, SCAN]]).fetchall()]:
        raise UnfitRole(f"{', '.join(exempt)} must be ordinary: neither SUPERUSER nor BYPASSRLS")


def _grant(admin: psycopg.Connection[Any], role: str, *, to: str | sql.SQL) -> None:
    receiver = sql.Identifier(to) if isinstance(to, str) else to
    admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), receiver))


def _set(admin: psycopg.Connection[Any], name: str, value: str) -> bool:
    try:
        admin.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(sql.Identifier(APP), sql.Identifier(name), sql.Literal(value))
        )
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
