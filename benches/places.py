"""Private databases of the benchmark: made from the migrated template, used by this process, dropped at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from hub.embedded import databases, roles

OWNER_URL = os.environ["OWNER_DATABASE_URL"]


@contextmanager
def fresh(purpose: str) -> Iterator[str]:
    """Make an empty migrated database, point Django at it, and drop it afterwards."""
    name = databases.scratch_name(f"bench_{purpose}")
    databases.create(OWNER_URL, name)
    before = connection.settings_dict["NAME"]
    use(name)
    try:
        yield name
    finally:
        use(before)
        databases.drop(OWNER_URL, name)


@contextmanager
def twin(of: str, purpose: str) -> Iterator[str]:
    """Copy a database as it stands, for a limit that must find the same tables; nobody may be connected to it meanwhile."""
    name = databases.scratch_name(f"bench_{purpose}")
    connection.close()
    databases.drop(OWNER_URL, name)
    with psycopg.connect(OWNER_URL, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(of)))
    try:
        yield name
    finally:
        databases.drop(OWNER_URL, name)


def use(name: str) -> None:
    """Let Django's next query go to this database."""
    connection.close()
    connection.settings_dict["NAME"] = name


def own(name: str, **more: Any) -> psycopg.Connection[Any]:
    """Connect as the owner, whom no row policy narrows: what limits are measured with."""
    return psycopg.connect(roles.with_database(OWNER_URL, name), **more)


def settle(name: str) -> None:
    """Bring statistics and visibility map in order, so that plans are those of a table at rest."""
    with own(name, autocommit=True) as owner:
        owner.execute("SET client_min_messages = error")
        owner.execute("VACUUM (ANALYZE)")
