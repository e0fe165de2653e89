"""Which faults of the database speak of the moment alone: a connection lost, a deadlock, a lock not got in time, a server going down.

Nothing that was to be written is at fault, so nobody is to be blamed or held for one: what was due stays due.
"""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

PASSING = ("08", "40", "53", "57P", "55P03")
"""Beginnings of SQLSTATE: connection, rollback by the server (deadlock), resources, shutdown, lock not available."""


def is_passing(error: BaseException) -> bool:
    """Say whether the error, or what it came from, is such a fault."""
    found: BaseException | None = error
    while found is not None:
        if state := getattr(found, "sqlstate", None):
            return str(state).startswith(PASSING)
        found = found.__cause__
    return isinstance(error, InterfaceError | OperationalError)
