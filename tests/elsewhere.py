"""An act in a thread with a connection of its own, and waiting until two connections meet at a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connection


class Elsewhere:
    """An act in a thread with a connection of its own; what it raises is raised at the end."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._raised: list[Exception] = []
        self._thread = threading.Thread(target=self._run)
        self.began = False

    def begin(self) -> None:
        self.began = True
        self._thread.start()

    def meet(self) -> None:
        """Begin, and come back when the act is over or waits for a lock."""
        self.begin()
        until = time.monotonic() + 10
        while self._thread.is_alive() and not somebody_waits():
            assert time.monotonic() < until, "neither over nor waiting"
            time.sleep(0.05)

    def end(self) -> None:
        self._thread.join(30)
        if self._raised:
            raise self._raised[0]

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()

    def _run(self) -> None:
        try:
            self._act()
        except Exception as error:  # noqa: BLE001  handed to whoever joins
            self._raised.append(error)
        finally:
            connection.close()


def wait_for_a_waiter() -> None:
    """Wait until another connection to this database waits for a lock that somebody holds."""
    until = time.monotonic() + 10
    while not somebody_waits():
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.05)


def somebody_waits() -> bool:
    """Say whether a connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE NOT l.granted AND a.datname = current_database())"
        )
        return cursor.fetchone() == (True,)
