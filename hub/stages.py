"""The stages of the pipeline: what is due anywhere, one unit of work in this process, and the doorbell that says "look".

Which stages there are stands in `hub/conf/registry.py`. A doorbell carries `(stage, tenant, unit)` and nothing else. It may be lost,
doubled or late; the rows decide. This module knows no Celery: `hub/jobs.py` publishes and receives.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from hub.clock import BUSINESS_NOW
from hub.crash import crash
from hub.current import SERVED
from hub.tenancy import tenant_transaction

log = logging.getLogger(__name__)

TENANT_WIDE = 0
"""The unit id of stages whose unit is the whole tenant; they have no row of their own to lease."""
AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One thing due: a shop, a lane, a batch, or (unit_id 0) a tenant."""

    stage: str
    tenant_id: int
    unit_id: int


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one look at a stage came to."""

    stage: str
    due: int
    done: int
    failed: int
    seconds: float


def due(stage: str, now: datetime | None = None, n: int = AT_ONCE) -> list[Unit]:
    """Name what is due at the stage in any tenant, in turn over tenants: one statement, at most n units. None means now."""
    moment = BUSINESS_NOW if now is None else "SELECT %(now)s::timestamptz"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.tenant_id, d.unit_id FROM ({moment}) AS c (now), {settings.STAGES[stage].due}(c.now, %(n)s) AS d",
            {"now": now, "n": n},
        )
        return [Unit(stage=stage, tenant_id=row[0], unit_id=row[1]) for row in cursor.fetchall()]


def ring_due(stage: str) -> int:
    """Ring for each unit that is due now; units in flight are leased in their tables and so are not named."""
    units = due(stage)
    publish([(unit.stage, unit.tenant_id, unit.unit_id) for unit in units])
    return len(units)


def run(stage: str, tenant_id: int, unit_id: int) -> None:
    """Work at one unit here. What it finds is decided by rows, so running it twice or for nothing is harmless."""
    module = import_module(settings.STAGES[stage].module)
    served = SERVED.set(tenant_id)
    try:
        if unit_id != TENANT_WIDE:
            module.work(tenant_id, unit_id)
            return
        with _leased(stage, tenant_id) as look_again:
            while look_again():
                module.work(tenant_id, unit_id)
    finally:
        SERVED.reset(served)


def tick(stage: str, n: int = AT_ONCE) -> Round:
    """Do in this process what is due at the stage. A unit that fails is logged and left for the next tick."""
    started = time.monotonic()
    units = due(stage, n=n)
    done = failed = 0
    for unit in units:
        if stopping():
            break
        try:
            run(unit.stage, unit.tenant_id, unit.unit_id)
            done += 1
        except Exception:  # one unit must not keep the others from their turn; the trace says which
            log.exception("stage %s unit %s of tenant %s failed", unit.stage, unit.unit_id, unit.tenant_id)
            failed += 1
            close_old_connections()
    return Round(stage=stage, due=len(units), done=done, failed=failed, seconds=time.monotonic() - started)


# Doorbells.

Bell = tuple[str, int, int]
_publisher: Callable[[list[Bell]], None] | None = None
_stopping: Callable[[], bool] | None = None


def connect_bells(publisher: Callable[[list[Bell]], None], stopping: Callable[[], bool]) -> None:
    """Say who carries doorbells and who knows that this process is asked to end. Called once by `hub/jobs.py`."""
    global _publisher, _stopping
    _publisher, _stopping = publisher, stopping


def stopping() -> bool:
    """Return whether this process was asked to end: begin nothing new."""
    return _stopping is not None and _stopping()


def publish(bells: list[Bell]) -> None:
    """Ring now. Without anyone to carry it (commands, tests) nothing is rung: ticks find the rows."""
    if _publisher is not None and bells:
        _publisher(bells)


class _Bells:
    """The doorbells of one transaction, each rung once after its commit."""

    def __init__(self) -> None:
        self.wanted: dict[Bell, None] = {}

    def __call__(self) -> None:
        publish(list(self.wanted))


def kick(stage: str, tenant_id: int, unit_id: int = TENANT_WIDE) -> None:
    """Ring for a unit when the open transaction commits. Never raises into the caller, never holds it for long."""
    bell = (stage, int(tenant_id), int(unit_id))
    for entry in reversed(connection.run_on_commit):
        if isinstance(entry[1], _Bells):
            entry[1].wanted[bell] = None
            return
    bells = _Bells()
    bells.wanted[bell] = None
    transaction.on_commit(bells, robust=True)


# The lease of tenant-wide units.

_TAKE = """
INSERT INTO hub_stagelease (tenant_id, stage, token, until, again)
VALUES (%(tenant)s, %(stage)s, %(token)s, clock_timestamp() + make_interval(secs => %(lease)s), false)
ON CONFLICT (tenant_id, stage) DO UPDATE SET token = excluded.token, until = excluded.until, again = false
WHERE hub_stagelease.until IS NULL OR hub_stagelease.until < clock_timestamp()"""

_ASK_AGAIN = "UPDATE hub_stagelease SET again = true WHERE tenant_id = %(tenant)s AND stage = %(stage)s AND until > clock_timestamp()"

_GIVE_BACK = """
UPDATE hub_stagelease SET until = CASE WHEN again THEN clock_timestamp() + make_interval(secs => %(lease)s) END, again = false
WHERE tenant_id = %(tenant)s AND stage = %(stage)s AND token = %(token)s RETURNING until IS NOT NULL"""

_RELEASE = (
    "UPDATE hub_stagelease SET until = NULL WHERE tenant_id = %(tenant)s AND stage = %(stage)s AND token = %(token)s"
)


@contextmanager
def _leased(stage: str, tenant_id: int) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether to work (once more): only the holder works, and once more if it was rung meanwhile."""
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "stage": stage,
        "token": uuid.uuid4(),
        "lease": settings.LEASE_SECONDS,
    }
    worked = False

    def look_again() -> bool:
        nonlocal worked
        if not worked:
            worked = True
            return _take(values)
        again = _give_back(values)
        if again and stopping():
            _release(values)
        return again and not stopping()

    try:
        yield look_again
    except BaseException:
        _release(values)
        raise


def _take(values: dict[str, Any]) -> bool:
    with tenant_transaction(values["tenant"]), connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        taken = cursor.rowcount == 1
        if not taken:
            cursor.execute(_ASK_AGAIN, values)
    crash("stages.after_lease")
    return taken


def _give_back(values: dict[str, Any]) -> bool:
    crash("stages.before_give_back")
    with tenant_transaction(values["tenant"]), connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, values)
        row = cursor.fetchone()
    return bool(row and row[0])


def _release(values: dict[str, Any]) -> None:
    crash("stages.before_release")
    with tenant_transaction(values["tenant"]), connection.cursor() as cursor:
        cursor.execute(_RELEASE, values)
