"""Other processes with connections of their own, forked from the test."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from typing import Any

from django.db import connections


class Child:
    """A forked process that runs one function and hands back its result, or dies."""

    def __init__(self, act: Callable[[], Any]) -> None:
        connections.close_all()
        self._read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._read)
            status = 1
            try:
                with os.fdopen(write, "wb") as out:
                    pickle.dump(act(), out)
                connections.close_all()
                status = 0
            finally:
                os._exit(status)
        os.close(write)

    def join(self) -> tuple[int, Any]:
        """Wait for the end; return the exit code and the result (None if it died)."""
        with os.fdopen(self._read, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), pickle.loads(told) if told else None
