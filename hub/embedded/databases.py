"""Throw-away databases for tests, benches and rehearsals: migrated once into a template, then copied in a tenth of a second."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from hub.embedded import roles
from hub.embedded.state import PROJECT, is_alive

TEMPLATE = "hub_template_"
SHAPES_A_DATABASE = (
    "*/migrations/*.py", "*/sql/*.sql", "*/models.py", "*/models/*.py",
    "hub/tenancy.py", "hub/database.py", "hub/apps.py", "hub/embedded/roles.py",
)  # fmt: skip
_BUILDING = 7_236_501  # key of the advisory lock around templates


class NotMigrated(RuntimeError):
    """The migrations did not run through."""


def scratch_name(purpose: str) -> str:
    """Return a name for a throw-away database of this process."""
    return f"{purpose}_{os.getpid()}"


def create(owner_url: str, name: str) -> None:
    """Make a migrated, empty database of this name; one that exists is replaced. Drops what ended processes left behind."""
    with _exclusive(owner_url) as owner:
        template = _template(owner, owner_url)
        _drop_left_behind(owner, name.rpartition("_")[0])
        _drop(owner, name)
        roles.make_database(owner, name, template=template)


def exists(owner_url: str, name: str) -> bool:
    """Say whether there is a database of this name."""
    with psycopg.connect(owner_url, autocommit=True, connect_timeout=10) as owner:
        return owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def drop(owner_url: str, name: str) -> None:
    """Drop the database, ending its sessions; one that does not exist is no error."""
    with _exclusive(owner_url) as owner:
        _drop(owner, name)


def _template(owner: psycopg.Connection[Any], owner_url: str) -> str:
    name = TEMPLATE + fingerprint()
    known = [
        row[0] for row in owner.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [TEMPLATE])
    ]
    if name in known:
        return name
    for old in known:
        _drop(owner, old)
    unfinished = f"{TEMPLATE}unfinished"
    roles.make_database(owner, unfinished)
    with psycopg.connect(roles.with_database(owner_url, unfinished), autocommit=True) as inside:
        roles.prepare_database(inside)
    _migrate(roles.with_database(owner_url, unfinished))
    owner.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def fingerprint() -> str:
    """Return a hash over all files that shape a database."""
    files = sorted({path for pattern in SHAPES_A_DATABASE for path in PROJECT.glob(pattern)})
    total = hashlib.sha256()
    for path in files:
        total.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _migrate(owner_url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": owner_url, "OWNER_DATABASE_URL": owner_url}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMigrated(done.stdout + done.stderr)


def _drop(owner: psycopg.Connection[Any], name: str) -> None:
    """Drop a database in use. An autovacuum worker in it cannot be ended by this role; it gives way by itself within moments."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for _ in range(20):
        try:
            owner.execute(statement)
            return
        except psycopg.errors.InsufficientPrivilege:
            time.sleep(0.5)
    owner.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _drop_left_behind(owner: psycopg.Connection[Any], purpose: str) -> None:
    """Drop databases of this purpose whose process has ended without doing it."""
    query = """SELECT d.datname FROM pg_database d WHERE starts_with(d.datname, %s)
        AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)"""
    for (name,) in owner.execute(query, [f"{purpose}_"]).fetchall():
        pid = name.rpartition("_")[2]
        if pid.isdigit() and not is_alive(int(pid)):
            _drop(owner, name)


@contextmanager
def _exclusive(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(owner_url, autocommit=True, connect_timeout=10) as owner:
        owner.execute("SET client_min_messages = warning")
        owner.execute(
            "SELECT pg_advisory_lock(%s)", [_BUILDING]
        )  # a session lock: CREATE DATABASE allows no transaction
        yield owner
