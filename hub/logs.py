"""Log lines: time, level, process, tenant, text. No personal data; database errors by constraint name only."""

import logging

from hub.current import tenant_or_none


class Formatter(logging.Formatter):
    """One line for each record, with the tenant of the moment. Exceptions keep their trace but not a database's DETAIL."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s tenant=%(tenant)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.tenant = tenant_or_none() or "-"
        return super().format(record)

    def formatException(self, ei: object) -> str:  # noqa: N802  (the name is logging's)
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(line for line in text.splitlines() if not line.startswith(("DETAIL:", "CONTEXT:")))
