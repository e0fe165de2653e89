"""All of Celery: two tasks, the doorbells that call them, and the bell thread that ticks when no message comes any more.

Publishing never raises into its caller and holds it for a second at most; what is not rung is found by the next tick.
"""

from __future__ import annotations

import logging
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from billiard.process import active_children, current_process
from celery import Celery, current_app, shared_task, signals
from django.conf import settings
from django.db import close_old_connections, connection
from kombu.connection import Connection
from kombu.entity import Queue

from hub import stages
from hub.stages import Bell

log = logging.getLogger(__name__)

SILENCE_SECONDS = 30.0
"""Without any message for so long a worker looks for itself."""
DEAF_SECONDS = 5.0
"""After a failed publication nobody waits for the broker again before this is over."""
LAST_SECONDS = 4.0
"""What a worker with nothing left to do gets for ending as Celery would: it may wait for ever for a message that it never handed on."""


# What all processes of one worker share: asked to end (byte 0), when the last message came (a double from byte 8), and from byte 16
# for each child how much it is at.
CHILDREN = 256
_shared = mmap.mmap(-1, 16 + CHILDREN)
_counting = threading.Lock()


def _stop_soon(**_: Any) -> None:
    _shared[0] = 1


def _is_stopping() -> bool:
    return _shared[0] == 1


def _heard() -> None:
    _shared[8:16] = struct.pack("d", time.monotonic())


def _silence() -> float:
    (last,) = struct.unpack("d", _shared[8:16])
    return time.monotonic() - float(last)


def _own_place() -> int:
    return 16 + (getattr(current_process(), "index", 0) or 0) % CHILDREN


@contextmanager
def _at_work() -> Iterator[None]:
    """Let the worker know that this child is at something, so that it is not ended in the middle."""
    place = _own_place()
    with _counting:
        _shared[place] += 1
    try:
        yield
    finally:
        with _counting:
            _shared[place] -= 1


def _is_anyone_at_work() -> bool:
    return any(_shared[16 : 16 + CHILDREN])


# Tasks. What comes after the worker was asked to end is left to the others: the rows stay due.


@shared_task(name="hub.jobs.tick")
def tick(stage: str) -> None:
    """Ring for everything that is due at the stage."""
    _heard()
    if not _is_stopping():
        stages.ring_due(stage)


@shared_task(name="hub.jobs.work")
def work(stage: str, tenant: int, unit: int) -> None:
    """Work at one unit of a stage."""
    _heard()
    with _at_work():
        if not _is_stopping():
            stages.run(stage, tenant, unit)


# Ending.


@signals.worker_ready.connect
def _end_when_idle(**_: Any) -> None:
    """Hear SIGTERM before Celery does. By itself it would tell the children nothing for 22 s, however little there is left to do.

    Now they begin nothing new, what is under way is finished, and the worker ends as soon as nobody is at anything (promise G36).
    """
    told = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        _stop_soon()
        deadline = time.monotonic() + current_app.conf.worker_soft_shutdown_timeout
        while _is_anyone_at_work() and time.monotonic() < deadline:
            time.sleep(0.05)
        current_app.conf.worker_soft_shutdown_timeout = 0
        last = threading.Timer(LAST_SECONDS, _leave)
        last.daemon = True
        last.start()
        if callable(told):
            told(number, frame)

    signal.signal(signal.SIGTERM, end)


def _leave() -> None:
    """End this worker and its children at once. Doorbells that they held are lost, which nobody minds."""
    for child in active_children():
        os.kill(child.pid, signal.SIGKILL)
    os._exit(0)


def configure(app: Celery) -> None:
    """Give the app a queue for each stage and a tick for each; every message expires when the next tick comes."""
    app.conf.task_queues = [Queue(name) for name in settings.STAGES]  # type: ignore[no-untyped-call]
    app.conf.task_default_queue = next(iter(settings.STAGES))
    app.conf.beat_max_loop_interval = 1.0
    app.conf.beat_schedule = {
        f"tick-{name}": {
            "task": "hub.jobs.tick",
            "args": [name],
            "schedule": settings.TICK_SECONDS * stage.every_ticks,
            "options": {"queue": name, "expires": settings.TICK_SECONDS * stage.every_ticks, "ignore_result": True},
        }
        for name, stage in settings.STAGES.items()
    }


# Publishing.


class _Publisher:
    """A connection of this process that gives up quickly, and then leaves the broker alone for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._pid = 0
        self._deaf_until = 0.0

    def __call__(self, bells: list[Bell]) -> None:
        if time.monotonic() < self._deaf_until:
            return
        with self._lock:
            try:
                self._publish(bells)
            except Exception as error:  # noqa: BLE001  kombu, redis and sockets raise their own kinds; the rows are safe in every case
                self._deaf_until = time.monotonic() + DEAF_SECONDS
                self._drop()
                log.warning("doorbells not rung, the broker does not answer: %s", type(error).__name__)

    def _publish(self, bells: list[Bell]) -> None:
        if self._connection is None or self._pid != os.getpid():
            self._connection, self._pid = _connect(), os.getpid()
        with current_app.amqp.Producer(self._connection, auto_declare=False) as producer:
            for stage, tenant_id, unit_id in bells:
                work.apply_async(
                    args=[stage, tenant_id, unit_id],
                    queue=stage,
                    producer=producer,
                    retry=False,
                    expires=settings.TICK_SECONDS,
                )

    def _drop(self) -> None:
        broken, self._connection = self._connection, None
        if broken is not None and self._pid == os.getpid():
            try:
                broken.release()  # type: ignore[no-untyped-call]
            except Exception:  # it is broken anyway
                log.debug("releasing a broken connection failed", exc_info=True)


def _connect() -> Connection:
    options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS, "socket_connect_timeout": 0.2, "socket_timeout": 1.0, "retry_on_timeout": False,
        "health_check_interval": 0, "max_retries": 0,
    }  # fmt: skip
    url = settings.CELERY_BROKER_URL
    return Connection(url, transport_options=options, connect_timeout=0.2)  # type: ignore[no-untyped-call]


# The bell thread.


def _listen() -> None:
    """Look for due work by ourselves while no message comes; the first of a worker's processes to notice does it."""
    while not _is_stopping():
        time.sleep(1.0)
        if _silence() < SILENCE_SECONDS:
            continue
        _heard()
        try:
            while _round() and not _is_stopping() and _silence() < SILENCE_SECONDS:
                pass
        except Exception:  # the database may be away; the next round tries again
            log.exception("the round of the bell thread failed")
            connection.close()


def _round() -> bool:
    """Run every stage once; return whether anything was done."""
    close_old_connections()
    with _at_work():
        done = [stages.tick(stage).done for stage in settings.STAGES]  # every stage, also after one that did something
    return any(done)


@signals.worker_process_init.connect
def _start_listening(**_: Any) -> None:
    _heard()
    _shared[_own_place()] = 0  # the child before may have been killed at work
    threading.Thread(target=_listen, name="bell", daemon=True).start()


signals.worker_shutting_down.connect(_stop_soon)
stages.connect_bells(_Publisher(), _is_stopping)
