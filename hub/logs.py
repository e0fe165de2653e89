"""Log lines: time, level, logger, tenant, text. No personal data; database errors by constraint name only."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import psycopg
from django.db import Error as DatabaseFault

from hub.current import tenant_or_none

_LINE_ENDS = re.compile(r"[\r\n]+")


class Formatter(logging.Formatter):
    """One line for each record, with the tenant of the moment. Exceptions keep their trace; what the database said of values goes."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s tenant=%(tenant)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.tenant = tenant_or_none() or "-"
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the name is logging's)
        said = record.message
        if isinstance(record.exc_info, tuple):  # Celery puts the exception into the sentence too
            said = _without_values(said, record.exc_info[1])
        record.message = _LINE_ENDS.sub(" ⏎ ", said)  # a stranger's line end must not begin a line of ours
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the name is logging's)
        return _without_values(super().formatException(ei), ei[1])


def _without_values(text: str, error: BaseException | None) -> str:
    """Take out of a text what the database said in the exceptions that led to this one."""
    for one in _chain(error):
        if isinstance(one, DatabaseFault | psycopg.Error) and str(one):
            for said in (str(one), repr(str(one))[1:-1]):
                text = text.replace(said, _nameable(one))
    return text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]
            if isinstance(one, BaseExceptionGroup):
                waiting += one.exceptions


def _nameable(error: BaseException) -> str:
    """Return what may be said of a database error: its state and constraint. Its own words hold the values of the row."""
    fault = error if isinstance(error, psycopg.Error) else error.__cause__
    diagnosis = getattr(fault, "diag", None)
    parts = (
        getattr(fault, "sqlstate", None),
        getattr(diagnosis, "constraint_name", None),
        getattr(diagnosis, "table_name", None),
    )
    return f"(sqlstate, constraint, table: {', '.join(part or '–' for part in parts)})"
