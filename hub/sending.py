"""Statements sent ahead: the server works on one while the next is made, and all answers are heard at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def sent_ahead() -> Iterator[None]:
    """Send the statements of an open transaction without waiting for their answers.

    A statement whose rows are fetched waits for itself and those before it. The first refusal is raised where it is heard, at the
    latest at the end, as the error that the statement itself would have raised; `update()` cannot say how many rows it wrote.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
